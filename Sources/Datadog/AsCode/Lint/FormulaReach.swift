// What the value of a formula monitor can be, from the queries that it names.

struct FormulaReach {
  let knowledge: MetricKnowledge
  let variables: [JSONValue]

  func findings(
    of formula: DatadogMonitorQuery.Formula, _ comparison: QueryComparison, _ threshold: Double, _ monitor: JSONValue
  ) -> [LintFinding] {
    // What follows the formula makes another number of it.
    guard monitor["query"]?.text?.contains(".anomaly(") != true else { return [] }
    return ThresholdReach.findings(
      ValueBounds(knowledge: knowledge, references: bounds).bounds(of: formula.expression.replacing(queries)), comparison,
      threshold)
  }

  private var queries: [String: MetricExpression] {
    variables.reduce(into: [:]) { queries, variable in
      guard variable["data_source"]?.text == "metrics", let name = variable["name"]?.text, let text = variable["query"]?.text
      else {
        return
      }
      queries[name] = try? MetricExpressionParser.parse(text)
    }
  }

  /// Numbers of things are never below zero.
  private var bounds: [String: ClosedRange<Double>] {
    variables.reduce(into: [:]) { bounds, variable in
      guard let name = variable["name"]?.text, ["count", "cardinality"].contains(variable["compute"]?["aggregation"]?.text ?? "")
      else { return }
      bounds[name] = 0 ... .infinity
    }
  }
}

extension MetricExpression {
  /// With what these names stand for in their place.
  func replacing(_ names: [String: MetricExpression]) -> MetricExpression {
    switch self {
    case .number, .text, .query: self
    case .reference(let name): names[name] ?? self
    case .call(let name, let arguments):
      .call(name, arguments.map { .init(name: $0.name, value: $0.value.replacing(names)) })
    case .negative(let inner): .negative(inner.replacing(names))
    case .binary(let sign, let left, let right): .binary(sign, left.replacing(names), right.replacing(names))
    }
  }
}
