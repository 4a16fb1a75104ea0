// Compiles monitor definitions into Datadog's monitors; whatever Datadog says otherwise becomes a note.

import LLMMetrics
import LLMTelemetry
import Monitors

package struct MonitorCompiler: Sendable {
  package let settings: CompileSettings
  /// By name, for burn rates and composites.
  let objectives: [String: SLODefinition]
  let monitors: [String: MonitorDefinition]

  /// - Parameter pack: what burn rates and composites refer to.
  package init(settings: CompileSettings, pack: MonitorPack = MonitorPack(monitors: [])) {
    self.settings = settings
    objectives = Dictionary(pack.objectives.map { ($0.name, $0) }) { first, _ in first }
    monitors = Dictionary(pack.allMonitors.map { ($0.definition.name, $0.definition) }) { first, _ in first }
  }

  /// One object, or with a traffic gate three: a signal, a gate that monitors share, and the composite of both, which speaks.
  package func compile(_ packed: PackedMonitor) -> Compilation {
    let monitor = packed.definition
    let id = DatadogObjectID(.monitor, monitor.name)
    var result = Compilation()
    if let refusal = refusal(of: monitor, id) {
      result.add(refusal)
      return result
    }
    for note in notes(on: packed, id) { result.add(note) }
    if isGated(monitor) {
      let signal = "\(monitor.name)-signal"
      let gate = gate(of: monitor)
      result.add(
        CompiledObject(
          DatadogObjectID(.monitor, signal), object(packed, name: signal, title: "\(monitor.title): signal", role: .signal)))
      result.add(CompiledObject(DatadogObjectID(.monitor, gate.name), gate.json))
      result.add(
        CompiledObject(id, composite(packed, query: "\(Self.reference(signal)) && \(Self.reference(gate.name))")))
    } else if case .composite(let expression) = monitor.kind {
      result.add(CompiledObject(id, composite(packed, query: compositeQuery(expression))))
    } else {
      result.add(CompiledObject(id, object(packed, name: monitor.name, title: monitor.title, role: .whole)))
    }
    for downtime in DowntimeText.downtimes(of: monitor) { result.add(downtime) }
    return result
  }

  /// How one monitor's query names another: by our name, which applying replaces with Datadog's number.
  static func reference(_ name: String) -> String {
    "$" + String(name.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") ? $0 : "-" })
  }

  /// Whether its traffic gate becomes a composite. Kinds that count no requests have no gate in Datadog.
  func isGated(_ monitor: MonitorDefinition) -> Bool {
    guard monitor.trafficGate > 0, settings.trafficGate == .composite else { return false }
    switch monitor.kind {
    case .threshold, .change, .anomaly, .outlier, .forecast: return true
    case .burnRate, .composite, .absence, .events, .detection: return false
    }
  }

  // MARK: Objects

  private enum Role { case whole, signal }

  func noDataMinutes(_ monitor: MonitorDefinition) -> Int64 { 2 * MetricQueryText.minutes(monitor.window) }

  private func object(_ packed: PackedMonitor, name: String, title: String, role: Role) -> JSONValue {
    let monitor = packed.definition
    let isSilent = role == .signal
    let alertsWithoutData = (monitor.noData == .alert || monitor.kind == .absence) && !isSilent && !isSearch(monitor)
    let query = kindQuery(monitor)
    var thresholds: [String: JSONValue] = ["critical": .number(query.critical)]
    if let recovery = query.recovery { thresholds["critical_recovery"] = .number(recovery) }
    var options = Self.options(thresholds)
    options["notify_no_data"] = .bool(alertsWithoutData)
    if alertsWithoutData { options["no_data_timeframe"] = .number(Double(query.noDataMinutes)) }
    if monitor.noData == .ok, monitor.kind == .threshold, !fillsWithZero(monitor) { options["timeout_h"] = .number(1) }
    if let windows = query.windows {
      options["threshold_windows"] = .object(["trigger_window": .string(windows), "recovery_window": .string(windows)])
    }
    if query.type != "query alert" { options["require_full_window"] = nil }
    if monitor.evaluationDelay > .zero, query.type == "query alert" {
      options["evaluation_delay"] = .number(Double(seconds(monitor.evaluationDelay)))
    }
    if !isSilent { add(renotification: monitor, withoutData: alertsWithoutData, to: &options) }
    return shadowed(
      monitor,
      [
        "name": .string(title), "type": .string(query.type), "query": .string(query.text),
        "message": .string(
          isSilent ? silentText("the signal", monitor.name) : message(packed, hasValue: query.hasValue, alertsWithoutData)),
        "tags": .array(
          settings.tags(
            name: name, severity: monitor.severity, owner: packed.owner,
            others: packed.tags + (isSilent ? ["commander_part:signal"] : []))),
        "priority": .number(Double(monitor.severity.rank)), "options": .object(options),
      ])
  }

  private func isSearch(_ monitor: MonitorDefinition) -> Bool {
    switch monitor.kind {
    case .events, .burnRate: true
    default: false
    }
  }

  /// The tags that the alert's message names.
  private func groups(of monitor: MonitorDefinition) -> [String] {
    if case .detection = monitor.kind { return Self.detectionGroups }
    return isSearch(monitor) ? [] : monitor.groupBy
  }

  func seconds(_ length: Duration) -> Int64 { (length.wholeNanoseconds + 999_999_999) / 1_000_000_000 }

  private func composite(_ packed: PackedMonitor, query: String) -> JSONValue {
    let monitor = packed.definition
    var options: [String: JSONValue] = [
      "include_tags": .bool(true), "notify_audit": .bool(false), "notify_no_data": .bool(false),
    ]
    add(renotification: monitor, withoutData: false, to: &options)
    return shadowed(
      monitor,
      [
        "name": .string(monitor.title), "type": .string("composite"), "query": .string(query),
        "message": .string(message(packed, hasValue: false, false)),
        "tags": .array(
          settings.tags(name: monitor.name, severity: monitor.severity, owner: packed.owner, others: packed.tags)),
        "priority": .number(Double(monitor.severity.rank)), "options": .object(options),
      ])
  }

  /// A monitor on trial is a draft in Datadog: it is evaluated, and notifies nobody.
  private func shadowed(_ monitor: MonitorDefinition, _ members: [String: JSONValue]) -> JSONValue {
    .object(monitor.isShadow ? members.merging(["draft_status": .string("draft")]) { $1 } : members)
  }

  /// What the traffic gate of the definition counts, as a monitor of its own that is in alert while there is enough of it.
  func gate(of monitor: MonitorDefinition) -> (name: String, json: JSONValue) {
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

  /// The definition's own reminder, or that of its severity.
  private func add(renotification monitor: MonitorDefinition, withoutData: Bool, to options: inout [String: JSONValue]) {
    let own = monitor.renotify.map { Int(MetricQueryText.minutes($0)) }
    guard let minutes = own ?? settings.renotify[monitor.severity], minutes > 0 else { return }
    options["renotify_interval"] = .number(Double(minutes))
    options["renotify_statuses"] = .strings(withoutData ? ["alert", "no data"] : ["alert"])
  }

  private func silentText(_ part: String, _ name: String) -> String {
    "Tells nobody: it is \(part) of the composite \(name), which speaks when there is enough traffic."
  }

  private func message(_ packed: PackedMonitor, hasValue: Bool, _ alertsWithoutData: Bool) -> String {
    let monitor = packed.definition
    let own = packed.notify.filter { $0.hasPrefix("@") }
    let others = settings.handles(for: monitor.severity).filter { !own.contains($0) }
    return MonitorMessage(
      title: monitor.title, condition: condition(of: monitor), meaning: packed.meaning, steps: packed.steps,
      groups: groups(of: monitor), playbooks: monitor.playbooks,
      runbook: packed.runbook ?? settings.runbooks.map { "\($0)\(monitor.name)" }, hasValue: hasValue,
      speaksOfMissingData: alertsWithoutData, handles: others + own
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
