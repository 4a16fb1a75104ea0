// A span as the Agent gets it: every member, what is left out, and the shape of what ddtrace sends.

import Foundation
import LLMTelemetry
import Testing

@testable import Datadog

@Suite struct TraceSpanTests {
  private func entries(_ value: MessagePackValue?) -> [String: MessagePackValue] {
    guard case .map(let entries) = value else { return [:] }
    return Dictionary(entries.map { ($0.key.text ?? "", $0.value) }, uniquingKeysWith: { first, _ in first })
  }

  private func only(_ span: LLMSpan, rates: SamplingRates = SamplingRates()) throws -> MessagePackValue {
    try #require(TraceSamples.traces([span], rates: rates).first?.first)
  }

  @Test func everythingASpanSaysIsThere() throws {
    let span = try only(TraceSamples.full())
    #expect(span["service"] == .string("gateway") && span["name"] == .string("llm.request") && span["type"] == .string("llm"))
    #expect(span["resource"] == .string("chat gemini-2.5-flash"))
    #expect(span["trace_id"] == .uint(3_365_330_052_195_923_707) && span["span_id"] == .uint(13_865_808_760_608_378_649))
    #expect(span["parent_id"] == .uint(7) && span["error"] == .uint(0))
    #expect(span["start"] == .uint(1_795_464_236_000_000_000) && span["duration"] == .uint(250_000_000))
    let meta = entries(span["meta"]).mapValues { $0.text ?? "no text" }
    #expect(
      meta == [
        "_dd.llmobs.artificial_gen_ai_tags": "true", "gen_ai.application.name": "gw-app", "env": "prod", "version": "1.0",
        "gen_ai.operation.name": "llm", "span_kind": "llm", "span.kind": "client", "gen_ai.provider.name": "google",
        "gen_ai.request.model": "gemini-2.5-pro", "gen_ai.response.model": "gemini-2.5-pro-001", "gen_ai.conversation.id": "s1",
        "provider": "google", "model": "gemini-2.5-pro", "route": "chat", "tenant": "acme", "feature": "search",
        "prompt": "answer",
        "prompt_version": "v3", "region": "us-central1", "finish_reason": "stop", "cache": "hit", "peer.service": "google",
        "http.status_code": "200", "llm.virtual_key": "web", "llm.service_tier": "priority",
        "llm.fallback_from": "gemini-2.5-ultra",
        "llm.streaming": "true", "cost_exactness": "exact", "language": "swift",
        "runtime-id": "00000000-0000-4000-8000-000000000001", "_dd.p.tid": "6b049c2c00000000", "_dd.p.dm": "-0",
      ])
    let metrics = entries(span["metrics"]).mapValues { $0.number ?? .nan }
    #expect(
      metrics == [
        "_sampling_priority_v1": 1, "process_id": 7, "_dd.top_level": 1, "_dd.measured": 1, "gen_ai.usage.input_tokens": 12,
        "gen_ai.usage.output_tokens": 5, "gen_ai.usage.total_tokens": 17, "gen_ai.usage.cache_read_input_tokens": 4,
        "gen_ai.usage.cache_write_input_tokens": 2, "gen_ai.usage.reasoning_output_tokens": 2, "llm.tokens.input": 6,
        "llm.tokens.cache_read": 4, "llm.tokens.cache_write": 2, "llm.tokens.output": 3, "llm.tokens.reasoning": 2,
        "llm.cost": 0.0015,
        "llm.time_to_first_token": 120_000_000, "llm.longest_gap": 30_000_000, "llm.attempts": 2, "llm.retrieval.documents": 3,
        "llm.retrieval.top_score": 0.5, "llm.semantic_risk.ungrounded": 0.25,
      ])
  }

  @Test func anAnswerFromTheGatewaysCacheIsSaidToBeOne() throws {
    var span = TraceSamples.full()
    (span.attempts, span.outcome) = (0, .ok)
    #expect(entries(try only(span)["meta"])["cache"]?.text == "gateway")
    #expect(entries(try only(span)["metrics"])["llm.attempts"]?.number == 0)
  }

  @Test func unknownIsNotThere() throws {
    var span = TraceSamples.span()
    span.httpStatus = 99
    let meta = entries(try only(span)["meta"])
    #expect(meta["http.status_code"] == nil && meta["tenant"] == nil && meta["cache"] == nil && meta["error.type"] == nil)
    #expect(meta["env"]?.text == "test" && meta["cost_exactness"]?.text == "unknown")
    let metrics = entries(try only(span)["metrics"])
    #expect(metrics["gen_ai.usage.input_tokens"] == nil && metrics["llm.cost"] == nil && metrics["llm.tokens.output"] == nil)
  }

  @Test(arguments: [ErrorClass.providerError, .blocked, .cancelled])
  func aFailureIsAnErrorAndADepartureIsNone(errorClass: ErrorClass) throws {
    let span = try only(TraceSamples.span(outcome: .failed(errorClass, message: "it said no")))
    let meta = entries(span["meta"])
    let isError = errorClass != .cancelled
    #expect(span["error"] == .uint(isError ? 1 : 0))
    #expect(meta["error_class"]?.text == errorClass.rawValue)
    #expect(meta["error.type"]?.text == (isError ? errorClass.rawValue : nil))
    #expect(meta["error.message"]?.text == (isError ? "it said no" : nil))
  }

  @Test func kindsHaveNamesAndRoles() throws {
    for kind in SpanKind.allCases {
      let span = try only(TraceSamples.span(kind: kind))
      let isCall = [.llm, .embedding, .retrieval].contains(kind)
      #expect(span["name"]?.text == (kind == .llm ? "llm.request" : "llm.\(kind.rawValue)"))
      #expect(span["meta"]?["gen_ai.operation.name"]?.text == kind.rawValue)
      #expect(span["meta"]?["span.kind"]?.text == (isCall ? "client" : kind == .workflow ? "server" : "internal"))
      #expect((span["metrics"]?["_dd.measured"] != nil) == (kind != .workflow && kind != .task))
    }
  }

  @Test func whatTheAgentWouldCutOrChangeIsCutHere() throws {
    var span = TraceSamples.span(
      service: String(repeating: "é", count: 80), outcome: .failed(.timeout, message: String(repeating: "m", count: 9000)))
    span.name = String(repeating: "n", count: 9000)
    span.dimensions.tenant = String(repeating: "t", count: 9000)
    span.start = Timestamp(unixSeconds: 0)
    span.duration = .seconds(-1)
    let encoded = try only(span)
    #expect(encoded["service"]?.text?.utf8.count == 100 && encoded["resource"]?.text?.utf8.count == 5000)
    #expect(encoded["meta"]?["tenant"]?.text?.utf8.count == 1000 && encoded["meta"]?["error.message"]?.text?.utf8.count == 5000)
    // As the Agent does it: it ended now.
    #expect(encoded["start"] == .uint(1_795_464_236_000_000_000) && encoded["duration"] == .uint(0))
    span.start = Timestamp(unixNanoseconds: .max - 5)
    span.duration = .seconds(1)
    #expect(try only(span)["duration"] == .uint(5))
    span.name = ""
    span.dimensions.service = ""
    #expect(try only(span)["resource"] == .string("llm") && only(span)["service"] == .string("gateway"))
  }

  @Test func aTraceWithoutALowerHalfKeepsAnID() throws {
    var span = TraceSamples.span()
    span.traceID = TraceSamples.trace(0, high: 9)
    #expect(try only(span)["trace_id"] == .uint(9) && only(span)["meta"]?["_dd.p.tid"]?.text == "0000000000000009")
    span.traceID = TraceSamples.trace(9, high: 0)
    #expect(try only(span)["meta"]?["_dd.p.tid"] == nil)
  }

  /// What ddtrace 4.16 put on the spans of LLM Observability, but for what is Python's, the process's or LLM Observability's own.
  @Test func theShapeIsThatOfDatadogsTracer() async throws {
    guard let file = Self.shared("reference/golden/ddtrace-4.16-llmobs-via-agent.json") else { return }
    let exchanges = try #require(JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [[String: Any]])
    let exchange = try #require(exchanges.first { $0["path"] as? String == "/v0.4/traces" })
    let golden = try #require((exchange["body"] as? [[[String: Any]]])?.first)
    var failed = TraceSamples.full()
    failed.outcome = .failed(.providerError, message: "boom")
    let root = try only(failed, rates: #require(SamplingRates(answer: Array(#"{"rate_by_service":{"service:,env:":1}}"#.utf8))))
    var ours = entries(root)
    ours["meta_struct"] = .map([])
    let fromRoot = TraceSamples.span(trace: 5)
    let meta = entries(root["meta"]).merging(entries(try only(fromRoot)["meta"])) { first, _ in first }
    let theirs: Set<String> = [
      "_dd.tags.process", "_dd.p.llmobs_sid", "llmobs_parent_id", "llmobs_trace_id", "error.stack", "_dd.tracer_kr",
    ]
    var compared = 0
    for span in golden {
      for (key, value) in span where key != "meta_struct" {
        #expect(ours[key] != nil, "\(key)")
        #expect((value is String) == (ours[key]?.text != nil), "\(key)")
      }
      for (key, value) in span["meta"] as? [String: Any] ?? [:] where !theirs.contains(key) {
        #expect(meta[key]?.text != nil && value is String, "meta \(key)")
        compared += 1
      }
      for key in (span["metrics"] as? [String: Any] ?? [:]).keys where !theirs.contains(key) {
        #expect(root["metrics"]?[key]?.number != nil, "metrics \(key)")
        compared += 1
      }
    }
    #expect(compared > 60)
    let sent = try #require(exchange["headers"] as? [String: String])
    let headers = Set(await TraceSamples.sent([failed]).headers.map { $0.name.lowercased() })
    for name in sent.keys.map({ $0.lowercased() }) where !["user-agent", "content-length"].contains(name) {
      #expect(headers.contains(name), "\(name)")
    }
  }

  private static func shared(_ path: String) -> URL? {
    let file = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent().appending(
      path: "../../../shared/" + path
    )
    .standardized
    return FileManager.default.fileExists(atPath: file.path) ? file : nil
  }
}
