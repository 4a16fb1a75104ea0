// Reads `monitors` and `overrides`: what is watched, when it speaks, and what a person is told.

import LLMMetrics
import LLMTelemetry
import Monitors
import StrictYAML

/// A monitor with its place in the file, for what can only be said once all of them are read.
struct MonitorEntry {
  var packed: PackedMonitor
  let mapping: YAMLMapping
  var hasQuery: Bool
}

extension PackReader {
  func readMonitors(_ value: YAMLValue?, known: MonitorPack) -> [MonitorEntry] {
    var entries = (value?.list() ?? []).compactMap { readMonitor($0, known: known) }
    checkUnique(entries.map { ($0.packed.definition.name, $0.mapping.value) }, "monitor")
    // Queries of composites are those of their first parts, which may stand further down and be implied themselves.
    for _ in 0..<2 {
      let all = known.overlaid(by: MonitorPack(monitors: entries.map(\.packed)))
      for index in entries.indices where !entries[index].hasQuery {
        if let query = entries[index].packed.definition.impliedQuery(in: all) { entries[index].packed.definition.query = query }
      }
    }
    for entry in entries { report(entry.packed.definition, entry.mapping) }
    return entries
  }

  /// Definitions that are changed in some of their keys, in their place.
  func readOverrides(_ value: YAMLValue?, in pack: inout MonitorPack) {
    var names: [(String, YAMLValue)] = []
    for item in value?.list() ?? [] {
      guard let mapping = item.mapping(MappingShape.override.keys),
        let name = mapping.required("name", "the monitor that is changed")?.string()
      else { continue }
      names.append((name, item))
      guard let index = pack.monitors.firstIndex(where: { $0.definition.name == name }) else {
        let hint = NearestName.hint(for: name, in: pack.monitors.map(\.definition.name))
        mapping["name"]?.problem("there is no monitor \"\(name)\" to override in `packs` or `monitors`\(hint)")
        continue
      }
      if mapping["remove"]?.boolean() == true {
        pack.monitors.remove(at: index)
      } else if let entry = readMonitor(item, over: pack.monitors[index], known: pack) {
        report(entry.packed.definition, mapping)
        pack.monitors[index] = entry.packed
      }
    }
    checkUnique(names, "override of")
  }

  private func report(_ monitor: MonitorDefinition, _ mapping: YAMLMapping) {
    for diagnostic in monitor.lint() where diagnostic.weight == .error {
      let field = diagnostic.field == "critical" ? mapping["above"] ?? mapping["below"] : mapping[diagnostic.field]
      (field ?? mapping.value).problem(diagnostic.message)
    }
  }

  /// - Parameter base: what it changes; `nil` for one that stands by itself.
  func readMonitor(_ item: YAMLValue, over base: PackedMonitor? = nil, known: MonitorPack) -> MonitorEntry? {
    let shape = base == nil ? MappingShape.monitor : MappingShape.override
    guard let mapping = item.mapping(shape.keys) else { return nil }
    func needed(_ key: String, _ remedy: String) -> YAMLValue? { base == nil ? mapping.required(key, remedy) : mapping[key] }
    let name = needed("name", "a word that alerts and pages show")?.string() ?? base?.definition.name
    let title = needed("title", "what a person reads, for example \"Answers became slow\"")?.string() ?? base?.definition.title
    let severity = needed("severity", "SEV-1 to SEV-4")?.choice(Severity.self) ?? base?.definition.severity
    let (kind, needs) = base.map { ($0.definition.kind, MonitorNeeds.nothing) } ?? readKind(mapping)
    let window =
      (needs.window ? needed("window", "how much of the past one evaluation reads, for example 5m") : mapping["window"])?
      .duration()
      ?? base?.definition.window ?? (needs.window ? nil : .minutes(1))
    // A query that cannot be read must not hide what is wrong beside it: the rest is checked with a plain one in its place.
    let query =
      (needs.query ? needed("query", "for example sum(llm.errors) / sum(llm.requests)") : mapping["query"]).map {
        readQuery($0) ?? Self.placeholder
      } ?? base?.definition.query
    let threshold = readThreshold(mapping, base: base?.definition.threshold, isNeeded: needs.threshold)
    let details = readDetails(mapping, over: base)
    guard let name, let title, let severity, let window, let threshold else { return nil }
    var monitor =
      base?.definition
      ?? MonitorDefinition(
        name: name, title: title, severity: severity, query: Self.placeholder, kind: kind, window: window, threshold: threshold)
    monitor.title = title
    monitor.severity = severity
    monitor.query = query ?? Self.placeholder
    monitor.window = window
    monitor.threshold = threshold
    if case .burnRate(let rate) = kind, rate.shortWindow == .zero {
      monitor.kind = .burnRate(.init(objective: rate.objective, shortWindow: Self.twelfth(of: window)))
    }
    readBehaviour(mapping, into: &monitor)
    var entry = MonitorEntry(packed: details, mapping: mapping, hasQuery: query != nil)
    entry.packed.definition = monitor
    return entry
  }

  static let placeholder = MonitorQuery(.value(.init(.sum, MetricCatalogue.requests)))

  /// Rounded down to whole rollups, one at least.
  private static func twelfth(of window: Duration) -> Duration {
    let width = Rollup.width.wholeNanoseconds
    return .nanoseconds(max(1, window.wholeNanoseconds / 12 / width) * width)
  }

  private func readBehaviour(_ mapping: YAMLMapping, into monitor: inout MonitorDefinition) {
    if let hold = mapping["for"]?.duration() { monitor.holdFor = hold }
    if let gate = mapping["traffic_gate"]?.integer(0...1_000_000_000) { monitor.trafficGate = Int64(gate) }
    if let policy = mapping["no_data"]?.choice(NoDataPolicy.self) { monitor.noData = policy }
    if let tags = mapping["group_by"]?.strings() { monitor.groupBy = tags }
    if let delay = mapping["evaluation_delay"]?.duration() { monitor.evaluationDelay = delay }
    if let interval = mapping["renotify"]?.duration() {
      if interval < .minutes(1) { mapping["renotify"]?.problem("`renotify` must be at least 1m; leave it out for no reminders") }
      monitor.renotify = interval
    }
    if let mutes = mapping["mutes"] { monitor.mutes = (mutes.list() ?? []).compactMap(readMute) }
    if let isShadow = mapping["shadow"]?.boolean() { monitor.isShadow = isShadow }
    if let names = mapping["playbooks"]?.list() {
      for value in names {
        guard let playbooks, let playbook = value.string(), !playbooks.contains(playbook) else { continue }
        let known = playbooks.isEmpty ? "none is defined" : "known: \(playbooks.sorted().joined(separator: ", "))"
        value.problem(
          "there is no playbook \"\(playbook)\" under `playbooks`\(NearestName.hint(for: playbook, in: playbooks.sorted())); \(known)"
        )
      }
      monitor.playbooks = names.compactMap { playbooks == nil ? $0.string() : $0.scalarText }
    }
  }

  /// What a person is told beside the condition.
  private func readDetails(_ mapping: YAMLMapping, over base: PackedMonitor?) -> PackedMonitor {
    var details =
      base
      ?? PackedMonitor(
        MonitorDefinition(
          name: "", title: "", severity: .sev4, query: Self.placeholder, window: .minutes(1),
          threshold: Threshold(.above, critical: 0)),
        meaning: "", steps: [])
    if let meaning = mapping["meaning"]?.string() { details.meaning = meaning }
    if let steps = mapping["steps"]?.strings() { details.steps = steps }
    if let owner = mapping["owner"]?.string() { details.owner = owner }
    if let runbook = readAddress(mapping["runbook"]) { details.runbook = runbook }
    if let notify = mapping["notify"]?.strings() { details.notify = notify }
    if mapping["tags"] != nil { details.tags = readTags(mapping["tags"]) }
    return details
  }

  private func readThreshold(_ mapping: YAMLMapping, base: Threshold?, isNeeded: Bool) -> Threshold? {
    let recovery = mapping["recovery"]?.number()
    let comparison: Threshold.Comparison
    let critical: Double?
    switch (mapping["above"], mapping["below"]) {
    case (let value?, nil): (comparison, critical) = (.above, value.number())
    case (nil, let value?): (comparison, critical) = (.below, value.number())
    case (nil, nil) where base != nil || !isNeeded:
      var threshold = base ?? Threshold(.above, critical: 0.5)
      if let recovery { threshold.recovery = recovery }
      return threshold
    default:
      mapping.value.problem("a monitor needs exactly one of `above` and `below`: the value beyond which it alerts")
      return nil
    }
    guard let critical else { return nil }
    // A threshold that is moved keeps its recovery as long as that lies on the healthy side.
    let kept = base.flatMap { base in
      base.comparison == comparison && (comparison == .above ? base.recovery <= critical : base.recovery >= critical)
        ? base.recovery : nil
    }
    return Threshold(comparison, critical: critical, recovery: recovery ?? kept)
  }

  private func readMute(_ item: YAMLValue) -> MuteWindow? {
    guard let mapping = item.mapping(MappingShape.mute.keys) else { return nil }
    func time(_ key: String) -> Timestamp? {
      guard let value = mapping.required(key, "a time such as 2026-11-24T10:00:00Z") else { return nil }
      guard let time = value.scalarText.flatMap(Timestamp.init(rfc3339:)) else {
        value.problem("`\(value.path)` must be a time such as 2026-11-24T10:00:00Z")
        return nil
      }
      return time
    }
    let scope = mapping["scope"]?.namedMembers()?.compactMap { name, value in value.string().map { (name, $0) } } ?? []
    guard let from = time("from"), let to = time("to") else { return nil }
    guard from < to else {
      item.problem("a mute ends after it begins; `to` is \(to.rfc3339)")
      return nil
    }
    return MuteWindow(
      from..<to, scope: Dictionary(scope) { first, _ in first }, reason: mapping["reason"]?.string() ?? "")
  }
}

extension Duration {
  static func minutes(_ count: Int64) -> Duration { .seconds(60 * count) }
}
