// Leaves a failing target alone for a while, then lets one request try it.

import LLMTelemetry

/// The state of one target's circuit. Pure: time is an argument.
struct CircuitBreaker {
  private enum State {
    case closed(failures: Int)
    case open(until: Timestamp)
    /// One request is on its way to find out; it has this long to come back.
    case probing(until: Timestamp)
  }

  private var state = State.closed(failures: 0)

  /// Whether requests should go elsewhere. When an open circuit's time is over, the one who asks is let through as the probe.
  mutating func isOpen(at now: Timestamp, policy: CircuitPolicy) -> Bool {
    switch state {
    case .closed: return false
    case .open(let until), .probing(let until):
      guard now >= until else { return true }
      state = .probing(until: now + policy.openFor)
      return false
    }
  }

  /// What a page says; asking changes nothing.
  var isClosed: Bool { if case .closed = state { true } else { false } }

  mutating func succeeded() { state = .closed(failures: 0) }

  mutating func failed(at now: Timestamp, policy: CircuitPolicy) {
    guard policy.failures > 0 else { return }
    switch state {
    case .closed(let failures):
      state = failures + 1 >= policy.failures ? .open(until: now + policy.openFor) : .closed(failures: failures + 1)
    case .probing: state = .open(until: now + policy.openFor)
    case .open: break
    }
  }
}

/// Lets retries be a share of requests, and no more: each request pays in, each retry takes one out.
struct RetryBudget {
  /// In hundredths of a retry. A quiet route starts with a few, so that one failure among few requests may be retried.
  private var credit = 1000
  private static let limit = 10_000

  mutating func requestCame(percent: Int) { credit = min(Self.limit, credit + percent) }

  mutating func take() -> Bool {
    guard credit >= 100 else { return false }
    credit -= 100
    return true
  }
}
