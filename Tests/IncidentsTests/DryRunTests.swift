// What a plan would have done with recorded requests, counted against requests whose fate is known.

import Incidents
import LLMTelemetry
import Monitors
import Remediation
import Testing

@Suite struct DryRunTests {
  private static let start = Timestamp(unixSeconds: 1_800_000_000)

  private func span(
    _ second: Int64, tenant: String = "acme", model: String = "old", version: String = "43", fails: Bool = false,
    output: Int = 100, attempts: Int = 1
  ) throws -> LLMSpan {
    var dimensions = Dimensions()
    (dimensions.tenant, dimensions.route, dimensions.model) = (tenant, "chat", model)
    (dimensions.prompt, dimensions.promptVersion) = ("rag", version)
    var span = LLMSpan(
      traceID: try #require(TraceID(high: 1, low: UInt64(second) + 1)), spanID: .random(), kind: .llm, name: "chat",
      start: Self.start + .seconds(second), duration: .seconds(1), dimensions: dimensions,
      outcome: fails ? .failed(.overloaded, message: "busy") : .ok)
    span.usage = TokenUsage(input: 100, output: output)
    span.cost = .exact(Nanodollars(Int64(100 + output) * 1_000), priceVersion: "1")
    span.attempts = attempts
    return span
  }

  private func report(_ action: RoutingOverride.Action?, _ spans: [LLMSpan], steps: [Int]? = nil) -> DryRunReport {
    let plan = RemediationPlan(
      number: 1, incident: "INC-1", playbook: "p", mode: .approve, action: action, alert: AlertKey(monitor: "m"),
      expectedEffect: "", blastRadius: "", guardrails: [], verifyAfterSeconds: 1, giveUpAfterSeconds: 2, timeToLiveSeconds: 3,
      sharesPerMille: steps)
    return DryRun.report(of: plan, over: spans, range: Self.start..<Self.start + .seconds(600))
  }

  @Test func movedRequestsFareAsThoseThatWentThere() throws {
    var spans = try (0..<100).map { try span($0, version: "43", fails: $0 % 2 == 0) }
    spans += try (100..<140).map { try span($0, version: "42", fails: $0 % 10 == 0, output: 300) }
    let report = report(.rollBackPrompt(prompt: "rag", from: "43", to: "42"), spans)
    #expect(report.label == "estimate" && report.requests == 140 && report.inScope == 100 && report.changed == 100)
    #expect(report.errorsRecorded == 54 && report.errorsExpected == 4 + 10)
    #expect(report.costRecordedDollars == "0.036" && report.costExpectedDollars == "0.056")
  }

  @Test func withoutSuchRequestsItDoesNotKnow() throws {
    let report = report(
      .fallBackModel(route: "chat", from: "old", toProvider: "b", toModel: "new"), try (0..<100).map { try span($0, fails: true) }
    )
    #expect(report.changed == 100 && report.errorsExpected == nil && report.costExpectedDollars == nil)
    #expect(report.assumptions.contains { $0.contains("is not known") })
  }

  @Test func aThrottleRefusesWhatComesBeyondItsRate() throws {
    // Two a second for a minute against thirty a minute.
    let spans = try (0..<60).flatMap { second in try [span(second), span(second), span(second, tenant: "globex")] }
    let report = report(.throttle(RequestScope(tenant: "acme"), requestsPerMinute: 30), spans)
    #expect(report.inScope == 120 && report.refused == report.changed)
    // Half a second's worth of tolerance is a sixth of a minute's requests.
    #expect((84...92).contains(report.refused), "\(report.refused)")
  }

  @Test func aShareIsAboutThatShareAndTheSameEachTime() throws {
    let spans = try (0..<2_000).map { try span($0 % 600 + $0 * 7_919) }
    let once = report(.closeRoute(route: "chat"), spans, steps: [100])
    #expect((150...250).contains(once.changed))
    #expect(once.changed == report(.closeRoute(route: "chat"), spans.shuffled(), steps: [100]).changed)
  }

  @Test func capsAndRetryLimitsAreCounted() throws {
    let spans = try (0..<50).map { try span($0, output: $0 < 10 ? 1_000 : 100, attempts: $0 < 5 ? 3 : 1) }
    let capped = report(.capOutputTokens(RequestScope(), tokens: 200), spans)
    #expect(capped.changed == 10 && capped.errorsExpected == 0)
    // 800 of 1,100 tokens of ten answers, each token at 1,000 nano-dollars.
    #expect(capped.costRecordedDollars == "0.019" && capped.costExpectedDollars == "0.011")
    let limited = report(.limitRetries(route: "chat", attempts: 1), spans)
    #expect(limited.changed == 5 && limited.errorsExpected == 5)
    let nothing = report(nil, spans)
    #expect(nothing.changed == 0 && nothing.errorsExpected == 0)
  }

  @Test func ofACacheOnlyTheMostItCouldAnswerIsKnown() throws {
    // Fifty of one length every second, one of each other length, and five that failed.
    var spans = try (0..<50).map { try span($0, output: 10) }
    for number in 0..<20 {
      var other = try span(Int64(60 + number))
      other.usage.input = 1_000 + number
      spans.append(other)
    }
    spans += try (0..<5).map { try span(Int64(90 + $0), fails: true) }
    let cached = report(.cacheAnswers(RequestScope(tenant: "acme"), maxAgeSeconds: 600), spans)
    #expect(cached.inScope == 75 && cached.changed == 49 + 5 && cached.refused == 0)
    #expect(cached.errorsExpected == nil && cached.costExpectedDollars == nil)
    #expect(cached.assumptions.contains { $0.contains("is not known: spans do not hold what was asked") })
    #expect(cached.assumptions.contains { $0.hasPrefix("At most 54 ") })
    // Answers of the last ten seconds: each eleventh of the fifty is asked anew.
    let fresh = report(.cacheAnswers(RequestScope(tenant: "acme"), maxAgeSeconds: 10), spans)
    #expect(fresh.changed == 50 - 5 + 5, "\(fresh.changed)")
  }

  @Test func aBudgetRefusesWhatComesAfterItIsSpent() throws {
    let spans = try (0..<100).map { try span($0) }
    let report = report(.limitSpending(tenant: "acme", perHour: Nanodollars(200_000 * 40)), spans)
    #expect(report.refused == 60 && report.costExpectedDollars == "0.008")
  }
}
