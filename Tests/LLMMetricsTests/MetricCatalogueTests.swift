// The catalogue is whole, consistent, and keeps its promises to Datadog and to itself.

import LLMMetrics
import LLMTelemetry
import Testing

@Suite struct MetricCatalogueTests {
  @Test func everyNameHasOneDefinitionAndAMeaning() {
    #expect(Set(MetricCatalogue.all.map(\.name)).count == MetricCatalogue.all.count)
    for metric in MetricCatalogue.all {
      #expect(metric.meaning.hasSuffix("."), "\(metric.name)")
      #expect((1...20).contains(metric.shortName.count), "\(metric.name)")
      #expect(metric.name.utf8.allSatisfy { (97...122).contains($0) || $0 == 46 || $0 == 95 }, "\(metric.name)")
      #expect(metric.name.hasPrefix("llm."))
    }
    #expect(Set(MetricCatalogue.all.map(\.shortName)).count == MetricCatalogue.all.count)
  }

  /// A Datadog organisation keeps the first type of a name for ever: these were emitted before, and must not change.
  @Test(arguments: [
    "llm.requests": MetricType.count, "llm.errors": .count, "llm.request.duration": .distribution,
    "llm.request.time_to_first_token": .distribution, "llm.tokens": .count, "llm.cost": .count, "llm.cost.unknown": .count,
    "llm.answers.scored": .count, "llm.answers.ungrounded": .count, "llm.semantic_risk.ungrounded": .distribution,
    "llm.fallbacks": .count, "llm.attempts": .count, "llm.retrievals": .count, "llm.retrievals.empty": .count,
    "llm.retrieval.duration": .distribution, "llm.commander.spans.dropped": .count, "llm.commander.scores.shed": .count,
  ])
  func nameKeepsItsType(_ name: String, _ type: MetricType) {
    #expect(MetricCatalogue.byName[name]?.type == type)
  }

  @Test func gaugesAreStatesAndNeverMoneyOrTokens() {
    let gauges = MetricCatalogue.all.filter { $0.type == .gauge }
    #expect(
      gauges.map(\.name) == [
        "llm.budget.used", "llm.circuit.open", "llm.detection.findings", "llm.risk.shift", "llm.judge.agreement",
        "llm.judge.ranking", "llm.commander.queue.depth", "llm.commander.delivery.waiting",
      ])
    for metric in MetricCatalogue.all where metric.unit == .dollar || metric.unit == .token {
      #expect(metric.type == .count, "\(metric.name)")
    }
  }

  @Test(arguments: RiskScorer.allCases)
  func everyScorerHasADistribution(_ scorer: RiskScorer) throws {
    let metric = try #require(MetricCatalogue.byName["llm.semantic_risk.\(scorer.rawValue)"])
    #expect(metric.type == .distribution && metric.unit == .score && metric.hasDimensions)
    #expect((0...1).contains(RiskThreshold.of(scorer)))
  }

  @Test func whatIsAboutSpansHasEveryDimensionAndTheRestOnlyItsOwnTags() {
    for metric in MetricCatalogue.all {
      let isOwn = ["llm.commander.", "llm.budget.", "llm.circuit.", "llm.gateway.", "llm.detection.", "llm.risk.", "llm.judge."]
        .contains {
          metric.name.hasPrefix($0)
        }
      #expect(metric.hasDimensions == !isOwn, "\(metric.name)")
      if metric.hasDimensions { #expect(metric.extraTags.allSatisfy { Dimension(rawValue: $0) == nil }, "\(metric.name)") }
    }
  }

  @Test func datadogBillsByAggregations() {
    #expect(MetricCatalogue.requests.customMetricsPerSeries == 1)
    #expect(MetricCatalogue.budgetUsed.customMetricsPerSeries == 1)
    #expect(MetricCatalogue.retrievalDocuments.aggregations == ["avg", "count", "max", "min", "sum"])
    #expect(MetricCatalogue.duration.customMetricsPerSeries == 10)
  }

  /// A span with everything set reaches every metric about spans, with a value of the metric's type.
  @Test func everyMetricAboutSpansIsMadeOfSomeSpan() {
    var full = exampleSpan()
    (full.timeToFirstToken, full.longestGap) = (.milliseconds(10), .milliseconds(5))
    full.usage = TokenUsage(input: 1, output: 2)
    full.cost = .exact(Nanodollars(1), priceVersion: "test")
    full.fallbackFrom = "other-model"
    full.finishReason = .length
    for scorer in RiskScorer.allCases { full.risk[scorer] = 1 }
    var blocked = exampleSpan(kind: .embedding)
    blocked.outcome = .failed(.blocked, message: "")
    var cancelled = exampleSpan()
    cancelled.outcome = .failed(.cancelled, message: "")
    var retrieval = exampleSpan(kind: .retrieval)
    retrieval.retrieval = RetrievalFacts(documentCount: 0, topScore: 0.1)
    var meter = SpanMeter()
    var batch = MeasurementBatch()
    var unpriced = exampleSpan()
    (unpriced.outcome, unpriced.cost) = (.ok, .unknown)
    meter.measure([full, blocked, cancelled, unpriced, retrieval, exampleSpan(kind: .tool)], into: &batch)
    let measurements = batch.measurements
    #expect(Set(measurements.map(\.definition)) == Set(MetricCatalogue.all.filter(\.hasDimensions)))
    for measurement in measurements {
      switch measurement.value {
      case .count: #expect(measurement.definition.type == .count)
      case .sample: #expect(measurement.definition.type == .distribution)
      case .gauge: Issue.record("no span is a state")
      }
      let own = Set(measurement.tags.tags.map(\.name)).subtracting(Dimension.allCases.map(\.rawValue))
      #expect(own == Set(measurement.definition.extraTags))
    }
  }

  @Test func everyMetricOfNoSpanIsMadeWithItsTypeAndTags() throws {
    var priced = LLMSpan(
      traceID: .random(), spanID: .random(), kind: .llm, name: "chat", start: Timestamp(unixSeconds: 1_764_000_000),
      duration: .seconds(1))
    let unpriced = priced
    priced.cost = .partial(Nanodollars(7), priceVersion: "v")
    let made: [MetricMeasurement] = [
      .budgetUsed("month", share: 1.2), .budgetRefusals("month", count: 2),
      .circuit(provider: "openai", model: "gpt-4o", isOpen: true), .spansReceived(3), .queueDepth(4), .ingestLag(.seconds(-1)),
      .deliveryDropped(lane: "traces", reason: "full", count: 5), .deliveryWaiting(lane: "traces", count: 6),
      .rollupsLost(sink: "store", count: 1), .heartbeat(),
      .detectionFinding(
        signal: "refusal",
        dimensions: Dictionary(
          uniqueKeysWithValues: MetricCatalogue.detectionFindings.extraTags.filter { $0 != "signal" }.map { ($0, "x") }
            + [("service", "y")]), isOpen: true),
      .riskShift(
        .refusal,
        dimensions: Dictionary(
          uniqueKeysWithValues: MetricCatalogue.riskShift.extraTags.filter { $0 != "scorer" }.map { ($0, "x") }), height: 1.1),
      .shiftUnwatched(2), .gatewayCache("hit", count: 2), .judgeVerdicts(.refusal, verdict: "both_fine", count: 3),
      .judgeUnanswered(reason: "timeout", count: 1),
      .judgeAgreement(.refusal, share: 0.9), .judgeRanking(.refusal, areaUnderCurve: 0.8),
      try #require(.judgeCost(of: priced)), try #require(.judgeCost(of: unpriced)),
    ]
    for measurement in made {
      let type: MetricType =
        switch measurement.value {
        case .count: .count
        case .sample: .distribution
        case .gauge: .gauge
        }
      #expect(type == measurement.definition.type)
      #expect(Set(measurement.tags.tags.map(\.name)) == Set(measurement.definition.extraTags))
    }
    #expect(made[2].value == .gauge(1) && made[5].value == .sample(0))
    let elsewhere = [MetricCatalogue.spansDropped, MetricCatalogue.scoresShed, MetricCatalogue.valuesFolded]
    #expect(Set(made.map(\.definition) + elsewhere) == Set(MetricCatalogue.all.filter { !$0.hasDimensions }))
  }
}
