// What may be spent: by whom, of what, how much and in which time.

import LLMTelemetry

/// One budget as configured.
package struct Budget: Hashable, Sendable {
  /// Whose spending it counts. `*` as a value means each value has a budget of its own.
  package enum Scope: Hashable, Sendable {
    case virtualKey(String), tenant(String), feature(String)
  }

  package enum Limit: Hashable, Sendable {
    case money(Nanodollars), tokens(Int64), requests(Int64)
  }

  package enum Period: Hashable, Sendable {
    /// UTC; weeks begin on Monday.
    case hour, day, week, month
    /// The last so-and-so long, in sixty steps.
    case rolling(Duration)
  }

  package var name: String
  package var scope: Scope
  package var limit: Limit
  package var period: Period
  /// A stream that would outrun its reservation is cut there.
  package var cutsStreams: Bool
  /// What is reserved for the output of a request that states no maximum.
  package var assumedOutputTokens: Int

  package init(
    name: String, scope: Scope, limit: Limit, period: Period, cutsStreams: Bool = false, assumedOutputTokens: Int = 4096
  ) {
    self.name = name
    self.scope = scope
    self.limit = limit
    self.period = period
    self.cutsStreams = cutsStreams
    self.assumedOutputTokens = assumedOutputTokens
  }
}
