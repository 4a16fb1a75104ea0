// The pure decisions about targets: their order, what follows a failure, when a circuit opens.

import LLMTelemetry
import Testing

@testable import Gateway

@Suite struct RoutingDecisionTests {
  private static let start = Timestamp(unixSeconds: 1_800_000_000)

  @Test func weightsAreSharesOfTheTraffic() {
    let route = Route(
      name: "r", models: ["smart"],
      targets: [
        RouteTarget(provider: "a", model: "m", weight: 90), RouteTarget(provider: "b", weight: 10),
        RouteTarget(provider: "c", weight: 0),
      ])
    var random = SplitMix64(state: 1)
    var first: [String: Int] = [:]
    for _ in 0..<20_000 {
      let order = TargetOrder.candidates(of: route, asked: "smart", ticket: random.next(), override: nil) { _ in false }
      #expect(Set(order) == [Candidate(provider: "a", model: "m"), Candidate(provider: "b", model: "smart")])
      first[order[0].provider, default: 0] += 1
    }
    #expect((17_800...18_200).contains(first["a"] ?? 0))
  }

  @Test func fallbacksComeLastAndOnlyAutomaticOnes() {
    let route = Route(
      name: "r", models: ["m"], targets: [RouteTarget(provider: "a")],
      fallbacks: [
        RouteTarget(provider: "b", model: "x"), RouteTarget(provider: "p", model: "y", isAutomatic: false),
        RouteTarget(provider: "a", model: "m"),
      ])
    func order(override: Candidate? = nil, open: Set<String> = []) -> [String] {
      TargetOrder.candidates(of: route, asked: "m", ticket: 0, override: override) { open.contains($0.provider) }.map(\.provider)
    }
    #expect(order() == ["a", "b"])
    #expect(order(open: ["a"]) == ["b", "a"], "an open circuit diverts")
    #expect(order(open: ["a", "b"]) == ["a", "b"], "and never refuses by itself")
    #expect(order(override: Candidate(provider: "p", model: "y", isFallback: true)) == ["p", "b", "a"])
  }

  @Test func aTransientFailureIsRetriedThenTheNextTargetIsTried() {
    var policy = RetryPolicy()
    policy.attempts = 2
    policy.backoff = .milliseconds(100)
    var schedule = AttemptSchedule(targetCount: 2, policy: policy)
    func next(_ errorClass: ErrorClass, retryAfter: Duration? = nil, left: Duration = .seconds(60), budget: Bool = true)
      -> AttemptSchedule.Next
    {
      schedule.afterFailure(errorClass, retryAfter: retryAfter, timeLeft: left, unit: 0) { budget }
    }
    #expect(next(.overloaded) == .retry(after: .milliseconds(50)))
    #expect(next(.rateLimited, retryAfter: .seconds(3)) == .retry(after: .seconds(3)), "the provider's word holds")
    #expect(schedule.hasAlternative)
    #expect(next(.overloaded) == .fallBack(1))
    #expect(next(.overloaded, budget: false) == .giveUp, "no retry beyond the budget")
    schedule = AttemptSchedule(targetCount: 2, policy: policy)
    #expect(next(.rateLimited, retryAfter: .seconds(60)) == .fallBack(1), "a pause longer than allowed is not waited for")
    #expect(next(.timeout, left: .milliseconds(10)) == .giveUp, "nor one beyond the deadline")
    schedule = AttemptSchedule(targetCount: 2, policy: policy)
    #expect(next(.quotaExhausted) == .fallBack(1), "an exhausted account does not recover in a second")
    schedule = AttemptSchedule(targetCount: 2, policy: policy)
    for errorClass in [ErrorClass.invalidRequest, .blocked, .cancelled] { #expect(next(errorClass) == .giveUp) }
  }

  @Test func pausesDoubleAndSpread() {
    var policy = RetryPolicy()
    policy.attempts = 3
    policy.backoff = .milliseconds(100)
    var schedule = AttemptSchedule(targetCount: 1, policy: policy)
    let pauses = [0, 999, 500].map { unit in
      schedule.afterFailure(.network, retryAfter: nil, timeLeft: .seconds(60), unit: unit) { true }
    }
    #expect(
      pauses == [.retry(after: .milliseconds(50)), .retry(after: .microseconds(199_900)), .retry(after: .milliseconds(300))])
  }

  @Test func aCircuitOpensProbesAndCloses() {
    var policy = CircuitPolicy()
    policy.failures = 3
    policy.openFor = .seconds(30)
    var circuit = CircuitBreaker()
    func isOpen(_ seconds: Int) -> Bool { circuit.isOpen(at: Self.start + .seconds(seconds), policy: policy) }
    for _ in 0..<2 { circuit.failed(at: Self.start, policy: policy) }
    #expect(!isOpen(0))
    circuit.succeeded()
    for _ in 0..<3 { circuit.failed(at: Self.start, policy: policy) }
    #expect(isOpen(29))
    #expect(!isOpen(30), "one request finds out")
    #expect(isOpen(31), "and only one")
    circuit.failed(at: Self.start + .seconds(32), policy: policy)
    #expect(isOpen(61), "its failure opens the circuit again")
    #expect(!isOpen(62))
    circuit.succeeded()
    #expect(!isOpen(63))
  }

  @Test func retriesAreAShareOfRequests() {
    var budget = RetryBudget()
    var taken = 0
    for _ in 0..<1000 {
      budget.requestCame(percent: 20)
      if budget.take() { taken += 1 }
    }
    #expect((200...220).contains(taken), "a fifth of the requests, and the few it began with")
  }
}
