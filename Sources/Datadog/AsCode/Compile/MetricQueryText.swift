// Writes metric queries in Datadog's language.

import LLMMetrics
import Monitors

enum MetricQueryText {
  /// Whole numbers without a point, so that a query and its thresholds look alike.
  static func number(_ value: Double) -> String { Int64(exactly: value).map(String.init) ?? "\(value)" }

  /// `last_5m`; a part of a minute counts as a whole one.
  static func window(_ window: Duration) -> String { "last_\(length(window))" }

  static func length(_ length: Duration) -> String {
    let minutes = minutes(length)
    if minutes % 1_440 == 0 { return "\(minutes / 1_440)d" }
    return minutes % 60 == 0 ? "\(minutes / 60)h" : "\(minutes)m"
  }

  static func minutes(_ length: Duration) -> Int64 { max(1, (length.components.seconds + 59) / 60) }

  /// `sum:llm.errors{error_class:timeout} by {provider}.as_count()`
  static func query(_ term: MonitorQuery.Term, scope: [String: String], by groups: [String] = []) -> String {
    query(
      aggregator: term.aggregator.rawValue, metric: term.metric,
      conditions: conditions(term.filter, of: term.metric, scope: scope),
      by: groups, modifier: term.metric.type == .count ? ".as_count()" : "")
  }

  static func query(
    aggregator: String, metric: MetricDefinition, conditions: [String], by groups: [String], modifier: String
  ) -> String {
    let filter = conditions.isEmpty ? "*" : conditions.joined(separator: ",")
    let by = groups.isEmpty ? "" : " by {\(groups.joined(separator: ","))}"
    return "\(aggregator):\(metric.name){\(filter)}\(by)\(modifier)"
  }

  /// The scope applies where the metric has its tags; figures about this product itself are the same in every scope.
  static func conditions(_ filter: [String: String], of metric: MetricDefinition, scope: [String: String]) -> [String] {
    let scope = scope.filter { metric.carries($0.key) }
    return scope.merging(filter) { $1 }.sorted { $0.key < $1.key }.map { "\($0.key):\(tagValue($0.value))" }
  }

  /// As Datadog keeps it: lower case, and an underscore for what tags cannot hold.
  static func tagValue(_ value: String) -> String {
    let allowed: Set<Character> = ["_", "-", ":", ".", "/"]
    return String(value.lowercased().map { $0.isLetter || $0.isNumber || allowed.contains($0) ? $0 : "_" }.prefix(200))
  }

  /// `count(v: v<=20):llm.request.duration{!error_class:*}.as_count()`
  static func events(_ events: SLODefinition.Events, scope: [String: String]) -> String {
    var conditions = conditions([:], of: events.metric, scope: scope)
    for condition in events.conditions {
      switch condition {
      case .lacks(let tag): conditions.append("!\(tag):*")
      case .isOneOf(let tag, let values) where values.count == 1: conditions.append("\(tag):\(tagValue(values[0]))")
      case .isNoneOf(let tag, let values) where values.count == 1: conditions.append("!\(tag):\(tagValue(values[0]))")
      case .isOneOf(let tag, let values): conditions.append("\(tag) IN (\(values.map(tagValue).joined(separator: ", ")))")
      case .isNoneOf(let tag, let values):
        conditions.append("\(tag) NOT IN (\(values.map(tagValue).joined(separator: ", ")))")
      }
    }
    let aggregator = events.metric.type == .count ? "sum" : events.atMost.map { "count(v: v<=\(number($0)))" } ?? "count"
    // Datadog mixes commas and IN only when the parts are joined by AND.
    let filter = conditions.isEmpty ? "*" : conditions.joined(separator: " AND ")
    return "\(aggregator):\(events.metric.name){\(filter)}.as_count()"
  }
}

extension MetricDefinition {
  /// Whether a point of it can have this tag.
  func carries(_ tag: String) -> Bool { extraTags.contains(tag) || hasDimensions && hasTag(tag) }
}
