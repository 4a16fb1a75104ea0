// A whole commander tells Slack of an incident, hears the button that was pressed there, and tells nothing twice after a restart.

import AsyncHTTPClient
import Commander
import Crypto
import Foundation
import HTTPTypes
import Hummingbird
import Incidents
import LLMTelemetry
import Logging
import Monitors
import NIOCore
import Remediation
import ServiceLifecycle
import Storage
import StrictYAML
import Synchronization
import Testing

@Suite struct NotificationStoryTests {
  static let signing = "8f742231b10e8888abcd99yyyzzz85a5"
  static let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  /// Slack, as far as a bot sees it: every call is kept and answered with the same message.
  final class Slack: Sendable {
    struct Call: Sendable {
      let method: String
      let body: String
    }

    let calls = Mutex<[Call]>([])
    let (stream, continuation) = AsyncStream.makeStream(of: Call.self)

    func application(_ listening: @escaping @Sendable (Int) -> Void) -> some ApplicationProtocol {
      let router = Router()
      router.post("api/:method") { request, context -> Response in
        let body = String(buffer: try await request.body.collect(upTo: 1 << 20))
        let call = Call(method: try context.parameters.require("method"), body: body)
        self.calls.withLock { $0.append(call) }
        self.continuation.yield(call)
        return Response(
          status: .ok, body: .init(byteBuffer: ByteBuffer(string: #"{"ok":true,"channel":"C024BE91L","ts":"1503435956.000247"}"#))
        )
      }
      return Application(
        router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
        onServerRunning: { listening($0.localAddress?.port ?? 0) }, logger: silent)
    }
  }

  static func yaml(store: String, slack: String) -> String {
    """
    store: \(store)
    gateway: {listen: "127.0.0.1:0"}
    console: {listen: "127.0.0.1:0"}
    keys: []
    providers: []
    routes: []
    monitors:
      - {name: errors, title: Requests fail, severity: SEV-2, query: sum(llm.errors) / sum(llm.requests), window: 5m, above: 0.05, no_data: keep}
    notifications:
      slack:
        - name: room
          token: {environment: TOKEN}
          channel: C024BE91L
          signing_secret: {environment: SIGNING}
          endpoint: \(slack)
          allow_private: true

    """
  }

  /// An incident whose alert still fires: without data its monitor keeps it so.
  static func seed(_ folder: String) throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let key = AlertKey(monitor: "errors")
    let at = Timestamp.now() - .seconds(60)
    try Ledger(path: folder + "/ledger.sqlite").append([
      .alert(
        AlertTransition(key: key, from: .ok, to: .alert, at: at, value: 0.5, threshold: 0.05, reason: "50 % of requests fail")),
      .incident(
        IncidentRecord(
          at: at, incident: "INC-1", actor: "commander",
          event: .opened(
            .init(number: 1, title: "Requests fail", severity: .sev2, onset: at, alert: key, reason: "50 % of requests fail")))),
    ])
  }

  static func running<Value>(
    _ yaml: String, environment: [String: String] = ["TOKEN": "xoxb-1", "SIGNING": signing],
    _ body: (CommanderServer) async throws -> Value
  ) async throws -> Value {
    let server = try await CommanderServer.start(
      try CommanderConfiguration.parse(yaml, file: "c.yaml", environment: environment), logger: silent)
    let services = server.serviceGroup(signals: false)
    let task = Task { try await services.run() }
    let result: Result<Value, any Error>
    do { result = .success(try await body(server)) } catch { result = .failure(error) }
    await services.triggerGracefulShutdown()
    _ = try? await task.value
    return try result.get()
  }

  /// What Slack sends when `user` presses the button to acknowledge.
  static func press(_ server: CommanderServer, secret: String = signing) async throws -> UInt {
    let json = """
      {"type":"block_actions","user":{"id":"U1","username":"dana"},"actions":[{"action_id":"commander_acknowledge:INC-1","value":"INC-1"}]}
      """
    let body = "payload=" + (json.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "")
    let timestamp = String(Timestamp.now().unixSeconds)
    let code = HMAC<SHA256>.authenticationCode(
      for: Data("v0:\(timestamp):\(body)".utf8), using: SymmetricKey(data: Data(secret.utf8)))
    var request = HTTPClientRequest(url: "http://\(try await server.consoleAddress())/slack/interactions")
    request.method = .POST
    request.headers = [
      "content-type": "application/x-www-form-urlencoded", "x-slack-request-timestamp": timestamp,
      "x-slack-signature": "v0=" + code.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined(),
    ]
    request.body = .bytes(ByteBuffer(string: body))
    return try await HTTPClient.shared.execute(request, timeout: .seconds(5)).status.code
  }

  @Test(.timeLimit(.minutes(2)))
  func slackIsToldOnceAndItsButtonIsHeard() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "commander-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try Self.seed(folder)
    let slack = Slack()
    let (ports, listening) = AsyncStream.makeStream(of: Int.self)
    let application = slack.application { listening.yield($0) }
    let serving = Task { try await application.run() }
    defer { serving.cancel() }
    var portIterator = ports.makeAsyncIterator()
    let yaml = Self.yaml(store: folder, slack: "http://127.0.0.1:\(try #require(await portIterator.next()))")
    var calls = slack.stream.makeAsyncIterator()

    try await Self.running(yaml) { server in
      let opened = try #require(await calls.next())
      #expect(opened.method == "chat.postMessage" && opened.body.contains("commander_acknowledge:INC-1"))
      #expect(try await Self.press(server, secret: "another") == 401)
      #expect(await server.center.state.incidents["INC-1"]?.state == .triggered)
      #expect(try await Self.press(server) == 200)
      let incident = await server.center.state.incidents["INC-1"]
      #expect(incident?.state == .acknowledged && incident?.owner == "dana (Slack U1)")
      // The message shows it, and its thread says it.
      let update = try #require(await calls.next())
      #expect(update.method == "chat.update" && !update.body.contains("commander_acknowledge"))
      let reply = try #require(await calls.next())
      #expect(reply.method == "chat.postMessage" && reply.body.contains(#""thread_ts":"1503435956.000247""#))
    }
    // A restart knows what was told, and the thread it was told in.
    try await Self.running(yaml) { server in
      try await server.center.submit(.resolve(incident: "INC-1", reason: "provider is back"), actor: "dana", now: .now())
      // On a slow machine a turn comes first and says that the alert is over.
      var reply = try #require(await calls.next())
      while !(reply.method == "chat.postMessage" && reply.body.contains("provider is back")) {
        reply = try #require(await calls.next())
      }
      #expect(reply.body.contains(#""thread_ts":"1503435956.000247""#))
      // Told is what the ledger has, a moment after Slack's answer.
      while await server.center.state.delivery("INC-1/closed", receiver: "room") == nil { await Task.yield() }
    }
    let (openings, closings) = slack.calls.withLock { calls in
      (
        calls.count { $0.method == "chat.postMessage" && !$0.body.contains("thread_ts") },
        calls.count { $0.method == "chat.postMessage" && $0.body.contains("provider is back") }
      )
    }
    #expect(openings == 1 && closings == 1)
    let delivered = try Ledger(path: folder + "/ledger.sqlite").entries().compactMap { entry in
      if case .delivery(let delivery) = entry { "\(delivery.key) \(delivery.outcome.rawValue)" } else { nil }
    }
    #expect(Set(delivered).count == delivered.count)
    #expect(Set(delivered).isSuperset(of: ["INC-1/opened delivered", "INC-1/acknowledged delivered", "INC-1/closed delivered"]))
  }
}
