// Delivers one message to one receiver: bounded tries, bounded waits, and a verdict for the ledger in any case.

import LLMTelemetry
import Remediation

package struct Courier: Sendable {
  package let policy: RetryPolicy
  private let now: @Sendable () -> Timestamp
  private let sleep: @Sendable (Duration) async throws -> Void

  package init(
    policy: RetryPolicy = RetryPolicy(), now: @escaping @Sendable () -> Timestamp = { .now() },
    sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
  ) {
    self.policy = policy
    self.now = now
    self.sleep = sleep
  }

  /// One delivery for each key of the message. Returns when delivered, refused for good, or given up; `nil` only when cancelled, so
  /// that a restart tries again.
  /// - Parameter missed: is told of each try that failed and is followed by another, or by giving up.
  package func deliver(
    _ message: NotificationMessage, to receiver: any Receiver, references: DeliveryReferences,
    missed: (_ attempt: Int, _ detail: String) -> Void = { _, _ in }
  ) async -> [Delivery]? {
    func verdict(_ outcome: Delivery.Outcome, _ attempts: Int, _ detail: String?) -> [Delivery] {
      message.keys.map {
        Delivery(key: $0, receiver: receiver.name, at: now(), outcome: outcome, attempts: attempts, detail: detail)
      }
    }
    var last = "no attempt was made"
    var asked: Duration?
    for attempt in 0..<policy.attempts {
      if attempt > 0 {
        let own = policy.wait(before: attempt, random: .random(in: 0...1))
        do { try await sleep(max(own, asked ?? .zero)) } catch { return nil }
      }
      switch await receiver.attempt(message, references: references, now: now()) {
      case .delivered(let reference): return verdict(.delivered, attempt + 1, reference)
      case .refused(let detail):
        if Task.isCancelled { return nil }
        return verdict(.failed, attempt + 1, detail)
      case .failed(let detail, let retryAfter):
        if Task.isCancelled { return nil }
        (last, asked) = (detail, retryAfter)
        missed(attempt + 1, detail)
        if let retryAfter, retryAfter > policy.longestRetryAfter {
          return verdict(.failed, attempt + 1, "gave up: \(detail), and not before \(retryAfter.inSeconds) s")
        }
      }
    }
    return verdict(.failed, policy.attempts, "gave up: \(last)")
  }
}
