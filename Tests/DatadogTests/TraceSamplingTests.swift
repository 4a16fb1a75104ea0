// Which traces are kept: the Agent's rates, the hash that all tracers share, and whose word counts.

import LLMTelemetry
import TestSeries
import Testing

@testable import Datadog

@Suite struct TraceSamplingTests {
  private func rates(_ json: String) -> SamplingRates? { SamplingRates(answer: Array(json.utf8)) }

  @Test func ratesAreReadByServiceAndEnvironment() throws {
    let rates = try #require(
      self.rates(
        #"{"rate_by_service":{"service:a,env:test":0.5,"service:a:b,env:":0.25,"service:,env:":0.75,"service:c,env:x":7,"x":1}}"#)
    )
    #expect(rates.rate(service: "a", env: "test") == 0.5)
    #expect(rates.rate(service: "a:b", env: "") == 0.25)
    #expect(rates.rate(service: "a", env: "other") == 0.75)
    #expect(rates.rate(service: "c", env: "x") == 0.75)
  }

  @Test(arguments: [
    "", "{}", "OK\n", #"{"rate_by_service":{}}"#, #"{"rate_by_service":[1]}"#, #"{"rate_by_service":{"x":1}}"#, "\u{0}",
  ])
  func whatSaysNothingOfRatesIsNothing(answer: String) { #expect(rates(answer) == nil) }

  /// From ddtrace 4.16, `RateSampler.sample`.
  @Test(
    arguments: [
      (1, 0.1, true),
      (1, 0.5, true),
      (1, 0.9, true),
      (2, 0.1, false),
      (2, 0.5, true),
      (2, 0.9, true),
      (18446744073709551615, 0.1, false),
      (18446744073709551615, 0.5, false),
      (18446744073709551615, 0.9, false),
      (9223372036854775808, 0.1, false),
      (9223372036854775808, 0.5, true),
      (9223372036854775808, 0.9, true),
      (1234567890123456789, 0.1, false),
      (1234567890123456789, 0.5, true),
      (1234567890123456789, 0.9, true),
      (5594871498841892311, 0.1, false),
      (5594871498841892311, 0.5, true),
      (5594871498841892311, 0.9, true),
      (13304103671628895943, 0.1, false),
      (13304103671628895943, 0.5, false),
      (13304103671628895943, 0.9, true),
      (8833747186876682921, 0.1, false),
      (8833747186876682921, 0.5, false),
      (8833747186876682921, 0.9, true),
      (1662056218554549082, 0.1, false),
      (1662056218554549082, 0.5, false),
      (1662056218554549082, 0.9, true),
      (365562409358139953, 0.1, false),
      (365562409358139953, 0.5, false),
      (365562409358139953, 0.9, false),
      (10134675201557703478, 0.1, false),
      (10134675201557703478, 0.5, false),
      (10134675201557703478, 0.9, false),
    ] as [(UInt64, Double, Bool)])
  func theHashIsThatOfDatadogsTracers(trace: UInt64, rate: Double, isKept: Bool) {
    #expect(SamplingRates.keeps(traceLow: trace, rate: rate) == isKept)
  }

  @Test func aRateKeepsThatShare() {
    var random = SplitMix(state: 7)
    for rate in [0.0, 0.01, 0.3, 0.999, 1] {
      let kept = (0..<20_000).count { _ in SamplingRates.keeps(traceLow: random.next(), rate: rate) }
      #expect(abs(Double(kept) / 20_000 - rate) < 0.012)
    }
  }

  private func decide(
    _ sampler: inout TraceSampler, rate: Double?, given: SamplingDecision? = nil, hasFailed: Bool = false, second: Int64 = 0
  ) -> TraceDecision {
    sampler.decide(traceLow: 1, rate: rate, given: given, hasFailed: hasFailed, now: Timestamp(unixSeconds: second))
  }

  @Test(arguments: SamplingPriority.allCases)
  func whoeverBeganTheTraceHasTheLastWord(priority: SamplingPriority) {
    var sampler = TraceSampler()
    for mechanism in [nil, SamplingMechanism.manual, .agentRate] {
      for rate in [nil, 0, 1] as [Double?] {
        let decision = decide(&sampler, rate: rate, given: SamplingDecision(priority, by: mechanism), hasFailed: true)
        #expect(decision == TraceDecision(priority: priority, maker: .caller(mechanism)))
      }
    }
  }

  @Test func withoutAWordTheRateDecides() {
    var sampler = TraceSampler()
    #expect(decide(&sampler, rate: nil) == TraceDecision(priority: .autoKeep, maker: .standard))
    #expect(decide(&sampler, rate: 1) == TraceDecision(priority: .autoKeep, maker: .agent(rate: 1)))
    #expect(decide(&sampler, rate: 0) == TraceDecision(priority: .autoReject, maker: .agent(rate: 0)))
  }

  @Test func aFailedTraceIsKeptAgainstTheRateWithinALimit() {
    var sampler = TraceSampler()
    for second in Int64(0)..<3 {
      let kept = (0..<250).count { _ in decide(&sampler, rate: 0, hasFailed: true, second: second).priority == .userKeep }
      #expect(kept == TraceSampler.failuresPerSecond)
      // Beyond the limit it is treated like any other, and never worse.
      #expect(decide(&sampler, rate: 0, hasFailed: true, second: second) == decide(&sampler, rate: 0, second: second))
    }
    #expect(decide(&sampler, rate: 1, hasFailed: true, second: 9).priority == .autoKeep)
  }

  @Test func theDecisionIsInTheTrace() throws {
    let half = try #require(rates(#"{"rate_by_service":{"service:gateway,env:test":0.0000005}}"#))
    func root(_ span: LLMSpan) throws -> MessagePackValue { try #require(TraceSamples.traces([span], rates: half).first?.first) }
    let rejected = try root(TraceSamples.span())
    #expect(
      rejected["metrics"]?["_sampling_priority_v1"]?.number == 0 && rejected["metrics"]?["_dd.agent_psr"]?.number == 0.0000005)
    #expect(rejected["meta"]?["_dd.p.dm"] == nil && rejected["meta"]?["_dd.p.ksr"]?.text == "0.000001")
    let failed = try root(TraceSamples.span(outcome: .failed(.blocked, message: "no")))
    #expect(failed["metrics"]?["_sampling_priority_v1"]?.number == 2 && failed["metrics"]?["_dd.rule_psr"]?.number == 1)
    #expect(failed["meta"]?["_dd.p.dm"]?.text == "-3")
    var given = TraceSamples.span(parent: 5, outcome: .failed(.cancelled, message: "gone"))
    given.sampling = SamplingDecision(.userReject, by: .manual)
    #expect(try root(given)["metrics"]?["_sampling_priority_v1"]?.number == -1 && root(given)["meta"]?["_dd.p.dm"] == nil)
    given.sampling = SamplingDecision(.userKeep, by: .manual)
    #expect(try root(given)["metrics"]?["_sampling_priority_v1"]?.number == 2 && root(given)["meta"]?["_dd.p.dm"]?.text == "-4")
    given.sampling = SamplingDecision(.autoKeep)
    #expect(try root(given)["metrics"]?["_sampling_priority_v1"]?.number == 1 && root(given)["meta"]?["_dd.p.dm"] == nil)
    let first = try #require(TraceSamples.traces([TraceSamples.span()]).first?.first)
    #expect(first["meta"]?["_dd.p.dm"]?.text == "-0" && first["metrics"]?["_dd.agent_psr"] == nil)
  }
}
