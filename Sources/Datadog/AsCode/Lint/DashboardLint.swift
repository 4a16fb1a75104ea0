// The verdict on one Datadog dashboard: which of its widgets can never show anything.

package struct DashboardLint: Sendable {
  package let knowledge: MetricKnowledge

  package init(knowledge: MetricKnowledge) { self.knowledge = knowledge }

  package func verdict(on dashboard: JSONValue) -> LintVerdict {
    let name = dashboard["title"]?.text ?? dashboard["id"]?.text ?? "a dashboard without a title"
    var findings: [LintFinding] = []
    var used: Set<String> = []
    for (index, widget) in (dashboard["widgets"]?.list ?? []).enumerated() {
      walk(widget, at: "widgets[\(index)]", &findings, &used)
    }
    let variables = dashboard["template_variables"]?.list ?? []
    let defined = Set(variables.compactMap { $0["name"]?.text })
    // `$env` and `$env.value` are both uses.
    for variable in used where !defined.contains(variable) && !defined.contains(String(variable.prefix { $0 != "." })) {
      findings.append(
        LintFinding(
          "variable_missing", .dead, at: "template_variables", "widgets use $\(variable), which is no template variable here"))
    }
    let usedNames = Set(used.map { String($0.prefix { $0 != "." }) })
    for variable in defined.subtracting(usedNames).sorted() where !used.contains(variable) {
      findings.append(LintFinding("variable_unused", .warning, at: "template_variables", "no widget uses $\(variable)"))
    }
    if dashboard["widgets"]?.list?.isEmpty != false {
      findings.append(LintFinding("empty", .dead, at: "widgets", "there is no widget in it"))
    }
    return LintVerdict(.dashboard, name: name, findings: findings)
  }

  private func walk(_ value: JSONValue, at place: String, _ findings: inout [LintFinding], _ used: inout Set<String>) {
    switch value {
    case .array(let list):
      for (index, item) in list.enumerated() { walk(item, at: "\(place)[\(index)]", &findings, &used) }
    case .object(let members):
      let source = members["data_source"]?.text
      findings += FormulaLint.findings(of: members, at: place)
      for (key, item) in members.sorted(by: { $0.key < $1.key }) {
        let path = "\(place).\(key)"
        if let text = item.text, key == "q" || key == "query" && (source == "metrics" || source == "cloud_cost") {
          check(text, at: path, &findings, &used)
        } else {
          if let text = item.text, key == "query" || key == "search" { noteVariables(in: text, &used) }
          // Searches for events that are drawn over a chart, under the key that others have metrics under.
          if key == "events" {
            for event in item.list ?? [] { if let text = event["q"]?.text { noteVariables(in: text, &used) } }
          } else {
            walk(item, at: path, &findings, &used)
          }
        }
      }
    case .null, .bool, .number, .string: return
    }
  }

  private func check(_ text: String, at place: String, _ findings: inout [LintFinding], _ used: inout Set<String>) {
    noteVariables(in: text, &used)
    // Old widgets ask for several queries in one text.
    do throws(QueryError) {
      for part in Self.apart(text) {
        findings += MetricQueryLint(knowledge: knowledge).findings(of: try MetricExpressionParser.parse(part), at: place)
      }
    } catch {
      findings.append(LintFinding("query_grammar", .dead, at: place, "\(error)"))
    }
  }

  private func noteVariables(in text: String, _ used: inout Set<String>) {
    for part in text.split(separator: "$", omittingEmptySubsequences: false).dropFirst() {
      let name = part.prefix { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "-" || $0 == "." }
      if !name.isEmpty { used.insert(name.hasSuffix(".value") ? String(name.dropLast(6)) : String(name)) }
    }
  }

  /// At the commas outside all brackets.
  private static func apart(_ text: String) -> [String] {
    var parts = [""]
    var depth = 0
    for character in text {
      if "({[".contains(character) { depth += 1 }
      if ")}]".contains(character) { depth -= 1 }
      if character == ",", depth == 0 { parts.append("") } else { parts[parts.count - 1].append(character) }
    }
    return parts
  }
}
