// How small and how large the value of a query can get, by interval arithmetic: what lies outside can never be reached.

import LLMMetrics

struct ValueBounds {
  let knowledge: MetricKnowledge
  /// Of what has a name and is no metric.
  var references: [String: ClosedRange<Double>] = [:]

  static let everything: ClosedRange<Double> = -.infinity ... .infinity

  /// Bounds of the values there are; whether there are any is another question.
  func bounds(of expression: MetricExpression) -> ClosedRange<Double> {
    switch expression {
    case .number(let value): return value...value
    case .text: return Self.everything
    case .reference(let name): return references[name] ?? Self.everything
    case .query(let query): return bounds(of: query)
    case .negative(let inner):
      let inner = bounds(of: inner)
      return -inner.upperBound ... -inner.lowerBound
    case .call(let name, let arguments): return bounds(of: name, arguments)
    case .binary(let sign, let left, let right): return bounds(of: sign, left, right)
    }
  }

  private func bounds(of query: MetricQuery) -> ClosedRange<Double> {
    guard case .known(let metric) = knowledge.standing(of: query.metric) else { return Self.everything }
    // Points that are sums over time can be anything that a sum can be.
    let method = query.modifier("rollup")?.arguments.first
    if method == "sum" || method == "count" { return metric.bounds.lowerBound >= 0 ? 0 ... .infinity : Self.everything }
    switch (metric.kind, query.aggregator) {
    // How often, whatever the values are.
    case (_, "count"): return 0 ... .infinity
    case (_, "sum"), (_, "area"), (.count, _), (.rate, _):
      return metric.bounds.lowerBound >= 0 ? 0 ... .infinity : Self.everything
    default: return metric.bounds
    }
  }

  private func bounds(of name: String, _ arguments: [MetricExpression.Argument]) -> ClosedRange<Double> {
    let first = arguments.first.map { bounds(of: $0.value) } ?? Self.everything
    switch name {
    // The share of the points in the alert window that are outside.
    case "anomalies": return 0...1
    case "outliers": return 0...1
    case "abs":
      return first.lowerBound >= 0 ? first : 0...max(-first.lowerBound, first.upperBound)
    case "default_zero", "fill": return min(0, first.lowerBound)...max(0, first.upperBound)
    case "exclude_null", "top", "bottom", "hour_before", "day_before", "week_before", "month_before", "timeshift", "autosmooth",
      "ewma_3", "ewma_5", "ewma_10", "ewma_20", "median_3", "median_5", "median_7", "median_9", "moving_rollup", "clamp_max":
      return first
    case "count_nonzero", "count_not_null": return 0 ... .infinity
    case "cutoff_min": return first
    default: return Self.everything
    }
  }

  private func bounds(of sign: String, _ left: MetricExpression, _ right: MetricExpression) -> ClosedRange<Double> {
    if sign == "/", Self.isPart(left, of: right) { return 0...1 }
    // `100 * part / whole` is read as a product first.
    if sign == "/", case .binary("*", let factor, let part) = left {
      if Self.isPart(part, of: right) { return bounds(of: .binary("*", factor, .binary("/", part, right))) }
      if Self.isPart(factor, of: right) { return bounds(of: .binary("*", part, .binary("/", factor, right))) }
    }
    let (a, b) = (bounds(of: left), bounds(of: right))
    switch sign {
    case "+": return sum(a.lowerBound, b.lowerBound, -.infinity)...sum(a.upperBound, b.upperBound, .infinity)
    case "-": return sum(a.lowerBound, -b.upperBound, -.infinity)...sum(a.upperBound, -b.lowerBound, .infinity)
    case "*": return hull(a, b, product)
    case "/":
      guard b.lowerBound >= 0 || b.upperBound <= 0 else { return Self.everything }
      if b.lowerBound == 0 || b.upperBound == 0 {
        // Nothing is divided by zero; by a little more than zero it can be anything of its sign.
        guard a.lowerBound >= 0, b.lowerBound >= 0 else { return Self.everything }
        return 0 ... .infinity
      }
      return hull(a, b) { $0.isInfinite && $1.isInfinite ? $0 : $0 / $1 }
    default: return Self.everything
    }
  }

  private func sum(_ left: Double, _ right: Double, _ unknown: Double) -> Double {
    let sum = left + right
    return sum.isNaN ? unknown : sum
  }

  /// Zero times anything, an infinite bound too, is zero.
  private func product(_ left: Double, _ right: Double) -> Double { left == 0 || right == 0 ? 0 : left * right }

  private func hull(
    _ a: ClosedRange<Double>, _ b: ClosedRange<Double>, _ combine: (Double, Double) -> Double
  ) -> ClosedRange<Double> {
    let corners = [
      combine(a.lowerBound, b.lowerBound), combine(a.lowerBound, b.upperBound), combine(a.upperBound, b.lowerBound),
      combine(a.upperBound, b.upperBound),
    ].filter { !$0.isNaN }
    guard let low = corners.min(), let high = corners.max() else { return Self.everything }
    return low...high
  }

  /// Whether everything that the one counts is counted by the other too: errors among requests, or the same metric under a narrower
  /// filter.
  private static func isPart(_ left: MetricExpression, of right: MetricExpression) -> Bool {
    guard case .query(let part) = left, case .query(let whole) = right else { return false }
    guard part.modifiers == whole.modifiers, (part.aggregator ?? "") == (whole.aggregator ?? ""),
      ["sum", "count"].contains(part.aggregator)
    else { return false }
    let isSame = part.metric == whole.metric
    let isKnown = MetricCatalogue.wholes[part.metric]?.contains(whole.metric) == true
    return (isSame || isKnown) && part.filter.isAtLeastAsNarrow(as: whole.filter)
  }
}

extension TagFilter {
  /// Every condition of `other` is one of these too.
  func isAtLeastAsNarrow(as other: TagFilter) -> Bool {
    if other == .everything || other == self { return true }
    let own = conditions
    return other.conditions.allSatisfy { own.contains($0) }
  }

  private var conditions: [TagFilter] { if case .and(let parts) = self { parts } else { [self] } }
}
