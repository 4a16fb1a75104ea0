// The verdict on each monitor, objective and dashboard of our own YAML, from the same reader as the configuration's.

import Datadog
import Foundation
import Monitors
import StrictYAML

struct LintPack {
  /// One verdict for each definition, in the order of the file.
  let verdicts: [LintVerdict]
  /// What is wrong beside them: a key that nothing knows, a pack that is not there.
  let problems: [Problem]

  /// - Parameter text: of a pack file or a configuration, of which only the sections of a pack are looked at.
  init(_ text: String, file: String) {
    let list = ProblemList()
    let (pack, root) = PackFile.reading(text, file: file, problems: list)
    var items: [Item] = []
    if let root {
      for (section, kind) in [
        ("monitors", LintVerdict.Kind.monitor), ("overrides", .monitor), ("slos", .slo), ("dashboards", .dashboard),
      ] {
        for (index, value) in (root.member(section)?.elements ?? []).enumerated() {
          items.append(Item(kind: kind, place: "\(section)[\(index)]", value: value))
        }
      }
    }
    items.sort { $0.line < $1.line }
    // A problem belongs to the item it stands in.
    var found: [[Problem]] = Array(repeating: [], count: items.count)
    var others: [Problem] = []
    let sections = root.map { Self.sectionLines($0) } ?? []
    for problem in list.all {
      let index = items.lastIndex { $0.line <= problem.line }
      let section = sections.last { $0 <= problem.line } ?? 0
      if problem.file == file, let index, items[index].line >= section {
        found[index].append(problem)
      } else {
        others.append(problem)
      }
    }
    verdicts = zip(items, found).map { item, problems in Self.verdict(on: item, problems, in: pack) }
    problems = others
  }

  private struct Item {
    let kind: LintVerdict.Kind
    let place: String
    let value: YAMLValue
    var line: Int { value.place.line }
    var name: String? { value.memberText("name") }
  }

  /// Where each section of the file begins.
  private static func sectionLines(_ root: YAMLValue) -> [Int] {
    (root.namedMembers() ?? []).map { $0.value.place.line }.sorted()
  }

  private static func verdict(on item: Item, _ problems: [Problem], in pack: MonitorPack) -> LintVerdict {
    var findings = problems.map { LintFinding("definition", .dead, at: item.place, "line \($0.line): \($0.message)") }
    let name = item.name ?? "\(item.kind.rawValue) at line \(item.line)"
    if problems.isEmpty {
      switch item.kind {
      case .monitor:
        let monitor = pack.monitors.first { $0.definition.name == item.name }
        findings += monitor.map { self.findings(on: $0.definition, at: item.place) } ?? []
      case .slo: findings += pack.objectives.first { $0.name == item.name }.map { self.findings(on: $0, at: item.place) } ?? []
      case .dashboard: break
      }
    }
    return LintVerdict(item.kind, name: name, findings: findings)
  }

  private static func findings(on monitor: MonitorDefinition, at place: String) -> [LintFinding] {
    var findings = monitor.lint().map { diagnostic in
      LintFinding(
        "definition", diagnostic.weight == .error ? .dead : .warning, at: "\(place).\(diagnostic.field)", diagnostic.message)
    }
    let hearsSilence =
      switch monitor.kind {
      case .absence, .composite, .events, .burnRate, .detection: true
      case .threshold, .change, .anomaly, .outlier, .forecast: false
      }
    if !hearsSilence, monitor.noData == .keep, monitor.threshold.comparison == .above {
      findings.append(
        LintFinding("no_data", .warning, at: "\(place).no_data", "keeps its state when the data stops; say no_data: ok or alert"))
    }
    return findings
  }

  /// What Datadog's linter says of the objective that it would become.
  private static func findings(on objective: SLODefinition, at place: String) -> [LintFinding] {
    guard let object = SLOCompiler(settings: CompileSettings()).compile(objective).objects.first else { return [] }
    var objects = DatadogLint.Objects()
    objects.add(object.json)
    // Numbers of monitors are not known before they are applied.
    return DatadogLint().verdicts(on: objects).flatMap(\.findings).filter { $0.rule != "monitor_ids" }.map {
      LintFinding($0.rule, $0.weight, at: "\(place)", $0.message)
    }
  }
}
