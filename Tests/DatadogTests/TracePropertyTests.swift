// Spans of every shape, hostile ones above all, make payloads the Agent has nothing to say against, and none of them is lost.

import Delivery
import LLMTelemetry
import TestSeries
import Testing

@testable import Datadog

/// Spans that nobody would send on purpose.
enum HostileSpans {
  private static let texts = [
    "", " ", "\u{0}", "\r\nx-injected: 1", "\"\\\u{7f}", "é€😀", "\u{202e}abc", "a:b,c|d", "null", "𝕏\u{301}\u{301}",
    String(repeating: "😀", count: 3000), String(repeating: "a", count: 30_000), "\u{fffd}", "service:x,env:y",
  ]
  private static let counts = [0, 1, -1, 42, .max, .min, 1 << 53]
  private static let amounts: [Int64] = [0, 1, -1, .max, .min]

  /// Ids of few values, so that traces, repeated ids and circles come about.
  static func make(_ count: Int, using random: inout SplitMix) -> [LLMSpan] { (0..<count).map { _ in span(using: &random) } }

  private static func span(using random: inout SplitMix) -> LLMSpan {
    func text() -> String? { Bool.random(using: &random) ? texts.randomElement(using: &random) : nil }
    func count() -> Int? { Bool.random(using: &random) ? counts.randomElement(using: &random) : nil }
    func nanoseconds() -> Int64 {
      [0, 1, -1, .max, .max - 1, -.max, 1_795_464_236_000_000_000].randomElement(using: &random) ?? 0
    }
    func id() -> UInt64 { Bool.random(using: &random) ? UInt64.random(in: 1...6, using: &random) : random.next() | 1 }
    let low: UInt64 = [1, 2, 3, .max, 0, 0].randomElement(using: &random) ?? 1
    let high: UInt64 = [5, 6, .max].randomElement(using: &random) ?? 5
    var span = LLMSpan(
      traceID: TraceSamples.trace(low, high: high), spanID: TraceSamples.id(id()),
      parentSpanID: Bool.random(using: &random) ? TraceSamples.id(id()) : nil,
      kind: SpanKind.allCases.randomElement(using: &random) ?? .llm, name: text() ?? "chat",
      start: Timestamp(unixNanoseconds: nanoseconds()),
      duration: .nanoseconds(nanoseconds()))
    if let errorClass = ErrorClass.allCases.randomElement(using: &random), Bool.random(using: &random) {
      span.outcome = .failed(errorClass, message: text() ?? "")
    }
    span.dimensions.service = text()
    span.dimensions.env = text()
    span.dimensions.version = text()
    span.dimensions.provider = text()
    span.dimensions.model = text()
    span.dimensions.route = text()
    span.dimensions.tenant = text()
    span.dimensions.promptVersion = text()
    span.session = text()
    span.responseModel = text()
    span.httpStatus = count()
    span.attempts = count() ?? 1
    span.usage.input = count()
    span.usage.cacheRead = count()
    span.usage.cacheWrite = count()
    span.usage.cacheWriteHour = count()
    span.usage.output = count()
    span.usage.reasoning = count()
    span.cost = amounts.randomElement(using: &random).map { .exact(Nanodollars($0), priceVersion: "") } ?? .unknown
    span.timeToFirstToken = Bool.random(using: &random) ? .nanoseconds(nanoseconds()) : nil
    span.retrieval = count().map {
      RetrievalFacts(documentCount: $0, topScore: [.nan, .infinity, 0.5].randomElement(using: &random))
    }
    span.risk[.ungrounded] = [.nan, 0.5, 7].randomElement(using: &random)
    span.isSampled = Int.random(in: 0..<4, using: &random) > 0
    return span
  }
}

@Suite struct TracePropertyTests {
  @Test(arguments: 0..<40)
  func hostileSpansMakeRightPayloads(seed: Int) throws {
    var random = SplitMix(state: UInt64(seed))
    let spans = HostileSpans.make(Int.random(in: 1...120, using: &random), using: &random)
    let rates =
      seed % 2 == 0
      ? SamplingRates() : try #require(SamplingRates(answer: Array(#"{"rate_by_service":{"service:,env:":0.5}}"#.utf8)))
    var encoder = TraceEncoder(TraceSamples.settings)
    let items = encoder.encode(spans, rates: rates, now: TraceSamples.now)
    let body = TraceEncoder.body(items)
    #expect(TracePayloadCheck.faults(in: body.bytes).map(\.description) == [])
    let traces = try #require(MessagePackReader.value(body.bytes).elements)
    #expect(traces.count == body.traces)
    let sent = traces.flatMap { $0.elements ?? [] }.compactMap { $0["span_id"]?.unsigned }
    #expect(sent.sorted() == spans.map(\.spanID.bits).sorted())
    #expect(items.reduce(0) { $0 + $1.count } == spans.count)
  }

  /// What is encoded again is the same: nothing of a batch is left over for the next.
  @Test func batchesDoNotInfluenceEachOther() {
    var random = SplitMix(state: 99)
    var encoder = TraceEncoder(TraceSamples.settings)
    for _ in 0..<20 {
      let spans = HostileSpans.make(30, using: &random)
      let again = TraceEncoder.body(encoder.encode(spans, rates: SamplingRates(), now: TraceSamples.now)).bytes
      #expect(again == TraceSamples.payload(spans))
    }
  }
}
