// Traces across the gateway: what comes in is the parent of our span, and only a provider of one's own is told of it.

import LLMTelemetry
import NIOCore
import Synchronization
import Testing

@testable import Gateway

@Suite struct TraceHeaderTests {
  private static let tracing = """
    x-datadog-trace-id: 1234\r\nX-Datadog-Parent-Id: 99\r\nx-datadog-sampling-priority: -1\r\nx-datadog-origin: rum\r\n\
    x-datadog-tags: _dd.p.dm=-4,_dd.p.tid=6b049c2c00000000\r\ntraceparent: 00-6b049c2c0000000000000000000004d2-0000000000000063-00\r\n\
    tracestate: foo=1\r\ntracestate: dd=s:-1,bar=2\r\nbaggage: k=v\r\nb3: 1-2\r\nx-b3-traceid: 1\r\nX-B3-SpanId: 2\r\nx-b3-sampled: 1\r\n\
    x-b3-parentspanid: 3\r\nx-b3-flags: 1\r\nuber-trace-id: 1:2:3:1\r\nsentry-trace: 1-2\r\nx-amzn-trace-id: Root=1\r\n\
    x-cloud-trace-context: 1/2\r\nnewrelic: abc\r\nelastic-apm-traceparent: 00-1\r\nx-kept: yes\r\n
    """

  /// The fields that the provider gets for a request with `headers`, in lowercase, and the one span.
  private func exchange(headers: String, propagates: Bool) async throws -> (fields: [String: String], span: LLMSpan) {
    let fields = Box()
    let span = SpanHolder()
    try await RunningGateway.scripted { gateway, provider in
      if propagates {
        var own = Provider(
          name: "own", wireProtocol: .openAI, host: "127.0.0.1", port: provider.port, usesTLS: false, credential: "sk-own")
        own.propagatesTrace = true
        let base = RunningGateway.snapshot(providerPort: provider.port)
        _ = try await gateway.server.update(
          GatewaySnapshot(
            service: "app", env: "test", version: "1",
            keys: [VirtualKey(name: "test", sha256: VirtualKeyHash.sha256(of: RunningGateway.key))], providers: [own],
            routes: [Route(name: "chat", models: ["gpt-*"], provider: "own")], prompts: [], overrides: base.overrides))
      }
      let client = try await gateway.client()
      try await client.send(request(headers: headers))
      let upstream = try await provider.connection()
      let head = try await upstream.receive(until: "\r\n\r\n")
      for line in head.split(separator: "\r\n").dropFirst() {
        let parts = line.split(separator: ":", maxSplits: 1)
        fields.set(parts[0].lowercased(), parts.count > 1 ? String(parts[1].drop { $0 == " " }) : "")
      }
      try await upstream.send(response(answer))
      try await client.receive(until: "hi")
      span.set(try await gateway.span())
    }
    return (fields.all, try #require(span.value))
  }

  @Test func aVendorSeesNothingOfATrace() async throws {
    let (fields, span) = try await exchange(headers: Self.tracing, propagates: false)
    #expect(Set(fields.keys) == ["host", "accept-encoding", "authorization", "content-length", "x-kept"])
    #expect(span.traceID.description == "6b049c2c0000000000000000000004d2" && span.parentSpanID?.bits == 99)
    #expect(!span.isSampled)
  }

  @Test func aProviderOfOnesOwnHangsUnderOurSpan() async throws {
    let (fields, span) = try await exchange(headers: Self.tracing, propagates: true)
    #expect(fields["b3"] == nil && fields["baggage"] == nil && fields["x-kept"] == "yes")
    #expect(fields["traceparent"] == "00-6b049c2c0000000000000000000004d2-\(span.spanID)-00")
    #expect(fields["tracestate"] == "dd=p:\(span.spanID);s:-1;o:rum;t.dm:-4;t.tid:6b049c2c00000000,foo=1,bar=2")
    #expect(fields["x-datadog-trace-id"] == "1234" && fields["x-datadog-parent-id"] == String(span.spanID.bits))
    #expect(fields["x-datadog-sampling-priority"] == "-1" && fields["x-datadog-origin"] == "rum")
    #expect(fields["x-datadog-tags"] == "_dd.p.dm=-4,_dd.p.tid=6b049c2c00000000")
    #expect(span.parentSpanID?.bits == 99)
  }

  @Test func aTraceThatBeginsHereIsUndecided() async throws {
    let (fields, span) = try await exchange(headers: "", propagates: true)
    #expect(span.parentSpanID == nil && span.isSampled)
    #expect(fields["traceparent"] == "00-\(span.traceID)-\(span.spanID)-01")
    #expect(fields["x-datadog-sampling-priority"] == nil && fields["x-datadog-trace-id"] == String(span.traceID.low))
    let (others, _) = try await exchange(headers: "", propagates: false)
    #expect(!others.keys.contains { $0.hasPrefix("x-datadog") || $0.hasPrefix("trace") })
  }

  private final class Box: Sendable {
    private let fields = Mutex<[String: String]>([:])
    var all: [String: String] { fields.withLock { $0 } }
    func set(_ name: String, _ value: String) { fields.withLock { $0[name] = value } }
  }
  private final class SpanHolder: Sendable {
    private let held = Mutex<LLMSpan?>(nil)
    var value: LLMSpan? { held.withLock { $0 } }
    func set(_ span: LLMSpan) { held.withLock { $0 = span } }
  }
}
