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

  private func running<Value>(store: String, _ body: (CommanderServer) async throws -> Value) async throws -> Value {
    let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let server = try await CommanderServer.start(
      try CommanderConfiguration.parse(Self.yaml(store: store), file: "c.yaml", environment: [:]), logger: silent)
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
          == "c.yaml:2:19: `gateway.listen`: cannot listen on 127.0.0.1:\(port): the port is in use; stop what uses it or choose another port")
      #expect(!FileManager.default.fileExists(atPath: folder))
    }
    try await taken.close()
  }

  @Test func applicationsSendSpansWithAVirtualKeyOnly() async throws {
    try await withFolder { folder in
      let line = #"{"type":"span","start":"2026-11-01T00:00:00.5Z","duration_ms":12,"kind":"retrieval","status":"ok","tenant":"forged"}"#
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

  @Test func aPromotionOutlivesARestartAndAnEditedFileWins() async throws {
    try await withFolder { folder in
      try await running(store: folder) { server in
        await #expect(throws: CommandRefusal.self) { try await server.center.promote(prompt: "rag-answer", version: "44", actor: "lee", now: .now()) }
        await #expect(throws: CommandRefusal.self) { try await server.center.promote(prompt: "other", version: "43", actor: "lee", now: .now()) }
        try await server.center.promote(prompt: "rag-answer", version: "43", actor: "lee", now: .now())
      }
      try await running(store: folder) { server in
        #expect(await server.center.registry.prompts.first?.production == "43")
        // The configuration was recorded once, not at each start.
        #expect(await server.center.state.changes.map { "\($0.from ?? "-")>\($0.to ?? "-") \($0.author ?? "-")" } == ["->42 configuration", "42>43 lee"])
      }
    }
  }

  @Test func anUnreachableProviderIsAProviderShapedErrorAndASpan() async throws {
    try await withFolder { folder in
      let store = try await running(store: folder) { server in
        let answer = try await post(
          "http://\(server.gatewayAddress)/v1/chat/completions", #"{"model":"gpt-4o","messages":[{"role":"user","content":"x"}]}"#, key: Self.key)
        #expect(answer.status == 502)
        #expect(answer.body.contains(#""error":{"message":"Provider \"openai\" cannot be reached at 127.0.0.1:1."#), "\(answer.body)")
        return server.store
      }
      let spans = try store.spans(limit: 10).spans
      #expect(spans.map(\.outcome.errorClass) == [.network] && spans.first?.dimensions.tenant == "acme")
    }
  }
}
