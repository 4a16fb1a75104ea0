// What swift-metrics is told: names and types of the catalogue, instruments made once, a bound on their number.
import Metrics
import LLMInstrumentation
import LLMMetrics
import MetricsTestKit
import Testing

@Suite struct SpanMetricsTests {
  private let factory = TestMetrics()

  private func tracer() -> LLMTracer {
    LLMTracer(
      TracerSettings(service: "app", env: "test"), exporter: DiscardingExporter(), meter: SpanMetrics(factory: factory))
  }

  private func chat(_ tracer: LLMTracer, tenant: String = "acme", _ change: (inout LLMSpan) -> Void = { _ in }) async {
    await tracer.chat(model: "m", provider: "p") { span in
      span.record(tenant: tenant)
      span.update(change)
    }
  }

  @Test func anExchangeIsCountedUnderTheCataloguesNames() async throws {
    let tracer = tracer()
    await chat(tracer) {
      $0.usage = TokenUsage(input: 10, cacheRead: 0, output: 7)
      $0.cost = .exact(Nanodollars(2_500_000), priceVersion: "1")
      $0.timeToFirstToken = .milliseconds(250)
      $0.fallbackFrom = "m0"
      $0.attempts = 2
    }
    await chat(tracer) { $0.outcome = .failed(.timeout, message: "") }
    let tags = [("service", "app"), ("env", "test"), ("provider", "p"), ("model", "m"), ("tenant", "acme"), ("span_kind", "llm")]
    let cached = tags + [("cache", "miss")]
    #expect(try factory.expectCounter("llm.requests", cached).totalValue == 1)
    #expect(try factory.expectCounter("llm.attempts", cached).totalValue == 2)
    #expect(try factory.expectCounter("llm.fallbacks", cached).totalValue == 1)
    #expect(try factory.expectCounter("llm.tokens", cached + [("token_type", "input")]).totalValue == 10)
    #expect(try factory.expectCounter("llm.tokens", cached + [("token_type", "output")]).totalValue == 7)
    #expect(try factory.expectRecorder("llm.request.duration", cached).values.count == 1)
    #expect(try factory.expectRecorder("llm.request.time_to_first_token", cached).values == [0.25])
    #expect(try factory.expectCounter("llm.errors", tags + [("error_class", "timeout")]).totalValue == 1)
    #expect(try factory.expectCounter("llm.cost.unknown", tags + [("error_class", "timeout")]).totalValue == 1)
    // swift-metrics' counter of fractions hands whole numbers on where the backend has no own one; the label is what counts here.
    #expect(factory.counters.contains { $0.label == "llm.cost" && $0.dimensions.contains { $0 == ("cost_exactness", "exact") } })
    // A known zero would double the series of every model.
    #expect(!factory.counters.contains { $0.dimensions.contains { $0 == ("token_type", "cache_read") } })
  }

  @Test func everyNameAndTypeIsTheCatalogues() async throws {
    let tracer = tracer()
    await chat(tracer) {
      $0.usage = TokenUsage(input: 1)
      $0.timeToFirstToken = .seconds(1)
      $0.fallbackFrom = "m0"
    }
    await chat(tracer) { $0.cost = .partial(Nanodollars(1), priceVersion: "1") }
    await tracer.retrieval("search") { $0.record(documents: 0) }
    for counter in factory.counters { #expect(MetricCatalogue.byName[counter.label]?.type == .count, "\(counter.label)") }
    for recorder in factory.recorders {
      #expect(MetricCatalogue.byName[recorder.label]?.type == .distribution, "\(recorder.label)")
    }
    #expect(
      try factory.expectCounter("llm.retrievals.empty", [("service", "app"), ("env", "test"), ("span_kind", "retrieval")])
        .totalValue == 1)
    #expect(factory.meters.isEmpty && factory.timers.isEmpty)
  }

  @Test func stepsAndExchangesThatOthersAccountForAreNotCounted() async {
    let tracer = tracer()
    await tracer.workflow("w") { _ in await tracer.tool("t") { _ in } }
    await chat(tracer) { $0.accountsForExchange = false }
    #expect(factory.counters.isEmpty && factory.recorders.isEmpty)
  }

  @Test func anInstrumentIsMadeOnceAndTheirNumberIsBounded() async throws {
    let tracer = tracer()
    for _ in 0..<3 { await chat(tracer) }
    let made = factory.counters.count
    await chat(tracer)
    #expect(factory.counters.count == made)
    for tenant in 0..<SpanMetrics.groupLimit + 20 { await chat(tracer, tenant: "t\(tenant)") }
    let requests = factory.counters.filter { $0.label == "llm.requests" }
    #expect(requests.count == SpanMetrics.groupLimit + 1)
    let folded = try #require(requests.first { $0.dimensions.contains { $0 == ("tenant", "other") } })
    #expect(folded.totalValue == 21)
    #expect(requests.reduce(0) { $0 + $1.totalValue } == Int64(4 + SpanMetrics.groupLimit + 20))
  }
}
