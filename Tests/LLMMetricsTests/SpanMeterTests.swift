// Numbered series mean exactly what their names and tags would, whatever clients send and however long it goes on.

import LLMMetrics
import LLMTelemetry
import Testing

@Suite struct SpanMeterTests {
  private let origin = Timestamp(unixSeconds: 1_000_000)

  private func span(_ tenant: String?, end: Timestamp? = nil, cacheRead: Int? = nil) -> LLMSpan {
    var span = LLMSpan(
      traceID: .random(), spanID: .random(), kind: .llm, name: "chat", start: (end ?? origin) - .seconds(1), duration: .seconds(1)
    )
    span.dimensions.tenant = tenant
    span.dimensions.provider = "openai"
    span.usage.cacheRead = cacheRead
    return span
  }

  private func requests(_ rollups: [Rollup]) -> [String: Int64] {
    var result: [String: Int64] = [:]
    for (key, aggregate) in rollups.flatMap(\.series) where key.metric == "llm.requests" {
      if case .count(let count) = aggregate { result[key.tags["tenant"] ?? "none", default: 0] += count }
    }
    return result
  }

  @Test func everySpanCountsUnderItsOwnTags() {
    var meter = SpanMeter()
    var fold = RollupFold()
    var batch = MeasurementBatch()
    // Tags that differ only where one ends and the next begins, or only in what is derived.
    var shifted = span("a")
    (shifted.dimensions.feature, shifted.dimensions.tenant) = ("a", nil)
    var repeated = span("a")
    repeated.attempts = 0
    let spans = [
      repeated, span("a"), span("b"), span("a"), shifted, span("a", cacheRead: 0), span("a", cacheRead: 5), span(nil), span(""),
    ]
    for span in spans + spans {
      meter.measure([span], into: &batch)
      fold.add(batch)
      batch.removeAll()
    }
    let series = fold.flush().flatMap(\.series).filter { $0.key.metric == "llm.requests" }
    var expected: [TagSet: Int64] = [:]
    for span in spans { expected[TagSet(SpanMeasurements.tags(of: span)), default: 0] += 2 }
    #expect(Dictionary(uniqueKeysWithValues: series.map { ($0.key.tags, $0.value) }) == expected.mapValues { .count($0) })
    #expect(expected.count == 8)
  }

  @Test func spansOfOneBatchGoIntoTheIntervalsTheyEndedIn() {
    var meter = SpanMeter()
    var fold = RollupFold()
    var batch = MeasurementBatch()
    let ends = [0, 9_999, 10_000, 3, 19_999, -1].map { origin + .milliseconds($0) }
    meter.measure(ends.map { span("a", end: $0) }, into: &batch)
    fold.add(batch)
    let rollups = fold.flush()
    #expect(rollups.map(\.start) == [-10, 0, 10].map { origin + .seconds($0) })
    #expect(rollups.map { requests([$0])["a"] } == [1, 3, 2])
  }

  @Test func valuesBeyondTheBudgetAreOtherInEveryGenerationOfNumbers() {
    var meter = SpanMeter(cardinality: CardinalitySettings(valuesPerTag: 3))
    var fold = RollupFold()
    var batch = MeasurementBatch()
    // Far more tenants than the meter remembers, with a known one in between.
    for round in 0..<30 {
      meter.measure((0..<999).map { span("t\(round)-\($0)") } + [span("t0-1")], into: &batch)
      fold.add(batch)
      batch.removeAll()
    }
    #expect(requests(fold.flush()) == ["t0-0": 1, "t0-1": 31, "t0-2": 1, "other": 29_967])
    #expect(
      meter.takeFolded().first { $0.tags["metric"] == "llm.requests" }?.value == .count(29_967)
        && meter.takeFolded().isEmpty)
  }

  @Test func valueUnseenForAnHourGivesItsNameBackAndOneStillSeenDoesNot() {
    var meter = SpanMeter(cardinality: CardinalitySettings(valuesPerTag: 2))
    var fold = RollupFold()
    var batch = MeasurementBatch()
    func measure(_ tenant: String, at seconds: Int) {
      meter.measure([span(tenant, end: origin + .seconds(seconds))], into: &batch)
      fold.add(batch)
      batch.removeAll()
    }
    _ = meter.review(now: origin)
    measure("gone", at: 0)
    measure("stays", at: 0)
    measure("new", at: 1)
    for seconds in stride(from: 600, through: 7200, by: 600) {
      measure("stays", at: seconds)
      _ = meter.review(now: origin + .seconds(seconds))
    }
    measure("new", at: 7200)
    measure("late", at: 7200)
    #expect(requests(fold.flush()) == ["gone": 1, "stays": 13, "new": 1, "other": 2])
  }
}
