// What Datadog says about how much more may be asked, and how long to wait for it.

import Delivery

/// `X-RateLimit-Limit`, `-Period`, `-Remaining`, `-Reset` and `-Name` of an answer.
package struct RateLimit: Hashable, Sendable {
  /// Which of the organisation's limits: several endpoints may share one.
  package let name: String?
  package let limit: Int?
  /// Seconds over which `limit` counts.
  package let period: Int?
  package let remaining: Int?
  /// Seconds until it counts anew.
  package let reset: Int?

  /// `nil` when the answer says nothing of the kind.
  package init?(_ response: DeliveryResponse) {
    func number(_ header: String) -> Int? {
      response.header(header).flatMap { Double($0.trimmed) }.flatMap {
        $0.isFinite && $0 >= 0 && $0 < 1e9 ? Int($0.rounded(.up)) : nil
      }
    }
    name = response.header("x-ratelimit-name")
    limit = number("x-ratelimit-limit")
    period = number("x-ratelimit-period")
    remaining = number("x-ratelimit-remaining")
    reset = number("x-ratelimit-reset")
    if limit == nil, period == nil, remaining == nil, reset == nil { return nil }
  }
}

/// Until when nothing may be asked of an endpoint, from the answers so far.
struct RateLimitBook: Sendable {
  /// In seconds of the injected clock.
  private var closedUntil: [String: Double] = [:]
  private var names: [String: String] = [:]

  mutating func note(_ limit: RateLimit, endpoint: String, now: Double) {
    let key = limit.name ?? endpoint
    names[endpoint] = key
    if limit.remaining == 0, let reset = limit.reset { closedUntil[key] = now + Double(reset) } else { closedUntil[key] = nil }
  }

  /// Seconds to wait before the endpoint may be asked.
  func pause(_ endpoint: String, now: Double) -> Double {
    max(0, (closedUntil[names[endpoint] ?? endpoint] ?? now) - now)
  }
}
