// What all event loops know together: whose circuit is open, what retries a route still has, and how far throttles are used.

import LLMTelemetry
import Synchronization

/// Outlives snapshots, so that a new configuration forgets no outage.
final class TargetHealth: Sendable {
  struct Target: Hashable {
    var provider: String
    var model: String
  }

  private struct State {
    var circuits: [Target: CircuitBreaker] = [:]
    var retries: [String: RetryBudget] = [:]
    /// By the id of their override.
    var throttles: [String: RateGate] = [:]
  }

  private let state = Mutex(State())
  /// Models are chosen by clients where a route says `*`: beyond this many targets none is remembered anew.
  private static let targetLimit = 1000

  func isOpen(_ target: Target, at now: Timestamp, policy: CircuitPolicy) -> Bool {
    guard policy.failures > 0 else { return false }
    return state.withLock { $0.circuits[target]?.isOpen(at: now, policy: policy) ?? false }
  }

  /// Only failures make an entry, so that a healthy gateway looks up an empty table.
  func succeeded(_ target: Target) {
    state.withLock { if !$0.circuits.isEmpty { $0.circuits[target] = nil } }
  }

  func failed(_ target: Target, at now: Timestamp, policy: CircuitPolicy) {
    guard policy.failures > 0 else { return }
    state.withLock { state in
      guard state.circuits[target] != nil || state.circuits.count < Self.targetLimit else { return }
      state.circuits[target, default: CircuitBreaker()].failed(at: now, policy: policy)
    }
  }

  /// Targets with failures in a row, and whether these opened their circuit; others are closed and not known here.
  var circuits: [(target: Target, isClosed: Bool)] {
    state.withLock { $0.circuits.map { ($0.key, $0.value.isClosed) } }
  }

  func requestCame(route: String, policy: RetryPolicy) {
    guard policy.attempts > 0 else { return }
    state.withLock { $0.retries[route, default: RetryBudget()].requestCame(percent: policy.budgetPercent) }
  }

  /// One request of a throttle's rate; how long to wait where none is left.
  func take(override: String, perMinute: Int, at now: Timestamp) -> Duration? {
    state.withLock { $0.throttles[override, default: RateGate()].take(at: now, perMinute: perMinute) }
  }

  /// Throttles that are over are forgotten with the next view.
  func keepThrottles(of overrides: RoutingOverrides) {
    state.withLock { state in
      guard !state.throttles.isEmpty else { return }
      let ids = Set(overrides.overrides.map(\.id))
      state.throttles = state.throttles.filter { ids.contains($0.key) }
    }
  }

  func takeRetry(route: String) -> Bool {
    state.withLock { $0.retries[route, default: RetryBudget()].take() }
  }
}
