// Whatever clients send: budgets hold, sums are conserved, the heavy have their names, memory is bounded.

import LLMMetrics
import LLMTelemetry
import Testing

@Suite struct CardinalityTests {
  private let origin = Timestamp(unixSeconds: 1_000_000)

  private func span(
    _ tenant: String, model: String = "gpt-4o", feature: String? = nil, finish: FinishReason? = .stop
  ) -> LLMSpan {
    var span = LLMSpan(traceID: .random(), spanID: .random(), kind: .llm, name: "chat", start: origin, duration: .seconds(1))
    span.dimensions.provider = "openai"
    span.dimensions.model = model
    span.dimensions.route = "chat"
    span.dimensions.tenant = tenant
    span.dimensions.feature = feature
    span.finishReason = finish
    span.usage = TokenUsage(input: 3, output: 2)
    return span
  }

  /// One meter with the sums of what it said, and its own time.
  private struct Run {
    var meter: SpanMeter
    var now: Timestamp
    var series: [String: Set<TagSet>] = [:]
    var sums: [String: Int64] = [:]
    /// Of the last batch, tenants of requests.
    var tenants: [String: Int64] = [:]
    var folded: [String: Int64] = [:]
    var largestGeneration = 0

    init(_ settings: CardinalitySettings, at now: Timestamp) {
      meter = SpanMeter(cardinality: settings)
      self.now = now
    }

    mutating func add(_ spans: [LLMSpan], seconds: Int = 10) {
      var batch = MeasurementBatch()
      meter.measure(spans, into: &batch)
      tenants = [:]
      for measurement in batch.measurements {
        series[measurement.definition.name, default: []].insert(measurement.tags)
        guard case .count(let count) = measurement.value else { continue }
        sums[measurement.definition.name, default: 0] += count
        if measurement.definition == MetricCatalogue.requests { tenants[measurement.tags["tenant"] ?? "", default: 0] += count }
      }
      largestGeneration = max(
        largestGeneration, Dictionary(grouping: batch.series, by: \.definition).values.map(\.count).max() ?? 0)
      now = now + .seconds(seconds)
      note(meter.review(now: now))
    }

    mutating func note(_ measurements: [MetricMeasurement]) {
      for measurement in measurements {
        if case .count(let count) = measurement.value { folded[measurement.tags["metric"] ?? "", default: 0] += count }
      }
    }
  }

  @Test(arguments: [UInt64(1), 2, 3, 4, 5, 6, 7, 8])
  func sumsAreConservedAndNoMetricHasMoreSeriesThanItsBudget(_ seed: UInt64) {
    var random = Seeded(state: seed)
    let settings = CardinalitySettings(
      valuesPerTag: random.number(1...20), valuesPerDimension: [.feature: random.number(0...5)],
      seriesPerMetric: random.number(1...60))
    var run = Run(settings, at: origin)
    var spans = 0
    for _ in 0..<12 {
      let batch = (0..<400).map { _ in
        span(
          "t\(random.skewed(500))", model: "m\(random.number(0...30))", feature: "f\(random.number(0...40))",
          finish: FinishReason.allCases[random.number(0...5)])
      }
      spans += batch.count
      run.add(batch)
      #expect(run.largestGeneration <= settings.seriesPerMetric, "\(settings)")
    }
    #expect(run.sums["llm.requests"] == Int64(spans))
    #expect(run.sums["llm.tokens"] == Int64(spans * 5))
    for (metric, count) in run.folded { #expect(count <= (metric == "llm.tokens" ? 2 : 1) * Int64(spans), "\(metric)") }
  }

  @Test func tenantThatBecomesLargeLaterGetsItsName() {
    var run = Run(CardinalitySettings(valuesPerTag: 5), at: origin)
    run.add((0..<50).map { span("early-\($0 % 5)") })
    run.add((0..<50).map { span("early-\($0 % 5)") })
    #expect(run.tenants.count == 5)
    // 10 of a tenant's spans a review among 50 of the named ones: it stays unnamed until it is twice as heavy as the lightest.
    func mixed(_ count: Int) -> [LLMSpan] { (0..<count).map { _ in span("large") } + (0..<50).map { span("early-\($0 % 5)") } }
    run.add(mixed(10))
    #expect(run.tenants["other"] == 10 && run.tenants["large"] == nil)
    run.add(mixed(200))
    #expect(run.tenants["large"] == nil)
    run.add(mixed(200))
    #expect(run.tenants["large"] == 200 && run.tenants["other"] == 10)
  }

  @Test func heavyHitterIsNamedWithinOneReviewHoweverManyLightOnesCameFirst() {
    var run = Run(CardinalitySettings(valuesPerTag: 100), at: origin)
    var number = 0
    func noise(_ count: Int) -> [LLMSpan] {
      (0..<count).map { _ in
        number += 1
        return span("noise-\(number)")
      }
    }
    for _ in 0..<20 { run.add(noise(1000)) }
    // A share of 2 % of a stream of values that never come twice.
    run.add(noise(980) + (0..<20).map { _ in span("large") })
    run.add(noise(980) + (0..<20).map { _ in span("large") })
    #expect(run.tenants["large"] == 20)
  }

  @Test func namesDoNotFlapBetweenValuesOfLikeWeight() {
    var random = Seeded(state: 9)
    var run = Run(CardinalitySettings(valuesPerTag: 10), at: origin)
    var seen: Set<String> = []
    for _ in 0..<100 {
      // Twenty tenants alike but for chance, ten names.
      run.add((0..<2000).map { _ in span("t\(random.number(0...19))") })
      seen.formUnion(run.tenants.keys)
    }
    #expect(seen.subtracting(["other"]).count == 10)
  }

  @Test func freeValuesAreFoldedBeforeWhatConfigurationNames() {
    // Names for all, but places for few: feature goes first, then tenant; model, provider and route stay.
    var run = Run(CardinalitySettings(valuesPerTag: 1000, seriesPerMetric: 160), at: origin)
    run.add((0..<2000).map { span("t\($0 % 2)", model: "m\($0 % 3)", feature: "f\($0 % 500)") })
    let requests = run.series["llm.requests"] ?? []
    #expect(requests.contains { $0["feature"] == "other" && $0["tenant"] == "t1" && $0["model"] == "m1" })
    #expect(requests.allSatisfy { $0["model"] != "other" && $0["provider"] == "openai" && $0["route"] == "chat" })
    #expect(requests.allSatisfy { $0["tenant"] != "other" || $0["feature"] == "other" })
    run.add((0..<2000).map { span("u\($0)", model: "m\($0 % 3)", feature: "g\($0)") })
    let later = run.series["llm.requests"] ?? []
    #expect(later.contains { $0["tenant"] == "other" && $0["model"] == "m2" })
    #expect(later.allSatisfy { $0["model"] != "other" })
  }

  @Test func combinationThatProvesHeavyGetsAPlaceOfItsOwn() {
    var run = Run(CardinalitySettings(valuesPerTag: 1000, seriesPerMetric: 80), at: origin)
    run.add((0..<900).map { span("t\($0 % 300)", feature: "f\($0 % 300)") })
    let heavy = (0..<50).map { _ in span("t299", feature: "f299") }
    run.add(heavy + (0..<300).map { span("t\($0)", feature: "f\($0)") })
    run.series = [:]
    run.add(heavy)
    run.add(heavy)
    #expect(run.series["llm.requests"]?.contains { $0["tenant"] == "t299" && $0["feature"] == "f299" } == true)
    #expect(run.largestGeneration <= 80)
  }

  @Test func longValuesAreOtherAndLeaveNoTrace() {
    var run = Run(CardinalitySettings(), at: origin)
    run.add([span(String(repeating: "x", count: 201)), span(String(repeating: "y", count: 200))])
    #expect(run.tenants == ["other": 1, String(repeating: "y", count: 200): 1])
  }

  @Test func sketchHoldsAsManyAsItMayAndNeverCountsTooLow() {
    var random = Seeded(state: 3)
    var sketch = HeavyHitters<Int>(capacity: 50)
    var truth: [Int: Double] = [:]
    for index in 0..<20_000 {
      let key = index % 3 == 0 ? random.skewed(30) : 1000 + index
      truth[key, default: 0] += 1
      sketch.add(key, weight: 1)
      if index % 5000 == 4999 {
        sketch.decay(by: 0.5)
        truth = truth.mapValues { $0 / 2 }
      }
    }
    #expect(sketch.entries.count == 50)
    for entry in sketch.entries {
      let weight = truth[entry.key] ?? 0
      #expect(entry.certain <= weight + 1e-6 && entry.weight >= weight - 1e-6)
    }
    let total = truth.values.reduce(0, +)
    for (key, weight) in truth where weight > total / 50 { #expect(sketch[key] != nil, "\(key)") }
    // The heap keeps the lightest first.
    #expect(sketch.unseenLimit == sketch.entries.map(\.weight).min())
  }

  @Test func sameStreamGivesTheSameNames() {
    func names() -> [String: Set<TagSet>] {
      var random = Seeded(state: 11)
      var run = Run(CardinalitySettings(valuesPerTag: 4, seriesPerMetric: 30), at: origin)
      for _ in 0..<10 { run.add((0..<300).map { _ in span("t\(random.skewed(60))", feature: "f\(random.number(0...9))") }) }
      return run.series
    }
    #expect(names() == names())
  }

  @Test func foldIsRecognisedAsWhatItWas() {
    let whole = TagSet(["tenant": "acme", "model": "gpt-4o"])
    #expect(TagSet(["tenant": "other", "model": "gpt-4o"]).isFold(of: whole) && whole.isFold(of: whole))
    #expect(!TagSet(["tenant": "beta", "model": "gpt-4o"]).isFold(of: whole) && !TagSet(["tenant": "other"]).isFold(of: whole))
  }
}

/// SplitMix64: one seed is one run.
private struct Seeded {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var value = state
    value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
    return value ^ value >> 31
  }

  mutating func number(_ range: ClosedRange<Int>) -> Int { range.lowerBound + Int(next() % UInt64(range.count)) }

  /// Small numbers much more often than large ones.
  mutating func skewed(_ count: Int) -> Int { min(number(0...count - 1), min(number(0...count - 1), number(0...count - 1))) }
}
