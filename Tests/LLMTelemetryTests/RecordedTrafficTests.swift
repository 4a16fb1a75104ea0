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
    span.sampling = SamplingDecision(.userReject, by: .manual)
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

  private func content() -> SpanContent {
    SpanContent(
      input: [ContentMessage(role: "system", text: "Be kind."), ContentMessage(role: "user", text: "\u{e9}\n\"😀\"")],
      output: "Yes.",
      documents: [ContentDocument(id: "7", name: "a.md", text: "thirty days", score: 0.5), ContentDocument(text: "")])
  }

  /// Both ends must ask: a file that is passed on does not carry texts by accident, and one that does is not believed.
  @Test func textsAreThereOnlyWhereBothEndsAskForThem() throws {
    var span = try full()
    span.content = content()
    func read(_ line: String, _ contentBytes: Int) throws -> SpanContent? {
      guard case .span(let span) = try RecordedTraffic.record(from: line.utf8, file: "f", line: 1, contentBytes: contentBytes)
      else {
        return nil
      }
      return span.content
    }
    let without = try RecordedTraffic.line(for: .span(span))
    #expect(!without.contains("thirty days") && !without.contains("content"))
    let with = try RecordedTraffic.line(for: .span(span), contentBytes: RecordedTraffic.contentBytes)
    #expect(try read(with, 0) == nil)
    #expect(try read(with, RecordedTraffic.contentBytes) == content())
    #expect(try read(without, RecordedTraffic.contentBytes) == nil)
    // The rest of the line is the same record for readers that know no texts.
    span.content = nil
    #expect(try RecordedTraffic.record(from: with.utf8, file: "f", line: 1) == .span(span))
    span.content = SpanContent(requestBody: Array("raw".utf8), responseText: "")
    #expect(try RecordedTraffic.line(for: .span(span), contentBytes: 100) == without)
  }

  @Test(arguments: [0, 1, 5, 9, 10, 12, 13, 20, 28, 1_000])
  func textsAreCutBetweenCharacters(limit: Int) {
    let cut = content().cut(toBytes: limit)
    let text = cut.input.map(\.text).joined() + cut.responseText + cut.documents.map(\.text).joined()
    #expect(text.utf8.count <= limit && !text.unicodeScalars.contains("\u{fffd}"))
    let whole = content().input.map(\.text).joined() + content().responseText + "thirty days"
    #expect(limit < whole.utf8.count || text == whole)
    #expect(whole.utf8.prefix(8).elementsEqual(text.utf8.prefix(8)) || limit < 8)
  }

  @Test(arguments: [#""a text""#, "7", "[]", #"{"input":"x","output":7}"#, "{}", "null"])
  func anothersMemberOfThatNameIsIgnored(member: String) throws {
    let line =
      #"{"type":"span","start":"2026-11-01T00:00:00Z","duration_ms":1,"kind":"llm","provider":"p","model":"m","status":"ok","content":\#(member)}"#
    guard case .span(let span) = try RecordedTraffic.record(from: line.utf8, file: "f", line: 1, contentBytes: 100) else {
      return
    }
    #expect(span.content == nil)
  }

  @Test(arguments: [(#""sampling_priority":3"#, "sampling_priority"), (#""sampling_priority":2,"sampling_mechanism":"4""#, "-4")])
  func aDecisionThatIsNoneIsRefused(members: String, word: String) {
    let line =
      #"{"type":"span","start":"2026-11-01T00:00:00Z","duration_ms":1,"kind":"task","status":"ok",\#(members)}"#
    let error = #expect(throws: TrafficFormatError.self) {
      try RecordedTraffic.record(from: line.utf8, file: "f", line: 1)
    }
    #expect(error?.message.contains(word) == true)
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
