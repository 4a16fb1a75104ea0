// Recorded traffic: what is written reads back the same, files from outside are read, and errors name their line.
import Testing

@testable import LLMTelemetry

@Suite struct RecordedTrafficTests {
  private func full() throws -> LLMSpan {
    var span = LLMSpan(
      traceID: .random(), spanID: .random(), parentSpanID: .random(), kind: .llm, name: "chat gemini-2.5-flash",
      start: try #require(Timestamp(rfc3339: "2026-11-01T00:00:00.123456789Z")), duration: .nanoseconds(812_400_001),
      outcome: .failed(.rateLimited, message: "slow / down"))
    span.dimensions = Dimensions()
    for (index, path)
      in ([
        \.service, \.env, \.version, \.provider, \.model, \.route, \.tenant, \.feature, \.prompt, \.promptVersion, \.region,
      ] as [WritableKeyPath<Dimensions, String?>]).enumerated()
    { span.dimensions[keyPath: path] = "value-\(index)" }
    span.timeToFirstToken = .nanoseconds(380_000_007)
    span.longestGap = .nanoseconds(3)
    span.isStreaming = true
    span.responseModel = "gemini-2.5-flash-002"
    span.finishReason = .length
    span.httpStatus = 429
    span.usage = TokenUsage(input: 1, cacheRead: 0, cacheWrite: 3, output: 4, reasoning: 5)
    span.cost = .partial(Nanodollars(123_456_789_012_345_678), priceVersion: "2026-11-01")
    span.attempts = 3
    span.fallbackFrom = "gemini-2.5-pro"
    span.risk.ungrounded = 0.25
    span.retrieval = RetrievalFacts(documentCount: 4, topScore: 0.5)
    span.accountsForExchange = false
    return span
  }

  @Test func everyFieldReadsBack() throws {
    for span in [
      try full(), LLMSpan(traceID: .random(), spanID: .random(), kind: .workflow, name: "w", start: .now(), duration: .zero),
    ] {
      let line = try RecordedTraffic.line(for: .span(span))
      #expect(!line.contains("\n"))
      #expect(try RecordedTraffic.record(from: line.utf8, file: "f", line: 1) == .span(span))
    }
    let change = ChangeEvent(
      at: Timestamp(unixSeconds: 1_793_491_200), kind: .promptVersion, subject: "rag-answer", from: "42", to: "43", author: nil)
    let line = try RecordedTraffic.line(for: .change(change))
    #expect(line.contains(#""type":"change""#))
    #expect(try RecordedTraffic.record(from: line.utf8, file: "f", line: 1) == .change(change))
  }

  @Test(
    arguments: [
      ("0.0012345", 1_234_500), ("1.2e-05", 12_000), ("0.30000000000000004", 300_000_000),
      ("9007199.254740993", 9_007_199_254_740_993),
    ] as [(String, Int64)])
  func moneyIsReadWithoutADouble(text: String, count: Int64) throws {
    let line =
      #"{"type":"span","start":"2026-11-01T00:00:00Z","duration_ms":1,"kind":"llm","provider":"p","model":"m","status":"ok","cost_usd":\#(text)}"#
    guard case .span(let span) = try RecordedTraffic.record(from: line.utf8, file: "f", line: 1) else { return }
    #expect(span.cost == .exact(Nanodollars(count), priceVersion: "recorded"))
  }

  @Test func aForeignFileIsReadUnknownKeysAndAll() throws {
    let file = """
      {"type":"change","at":"2026-11-01T00:00:00Z","kind":"deploy","subject":"assistant","from":"1","to":"2","author":"bot","ticket":7}
      {"type": "span", "start": "2026-11-01T00:00:01.500Z", "kind": "llm", "service": "assistant", "env": "prod", "route": "/v1/answer", "tenant": "acme", "model": "gemini-2.5-flash", "provider": "gcp.vertex_ai", "stream": true, "attempts": 1, "status": "error", "error_class": "rate_limited", "http_status": 429, "duration_ms": 120.4, "usage": {}, "color": "blue", "risk": {"refusal": 0}}\r

      {"type":"span","start":"2026-11-01T00:00:02Z","duration_ms":5,"kind":"llm","provider":"p","model":"m","status":"ok","usage":{"input":10,"cache_read":0}}
      """
    let records = try RecordedTraffic.records(in: file.utf8, file: "traffic.jsonl")
    #expect(records.count == 3)
    guard case .span(let failed) = records[1], case .span(let ok) = records[2] else {
      Issue.record("spans expected")
      return
    }
    #expect(failed.duration == .microseconds(120_400))
    #expect(failed.outcome.errorClass == .rateLimited)
    #expect(failed.usage.isUnknown)
    #expect(ok.usage == TokenUsage(input: 10, cacheRead: 0))
    #expect(ok.name == "llm m")
    #expect(ok.cost == .unknown)
    #expect(try RecordedTraffic.records(in: file.utf8, file: "traffic.jsonl") == records, "ids are the same every time")
  }

  @Test(arguments: [
    (
      #"{"type":"span","start":"2026-11-01T00:00:00Z","kind":"llm","provider":"p","model":"m","status":"ok"}"#,
      #""duration_ms" is missing"#
    ),
    (
      #"{"type":"span","start":"2026-11-01T00:00:00Z","duration_ms":1,"kind":"llm","provider":"p","status":"ok"}"#,
      #""model" is missing"#
    ),
    (
      #"{"type":"span","start":"yesterday","duration_ms":1,"kind":"llm","provider":"p","model":"m","status":"ok"}"#,
      #""start" cannot be read"#
    ),
    (
      #"{"type":"span","start":"2026-11-01T00:00:00Z","duration_ms":"1","kind":"llm","provider":"p","model":"m","status":"ok"}"#,
      #""duration_ms""#
    ),
    (
      #"{"type":"span","start":"2026-11-01T00:00:00Z","duration_ms":1,"kind":"llm","provider":"p","model":"m","status":"fine"}"#,
      #""status" is "fine""#
    ),
    (#"{"type":"change","at":"2026-11-01T00:00:00Z","kind":"deploy"}"#, #""subject" is missing"#),
    (#"{"type":"metric"}"#, #""type" is "metric""#), ("{", "not a JSON object"), ("[]", "not a"),
  ])
  func errorsNameTheLine(line: String, message: String) {
    let error = #expect(throws: TrafficFormatError.self) { try RecordedTraffic.records(in: "\n\(line)\n".utf8, file: "t.jsonl") }
    #expect(error?.description.hasPrefix("t.jsonl:2: ") == true)
    #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
  }
}
