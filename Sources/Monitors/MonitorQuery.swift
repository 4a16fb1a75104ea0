// The query of a monitor: one aggregated metric, a ratio of two, or a sum per minute.

import LLMMetrics

package struct MonitorQuery: Hashable, Sendable, CustomStringConvertible {
  package enum Aggregator: String, CaseIterable, Hashable, Sendable {
    case sum, p50, p90, p95, p99, avg, max

    /// Counts are summed, distributions are asked for a quantile, mean or maximum, and states for their mean or maximum.
    package func fits(_ type: MetricType) -> Bool {
      switch type {
      case .count: self == .sum
      case .distribution: self != .sum
      case .gauge: self == .avg || self == .max
      }
    }

    package var quantile: Double? {
      switch self {
      case .p50: 0.5
      case .p90: 0.9
      case .p95: 0.95
      case .p99: 0.99
      case .sum, .avg, .max: nil
      }
    }
  }

  /// `sum(llm.errors{route="chat"})`
  package struct Term: Hashable, Sendable, CustomStringConvertible {
    package let aggregator: Aggregator
    package let metric: MetricDefinition
    package let filter: [String: String]

    package init(_ aggregator: Aggregator, _ metric: MetricDefinition, filter: [String: String] = [:]) {
      self.aggregator = aggregator
      self.metric = metric
      self.filter = filter
    }

    package var description: String {
      let tags = filter.sorted { $0.key < $1.key }.map { "\($0.key)=\"\($0.value)\"" }.joined(separator: ",")
      return "\(aggregator.rawValue)(\(metric.name)\(tags.isEmpty ? "" : "{\(tags)}"))"
    }
  }

  package enum Form: Hashable, Sendable {
    case value(Term)
    case ratio(Term, Term)
    case perMinute(Term)
  }

  package let form: Form

  package init(_ form: Form) { self.form = form }

  /// What the query is about: the metric itself, or the numerator of a ratio.
  package var subject: Term {
    switch form {
    case .value(let term), .perMinute(let term), .ratio(let term, _): term
    }
  }

  /// The canonical text; parsing it gives the same query.
  package var description: String {
    switch form {
    case .value(let term): term.description
    case .ratio(let numerator, let denominator): "\(numerator) / \(denominator)"
    case .perMinute(let term): "\(term) per minute"
    }
  }
}
