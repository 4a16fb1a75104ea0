// Intervals open, close, stay mergeable, and never number more than their limits.

import LLMMetrics
import LLMTelemetry
import Testing

@Suite struct RollupFoldTests {
  private let origin = Timestamp(unixSeconds: 1_000_000)

  private func request(_ tenant: String = "acme") -> [MetricMeasurement] {
    [MetricMeasurement(MetricCatalogue.requests, tags: TagSet(["tenant": tenant, "provider": "openai"]), value: .count(1))]
  }

  @Test func intervalClosesTwoSecondsAfterItsEnd() {
    var fold = RollupFold()
    fold.add(request(), at: origin + .milliseconds(9_999))
    fold.add(request(), at: origin)
    fold.add(request(), at: origin + .seconds(10))
    #expect(fold.closed(now: origin + .milliseconds(11_999)).isEmpty)
    let closed = fold.closed(now: origin + .seconds(12))
    #expect(closed.map(\.start) == [origin])
    #expect(closed.first?.series.values.first == .count(2))
    #expect(fold.flush().map(\.start) == [origin + .seconds(10)])
  }

  @Test func lateSpanGivesAPartialRollupOfItsOwnInterval() {
    var fold = RollupFold()
    fold.add(request(), at: origin)
    #expect(fold.closed(now: origin + .seconds(60)).count == 1)
    fold.add(request(), at: origin + .seconds(1))
    let late = fold.closed(now: origin + .seconds(60))
    #expect(late.map(\.start) == [origin])
    #expect(late.first?.series.values.first == .count(1))
  }

  @Test func wrongClocksCannotHoldIntervalsOpenWithoutBound() {
    var fold = RollupFold()
    for interval in 0...RollupFold.openIntervalLimit { fold.add(request(), at: origin + .seconds(86_400 + 10 * interval)) }
    #expect(fold.closed(now: origin).count == RollupFold.openIntervalLimit + 1)
  }

  @Test func spansWithWrongClocksCountInTheirOwnIntervalsHoweverMany() {
    var meter = SpanMeter()
    var fold = RollupFold()
    var batch = MeasurementBatch()
    for round in 0..<3 {
      let spans = (0..<40).map { interval in exampleSpan(start: origin + .seconds(interval * 10 + round)) }
      meter.measure(spans + spans.reversed(), into: &batch)
      fold.add(batch)
      batch.removeAll()
    }
    let rollups = fold.flush()
    #expect(rollups.map(\.start) == (0..<40).map { origin + .seconds($0 * 10) })
    let requests = rollups.map { $0.series.filter { $0.key.metric == "llm.requests" }.map(\.value) }
    #expect(requests.allSatisfy { $0 == [.count(6)] })
    let durations = rollups.map { $0.series.filter { $0.key.metric == "llm.request.duration" }.map(\.value) }
    #expect(durations.allSatisfy { if case .sketch(let sketch)? = $0.first { sketch.count == 6 } else { false } })
  }

  @Test func sketchesOfOneIntervalMergeWithinOnePercent() throws {
    var fold = RollupFold()
    for value in 1...1000 {
      fold.add(
        [MetricMeasurement(MetricCatalogue.duration, tags: TagSet([:]), value: .sample(Double(value) / 100))], at: origin)
    }
    guard case .sketch(let sketch) = try #require(fold.flush().first?.series.values.first) else {
      Issue.record("a distribution is a sketch")
      return
    }
    #expect(sketch.count == 1000)
    #expect(abs(try #require(sketch.quantile(0.95)) - 9.5) < 0.1)
  }

  @Test func readingsOfAGaugeKeepTheirLargestAndTheirMeanHoweverPartsMerge() throws {
    func rollup(_ readings: Double...) throws -> Aggregate {
      var fold = RollupFold()
      for reading in readings { fold.add([.budgetUsed("month", share: reading)], at: origin) }
      return try #require(fold.flush().first?.series.values.first)
    }
    var parts = try rollup(0.2, 1.5)
    parts.merge(try rollup(0.4))
    var reversed = try rollup(0.4)
    reversed.merge(try rollup(0.2, 1.5))
    for aggregate in [parts, reversed] {
      guard case .sketch(let sketch) = aggregate else {
        Issue.record("readings are a sketch")
        return
      }
      #expect(sketch.count == 3 && sketch.maximum == 1.5 && abs(sketch.sum - 2.1) < 1e-9)
    }
  }
}
