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

  /// What becomes of a request to a model without a price. A money budget cannot hold what it cannot reckon.
  package enum UnknownPrice: String, CaseIterable, Hashable, Sendable {
    /// The request is refused.
    case refuse
    /// The request passes and reserves nothing; its cost counts when it turns out to be known after all.
    case admit
  }

  package var name: String
  package var scope: Scope
  package var limit: Limit
  package var period: Period
  /// A stream that would outrun its reservation is cut there.
  package var cutsStreams: Bool
  /// What is reserved for one answer of a request that states no maximum.
  package var assumedOutputTokens: Int
  /// Of money budgets only.
  package var unknownPrice: UnknownPrice

  package init(
    name: String, scope: Scope, limit: Limit, period: Period, cutsStreams: Bool = false, assumedOutputTokens: Int = 4096,
    unknownPrice: UnknownPrice = .refuse
  ) {
    self.name = name
    self.scope = scope
    self.limit = limit
    self.period = period
    self.cutsStreams = cutsStreams
    self.assumedOutputTokens = assumedOutputTokens
    self.unknownPrice = unknownPrice
  }
}

extension Budget {
  /// What is counted. The raw value is the word in configuration, rows and JSON.
  package enum Unit: String, CaseIterable, Hashable, Sendable {
    /// In nano-dollars.
    case money = "usd"
    case tokens, requests

    /// An amount as people read it: `$1.25`, `2000000 tokens`, `1 request`.
    package func text(_ amount: Int64) -> String {
      switch self {
      case .money: (amount < 0 ? "-$" : "$") + Nanodollars(Int64(clamping: amount.magnitude)).decimalDollars
      case .tokens: "\(amount) token\(amount == 1 ? "" : "s")"
      case .requests: "\(amount) request\(amount == 1 ? "" : "s")"
      }
    }
  }

  package var unit: Unit {
    switch limit {
    case .money: .money
    case .tokens: .tokens
    case .requests: .requests
    }
  }

  /// The limit in its unit.
  package var limitAmount: Int64 {
    switch limit {
    case .money(let amount): amount.count
    case .tokens(let count), .requests(let count): count
    }
  }
}

extension Budget.Scope {
  /// Which property of a request is looked at. The raw value is the word in configuration, rows and JSON.
  package enum Kind: String, CaseIterable, Hashable, Sendable {
    case virtualKey = "key"
    case tenant, feature
  }

  package var kind: Kind {
    switch self {
    case .virtualKey: .virtualKey
    case .tenant: .tenant
    case .feature: .feature
    }
  }

  package var value: String {
    switch self {
    case .virtualKey(let value), .tenant(let value), .feature(let value): value
    }
  }

  /// Each value has a budget of its own.
  package var isEach: Bool { value == "*" }

  package init(_ kind: Kind, _ value: String) {
    switch kind {
    case .virtualKey: self = .virtualKey(value)
    case .tenant: self = .tenant(value)
    case .feature: self = .feature(value)
    }
  }
}
