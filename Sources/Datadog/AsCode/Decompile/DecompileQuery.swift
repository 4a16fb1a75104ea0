// Reads Datadog's metric queries back into queries over the catalogue: the inverse of `MetricQueryText`.

import Foundation
import LLMMetrics
import LLMTelemetry
import Monitors

/// Why something cannot be said as a definition, in words that follow "cannot be said: ".
struct Unsayable: Error, Hashable, Sendable, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

struct DecompileQuery: Sendable {
  /// Conditions that the settings add to every query.
  let scope: [String: String]

  struct Term: Hashable, Sendable {
    var term: MonitorQuery.Term
    var groups: [String]
    /// Template variables that narrow it.
    var variables: [String]
    var isFilled: Bool
    var isRate: Bool
  }

  /// `default_zero(sum:llm.errors{…} by {route}.as_count())`
  func term(_ expression: MetricExpression) throws(Unsayable) -> Term {
    switch expression {
    case .query(let query): return try term(query, isFilled: false)
    case .call("default_zero", let arguments) where arguments.count == 1:
      guard case .query(let query) = arguments[0].value else { throw Unsayable("default_zero of more than a metric") }
      return try term(query, isFilled: true)
    case .call(let name, _): throw Unsayable("the function \(name) has no word in definitions")
    case .number, .text, .reference, .negative, .binary: throw Unsayable("arithmetic of this form has no word in definitions")
    }
  }

  private func term(_ query: MetricQuery, isFilled: Bool) throws(Unsayable) -> Term {
    let metric = try metric(query.metric)
    guard query.valueCondition == nil else { throw Unsayable("values under a condition are counted in SLOs only") }
    guard let aggregator = query.aggregator.flatMap(MonitorQuery.Aggregator.init(rawValue:)), aggregator.fits(metric.type) else {
      throw Unsayable("\(query.aggregator ?? "no aggregator") does not fit \(metric.name)")
    }
    var isRate = false
    for modifier in query.modifiers {
      switch modifier.name {
      case "as_count": break
      case "as_rate": isRate = true
      default: throw Unsayable(".\(modifier.name)() has no word in definitions")
      }
    }
    var filter: [String: String] = [:]
    var variables: [String] = []
    for part in Self.conjunction(query.filter) {
      switch part {
      case .variable(let name): variables.append(name)
      case .tag(let key?, let value) where !value.contains("*"):
        guard filter.updateValue(value, forKey: key) == nil else { throw Unsayable("\(key) is asked for twice") }
      case .tag(nil, let value) where value.hasPrefix("$"): variables.append(String(value.dropFirst()))
      default: throw Unsayable("the filter of \(metric.name) is more than tags with one value each")
      }
    }
    return Term(
      term: .init(aggregator, metric, filter: withoutScope(filter, metric)), groups: query.groups, variables: variables,
      isFilled: isFilled, isRate: isRate)
  }

  func metric(_ name: String) throws(Unsayable) -> MetricDefinition {
    guard let metric = MetricCatalogue.byName[name] else { throw Unsayable("\(name) is not in the catalogue") }
    return metric
  }

  func withoutScope(_ filter: [String: String], _ metric: MetricDefinition) -> [String: String] {
    filter.filter { key, value in scope[key].map { MetricQueryText.tagValue($0) != value } ?? true }
  }

  static func conjunction(_ filter: TagFilter) -> [TagFilter] {
    switch filter {
    case .everything: []
    case .and(let parts): parts.flatMap(conjunction)
    case .tag, .variable, .isOneOf, .not, .or: [filter]
    }
  }

  /// A query of a monitor over `minutes`; what is divided by them is a rate.
  func monitor(_ expression: MetricExpression, minutes: Int64) throws(Unsayable) -> (query: MonitorQuery, groups: [String]) {
    if case .binary("/", let left, let right) = expression {
      let numerator = try term(left)
      if case .number(let number) = right {
        guard number == Double(minutes) else { throw Unsayable("a sum divided by anything but the minutes of the window") }
        return (MonitorQuery(.perMinute(numerator.term)), numerator.groups)
      }
      let denominator = try term(right)
      guard numerator.groups == denominator.groups else { throw Unsayable("the two sides are not grouped alike") }
      return (MonitorQuery(.ratio(numerator.term, denominator.term)), numerator.groups)
    }
    let only = try term(expression)
    return (MonitorQuery(.value(only.term)), only.groups)
  }

  /// A formula over named queries, as widgets and time slices have it.
  func formula(
    _ formula: String, queries: [String: String]
  ) throws(Unsayable) -> (query: MonitorQuery, groups: [String], variables: [String]) {
    func part(_ expression: MetricExpression) throws(Unsayable) -> Term {
      var inner = expression
      if case .call("default_zero", let arguments) = expression, arguments.count == 1 { inner = arguments[0].value }
      guard case .reference(let name) = inner, let text = queries[name] else {
        throw Unsayable("the formula \(formula) is of no form that definitions have")
      }
      return try term(try Self.parse(text))
    }
    switch try Self.parse(formula) {
    case .binary("/", let left, let right):
      let (numerator, denominator) = (try part(left), try part(right))
      guard numerator.groups == denominator.groups else { throw Unsayable("the two sides are not grouped alike") }
      let variables = numerator.variables + denominator.variables.filter { !numerator.variables.contains($0) }
      return (MonitorQuery(.ratio(numerator.term, denominator.term)), numerator.groups, variables)
    case .binary("*", let left, .number(60)):
      let only = try part(left)
      return (MonitorQuery(.perMinute(only.term)), only.groups, only.variables)
    case let other:
      let only = try part(other)
      return (MonitorQuery(.value(only.term)), only.groups, only.variables)
    }
  }

  static func parse(_ text: String) throws(Unsayable) -> MetricExpression {
    do { return try MetricExpressionParser.parse(text) } catch { throw Unsayable("its query is not of the grammar (\(error))") }
  }

  /// `max:llm.detection.findings{signal IN (refusal, malformed)} by {…}`
  func detection(_ query: MetricQuery) throws(Unsayable) -> DetectionFilter {
    var signals: [String] = []
    for part in Self.conjunction(query.filter) {
      switch part {
      case .tag("signal"?, let value) where signals.isEmpty: signals = [value]
      case .isOneOf("signal", let values) where signals.isEmpty: signals = values
      case .tag(let key?, let value) where scope[key].map(MetricQueryText.tagValue) == value: break
      default: throw Unsayable("findings of detection are asked for by more than their signals")
      }
    }
    return DetectionFilter(signals: signals)
  }

  /// `count(v: v<=20):llm.request.duration{!error_class:* AND …}.as_count()`
  func events(_ expression: MetricExpression) throws(Unsayable) -> SLODefinition.Events {
    guard case .query(let query) = expression else { throw Unsayable("its events are more than one query") }
    let metric = try metric(query.metric)
    var conditions: [SLODefinition.Events.Condition] = []
    for part in Self.conjunction(query.filter) {
      switch part {
      case .not(.tag(let key?, "*")): conditions.append(.lacks(tag: key))
      case .tag(let key?, let value) where !value.contains("*"):
        if scope[key].map(MetricQueryText.tagValue) != value { conditions.append(.isOneOf(tag: key, [value])) }
      case .not(.tag(let key?, let value)) where !value.contains("*"): conditions.append(.isNoneOf(tag: key, [value]))
      case .isOneOf(let key, let values): conditions.append(.isOneOf(tag: key, values))
      case .not(.isOneOf(let key, let values)): conditions.append(.isNoneOf(tag: key, values))
      default: throw Unsayable("the filter of \(metric.name) has a form that definitions lack")
      }
    }
    var atMost: Double?
    if let condition = query.valueCondition {
      guard let bound = condition.range(of: "<=").flatMap({ Double(String(condition[$0.upperBound...]).trimmed) }) else {
        throw Unsayable("values are counted under \(condition), and not up to a bound")
      }
      atMost = bound
    }
    return SLODefinition.Events(metric, conditions, atMost: atMost)
  }
}
