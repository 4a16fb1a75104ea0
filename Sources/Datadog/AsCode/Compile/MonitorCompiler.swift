// Compiles monitor definitions into Datadog's monitors; whatever Datadog says otherwise becomes a note.

import LLMMetrics
import LLMTelemetry
import Monitors

package struct MonitorCompiler: Sendable {
  package let settings: CompileSettings

  package init(settings: CompileSettings) { self.settings = settings }

  /// One object, or with a traffic gate three: a signal, a gate that monitors share, and the composite of both, which speaks.
  package func compile(_ packed: PackedMonitor) -> Compilation {
    let monitor = packed.definition
    let id = DatadogObjectID(.monitor, monitor.name)
    var result = Compilation()
    for note in notes(on: monitor, id) { result.add(note) }
    guard monitor.trafficGate > 0, settings.trafficGate == .composite else {
      if monitor.trafficGate > 0 {
        result.add(
          CompileNote(
            id, .unsaid, "traffic_gate",
            "speaks at any traffic, where this product waits for \(monitor.trafficGate) requests in the window"))
      }
      result.add(CompiledObject(id, object(packed, name: monitor.name, title: monitor.title, role: .whole)))
      return result
    }
    let signal = "\(monitor.name)-signal"
    let gate = gate(of: monitor)
    result.add(
      CompiledObject(
        DatadogObjectID(.monitor, signal), object(packed, name: signal, title: "\(monitor.title): signal", role: .signal)))
    result.add(CompiledObject(DatadogObjectID(.monitor, gate.name), gate.json))
    result.add(CompiledObject(id, composite(packed, of: [signal, gate.name])))
    result.add(
      CompileNote(
        id, .approximated, "traffic_gate",
        "is a composite with \(gate.name): below the gate Datadog calls it ok, where this product keeps the last state"))
    return result
  }

  // MARK: Queries

  /// Zero may stand for nothing where zero says what nothing means: ok above a threshold, an alert below one.
  func fillsWithZero(_ monitor: MonitorDefinition) -> Bool {
    guard terms(of: monitor.query).allSatisfy({ $0.metric.type == .count }) else { return false }
    switch monitor.query.form {
    // Nothing divided by nothing is nothing.
    case .ratio: return false
    case .value, .perMinute:
      let isBad = monitor.threshold.isBreached(by: 0)
      return monitor.noData == .ok && !isBad || monitor.noData == .alert && isBad
    }
  }

  func query(of monitor: MonitorDefinition) -> String {
    if case .detection(let filter) = monitor.kind { return detectionQuery(filter, of: monitor) }
    func text(_ term: MonitorQuery.Term) -> String {
      MetricQueryText.query(term, scope: settings.scope, by: monitor.groupBy)
    }
    func filled(_ term: MonitorQuery.Term) -> String {
      fillsWithZero(monitor) ? "default_zero(\(text(term)))" : text(term)
    }
    let time: String
    let expression: String
    switch monitor.query.form {
    case .value(let term):
      expression = filled(term)
      time =
        switch term.aggregator {
        case .sum: "sum"
        case .avg: "avg"
        case .max: "max"
        // Of all values in the window, not of the points' percentiles.
        case .p50, .p90, .p95, .p99: "percentile"
        }
    case .perMinute(let term):
      time = "sum"
      expression = "\(filled(term)) / \(MetricQueryText.minutes(monitor.window))"
    case .ratio(let numerator, let denominator):
      // Both sides are summed over the window before they are divided. Requests without an error have an error rate of zero.
      let areCounts = numerator.metric.type == .count && denominator.metric.type == .count
      time = areCounts ? "sum" : "avg"
      expression = "\(areCounts ? "default_zero(\(text(numerator)))" : text(numerator)) / \(text(denominator))"
    }
    let comparison = monitor.threshold.comparison == .above ? ">" : "<"
    let critical = MetricQueryText.number(monitor.threshold.critical)
    return "\(time)(\(MetricQueryText.window(monitor.window))):\(expression) \(comparison) \(critical)"
  }

  // MARK: Objects

  private enum Role { case whole, signal }

  func noDataMinutes(_ monitor: MonitorDefinition) -> Int64 { 2 * MetricQueryText.minutes(monitor.window) }

  private func object(_ packed: PackedMonitor, name: String, title: String, role: Role) -> JSONValue {
    let monitor = packed.definition
    let isSilent = role == .signal
    let alertsWithoutData = monitor.noData == .alert && !isSilent
    var thresholds: [String: JSONValue] = ["critical": .number(monitor.threshold.critical)]
    if monitor.threshold.recovery != monitor.threshold.critical {
      thresholds["critical_recovery"] = .number(monitor.threshold.recovery)
    }
    var options = Self.options(thresholds)
    options["notify_no_data"] = .bool(alertsWithoutData)
    if alertsWithoutData { options["no_data_timeframe"] = .number(Double(noDataMinutes(monitor))) }
    if monitor.noData == .ok, !fillsWithZero(monitor) { options["timeout_h"] = .number(1) }
    if !isSilent { add(renotification: monitor.severity, withoutData: alertsWithoutData, to: &options) }
    return .object([
      "name": .string(title), "type": .string("query alert"), "query": .string(query(of: monitor)),
      "message": .string(isSilent ? silentText("the signal", monitor.name) : message(packed, hasValue: true, alertsWithoutData)),
      "tags": .array(
        settings.tags(
          name: name, severity: monitor.severity, owner: packed.owner, others: isSilent ? ["commander_part:signal"] : [])),
      "priority": .number(Double(monitor.severity.rank)), "options": .object(options),
    ])
  }

  private func composite(_ packed: PackedMonitor, of parts: [String]) -> JSONValue {
    let monitor = packed.definition
    var options: [String: JSONValue] = [
      "include_tags": .bool(true), "notify_audit": .bool(false), "notify_no_data": .bool(false),
    ]
    add(renotification: monitor.severity, withoutData: false, to: &options)
    return .object([
      "name": .string(monitor.title), "type": .string("composite"),
      "query": .string(parts.map { "$\($0)" }.joined(separator: " && ")),
      "message": .string(message(packed, hasValue: false, false)),
      "tags": .array(settings.tags(name: monitor.name, severity: monitor.severity, owner: packed.owner)),
      "priority": .number(Double(monitor.severity.rank)), "options": .object(options),
    ])
  }

  /// What the traffic gate of the definition counts, as a monitor of its own that is in alert while there is enough of it.
  private func gate(of monitor: MonitorDefinition) -> (name: String, json: JSONValue) {
    let term = monitor.gateTerm
    let window = MetricQueryText.length(monitor.window)
    let filter = term.filter.sorted { $0.key < $1.key }.map { "\($0.key)-\(MetricQueryText.tagValue($0.value))" }
    let by = monitor.groupBy.isEmpty ? [] : ["by"] + monitor.groupBy
    let words = ["gate", term.metric.name] + filter + [window, String(monitor.trafficGate)] + by
    // What a composite's reference may hold.
    let name = String(words.joined(separator: "-").map { $0.isLetter || $0.isNumber || $0 == "_" ? $0 : "-" })
    let query = MetricQueryText.query(term, scope: settings.scope, by: monitor.groupBy)
    let text = "sum(\(MetricQueryText.window(monitor.window))):\(query) >= \(monitor.trafficGate)"
    var options = Self.options(["critical": .number(Double(monitor.trafficGate))])
    options["notify_no_data"] = .bool(false)
    return (
      name,
      .object([
        "name": .string("Enough traffic: \(monitor.trafficGate) \(term.metric.shortName) in \(Figure.duration(monitor.window))"),
        "type": .string("query alert"), "query": .string(text),
        "message": .string("Tells nobody: it is in alert while there is enough traffic to judge by. Composites use it."),
        "tags": .array(settings.tags(name: name, owner: nil, others: ["commander_part:gate"])), "priority": .number(5),
        "options": .object(options),
      ])
    )
  }

  static func options(_ thresholds: [String: JSONValue]) -> [String: JSONValue] {
    [
      "thresholds": .object(thresholds), "include_tags": .bool(true), "notify_audit": .bool(false),
      "require_full_window": .bool(false),
    ]
  }

  func add(renotification severity: Severity, withoutData: Bool, to options: inout [String: JSONValue]) {
    guard let minutes = settings.renotify[severity], minutes > 0 else { return }
    options["renotify_interval"] = .number(Double(minutes))
    options["renotify_statuses"] = .strings(withoutData ? ["alert", "no data"] : ["alert"])
  }

  private func silentText(_ part: String, _ name: String) -> String {
    "Tells nobody: it is \(part) of the composite \(name), which speaks when there is enough traffic."
  }

  private func message(_ packed: PackedMonitor, hasValue: Bool, _ alertsWithoutData: Bool) -> String {
    let monitor = packed.definition
    let side = monitor.threshold.comparison == .above ? "above" : "below"
    let critical = monitor.query.unit.text(monitor.threshold.critical)
    var condition = "\(monitor.query.words) is \(side) \(critical) over \(Figure.duration(monitor.window))"
    var groups = monitor.groupBy
    if case .detection = monitor.kind {
      condition = "number of failures that detection follows is \(side) zero"
      groups = Self.detectionGroups
    }
    return MonitorMessage(
      title: monitor.title, condition: condition,
      meaning: packed.meaning, steps: packed.steps, groups: groups, playbooks: monitor.playbooks,
      runbook: settings.runbooks.map { "\($0)\(monitor.name)" }, hasValue: hasValue, speaksOfMissingData: alertsWithoutData,
      handles: settings.handles(for: monitor.severity)
    ).text
  }
}

extension MonitorDefinition {
  /// The denominator where it is a count, else requests under the same filter: what an evaluation counts.
  var gateTerm: MonitorQuery.Term {
    if case .ratio(_, let denominator) = query.form, denominator.metric.type == .count { return denominator }
    let ownTags = Set(query.subject.metric.extraTags)
    return .init(.sum, MetricCatalogue.requests, filter: query.subject.filter.filter { !ownTags.contains($0.key) })
  }
}
