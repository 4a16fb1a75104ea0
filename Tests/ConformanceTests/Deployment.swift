// A whole commander in front of a simulated provider, in this process, on free ports and a store of its own.

import Commander
import Foundation
import Gateway
import Hummingbird
import LLMTelemetry
import Logging
import ServiceLifecycle
import Simulation
import Storage

/// Runs real listeners; what it leaves in the store is read after it stopped, so that nothing is on its way any more.
struct Deployment {
  let gatewayURL: String
  let consoleURL: String
  let server: CommanderServer

  static let key = VirtualKeyHash.makeKey()
  private static let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  /// Runs `body` against a commander and gives back its value and every span in the store after a graceful stop, oldest first.
  static func run<Value: Sendable>(
    simulator: ProviderSimulator, extra: String = "", afterwards: (URL) throws -> Void = { _ in },
    _ body: (Deployment) async throws -> Value
  ) async throws -> (value: Value, spans: [LLMSpan]) {
    let (ports, listening) = AsyncStream.makeStream(of: Int.self)
    let application = simulator.application(logger: silent) { listening.yield($0) }
    let simulating = Task { try await application.run() }
    defer { simulating.cancel() }
    var portIterator = ports.makeAsyncIterator()
    guard let port = await portIterator.next() else { throw CancellationError() }
    return try await run(provider: "http://127.0.0.1:\(port)", extra: extra, afterwards: afterwards, body)
  }

  /// The same in front of a provider that runs already. `extra` follows the routes: more of them, then other sections. `afterwards` is
  /// given the folder of the store when the commander has stopped.
  static func run<Value: Sendable>(
    provider: String, extra: String = "", afterwards: (URL) throws -> Void = { _ in }, _ body: (Deployment) async throws -> Value
  ) async throws -> (value: Value, spans: [LLMSpan]) {
    let folder = FileManager.default.temporaryDirectory.appending(path: "commander-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let configuration = try CommanderConfiguration.parse(
      yaml(provider: provider, store: folder.path) + extra, file: "test.yaml",
      environment: ["CREDENTIAL": "upstream-secret", "DD_API_KEY": "datadog-secret"])
    let server = try await CommanderServer.start(configuration, logger: silent)
    let services = server.serviceGroup(signals: false)
    let running = Task { try await services.run() }
    let deployment = Deployment(
      gatewayURL: "http://\(server.gatewayAddress)", consoleURL: "http://\(try await server.consoleAddress())", server: server)
    let outcome: Result<Value, any Error>
    do { outcome = .success(try await body(deployment)) } catch { outcome = .failure(error) }
    await services.triggerGracefulShutdown()
    _ = try? await running.value
    try afterwards(folder)
    let spans = try server.store.spans(limit: 10_000).spans.reversed()
    return (try outcome.get(), Array(spans))
  }

  static func yaml(provider: String, store: String, gateway: String = "127.0.0.1:0", console: String = "127.0.0.1:0") -> String {
    """
    service: conformance
    env: test
    store: \(store)
    gateway: {listen: "\(gateway)"}
    console: {listen: "\(console)"}
    keys:
      - {name: test, sha256: \(VirtualKeyHash.sha256(of: key))}
    providers:
      - {name: openai, protocol: openai, base_url: "\(provider)", credential: {environment: CREDENTIAL}}
      - {name: anthropic, protocol: anthropic, base_url: "\(provider)", credential: {environment: CREDENTIAL}}
      - {name: gemini, protocol: gemini, base_url: "\(provider)", credential: {environment: CREDENTIAL}}
      - {name: vertex, protocol: vertex, base_url: "\(provider)", credential: {environment: CREDENTIAL}}
      - {name: vertex-here, protocol: vertex, base_url: "\(provider)", credential: {environment: CREDENTIAL}, project: p1, location: us-central1}
    routes:
      - {name: chat, models: [gpt-*, text-embedding-3-*, failing-*], provider: openai, fallbacks: [{provider: openai, model: gpt-4o-mini, automatic: false}]}
      - {name: claude-answers, models: [claude-*, failing-*], provider: anthropic}
      - {name: gemini-answers, models: [gemini-*, failing-*], provider: gemini}
      - {name: vertex-answers, models: [gemini-*, claude-*, text-embedding-*, failing-*], provider: vertex}

    """
  }
}
