// A gateway on a free port for one test, and the spans it leaves.

import Budgets
import LLMTelemetry
import NIOCore
import NIOPosix
import NIOSSL
import Providers
import Synchronization

@testable import Gateway

/// A gateway with one key (`ck-test`), an OpenAI and a Gemini provider at one port, a managed prompt, and room to change all of it.
final class RunningGateway: Sendable {
  static let key = "ck-test"

  let server: GatewayServer
  let group: MultiThreadedEventLoopGroup
  let budgets: BudgetGuard
  private let spans: SpanBox

  final class SpanBox: Sendable {
    let all = Mutex<[LLMSpan]>([])
  }

  /// Runs `body` against a gateway, and stops it afterwards however the body ended.
  static func run(
    providerPort: Int, group: MultiThreadedEventLoopGroup, limits: GatewayLimits = GatewayLimits(), routes: [Route]? = nil,
    budgets: [Budget] = [], _ body: (RunningGateway) async throws -> Void
  ) async throws {
    let box = SpanBox()
    let guarding = BudgetGuard(BudgetBook(budgets, at: .now(), readBytes: GatewayServer.readBytes))
    let server = try await GatewayServer.start(
      host: "127.0.0.1", port: 0, group: group, snapshot: snapshot(providerPort: providerPort, limits: limits, routes: routes),
      budgets: guarding
    ) { batch in box.all.withLock { $0 += batch } }
    let gateway = RunningGateway(server: server, group: group, spans: box, budgets: guarding)
    let result: Result<Void, any Error>
    do { result = .success(try await body(gateway)) } catch { result = .failure(error) }
    do { try await server.shutdown(patience: .zero) } catch ChannelError.alreadyClosed {}
    try result.get()
  }

  /// The same with a provider under the test's control.
  static func scripted(
    limits: GatewayLimits = GatewayLimits(), routes: [Route]? = nil, budgets: [Budget] = [], tls: NIOSSLContext? = nil,
    _ body: (RunningGateway, ScriptedProvider) async throws -> Void
  ) async throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
    let provider = try await ScriptedProvider.start(group: group, tls: tls)
    let result: Result<Void, any Error>
    do {
      result = .success(
        try await run(providerPort: provider.port, group: group, limits: limits, routes: routes, budgets: budgets) {
          try await body($0, provider)
        })
    } catch {
      result = .failure(error)
    }
    try await group.shutdownGracefully()
    try result.get()
  }

  private init(server: GatewayServer, group: MultiThreadedEventLoopGroup, spans: SpanBox, budgets: BudgetGuard) {
    self.budgets = budgets
    self.server = server
    self.group = group
    self.spans = spans
  }

  static func snapshot(
    providerPort: Int, limits: GatewayLimits = GatewayLimits(), overrides: RoutingOverrides = RoutingOverrides(),
    routes: [Route]? = nil
  ) -> GatewaySnapshot {
    func provider(_ name: String, _ wireProtocol: WireProtocol) -> Provider {
      Provider(
        name: name, wireProtocol: wireProtocol, host: "127.0.0.1", port: providerPort, usesTLS: false, credential: "sk-\(name)",
        project: wireProtocol == .vertex ? "p1" : nil, location: wireProtocol == .vertex ? "us-central1" : nil)
    }
    return GatewaySnapshot(
      service: "app", env: "test", version: "1",
      keys: [VirtualKey(name: "test", sha256: VirtualKeyHash.sha256(of: key), tenant: "acme")],
      providers: [
        provider("openai", .openAI), provider("gemini", .gemini), provider("anthropic", .anthropic), provider("vertex", .vertex),
        Provider(name: "nowhere", wireProtocol: .openAI, host: "127.0.0.1", port: 1, usesTLS: false, credential: "sk-nowhere"),
      ],
      routes: routes ?? [
        Route(name: "chat", models: ["gpt-*"], provider: "openai"),
        Route(name: "answers", models: ["gemini-*"], provider: "gemini"),
        Route(name: "claude", models: ["claude-*"], provider: "anthropic"),
        Route(name: "vertex-answers", models: ["gemini-*", "claude-*"], provider: "vertex"),
      ],
      prompts: [ManagedPrompt(name: "greeting", versions: ["1": "Be brief.", "2": "Be \"grand\"."], production: "2")],
      overrides: overrides, limits: limits)
  }

  func client() async throws -> RawConnection {
    try await RawConnection.connect(port: server.address?.port ?? 0, group: group)
  }

  var spanCount: Int { spans.all.withLock { $0.count } }

  /// The spans, once there are as many.
  func spans(_ count: Int) async throws -> [LLMSpan] {
    try await eventually("\(count) spans, there are \(spanCount)") { spans.all.withLock { $0.count >= count ? $0 : nil } }
  }

  /// The only span; fails when there is another one.
  func span() async throws -> LLMSpan {
    let all = try await spans(1)
    guard all.count == 1 else { throw Impatience(what: "one span: there are \(all.count)") }
    return all[0]
  }
}

/// A request in bytes.
func request(
  _ body: String = #"{"model":"gpt-4o","messages":[]}"#, path: String = "/v1/chat/completions", key: String? = RunningGateway.key,
  headers: String = ""
) -> String {
  let authorization = key.map { "Authorization: Bearer \($0)\r\n" } ?? ""
  return "POST \(path) HTTP/1.1\r\nHost: gateway\r\n\(authorization)\(headers)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
}

/// An answer in bytes.
func response(_ body: String, status: String = "200 OK", headers: String = "") -> String {
  "HTTP/1.1 \(status)\r\n\(headers)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
}

let answer =
  #"{"choices":[{"message":{"content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":1}}"#
let streamHead = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
let streaming = #"{"model":"gpt-4o","stream":true,"stream_options":{"include_usage":true},"messages":[]}"#

func chunk(_ text: String) -> String { String(text.utf8.count, radix: 16) + "\r\n" + text + "\r\n" }
func event(_ text: String) -> String { "data: {\"choices\":[{\"delta\":{\"content\":\"\(text)\"}}]}\n\n" }
