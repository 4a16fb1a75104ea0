// What all event loops know together about targets: whose circuit is open, and what retries a route still has.

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

  func takeRetry(route: String) -> Bool {
    state.withLock { $0.retries[route, default: RetryBudget()].take() }
  }
}
