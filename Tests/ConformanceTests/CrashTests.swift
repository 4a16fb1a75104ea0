// `kill -9` in the middle of traffic: what was acknowledged is there after the restart, and still in force.

import AsyncHTTPClient
import Crypto
import Foundation
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1
import Simulation
import Synchronization
import Testing

@Suite struct CrashTests {
  private static let watching = """
    playbooks:
      - {name: fall-back, action: model_fallback, mode: approve, verify_after: 10m, give_up_after: 20m}
    monitors:
      - name: requests-failing
        title: Requests fail
        severity: SEV-1
        query: sum(llm.errors) / sum(llm.requests)
        window: 10s
        above: 0.3
        traffic_gate: 5
        group_by: [route, model]
        playbooks: [fall-back]
    notifications:
      webhooks:
        - {name: ops, url: "WEBHOOK", secret: {environment: WEBHOOK_SECRET}, allow_private: true}

    """

  @Test(.timeLimit(.minutes(2)))
  func killedCommanderComesBackWithItsIncidentAndItsOverride() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "commander-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    var broken = FaultRule.Effect()
    broken.status = 503
    let simulator = ProviderSimulator(faults: [FaultRule(name: "outage", condition: .init(model: "gpt-4o"), effect: broken)])
    let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let (ports, listening) = AsyncStream.makeStream(of: Int.self)
    let application = simulator.application(logger: silent) { listening.yield($0) }
    let simulating = Task { try await application.run() }
    defer { simulating.cancel() }
    var portIterator = ports.makeAsyncIterator()
    let port = try #require(await portIterator.next())

    let receiver = HookReceiver()
    let (hookPorts, hookListening) = AsyncStream.makeStream(of: Int.self)
    let hooks = Application(
      router: receiver.router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
      onServerRunning: { hookListening.yield($0.localAddress?.port ?? 0) }, logger: silent)
    let receiving = Task { try await hooks.run() }
    defer { receiving.cancel() }
    var hookIterator = hookPorts.makeAsyncIterator()
    let hookPort = try #require(await hookIterator.next())

    let configuration = folder.appending(path: "commander.yaml")
    try
      (Deployment.yaml(provider: "http://127.0.0.1:\(port)", store: folder.appending(path: "store").path)
      + Self.watching.replacing("WEBHOOK\"", with: "http://127.0.0.1:\(hookPort)/hook\""))
      .write(to: configuration, atomically: true, encoding: .utf8)

    var commander = try await ServeProcess.start(configuration: configuration)
    defer { commander.kill() }
    let traffic = Task { [gateway = commander.gateway] in await Self.ask(gateway) }
    let incident = try await commander.wait("an incident with a proposed remediation") { () -> String? in
      let list = try await commander.json("/incidents.json")
      guard let incident = (list["incidents"] as? [[String: Any]])?.first?["id"] as? String else { return nil }
      let document = try await commander.json("/incidents/\(incident).json")
      return (document["remediations"] as? [Any])?.isEmpty == false ? incident : nil
    }
    try await commander.post("/api/incidents/\(incident)/acknowledge", #"{"actor":"dana"}"#)
    try await commander.post("/api/incidents/\(incident)/approve", #"{"actor":"dana"}"#)
    let override = try await commander.wait("the override in force") { () -> String? in
      let overrides = try await commander.json("/api/overrides.json")["overrides"] as? [[String: Any]]
      return overrides?.first?["id"] as? String
    }
    _ = try await commander.wait("the signed webhook") { receiver.arrivals.withLock { $0.isEmpty ? nil : true } }
    let before = try await commander.json("/incidents/\(incident).json")["incident"] as? [String: Any]
    let timelineBefore = try #require(before?["timeline"] as? [[String: Any]])

    commander.kill()
    traffic.cancel()
    await traffic.value
    commander = try await ServeProcess.start(configuration: configuration)

    let after = try await commander.json("/incidents/\(incident).json")["incident"] as? [String: Any]
    #expect(after?["state"] as? String == before?["state"] as? String)
    #expect(after?["owner"] as? String == "dana")
    // The commander may have gone on writing between the look and the kill; what was seen must be there, in order.
    let timelineAfter = try #require(after?["timeline"] as? [[String: Any]])
    #expect(
      timelineAfter.prefix(timelineBefore.count).map { NSDictionary(dictionary: $0) }
        == timelineBefore.map { NSDictionary(dictionary: $0) })
    let overrides = try await commander.json("/api/overrides.json")["overrides"] as? [[String: Any]]
    #expect(overrides?.compactMap { $0["id"] as? String } == [override])
    // In force, not only remembered: the failing model's request is answered by the fallback.
    let answer = try await Self.chat(commander.gateway)
    #expect(answer.status == .ok && answer.headers.first(name: "x-commander-model") == "gpt-4o-mini")
    // Closing tells the receiver once more, and the opening is not told a second time after the restart.
    try await commander.post("/api/incidents/\(incident)/resolve", #"{"actor":"dana","reason":"provider is back"}"#)
    _ = try await commander.wait("the closing webhook") { receiver.arrivals.withLock { $0.count < 2 ? nil : true } }
    let arrivals = receiver.arrivals.withLock { $0 }
    #expect(arrivals.map(\.event) == ["\(incident.lowercased())-opened", "\(incident.lowercased())-closed"])
    #expect(arrivals.allSatisfy { $0.isSigned })
  }

  private static func ask(_ gateway: String) async {
    while !Task.isCancelled {
      _ = try? await chat(gateway)
      try? await Task.sleep(for: .milliseconds(50))
    }
  }

  private static func chat(_ gateway: String) async throws -> HTTPClientResponse {
    var request = HTTPClientRequest(url: gateway + "/v1/chat/completions")
    request.method = .POST
    request.headers = ["authorization": "Bearer \(Deployment.key)", "content-type": "application/json"]
    request.body = .bytes(ByteBuffer(string: #"{"model":"gpt-4o","messages":[{"role":"user","content":"hello"}]}"#))
    return try await HTTPClient.shared.execute(request, timeout: .seconds(5))
  }
}

/// A webhook receiver that checks signatures as the Standard Webhooks scheme says.
final class HookReceiver: Sendable {
  static let secret = Data((1...32).map { UInt8($0) })

  struct Arrival: Sendable {
    /// The message id without its time.
    let event: String
    let isSigned: Bool
  }

  let arrivals = Mutex<[Arrival]>([])

  var router: Router<BasicRequestContext> {
    let router = Router()
    router.post("/hook") { request, _ in
      let body = Data(buffer: try await request.body.collect(upTo: 1 << 20))
      func header(_ name: String) -> String { request.headers.first { $0.name.canonicalName == name }?.value ?? "" }
      let signed = Data("\(header("webhook-id")).\(header("webhook-timestamp")).".utf8) + body
      let code = Data(HMAC<SHA256>.authenticationCode(for: signed, using: SymmetricKey(data: Self.secret)))
      let event = header("webhook-id").split(separator: "-").dropLast().joined(separator: "-")
      self.arrivals.withLock {
        $0.append(Arrival(event: event, isSigned: header("webhook-signature") == "v1," + code.base64EncodedString()))
      }
      return HTTPResponse.Status.ok
    }
    return router
  }
}

/// The real executable, as a process that can be killed.
struct ServeProcess {
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  let gateway: String
  let console: String
  private let process: Process

  static let executable = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
    .appending(path: ".build/debug/commander")

  /// Starts `commander serve` and reads the two addresses it prints.
  static func start(configuration: URL) async throws -> ServeProcess {
    let log = configuration.deletingLastPathComponent().appending(path: "serve-\(UUID().uuidString).log")
    try Data().write(to: log)
    let process = Process()
    process.executableURL = executable
    process.arguments = ["serve", "--config", configuration.path, "--log-level", "error"]
    process.environment = [
      "CREDENTIAL": "upstream-secret", "WEBHOOK_SECRET": "whsec_" + HookReceiver.secret.base64EncodedString(),
      "PATH": "/usr/bin:/bin",
    ]
    process.standardError = try FileHandle(forWritingTo: log)
    process.standardInput = FileHandle.nullDevice
    try process.run()
    for _ in 0..<300 {
      let text = try String(contentsOf: log, encoding: .utf8)
      if let gateway = address("gateway", in: text), let console = address("console", in: text) {
        return ServeProcess(gateway: gateway, console: console, process: process)
      }
      guard process.isRunning else { throw Failure(description: "serve ended: \(text)") }
      try await Task.sleep(for: .milliseconds(100))
    }
    process.terminate()
    throw Failure(description: "serve did not say where it listens")
  }

  private static func address(_ name: String, in text: String) -> String? {
    text.split(separator: "\n").first { $0.hasPrefix(name + " ") }?.split(separator: " ").first { $0.hasPrefix("http://") }.map(
      String.init)
  }

  func kill() {
    guard process.isRunning else { return }
    Foundation.kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }

  func json(_ path: String) async throws -> [String: Any] {
    let response = try await HTTPClient.shared.execute(HTTPClientRequest(url: console + path), timeout: .seconds(5))
    let body = try await response.body.collect(upTo: 1 << 24)
    guard response.status == .ok, let object = try JSONSerialization.jsonObject(with: Data(buffer: body)) as? [String: Any] else {
      throw Failure(description: "\(path) answered \(response.status)")
    }
    return object
  }

  func post(_ path: String, _ body: String) async throws {
    var request = HTTPClientRequest(url: console + path)
    request.method = .POST
    request.headers = ["content-type": "application/json"]
    request.body = .bytes(ByteBuffer(string: body))
    let response = try await HTTPClient.shared.execute(request, timeout: .seconds(5))
    let text = String(buffer: try await response.body.collect(upTo: 1 << 20))
    guard response.status == .ok else { throw Failure(description: "\(path) answered \(response.status): \(text)") }
  }

  /// Looks until the condition yields a value; the test's time limit ends a wait that never does.
  func wait<Value>(_ what: String, _ condition: () async throws -> Value?) async throws -> Value {
    while true {
      if let value = try await condition() { return value }
      guard process.isRunning else { throw Failure(description: "serve ended while waiting for \(what)") }
      try await Task.sleep(for: .milliseconds(100))
    }
  }
}
