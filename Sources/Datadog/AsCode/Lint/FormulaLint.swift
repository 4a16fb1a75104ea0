// The formulas of widgets and SLOs: each names queries that stand beside it.

enum FormulaLint {
  /// - Parameter members: an object that may have `formulas` and `queries`.
  static func findings(of members: [String: JSONValue], at place: String) -> [LintFinding] {
    guard let formulas = members["formulas"]?.list, !formulas.isEmpty else { return [] }
    var queries = members["queries"]?.list ?? []
    if let query = members["query"], query["name"] != nil { queries.append(query) }
    let names = queries.compactMap { $0["name"]?.text }
    var findings: [LintFinding] = []
    for (index, formula) in formulas.enumerated() {
      guard let text = formula["formula"]?.text else { continue }
      let here = "\(place).formulas[\(index)].formula"
      do throws(QueryError) {
        let expression = try MetricExpressionParser.parse(text)
        for name in expression.references where !names.contains(name) && !name.isEmpty && !isWord(name, in: expression) {
          findings.append(
            LintFinding(
              "variable_missing", .dead, at: here,
              "the formula names \(name), and no query beside it has that name; there is \(names.isEmpty ? "none" : names.sorted().joined(separator: ", "))"
            ))
        }
      } catch { findings.append(LintFinding("query_grammar", .dead, at: here, "\(error)")) }
    }
    return findings
  }

  /// Whether a bare word is an argument of a function, such as the unit of a shift, and no query.
  private static func isWord(_ name: String, in expression: MetricExpression) -> Bool {
    expression.calls.contains { call in
      call.arguments.dropFirst().contains { $0.value == .reference(name) }
    }
  }
}
