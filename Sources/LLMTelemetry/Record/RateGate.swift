// Lets so many requests a minute through, evenly: what a throttle is at the gateway, and in a dry run over recorded minutes.

/// The generic cell rate algorithm (ITU-T I.371): one instant of state, no timer. Pure: time is an argument.
package struct RateGate: Hashable, Sendable {
  /// When the next request would be due if requests came at exactly the rate.
  private var due = Timestamp(unixNanoseconds: .min)

  package init() {}

  /// `nil` lets the request through; else how long to wait until one would be.
  ///
  /// A sixth of a minute's requests, and at least one, may come at once: clients do not come like clockwork.
  package mutating func take(at now: Timestamp, perMinute: Int) -> Duration? {
    guard perMinute > 0 else { return .seconds(60) }
    let interval = 60_000_000_000 / Int64(perMinute)
    let tolerance = interval * Int64(max(1, perMinute / 6) - 1)
    let earliest = max(due.unixNanoseconds, now.unixNanoseconds)
    let ahead = earliest - now.unixNanoseconds
    guard ahead <= tolerance else { return .nanoseconds(ahead - tolerance) }
    due = Timestamp(unixNanoseconds: earliest + interval)
    return nil
  }
}
