// One turn of the commander: what is true now, given the ledger so far and the series. It decides; its caller does.

import Incidents
import LLMMetrics
import LLMTelemetry
import Monitors

/// Pure: no clock, no I/O but the reader it is handed. Applying what it returns and asking again at the same time returns nothing,
/// and a batch that was cut short is completed by the next turn, since every step looks at the state and not at what just happened.
package struct CommandCycle: Sendable {
  package let monitors: [MonitorDefinition]
  package let playbooks: [Playbook]
  package let settings: CommandSettings

  private let monitorsByName: [String: MonitorDefinition]
  private let playbooksByName: [String: Playbook]

  package init(monitors: [MonitorDefinition], playbooks: [Playbook], settings: CommandSettings = CommandSettings()) {
    self.monitors = monitors
    self.playbooks = playbooks
    self.settings = settings
    monitorsByName = Dictionary(monitors.map { ($0.name, $0) }) { first, _ in first }
    playbooksByName = Dictionary(playbooks.map { ($0.name, $0) }) { first, _ in first }
  }

  /// Every monitor asked over closed rollups, those that ended by `now`.
  package func evaluate(
    state: CommandState, now: Timestamp, findings: [DetectionFinding] = [], read: @escaping SeriesReader
  ) throws -> [Evaluation] {
    try evaluate(state: state, now: now, context: context(of: state, SeriesSource(read), findings: findings))
  }

  /// The same, for a caller that keeps the memory of a context from one turn to the next.
  /// - Parameter measure: runs the evaluation of one monitor, so that the caller may time it; time is not asked for here.
  package func evaluate(
    state: CommandState, now: Timestamp, context: EvaluationContext,
    measure: (_ monitor: String, _ evaluate: () throws -> [Evaluation]) throws -> [Evaluation] = { try $1() }
  ) throws -> [Evaluation] {
    let at = now.floored(to: Rollup.width)
    let known = state.alerts.groups
    return try monitors.flatMap { monitor in
      try measure(monitor.name) { try monitor.evaluate(at: at, known: known[monitor.name] ?? [], context: context) }
    }
  }

  /// What the monitors may ask for in a turn that begins with `state`.
  package func context(
    of state: CommandState, _ series: SeriesSource, findings: [DetectionFinding] = [], memory: EvaluationMemory? = nil
  ) -> EvaluationContext {
    var context = EvaluationContext(
      objectives: settings.objectives, alerts: state.alerts, changes: state.changes, findings: findings, memory: memory,
      series: series)
    context.watchingSince = settings.watchingSince
    return context
  }

  package func decide(
    state: CommandState, now: Timestamp, findings: [DetectionFinding] = [], read: @escaping SeriesReader
  ) throws -> [LedgerEntry] {
    let evaluations = try evaluate(state: state, now: now, findings: findings, read: read)
    return try decide(state: state, evaluations: evaluations, now: now, findings: findings, read: read)
  }

  /// The same with evaluations already at hand, for a caller that also shows them.
  package func decide(
    state: CommandState, evaluations: [Evaluation], now: Timestamp, findings: [DetectionFinding] = [],
    memory: EvaluationMemory? = nil, read: @escaping SeriesReader
  ) throws -> [LedgerEntry] {
    var turn = Turn(cycle: self, state: state, now: now, findings: findings, memory: memory, read: read)
    try turn.stepAlerts(evaluations)
    try turn.assignAlerts()
    try turn.lookForCauses()
    try turn.reviseCauses()
    turn.mergeAlike()
    try turn.judgeRemediations()
    turn.closeIncidents()
    try turn.proposeRemediations()
    try turn.applyRemediations()
    try turn.countImpact()
    return turn.entries
  }

  package func monitor(_ name: String) -> MonitorDefinition? { monitorsByName[name] }

  func isDetection(_ name: String) -> Bool {
    if case .detection? = monitorsByName[name]?.kind { true } else { false }
  }

  /// Whether a monitor watches this product and not the applications: what both have in common is no cause.
  func isAboutItself(_ name: String) -> Bool {
    monitorsByName[name]?.query.subject.metric.name.hasPrefix("llm.commander.") ?? false
  }
  package func playbook(_ name: String) -> Playbook? { playbooksByName[name] }
}

/// A turn in progress: the state as it will be once the entries so far are in the ledger.
struct Turn {
  static let actor = "commander"

  let cycle: CommandCycle
  private(set) var state: CommandState
  let now: Timestamp
  let findings: [DetectionFinding]
  let read: SeriesReader
  private let memory: EvaluationMemory?
  private(set) var entries: [LedgerEntry] = []

  init(
    cycle: CommandCycle, state: CommandState, now: Timestamp, findings: [DetectionFinding], memory: EvaluationMemory? = nil,
    read: @escaping SeriesReader
  ) {
    self.findings = findings
    self.memory = memory
    self.cycle = cycle
    self.state = state
    self.now = now
    self.read = read
  }

  mutating func emit(_ entry: LedgerEntry) {
    state.apply(entry)
    entries.append(entry)
  }

  mutating func emit(_ incident: String, _ event: IncidentEvent) {
    emit(.incident(IncidentRecord(at: now, incident: incident, actor: Self.actor, event: event)))
  }

  mutating func emit(_ remediation: Remediation, _ event: RemediationEvent, actor: String = Turn.actor) {
    emit(
      .remediation(
        RemediationRecord(at: now, remediation: remediation.id, incident: remediation.incident, actor: actor, event: event)))
  }

  mutating func stepAlerts(_ evaluations: [Evaluation]) throws {
    let at = now.floored(to: Rollup.width)
    let relieved = Set(
      state.incidents.open.filter { incident in state.remediations.of(incident: incident.id).contains { $0.state == .verified } }
        .flatMap(\.alerts))
    let byMonitor = Dictionary(grouping: evaluations) { $0.key.monitor }
    for monitor in cycle.monitors {
      let transitions = try monitor.transitions(
        at: at, evaluations: byMonitor[monitor.name] ?? [], relieved: relieved,
        context: cycle.context(of: state, SeriesSource(read), findings: findings, memory: memory))
      for transition in transitions { emit(.alert(transition)) }
    }
    // An alert whose monitor is gone would keep its incident open for ever.
    for (key, status) in state.alerts.statuses.sorted(by: { $0.key.description < $1.key.description })
    where cycle.monitor(key.monitor) == nil {
      emit(
        .alert(
          AlertTransition(
            key: key, from: status.state, to: status.state == .alert || status.state == .noData ? .recovered : .ok, at: at,
            value: nil,
            threshold: 0, reason: "monitor \(key.monitor) is no longer configured")))
    }
  }

  /// Every firing alert belongs to an incident that was open when it fired.
  mutating func assignAlerts() throws {
    let firing = state.alerts.statuses.filter { key, status in
      status.isFiring && !status.isMuted && cycle.monitor(key.monitor)?.isShadow == false
    }
    // Of alerts that fire at once the worst names the incident, and of equals the one that is defined first.
    let places = Dictionary(cycle.monitors.enumerated().map { ($1.name, $0) }) { first, _ in first }
    func order(_ alert: (key: AlertKey, value: AlertStatus)) -> (Timestamp, Int, Int, String) {
      let rank = cycle.monitor(alert.key.monitor)?.severity.rank ?? 9
      return (alert.value.since, rank, places[alert.key.monitor] ?? .max, alert.key.description)
    }
    let ordered = firing.sorted { order($0) < order($1) }
    for (key, status) in ordered {
      guard let definition = cycle.monitor(key.monitor) else { continue }
      if let incident = state.incidents.open.first(where: { $0.alerts.contains(key) }) {
        if incident.state == .mitigated, let mitigatedAt = incident.mitigatedAt, status.since > mitigatedAt {
          emit(incident.id, .relapsed(.init(alert: key, reason: status.reason)))
        }
        continue
      }
      // A person closed its incident while it was still firing: that decision stands until it fires anew.
      let wasClosed = state.incidents.incidents.contains { incident in
        guard incident.alerts.contains(key), let resolvedAt = incident.resolvedAt else { return false }
        // Alert times are those of rollups. In doubt within one of them, a second incident is better than silence.
        return incident.openedAt >= status.since || resolvedAt.floored(to: Rollup.width) > status.since
      }
      if wasClosed || isOwnDoing(key, definition) { continue }
      try assign(key, status, definition)
    }
  }

  private mutating func assign(_ key: AlertKey, _ status: AlertStatus, _ definition: MonitorDefinition) throws {
    let attribution = try attribution(of: key, status, definition)
    let severity = definition.severity.worse(definition.finding(for: key.group, in: findings)?.severity ?? definition.severity)
    if let home = IncidentGrouping.home(
      for: key, attribution: attribution, at: now, in: state.incidents,
      isRelated: { cycle.isAboutItself($0.monitor) == cycle.isAboutItself(key.monitor) },
      isDetected: { cycle.isDetection($0.monitor) })
    {
      emit(
        home.incident.id,
        .alertJoined(.init(alert: key, severity: severity, reason: "\(status.reason) (\(home.reason))")))
      if home.incident.cause == nil, attribution.cause != nil {
        let title = title(definition, key, attribution)
        emit(home.incident.id, .causeAttributed(.init(attribution: attribution, title: title)))
      }
      return
    }
    if let recent = reopenable(key, attribution: attribution) {
      emit(recent.id, .reopened(.init("\(status.reason)")))
      if !recent.alerts.contains(key) {
        emit(recent.id, .alertJoined(.init(alert: key, severity: definition.severity, reason: status.reason)))
      }
      return
    }
    let number = state.incidents.nextNumber
    let title = title(definition, key, attribution)
    emit(
      "INC-\(number)",
      .opened(
        .init(
          number: number, title: title, severity: severity, onset: attribution.startedAt ?? status.onset, alert: key,
          reason: status.reason,
          sameAs: IncidentGrouping.predecessor(of: key, attribution: attribution, in: state.incidents)?.id)))
    emit("INC-\(number)", .causeAttributed(.init(attribution: attribution)))
  }

  /// The same failure that was over only a moment ago is not a new one.
  private func reopenable(_ key: AlertKey, attribution: Attribution) -> Incident? {
    guard let before = IncidentGrouping.predecessor(of: key, attribution: attribution, in: state.incidents),
      before.mergedInto == nil, let resolvedAt = before.resolvedAt, now - resolvedAt <= cycle.settings.reopenWithin,
      cycle.settings.reopenWithin > .zero,
      // What came back meanwhile may have an incident of its own: no alert belongs to two.
      !state.incidents.open.contains(where: { open in before.alerts.contains(where: open.alerts.contains) })
    else { return nil }
    return before
  }
}

extension AlertStatus {
  /// Bad enough for an incident: past `for`, or silent where silence alerts.
  package var isFiring: Bool { state == .alert || state == .noData }
}
