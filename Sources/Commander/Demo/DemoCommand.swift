// `commander demo`: the whole product on one machine without an account; exits 0 only when the loop closed.

import ArgumentParser
import Foundation
import Gateway
import Hummingbird
import Logging
import ServiceLifecycle
import ServiceStart
import Simulation
import StrictYAML

struct DemoCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo", abstract: "Show one LLM failure become an incident that is explained, remediated and closed.",
    discussion:
      "Runs a simulated Vertex AI, the real rag-service, the gateway, the engine and the console. No credential is needed.")

  @Flag(help: "Approve the remediation without a key press.") var auto = false
  @Flag(help: "Keep everything running after the story, for the browser.") var keepOpen = false
  @Option(help: "The story must close within this many seconds.") var seconds: Int?
  @Option(help: "The folder of documents the RAG service answers from.") var documents = "Examples/documents"

  func run() async throws {
    let began = ContinuousClock.now
    let isAutomatic = auto || isatty(FileHandle.standardInput.fileDescriptor) == 0
    if isAutomatic, !auto { Say.message("Standard input is no terminal, so the remediation is approved as with --auto.") }
    let limit = seconds ?? (isAutomatic ? 175 : 900)
    guard FileManager.default.fileExists(atPath: documents) else {
      Say.message("There is no folder \(documents) here; run from the repository, or name one with --documents.")
      throw Exit.failed
    }
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("commander-demo-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    do {
      try await stage(in: folder, isAutomatic: isAutomatic, began: began, deadline: began + .seconds(limit))
    } catch let failure as DemoFailure {
      Say.message("The demo did not close the loop. \(failure)")
      throw Exit.failed
    }
  }

  private func stage(in folder: URL, isAutomatic: Bool, began: ContinuousClock.Instant, deadline: ContinuousClock.Instant)
    async throws
  {
    var logger = Logger(label: "commander") { StreamLogHandler.standardError(label: $0) }
    logger.logLevel = .error
    let simulator = try await DemoSimulator.start(logger: logger)
    defer { simulator.stop() }
    let key = VirtualKeyHash.makeKey()
    let gateway = try await Self.freeAddress(preferred: 8080)
    let console = try await Self.freeAddress(preferred: 8090)
    let rag = try await Self.freeAddress(preferred: 8070)
    let configuration = try CommanderConfiguration.parse(
      DemoConfiguration.commander(
        gateway: gateway, console: console, store: folder.appendingPathComponent("store").path, simulator: simulator.url,
        keyHash: VirtualKeyHash.sha256(of: key)),
      file: "demo.yaml", environment: ["DEMO_PROVIDER_CREDENTIAL": "simulated"])
    let server = try await CommanderServer.start(configuration, logger: logger)
    let services = server.serviceGroup(signals: true)
    let running = Task { try await services.run() }
    _ = try await server.consoleAddress()

    let ragConfiguration = folder.appendingPathComponent("rag-service.yaml")
    let absoluteDocuments = URL(fileURLWithPath: documents).standardizedFileURL.path
    try DemoConfiguration.ragService(listen: rag, documents: absoluteDocuments, gateway: gateway, console: console)
      .write(to: ragConfiguration, atomically: true, encoding: .utf8)
    let ragProcess = try await RAGProcess.start(
      configuration: ragConfiguration.path, listen: rag, environment: ["DEMO_VIRTUAL_KEY": key],
      log: folder.appendingPathComponent("rag-service.log"))
    defer { ragProcess.stop() }

    let traffic = DemoTraffic(ragService: ragProcess.address, gateway: "http://\(gateway)", key: key)
    let users = Task { await traffic.run() }
    let story = DemoStory(
      center: server.center, traffic: traffic, console: "http://\(console)", approvesByItself: isAutomatic, deadline: deadline,
      began: began)
    let telling = Task { try await story.tell() }
    // A signal ends the services; the story cannot go on then.
    let watching = Task {
      _ = try? await running.value
      telling.cancel()
    }
    let outcome = await telling.result
    if case .success = outcome, keepOpen || !isAutomatic {
      Say.message("Everything stays up until Ctrl-C: http://\(console)")
      _ = try? await running.value
    }
    users.cancel()
    await users.value
    ragProcess.stop()
    await services.triggerGracefulShutdown()
    _ = try? await running.value
    await watching.value
    if case .failure(let error) = outcome, error is CancellationError { throw ExitCode(130) }
    try outcome.get()
  }

  /// The usual port where it is free, another one where it is not: the demo should not fail over a port.
  private static func freeAddress(preferred port: Int) async throws -> String {
    for candidate in [port] + (0..<20).map({ port + 1000 + $0 }) {
      let address = ListenAddress(host: "127.0.0.1", port: candidate)
      if await PortCheck.obstacle(address) == nil { return address.description }
    }
    throw DemoFailure("No free port near \(port) was found.")
  }
}

/// The simulated provider with the one rule that makes the flawed prompt version flawed.
private struct DemoSimulator {
  let url: String
  private let task: Task<Void, any Error>

  static func start(logger: Logger) async throws -> DemoSimulator {
    var effect = FaultRule.Effect()
    effect.hallucinates = true
    effect.lengthFactor = 2
    effect.latency = .milliseconds(700)
    let rule = FaultRule(
      name: "flawed prompt", condition: .init(systemContains: DemoConfiguration.temptation, share: 0.75), effect: effect)
    let (ports, continuation) = AsyncStream<Int>.makeStream()
    // Its end is a cancellation in the middle of whatever is on its way; complaints about that would only worry a reader.
    var quiet = logger
    quiet.logLevel = .critical
    let application = ProviderSimulator(faults: [rule], pace: .visible).application(logger: quiet) { continuation.yield($0) }
    let task = Task { try await application.run() }
    for await port in ports { return DemoSimulator(url: "http://127.0.0.1:\(port)", task: task) }
    throw DemoFailure("The simulated provider did not start.")
  }

  func stop() { task.cancel() }
}
