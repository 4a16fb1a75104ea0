// How often and how long a delivery is tried again.

import LLMTelemetry

package struct RetryPolicy: Hashable, Sendable {
  package var attempts: Int
  /// The wait before attempt n + 1 is random between half and all of base · 2ⁿ, at most `longestWait`.
  package var base: Duration
  package var longestWait: Duration
  /// The longest that a receiver may ask for; what asks for more is given up.
  package var longestRetryAfter: Duration

  /// With these, about ten minutes.
  package init(
    attempts: Int = 14, base: Duration = .milliseconds(500), longestWait: Duration = .seconds(120),
    longestRetryAfter: Duration = .seconds(900)
  ) {
    self.attempts = attempts
    self.base = base
    self.longestWait = longestWait
    self.longestRetryAfter = longestRetryAfter
  }

  /// - Parameters:
  ///   - attempt: from 1, the one that comes next.
  ///   - random: from 0 to 1.
  package func wait(before attempt: Int, random: Double) -> Duration {
    min(longestWait, base * (1 << min(attempt - 1, 20))) * (0.5 + random / 2)
  }
}
