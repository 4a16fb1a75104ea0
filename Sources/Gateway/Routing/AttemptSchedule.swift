// What follows a failed attempt: the same target again after a pause, the next target, or the end. Pure.

import LLMTelemetry

/// The targets of one exchange in the order they are tried, and how far it has come.
struct AttemptSchedule {
  enum Next: Equatable {
    case retry(after: Duration)
    /// The target with this number.
    case fallBack(Int)
    case giveUp
  }

  let targetCount: Int
  let policy: RetryPolicy
  private(set) var target = 0
  private var retries = 0

  init(targetCount: Int, policy: RetryPolicy) {
    self.targetCount = targetCount
    self.policy = policy
  }

  /// Whether a failure now could be followed by anything but its report. While it could, nothing may go to the client.
  var hasAlternative: Bool { target + 1 < targetCount || retries < policy.attempts }

  /// - Parameters:
  ///   - retryAfter: what the provider asked for.
  ///   - timeLeft: until the exchange's total deadline.
  ///   - unit: a random number in 0..<1000, which spreads the pauses.
  ///   - takeRetry: takes one from the route's retry budget; asked only when all else permits a retry.
  mutating func afterFailure(
    _ errorClass: ErrorClass, retryAfter: Duration?, timeLeft: Duration, unit: Int, takeRetry: () -> Bool
  ) -> Next {
    if Self.isTransient(errorClass), retries < policy.attempts {
      let pause = retryAfter ?? jittered(unit)
      if pause <= policy.longestPause, pause < timeLeft, takeRetry() {
        retries += 1
        return .retry(after: pause)
      }
    }
    guard Self.isWorthAnotherTarget(errorClass), target + 1 < targetCount else { return .giveUp }
    target += 1
    retries = 0
    return .fallBack(target)
  }

  /// The next target, for one that cannot take the request at all.
  mutating func skip() -> Next {
    guard target + 1 < targetCount else { return .giveUp }
    target += 1
    retries = 0
    return .fallBack(target)
  }

  private func jittered(_ unit: Int) -> Duration {
    let full = policy.backoff * (1 << min(retries, 16))
    return full / 2 + full / 2 * unit / 1000
  }

  /// The same call may succeed a moment later.
  static func isTransient(_ errorClass: ErrorClass) -> Bool {
    switch errorClass {
    case .rateLimited, .overloaded, .timeout, .providerError, .network: true
    case .quotaExhausted, .invalidRequest, .contextOverflow, .auth, .cancelled, .blocked, .withheld: false
    }
  }

  /// Another provider or model may do better. What is wrong with the request itself is wrong everywhere, and what a safety
  /// filter refused is not for another model to say.
  static func isWorthAnotherTarget(_ errorClass: ErrorClass) -> Bool {
    switch errorClass {
    case .rateLimited, .overloaded, .timeout, .providerError, .network, .quotaExhausted, .auth, .contextOverflow: true
    case .invalidRequest, .cancelled, .blocked, .withheld: false
    }
  }

  /// Whether a failure says that the target itself is unwell, which is what opens its circuit.
  static func isTargetsFault(_ errorClass: ErrorClass) -> Bool {
    switch errorClass {
    case .overloaded, .timeout, .providerError, .network, .rateLimited, .quotaExhausted, .auth: true
    case .invalidRequest, .contextOverflow, .cancelled, .blocked, .withheld: false
    }
  }
}
