// Composites judged by their parts: one that needs a part which can never fire can never fire itself.

import Monitors

struct CompositeLint {
  /// More parts than this are not tried in every combination; Datadog takes ten.
  private static let mostParts = 12

  private struct Part {
    let title: String
    let canFire: CanFire
    let isComposite: Bool
  }

  /// By number and by identity.
  private var parts: [String: Part] = [:]

  /// One verdict for each monitor, in their order.
  static func verdicts(on monitors: [JSONValue], _ verdict: (JSONValue) -> LintVerdict) -> [LintVerdict] {
    var verdicts = monitors.map(verdict)
    var lint = CompositeLint()
    var waiting: [(index: Int, expression: CompositeExpression, names: [String])] = []
    for (index, monitor) in monitors.enumerated() {
      let names = names(of: monitor)
      if let text = monitor["query"]?.text, monitor["type"]?.text == "composite",
        case .composite(let expression)? = try? MonitorQueryParser.parse(text)
      {
        waiting.append((index, expression, names))
      } else {
        lint.add(names, verdicts[index], isComposite: false)
      }
    }
    // A composite whose parts are composites comes after them; those in a circle come last.
    while !waiting.isEmpty {
      let open = Set(waiting.flatMap(\.names))
      let next = waiting.firstIndex { open.isDisjoint(with: $0.expression.monitors.map(Self.name)) } ?? 0
      let (index, expression, names) = waiting.remove(at: next)
      let findings = lint.findings(on: expression)
      verdicts[index] = LintVerdict(.monitor, name: verdicts[index].name, findings: verdicts[index].findings + findings)
      lint.add(names, verdicts[index], isComposite: true)
    }
    return verdicts
  }

  private mutating func add(_ names: [String], _ verdict: LintVerdict, isComposite: Bool) {
    for name in names { parts[name] = Part(title: verdict.name, canFire: verdict.canFire, isComposite: isComposite) }
  }

  private static func names(of monitor: JSONValue) -> [String] {
    let tags = monitor["tags"]?.list?.compactMap(\.text) ?? []
    let start = "\(CompileSettings.identityKey):"
    return [monitor["id"]?.double.flatMap { Int64(exactly: $0) }.map(String.init), monitor["id"]?.text].compactMap { $0 }
      + tags.filter { $0.hasPrefix(start) }.map { String($0.dropFirst(start.count)) }
  }

  /// Without the sign of our own references.
  private static func name(_ reference: String) -> String {
    reference.hasPrefix("$") ? String(reference.dropFirst()) : reference
  }

  private func title(_ reference: String) -> String {
    let name = Self.name(reference)
    guard let part = parts[name] else { return "monitor \(name)" }
    return part.title == name ? "monitor \(name)" : "monitor \(name) \"\(part.title)\""
  }

  private func findings(on expression: CompositeExpression) -> [LintFinding] {
    var findings: [LintFinding] = []
    func add(_ rule: String, _ weight: LintFinding.Weight, _ message: String) {
      findings.append(LintFinding(rule, weight, at: "query", message))
    }
    for reference in expression.monitors {
      let part = parts[Self.name(reference)]
      if part == nil {
        // Numbers are those of one organisation; our own names stand in the same files.
        if reference.hasPrefix("$") {
          let hint = NearestName.hint(for: Self.name(reference), in: parts.keys.sorted())
          add("composite_part", .dead, "there is no monitor \"\(Self.name(reference))\" among these files\(hint)")
        } else {
          add("composite_part", .unknown, "monitor \(reference) is not among these files, so nothing is known of it")
        }
      } else if part?.isComposite == true {
        add("composite_part", .warning, "\(title(reference)) is a composite itself; Datadog combines plain monitors")
      }
    }
    let dead = expression.monitors.filter { parts[Self.name($0)]?.canFire == .no }
    switch canHold(expression) {
    case .yes: break
    case .no where dead.isEmpty: add("composite_part", .dead, "no states of its parts make \(expression.datadogText) true")
    case .no:
      add(
        "composite_part", .dead,
        "it cannot hold without \(dead.map(title).joined(separator: " or ")), which can never fire")
    case .unknown:
      let unknown = expression.monitors.filter { parts[Self.name($0)]?.canFire == .unknown }
      if !unknown.isEmpty {
        let verb = unknown.count == 1 ? "is" : "are"
        add(
          "composite_part", .unknown,
          "\(unknown.map(title).joined(separator: " and ")) \(verb) needed, and it is not known whether \(unknown.count == 1 ? "it" : "they") can fire"
        )
      }
    }
    return findings
  }

  /// Whether some states of the parts make it true, where a part that can never fire is never in alert.
  private func canHold(_ expression: CompositeExpression) -> CanFire {
    let names = expression.monitors
    func states(_ able: Set<CanFire>) -> [String] { names.filter { able.contains(parts[Self.name($0)]?.canFire ?? .unknown) } }
    func holds(_ free: [String]) -> Bool {
      guard free.count <= Self.mostParts else { return true }
      return (0..<(1 << free.count)).contains { bits in
        expression.holds(Set(free.enumerated().filter { bits >> $0.offset & 1 == 1 }.map(\.element)))
      }
    }
    if holds(states([.yes])) { return .yes }
    return holds(states([.yes, .unknown])) ? .unknown : .no
  }
}

extension CompositeExpression {
  /// Whether it is true while just these are in alert.
  fileprivate func holds(_ alerting: Set<String>) -> Bool {
    switch self {
    case .monitor(let name): alerting.contains(name)
    case .not(let inner): !inner.holds(alerting)
    case .and(let left, let right): left.holds(alerting) && right.holds(alerting)
    case .or(let left, let right): left.holds(alerting) || right.holds(alerting)
    }
  }
}
