// Composites judged by their parts: one that needs a part which can never fire can never fire itself.

import Monitors

enum CompositeLint {
  /// One verdict for each monitor, in their order.
  static func verdicts(on monitors: [JSONValue], _ verdict: (JSONValue) -> LintVerdict) -> [LintVerdict] {
    var verdicts = monitors.map(verdict)
    var parts: [String: CanFire] = [:]
    for (monitor, verdict) in zip(monitors, verdicts) where monitor["type"]?.text != "composite" {
      for name in names(of: monitor) { parts[name] = verdict.canFire }
    }
    for (index, monitor) in monitors.enumerated() where monitor["type"]?.text == "composite" {
      guard let text = monitor["query"]?.text,
        let expression = try? CompositeExpression(parsing: text.replacing("$", with: ""))
      else { continue }
      let findings = findings(on: expression, symbolic: text.contains("$"), parts)
      if !findings.isEmpty {
        verdicts[index] = LintVerdict(.monitor, name: verdicts[index].name, findings: verdicts[index].findings + findings)
      }
    }
    return verdicts
  }

  private static func names(of monitor: JSONValue) -> [String] {
    let tags = monitor["tags"]?.list?.compactMap(\.text) ?? []
    let start = "commander_id:"
    return [monitor["id"]?.double.flatMap { Int64(exactly: $0) }.map(String.init), monitor["id"]?.text].compactMap { $0 }
      + tags.filter { $0.hasPrefix(start) }.map { String($0.dropFirst(start.count)) }
  }

  private static func findings(
    on expression: CompositeExpression, symbolic: Bool, _ parts: [String: CanFire]
  ) -> [LintFinding] {
    var findings: [LintFinding] = []
    for name in expression.monitors where parts[name] == nil {
      // Numbers are those of one organisation; our own names stand in the same files.
      if symbolic {
        let hint = NearestName.hint(for: name, in: parts.keys.sorted())
        findings.append(
          LintFinding("composite_part", .dead, at: "query", "there is no monitor \"\(name)\" among these files\(hint)"))
      } else {
        findings.append(
          LintFinding(
            "composite_part", .unknown, at: "query", "monitor \(name) is not among these files, so nothing is known of it"))
      }
    }
    if canHold(expression, parts) == .no {
      let dead = expression.monitors.filter { parts[$0] == .no }
      findings.append(
        LintFinding(
          "composite_part", .dead, at: "query",
          "it needs \(dead.joined(separator: " and ")), which can never fire"))
    }
    return findings
  }

  /// Whether the combination can ever be true, where each part is what its own verdict says.
  private static func canHold(_ expression: CompositeExpression, _ parts: [String: CanFire]) -> CanFire {
    switch expression {
    case .monitor(let name): return parts[name] ?? .unknown
    // What never fires is always not firing, and what fires does not always.
    case .not: return .yes
    case .and(let left, let right):
      let both = [canHold(left, parts), canHold(right, parts)]
      return both.contains(.no) ? .no : both.contains(.unknown) ? .unknown : .yes
    case .or(let left, let right):
      let both = [canHold(left, parts), canHold(right, parts)]
      return both.contains(.yes) ? .yes : both.contains(.unknown) ? .unknown : .no
    }
  }
}
