// A query as widgets and time slices want it: named parts, and a formula over them.

import LLMMetrics
import Monitors

struct FormulaQuery: Hashable, Sendable {
  struct Part: Hashable, Sendable {
    var name: String
    var text: String
    /// How its points become one number in a widget that shows one.
    var aggregator: String
  }

  var queries: [Part]
  var formula: String

  /// - Parameters:
  ///   - variables: template variables, which apply to metrics that have their tags.
  ///   - prefix: keeps the names of several queries of one widget apart.
  init(
    _ query: MonitorQuery, scope: [String: String] = [:], by groups: [String] = [], variables: [String] = [],
    prefix: String = "query"
  ) {
    func part(_ term: MonitorQuery.Term, _ name: String, isRate: Bool = false) -> Part {
      let conditions =
        variables.filter { term.metric.carries($0) }.map { "$\($0)" }
        + MetricQueryText.conditions(term.filter, of: term.metric, scope: scope)
      let modifier = term.metric.type != .count ? "" : isRate ? ".as_rate()" : ".as_count()"
      let text = MetricQueryText.query(
        aggregator: term.aggregator.rawValue, metric: term.metric, conditions: conditions, by: groups, modifier: modifier)
      let aggregator =
        switch term.aggregator {
        case .sum: isRate ? "avg" : "sum"
        case .avg: "avg"
        case .max: "max"
        case .p50, .p90, .p95, .p99: "percentile"
        }
      return Part(name: name, text: text, aggregator: aggregator)
    }
    switch query.form {
    case .value(let term):
      queries = [part(term, "\(prefix)1")]
      formula = "\(prefix)1"
    case .perMinute(let term):
      queries = [part(term, "\(prefix)1", isRate: true)]
      formula = "\(prefix)1 * 60"
    case .ratio(let numerator, let denominator):
      queries = [part(numerator, "\(prefix)1"), part(denominator, "\(prefix)2")]
      formula = numerator.metric.type == .count ? "default_zero(\(prefix)1) / \(prefix)2" : "\(prefix)1 / \(prefix)2"
    }
  }
}
