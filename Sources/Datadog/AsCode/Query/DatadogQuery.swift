// Datadog's query language as values: what a monitor, a widget or an SLO asks for.

import Monitors

/// A tree over the tags of one metric query.
package indirect enum TagFilter: Hashable, Sendable {
  case everything
  /// `key:value`; a value may hold `*`, and a value alone has no key. `$name` is a template variable.
  case tag(key: String?, value: String)
  case variable(String)
  case isOneOf(key: String, values: [String])
  case not(TagFilter)
  case and([TagFilter])
  case or([TagFilter])

  /// Every key it asks for, those under a negation marked: what lacks the tag passes a negation.
  package var keys: [(key: String, isNegated: Bool)] { keys(isNegated: false) }

  private func keys(isNegated: Bool) -> [(key: String, isNegated: Bool)] {
    switch self {
    case .everything, .variable: []
    case .tag(let key, _): key.map { [($0, isNegated)] } ?? []
    case .isOneOf(let key, _): [(key, isNegated)]
    case .not(let inner): inner.keys(isNegated: !isNegated)
    case .and(let parts), .or(let parts): parts.flatMap { $0.keys(isNegated: isNegated) }
    }
  }

  /// The keys without which nothing can match: those of an `or` only when all of its branches need a key.
  package var neededKeys: [[String]] {
    switch self {
    case .everything, .variable, .not: []
    case .tag(let key, _): key.map { [[$0]] } ?? []
    case .isOneOf(let key, _): [[key]]
    case .and(let parts): parts.flatMap(\.neededKeys)
    case .or(let parts):
      parts.allSatisfy { !$0.neededKeys.isEmpty } ? [parts.flatMap { $0.neededKeys.flatMap { $0 } }] : []
    }
  }
}

/// `avg:llm.request.duration{env:prod} by {model}.rollup(avg, 60)`
package struct MetricQuery: Hashable, Sendable {
  /// `.as_count()`, `.rollup(sum, 60)`, `.fill(zero)`.
  package struct Modifier: Hashable, Sendable {
    package var name: String
    package var arguments: [String]
  }

  /// `avg`, `sum`, `p95`, …; `nil` where none is written, as SLOs of traces allow.
  package var aggregator: String?
  /// `v<=3` of `count(v: v<=3):`: which values of a distribution are counted.
  package var valueCondition: String?
  package var metric: String
  package var filter: TagFilter
  package var groups: [String]
  package var modifiers: [Modifier]

  package func modifier(_ name: String) -> Modifier? { modifiers.first { $0.name == name } }
}

/// Arithmetic and functions over metric queries.
package indirect enum MetricExpression: Hashable, Sendable {
  package struct Argument: Hashable, Sendable {
    /// `direction` of `direction='above'`.
    package var name: String?
    package var value: MetricExpression
  }

  case number(Double)
  case text(String)
  case query(MetricQuery)
  /// The name of a query in a formula.
  case reference(String)
  case call(String, [Argument])
  case negative(MetricExpression)
  case binary(String, MetricExpression, MetricExpression)

  /// Every metric query in it, from left to right.
  package var queries: [MetricQuery] {
    switch self {
    case .number, .text, .reference: []
    case .query(let query): [query]
    case .call(_, let arguments): arguments.flatMap(\.value.queries)
    case .negative(let inner): inner.queries
    case .binary(_, let left, let right): left.queries + right.queries
    }
  }

  package var references: [String] {
    switch self {
    case .number, .text, .query: []
    case .reference(let name): [name]
    case .call(_, let arguments): arguments.flatMap(\.value.references)
    case .negative(let inner): inner.references
    case .binary(_, let left, let right): left.references + right.references
    }
  }

  /// Every call in it, outermost first.
  package var calls: [(name: String, arguments: [Argument])] {
    switch self {
    case .number, .text, .query, .reference: []
    case .call(let name, let arguments): [(name, arguments)] + arguments.flatMap(\.value.calls)
    case .negative(let inner): inner.calls
    case .binary(_, let left, let right): left.calls + right.calls
    }
  }
}

package enum QueryComparison: String, CaseIterable, Hashable, Sendable {
  case aboveOrEqual = ">="
  case belowOrEqual = "<="
  case above = ">"
  case below = "<"
  case equal = "=="
  case unequal = "!="

  package var looksUp: Bool { self == .above || self == .aboveOrEqual }
  package var looksDown: Bool { self == .below || self == .belowOrEqual }
}

/// The query of a monitor in the grammar of its type.
package enum DatadogMonitorQuery: Hashable, Sendable {
  /// `avg(last_5m):avg:m{*} > 2`, and with a change: `pct_change(avg(last_5m),last_1h):avg:m{*} > 50`.
  package struct Metric: Hashable, Sendable {
    package var timeAggregator: String
    /// Seconds.
    package var window: Int
    /// `change` or `pct_change` with its shift in seconds.
    package var change: (kind: String, shift: Int)? {
      get { changeKind.map { ($0, changeShift) } }
      set {
        changeKind = newValue?.kind
        changeShift = newValue?.shift ?? 0
      }
    }
    private var changeKind: String?
    private var changeShift = 0
    package var expression: MetricExpression

    package init(timeAggregator: String, window: Int, change: (kind: String, shift: Int)?, expression: MetricExpression) {
      self.timeAggregator = timeAggregator
      self.window = window
      self.expression = expression
      self.change = change
    }
  }

  /// `logs("status:error").index("*").rollup("count").by("service").last("5m") > 2`, and its sisters for traces, events and the rest.
  package struct Search: Hashable, Sendable {
    /// `logs`, `trace-analytics`, `llm-observability`, …
    package var source: String
    package var text: String
    package var rollup: [String]
    package var groups: [String]
    /// Seconds.
    package var window: Int
  }

  /// `formula("query1 / query2").last("15m") >= 0.8` over `variables` of the monitor.
  package struct Formula: Hashable, Sendable {
    package var expression: MetricExpression
    package var window: Int
  }

  /// `burn_rate("ID").over("30d").long_window("1h").short_window("5m") > 14.4`, `error_budget("ID").over("7d") > 75`.
  package struct Objective: Hashable, Sendable {
    package var isBurnRate: Bool
    package var slo: String
    /// Seconds.
    package var period: Int
    package var longWindow: Int?
    package var shortWindow: Int?
  }

  case metric(Metric, QueryComparison, Double)
  case search(Search, QueryComparison, Double)
  case formula(Formula, QueryComparison, Double)
  case objective(Objective, QueryComparison, Double)
  /// Monitors are named by their numbers, as in `123 && !456`, or by our symbolic references, which keep their `$`.
  case composite(CompositeExpression)
  /// `"http.can_connect".over("url:x").by("host").last(3).count_by_status()`
  case serviceCheck(name: String, over: [String], last: Int)

  package var threshold: (comparison: QueryComparison, value: Double)? {
    switch self {
    case .metric(_, let comparison, let value), .search(_, let comparison, let value), .formula(_, let comparison, let value),
      .objective(_, let comparison, let value):
      (comparison, value)
    case .composite, .serviceCheck: nil
    }
  }
}

/// What a query says that the grammar does not allow, and where.
package struct QueryError: Error, Hashable, Sendable, CustomStringConvertible {
  /// From 1, in Unicode scalars.
  package var column: Int
  package var message: String
  package var description: String { "column \(column): \(message)" }
}
