// The composed commander on real listeners and a real store: ports, span intake, prompt labels, exemplars.

import AsyncHTTPClient
import Commander
import Foundation
import Gateway
import LLMTelemetry
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import Remediation
import ServiceLifecycle
import Storage
import StrictYAML
import Testing

@Suite struct ServerTests {
  private static let key = VirtualKeyHash.makeKey()

  private static func yaml(store: String, gateway: String = "127.0.0.1:0") -> String {
    """
    store: \(store)
    gateway: {listen: "\(gateway)"}
    console: {listen: "127.0.0.1:0"}
    keys:
      - {name: app, sha256: \(VirtualKeyHash.sha256(of: key)), tenant: acme}
    providers:
      - {name: openai, protocol: openai, base_url: "http://127.0.0.1:1"}
    routes:
      - {name: chat, models: ["*"], provider: openai}
    prompts:
      - {name: rag-answer, production: "42", versions: {"42": sound, "43": flawed}}

    """
  }

  private func withFolder<Value>(_ body: (String) async throws -> Value) async throws -> Value {
    let folder = FileManager.default.temporaryDirectory.appending(path: "commander-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try await body(folder)
  }

  private func running<Value>(store: String, extra: String = "", _ body: (CommanderServer) async throws -> Value) async throws
    -> Value
  {
    let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let server = try await CommanderServer.start(
      try CommanderConfiguration.parse(Self.yaml(store: store) + extra, file: "c.yaml", environment: [:]), logger: silent)
    let services = server.serviceGroup(signals: false)
    let task = Task { try await services.run() }
    let result: Result<Value, any Error>
    do { result = .success(try await body(server)) } catch { result = .failure(error) }
    await services.triggerGracefulShutdown()
    _ = try? await task.value
    return try result.get()
  }

  private func post(_ url: String, _ body: String, key: String?) async throws -> (status: UInt, body: String) {
    var request = HTTPClientRequest(url: url)
    request.method = .POST
    if let key { request.headers.add(name: "authorization", value: "Bearer \(key)") }
    request.body = .bytes(ByteBuffer(string: body))
    let response = try await HTTPClient.shared.execute(request, timeout: .seconds(5))
    return (response.status.code, String(buffer: try await response.body.collect(upTo: 1 << 20)))
  }

  @Test func everyPortThatIsTakenIsReportedAtItsPlaceBeforeAnythingStarts() async throws {
    let taken = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton).bind(host: "127.0.0.1", port: 0).get()
    let port = try #require(taken.localAddress?.port)
    try await withFolder { folder in
      let configuration = try CommanderConfiguration.parse(
        Self.yaml(store: folder, gateway: "127.0.0.1:\(port)"), file: "c.yaml", environment: [:])
      let error = await #expect(throws: ConfigurationError.self) {
        _ = try await CommanderServer.start(configuration, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
      }
      #expect(
        error?.description
          == "c.yaml:2:19: `gateway.listen`: cannot listen on 127.0.0.1:\(port): the port is in use; stop what uses it or choose another port"
      )
      #expect(!FileManager.default.fileExists(atPath: folder))
    }
    try await taken.close()
  }

  /// Between the check and the start somebody else may be faster.
  @Test(.timeLimit(.minutes(1))) func aPortThatIsTakenAfterTheCheckIsReportedInTheSameWords() async throws {
    try await withFolder { folder in
      let free = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton).bind(host: "127.0.0.1", port: 0).get()
      let port = try #require(free.localAddress?.port)
      try await free.close()
      let yaml = Self.yaml(store: folder).replacing(
        "console: {listen: \"127.0.0.1:0\"}", with: "console: {listen: \"127.0.0.1:\(port)\"}")
      let server = try await CommanderServer.start(
        try CommanderConfiguration.parse(yaml, file: "c.yaml", environment: [:]),
        logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
      let taken = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton).bind(host: "127.0.0.1", port: port)
        .get()
      let error = await #expect(throws: ConfigurationError.self) { try await server.serviceGroup(signals: false).run() }
      #expect(
        error?.description
          == "c.yaml:3:19: `console.listen`: cannot listen on 127.0.0.1:\(port): the port is in use; stop what uses it or choose another port"
      )
      try await taken.close()
    }
  }

  @Test func applicationsSendSpansWithAVirtualKeyOnly() async throws {
    try await withFolder { folder in
      let line =
        #"{"type":"span","start":"2026-11-01T00:00:00.5Z","duration_ms":12,"kind":"retrieval","status":"ok","tenant":"forged"}"#
      let store = try await running(store: folder) { server in
        let intake = "http://\(try await server.consoleAddress())/intake/spans"
        #expect(try await post(intake, line, key: nil).status == 401)
        #expect(try await post(intake, line, key: "ck-wrong").status == 401)
        let broken = try await post(intake, line + "\n{\"type\":\"span\"}", key: Self.key)
        #expect(broken.status == 400 && broken.body.contains(":2: "), "\(broken)")
        let accepted = try await post(intake, line, key: Self.key)
        #expect(accepted.status == 202 && accepted.body.contains(#""accepted":"1""#))
        return server.store
      }
      let spans = try store.spans(limit: 10).spans
      #expect(spans.count == 1 && spans.first?.kind == .retrieval)
      // The key's tenant is not the request's to choose.
      #expect(spans.first?.dimensions.tenant == "acme")
    }
  }

  /// What an application captured goes as far as the configuration here lets it, redacted by its rules.
  @Test(arguments: [("", nil), ("capture: redacted\n", "write to [email]"), ("capture: full\n", "write to jane.doe@example.com")])
  func textsOfApplicationsPassTheCommandersOwnRules(extra: String, expected: String?) async throws {
    try await withFolder { folder in
      let line =
        #"{"type":"span","start":"2026-11-01T00:00:00.5Z","duration_ms":12,"kind":"tool","status":"ok","content":{"input":[{"role":"tool","text":"write to jane.doe@example.com"}],"output":"done"}}"#
      let store = try await running(store: folder, extra: extra) { server in
        let accepted = try await post("http://\(try await server.consoleAddress())/intake/spans", line, key: Self.key)
        #expect(accepted.status == 202)
        return server.store
      }
      let span = try #require(try store.spans(limit: 10).spans.first)
      let content = span.content
      #expect(content?.input.first?.text == expected && content?.responseText == (expected == nil ? nil : "done"))
    }
  }

  /// Two commanders would each take turns on one ledger, and put their own overrides in force.
  @Test func aStoreServesOneCommanderAtATime() async throws {
    try await withFolder { folder in
      let configuration = try CommanderConfiguration.parse(Self.yaml(store: folder), file: "c.yaml", environment: [:])
      let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
      try await running(store: folder) { _ in
        let error = await #expect(throws: ConfigurationError.self) {
          _ = try await CommanderServer.start(configuration, logger: silent)
        }
        let process = ProcessInfo.processInfo.processIdentifier
        #expect(
          error?.description
            == "c.yaml:1:8: `store`: another commander (process \(process)) serves from \(folder): stop it, or name a folder of its own for this one"
        )
      }
      // The next one may.
      try await running(store: folder) { _ in }
    }
  }

  @Test func aPromotionOutlivesARestartAndAnEditedFileWins() async throws {
    try await withFolder { folder in
      try await running(store: folder) { server in
        await #expect(throws: CommandRefusal.self) {
          try await server.center.promote(prompt: "rag-answer", version: "44", actor: "lee", now: .now())
        }
        await #expect(throws: CommandRefusal.self) {
          try await server.center.promote(prompt: "other", version: "43", actor: "lee", now: .now())
        }
        try await server.center.promote(prompt: "rag-answer", version: "43", actor: "lee", now: .now())
      }
      try await running(store: folder) { server in
        #expect(await server.center.registry.prompts.first?.production == "43")
        // The configuration was recorded once, not at each start.
        #expect(
          await server.center.state.changes.map { "\($0.from ?? "-")>\($0.to ?? "-") \($0.author ?? "-")" } == [
            "->42 configuration", "42>43 lee",
          ])
      }
    }
  }

  @Test func anUnreachableProviderIsAProviderShapedErrorASpanAndAMetric() async throws {
    let agent = try DatagramListener()
    try await withFolder { folder in
      let store = try await running(store: folder, extra: "datadog: {dogstatsd: \"127.0.0.1:\(agent.port)\"}\n") { server in
        let answer = try await post(
          "http://\(server.gatewayAddress)/v1/chat/completions",
          #"{"model":"gpt-4o","messages":[{"role":"user","content":"x"}]}"#, key: Self.key)
        #expect(answer.status == 502)
        #expect(
          answer.body.contains(#""error":{"message":"Provider \"openai\" cannot be reached at 127.0.0.1:1."#), "\(answer.body)")
        return server.store
      }
      let spans = try store.spans(limit: 10).spans
      #expect(spans.map(\.outcome.errorClass) == [.network] && spans.first?.dimensions.tenant == "acme")
      // The commander has stopped, so everything it had to say to the Agent is in the socket's buffer.
      let lines = agent.received().split(separator: "\n")
      #expect(
        lines.contains { $0.hasPrefix("llm.requests:1|c|#") && $0.contains("tenant:acme") && $0.contains("error_class:network") },
        "\(lines)")
      #expect(
        lines.contains { $0.hasPrefix("llm.errors:1|c|#") }
          && lines.contains { $0.hasPrefix("llm.request.duration:") && $0.contains("|d|#") })
    }
  }
}

/// Where a Datadog Agent would listen: a UDP socket on the loopback that keeps what comes until it is asked.
private final class DatagramListener: Sendable {
  let port: UInt16
  private let descriptor: Int32

  init() throws {
    descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let descriptor = self.descriptor
    let isBound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
      }
    }
    try #require(isBound)
    port = UInt16(bigEndian: address.sin_port)
  }

  deinit { close(descriptor) }

  /// Every datagram that has arrived, joined.
  func received() -> String {
    var text = ""
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
      guard count > 0 else { return text }
      text += String(decoding: buffer[..<count], as: UTF8.self)
    }
  }
}
