// When a token is used, renewed early, or waited for: decisions only, with the time as an argument.

import LLMTelemetry

struct TokenRenewal: Sendable {
  enum Demand: Hashable {
    /// Nothing is due.
    case use(AccessToken)
    /// Good, and old enough to be replaced meanwhile.
    case useAndRenew(AccessToken)
    /// There is nothing to use.
    case renew
    /// There is nothing to use, and the last refusal is too fresh to ask again.
    case fail(GoogleCredentialError)
  }

  /// A token of usual length is replaced so long before its end.
  static let margin: Duration = .seconds(300)
  static let longestPause: Duration = .seconds(60)

  private(set) var token: AccessToken?
  private var renewAt: Timestamp?
  private var failure: GoogleCredentialError?
  private var failures = 0
  /// Not before this time is a failed exchange repeated.
  private var retryAt: Timestamp?

  func demand(at now: Timestamp) -> Demand {
    let mayAsk = retryAt.map { $0 <= now } ?? true
    if let token, now < token.expiresAt {
      return mayAsk && renewAt.map { $0 <= now } ?? true ? .useAndRenew(token) : .use(token)
    }
    if let failure, !mayAsk { return .fail(failure) }
    return .renew
  }

  mutating func succeeded(_ token: AccessToken, askedAt: Timestamp) {
    self.token = token
    let life = (token.expiresAt - askedAt).wholeNanoseconds
    // Five minutes before the end, or at four fifths of a life so short that five minutes would be most of it.
    let early = max(life - Self.margin.wholeNanoseconds, life / 5 * 4)
    renewAt = askedAt + .nanoseconds(early)
    failure = nil
    failures = 0
    retryAt = nil
  }

  /// - Parameter jitter: 0 to 1, so that many gateways do not come back at the same moment.
  mutating func failed(_ error: GoogleCredentialError, at now: Timestamp, jitter: Double) {
    failure = error
    failures += 1
    // 1, 2, 4 … 60 s; of each the second half is left to chance.
    let longest = min(Self.longestPause.wholeNanoseconds, 1_000_000_000 << min(failures - 1, 10))
    retryAt = now + .nanoseconds(longest / 2 + Int64(Double(longest / 2) * min(max(jitter, 0), 1)))
  }

  /// When there will be something to do.
  func nextAttempt(after now: Timestamp) -> Timestamp {
    if let retryAt, retryAt > now { return retryAt }
    guard token != nil, let renewAt else { return now }
    return max(renewAt, now)
  }
}
