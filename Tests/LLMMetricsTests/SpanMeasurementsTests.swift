// Which exchange counts where.

import LLMMetrics
import LLMTelemetry
import Testing

@Suite struct SpanMeasurementsTests {
  private func measurements(of spans: LLMSpan...) -> [MetricMeasurement] {
    var meter = SpanMeter()
    var batch = MeasurementBatch()
    meter.measure(spans, into: &batch)
    return batch.measurements
  }

  private func values(_ span: LLMSpan) -> [String: [MetricMeasurement.Value]] {
    Dictionary(grouping: measurements(of: span), by: \.definition.name).mapValues { $0.map(\.value) }
  }

  @Test func successfulExchangeGivesEverythingItKnows() throws {
    var span = exampleSpan()
    span.timeToFirstToken = .milliseconds(250)
    span.usage = TokenUsage(input: 100, cacheRead: 40, output: 20, reasoning: 0)
    span.cost = .exact(Nanodollars(81_200), priceVersion: "test")
    span.risk.ungrounded = 0.5
    span.fallbackFrom = "gemini-2.5-pro"
    let measurements = self.measurements(of: span)
    let values = values(span)

    #expect(values["llm.requests"] == [.count(1)])
    #expect(values["llm.errors"] == nil)
    #expect(values["llm.request.duration"] == [.sample(1.5)])
    #expect(values["llm.request.time_to_first_token"] == [.sample(0.25)])
    #expect(values["llm.tokens"] == [.count(100), .count(40), .count(20)])
    #expect(values["llm.cost"] == [.count(81_200)])
    #expect(values["llm.cost.unknown"] == nil)
    #expect(values["llm.answers.scored"] == [.count(1)])
    #expect(values["llm.answers.ungrounded"] == [.count(1)])
    #expect(values["llm.fallbacks"] == [.count(1)])

    let request = try #require(measurements.first { $0.definition.name == "llm.requests" })
    #expect(
      request.tags
        == TagSet([
          "model": "gemini-2.5-flash", "tenant": "acme", "prompt_version": "v3", "span_kind": "llm", "cache": "hit",
        ]))
    let cost = try #require(measurements.first { $0.definition.name == "llm.cost" })
    #expect(cost.tags["cost_exactness"] == "exact")
    #expect(
      measurements.filter { $0.definition.name == "llm.tokens" }.map { $0.tags["token_type"] } == [
        "input", "cache_read", "output",
      ])
  }

  @Test func everyTokenBucketHasItsOwnType() {
    var span = exampleSpan()
    span.usage = TokenUsage(input: 1, cacheRead: 2, cacheWrite: 3, cacheWriteHour: 4, output: 7, reasoning: 8)
    (span.usage.inputAudio, span.usage.inputImage, span.usage.outputAudio, span.usage.outputImage) = (5, 6, 9, 10)
    let tokens = measurements(of: span).filter { $0.definition == MetricCatalogue.tokens }
    #expect(
      tokens.map { "\($0.tags["token_type"] ?? "") \($0.value)" } == [
        "input count(1)", "cache_read count(2)", "cache_write count(3)", "cache_write_1h count(4)", "input_audio count(5)",
        "input_image count(6)", "output count(7)", "reasoning count(8)", "output_audio count(9)", "output_image count(10)",
      ])
  }

  @Test func attemptsAreThoseThatReachedAProvider() {
    var span = exampleSpan()
    #expect(values(span)["llm.attempts"] == [.count(1)])
    span.attempts = 3
    #expect(values(span)["llm.attempts"] == [.count(3)])
    span.attempts = 0
    #expect(values(span)["llm.attempts"] == nil)
  }

  @Test func anAnswerFromTheGatewaysCacheIsARequestThatCostsNothing() throws {
    var span = exampleSpan()
    (span.attempts, span.usage) = (0, TokenUsage(input: 0, output: 0))
    span.cost = .exact(Nanodollars(0), priceVersion: "test")
    let values = values(span)
    #expect(values["llm.requests"] == [.count(1)] && values["llm.cost"] == [.count(0)])
    #expect(values["llm.attempts"] == nil && values["llm.tokens"] == nil && values["llm.cost.unknown"] == nil)
    #expect(measurements(of: span).allSatisfy { $0.tags["cache"] == "gateway" })
    // What was refused before anybody was asked came from no cache, and neither did what another span accounts for.
    span.outcome = .failed(.quotaExhausted, message: "over budget")
    #expect(measurements(of: span).allSatisfy { $0.tags["cache"] == nil })
    span.outcome = .ok
    span.accountsForExchange = false
    #expect(span[.cache] == nil)
  }

  @Test func unknownCostAndUsageAreCountedAsUnknownNotAsZero() {
    let values = values(exampleSpan())
    #expect(values["llm.cost"] == nil)
    #expect(values["llm.cost.unknown"] == [.count(1)])
    #expect(values["llm.tokens"] == nil)
    #expect(values["llm.answers.scored"] == nil)
  }

  @Test func cancelledIsARequestButNoError() {
    var span = exampleSpan()
    span.outcome = .failed(.cancelled, message: "client went away")
    #expect(values(span)["llm.requests"] == [.count(1)])
    #expect(values(span)["llm.errors"] == nil && values(span)["llm.requests.cancelled"] == [.count(1)])
    span.outcome = .failed(.timeout, message: "no answer in 30 s")
    #expect(values(span)["llm.errors"] == [.count(1)])
    #expect(measurements(of: span)[0].tags["error_class"] == "timeout")
  }

  @Test func exchangeAnotherSpanAccountsForIsNotCountedAgain() {
    var span = exampleSpan()
    span.accountsForExchange = false
    #expect(measurements(of: span).isEmpty)
  }

  @Test(arguments: [SpanKind.workflow, .tool, .agent, .task])
  func stepsOfAnApplicationAreNoRequestsAndCostNothing(_ kind: SpanKind) {
    var span = exampleSpan(kind: kind)
    span.usage = TokenUsage(input: 100, output: 20)
    span.cost = .exact(Nanodollars(5), priceVersion: "test")
    #expect(values(span) == ["llm.steps": [.count(1)], "llm.step.duration": [.sample(1.5)]])
    #expect(measurements(of: span).allSatisfy { $0.tags["span_kind"] == kind.rawValue })
  }

  @Test func embeddingIsARequestWithACountOfItsOwn() {
    let values = values(exampleSpan(kind: .embedding))
    #expect(values["llm.embeddings"] == [.count(1)] && values["llm.requests"] == [.count(1)])
    #expect(self.values(exampleSpan())["llm.embeddings"] == nil)
  }

  @Test func streamGivesItsLongestPauseAndTheTimeOfAToken() {
    var span = exampleSpan()
    span.timeToFirstToken = .milliseconds(500)
    span.longestGap = .milliseconds(80)
    span.usage = TokenUsage(output: 21)
    #expect(values(span)["llm.request.longest_gap"] == [.sample(0.08)])
    #expect(values(span)["llm.request.time_per_output_token"] == [.sample(0.05)])
    // One token has no time between tokens; an answer that came at once has no first token to count from.
    span.usage.output = 1
    #expect(values(span)["llm.request.time_per_output_token"] == nil)
    (span.usage.output, span.timeToFirstToken) = (21, nil)
    #expect(values(span)["llm.request.time_per_output_token"] == nil)
  }

  @Test(arguments: RiskScorer.allCases)
  func everyScorerHasItsScoreAndItsCounts(_ scorer: RiskScorer) {
    var span = exampleSpan()
    let threshold = RiskThreshold.of(scorer)
    span.risk[scorer] = threshold
    let flagged = measurements(of: span)
    func count(_ metric: MetricDefinition, _ all: [MetricMeasurement]) -> Int {
      all.count { $0.definition == metric && $0.tags["scorer"] == scorer.rawValue && $0.value == .count(1) }
    }
    #expect(flagged.filter { $0.definition.name == "llm.semantic_risk.\(scorer.rawValue)" }.map(\.value) == [.sample(threshold)])
    #expect(count(MetricCatalogue.riskScored, flagged) == 1 && count(MetricCatalogue.riskFlagged, flagged) == 1)
    #expect(flagged.contains { $0.definition == MetricCatalogue.answersRefused } == (scorer == .refusal))
    #expect(flagged.contains { $0.definition == MetricCatalogue.answersUngrounded } == (scorer == .ungrounded))
    span.risk[scorer] = threshold - 0.01
    let quiet = measurements(of: span)
    #expect(count(MetricCatalogue.riskScored, quiet) == 1 && count(MetricCatalogue.riskFlagged, quiet) == 0)
    #expect(
      !quiet.contains { $0.definition == MetricCatalogue.answersRefused || $0.definition == MetricCatalogue.answersUngrounded })
  }

  @Test func cutAndFilteredAnswersAreCounted() {
    var span = exampleSpan()
    span.finishReason = .length
    #expect(values(span)["llm.answers.truncated"] == [.count(1)] && values(span)["llm.requests.blocked"] == nil)
    span.finishReason = .contentFilter
    #expect(values(span)["llm.requests.blocked"] == [.count(1)] && values(span)["llm.answers.truncated"] == nil)
    span.finishReason = nil
    span.outcome = .failed(.blocked, message: "prompt refused")
    #expect(values(span)["llm.requests.blocked"] == [.count(1)] && values(span)["llm.errors"] == [.count(1)])
  }

  @Test func retrievalHasItsOwnMetrics() {
    var span = exampleSpan(kind: .retrieval)
    span.retrieval = RetrievalFacts(documentCount: 0, topScore: nil)
    #expect(
      values(span) == [
        "llm.retrievals": [.count(1)], "llm.retrievals.empty": [.count(1)], "llm.retrieval.duration": [.sample(1.5)],
        "llm.retrieval.documents": [.sample(0)],
      ])
    span.retrieval = RetrievalFacts(documentCount: 3, topScore: 0.8)
    #expect(
      values(span) == [
        "llm.retrievals": [.count(1)], "llm.retrieval.duration": [.sample(1.5)], "llm.retrieval.documents": [.sample(3)],
        "llm.retrieval.top_score": [.sample(0.8)],
      ])
    span.retrieval = nil
    #expect(Set(values(span).keys) == ["llm.retrievals", "llm.retrieval.duration"])
  }
}

func exampleSpan(kind: SpanKind = .llm, start: Timestamp = Timestamp(unixSeconds: 1_000_000)) -> LLMSpan {
  var dimensions = Dimensions()
  dimensions.model = "gemini-2.5-flash"
  dimensions.tenant = "acme"
  dimensions.promptVersion = "v3"
  return LLMSpan(
    traceID: .random(at: start), spanID: .random(), kind: kind, name: "example", start: start, duration: .milliseconds(1500),
    dimensions: dimensions)
}
