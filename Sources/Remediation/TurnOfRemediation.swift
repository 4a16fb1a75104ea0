// The second half of a turn: propose, apply, verify, revert, and close what is over.

import Incidents
import LLMMetrics
import LLMTelemetry
import Monitors

extension Turn {
  /// Applied ends verified or reverted; what is in force ends with its time.
  mutating func judgeRemediations() throws {
    for remediation in state.remediations.remediations where remediation.isInForce {
      if remediation.state == .applied {
        try judge(remediation)
      } else if let override = remediation.override, now >= override.expiresAt {
        emit(remediation, .expired(.init(reason: "its time was over", generation: state.overrides.generation + 1)))
      }
    }
    // Also after a batch that was cut short: what was reverted needs a person.
    for remediation in state.remediations.remediations where remediation.state == .reverted {
      let reason = "\(remediation.plan.sentence) did not help: \(remediation.reason)"
      emit(remediation, .escalated(.init(reason)))
      if state.incidents[remediation.incident]?.isOpen == true { emit(remediation.incident, .escalated(.init(reason))) }
    }
  }

  private mutating func judge(_ remediation: Remediation) throws {
    let incident = state.incidents[remediation.incident]
    let verdict = try Verifier.judge(
      remediation, definition: cycle.monitor(remediation.plan.alert.monitor)?.showing(remediation.plan.signal),
      onset: incident?.onsetAt ?? now, now: now,
      read: read)
    let since = remediation.stepSince ?? remediation.appliedAt
    let isLate = since.map { now - $0 >= .seconds(remediation.plan.giveUpAfterSeconds) } ?? true
    let generation = state.overrides.generation + 1
    switch verdict {
    case .helps(let reason):
      guard !remediation.isLastStep else { return emit(remediation, .verified(.init(reason))) }
      emit(
        remediation,
        .advanced(.init(sharePerMille: remediation.plan.steps[remediation.step + 1], reason: reason, generation: generation)))
    case .hurts(let reason):
      emit(remediation, .reverted(.init(reason: "it made things worse: \(reason)", generation: generation)))
    case .unneeded(let reason):
      emit(remediation, .expired(.init(reason: "it is not what helps: \(reason)", generation: generation)))
    case .noEffect(let reason), .unknown(let reason):
      guard isLate else { return }
      emit(remediation, .reverted(.init(reason: reason, generation: generation)))
    case .wait: break
    }
  }

  mutating func closeIncidents() {
    for incident in state.incidents.open {
      let statuses = incident.alerts.compactMap { state.alerts[$0] }
      let remediations = state.remediations.of(incident: incident.id)
      if incident.state != .mitigated {
        if let verified = remediations.last(where: { $0.state == .verified && ($0.verifiedAt ?? now) >= incident.openedAt }),
          // A relapse after the verification is not mitigated by it.
          !statuses.contains(where: { $0.isFiring && $0.since > verified.verifiedAt ?? now })
        {
          emit(incident.id, .mitigated(.init("\(verified.id) verified: \(verified.reason)")))
        } else if !incident.alerts.isEmpty, !statuses.contains(where: \.isFiring) {
          emit(incident.id, .mitigated(.init(incident.alerts.count == 1 ? "its alert recovered" : "all its alerts recovered")))
        }
      } else if let mitigatedAt = incident.mitigatedAt, statuses.isEmpty, !incident.alerts.isEmpty,
        now - mitigatedAt >= cycle.settings.quietPeriod(relapses: incident.relapses),
        !remediations.contains(where: { $0.state == .applied || $0.state == .approved })
      {
        emit(
          incident.id,
          .resolved(.init("all alerts ok for \(Figure.duration(cycle.settings.quietPeriod(relapses: incident.relapses)))")))
      }
    }
    for remediation in state.remediations.remediations where remediation.state == .proposed {
      guard state.incidents[remediation.incident]?.isOpen != true else { continue }
      emit(remediation, .expired(.init(reason: "\(remediation.incident) is over", generation: state.overrides.generation)))
    }
  }

  /// The playbook that fits best, of the first alert that leads to a plan; another one only when nothing is under way.
  mutating func proposeRemediations() throws {
    for incident in state.incidents.open where incident.state != .mitigated {
      let isUnderWay = state.remediations.of(incident: incident.id).contains {
        [.proposed, .approved, .applied].contains($0.state)
      }
      guard !isUnderWay else { continue }
      search: for alert in incident.alerts where state.alerts[alert]?.isFiring == true {
        guard let definition = cycle.monitor(alert.monitor) else { continue }
        let signal = definition.signal(of: definition.finding(for: alert.group, in: findings))
        let planner = Planner(settings: cycle.settings, state: state, now: now, signal: signal, read: read)
        let plans = try planner.plans(
          for: incident, alert: alert, definition: definition, playbooks: definition.playbooks.compactMap(cycle.playbook))
        for plan in plans {
          emit(
            .remediation(
              RemediationRecord(
                at: now, remediation: plan.id, incident: incident.id, actor: Self.actor, event: .proposed(.init(plan: plan)))))
        }
        if !plans.isEmpty { break search }
      }
    }
  }

  mutating func applyRemediations() throws {
    for remediation in state.remediations.remediations where remediation.state == .proposed && remediation.plan.mode == .auto {
      guard remediation.plan.action != nil, try !waits(remediation) else { continue }
      emit(remediation, .approved, actor: "auto")
    }
    for remediation in state.remediations.remediations where remediation.state == .approved {
      guard state.incidents[remediation.incident]?.isOpen == true, let action = remediation.plan.action else {
        emit(remediation, .expired(.init(reason: "\(remediation.incident) is over", generation: state.overrides.generation)))
        continue
      }
      guard try !waits(remediation) else { continue }
      let override = RoutingOverride(
        id: remediation.plan.overrideID, action: action, incident: remediation.incident, appliedAt: now,
        expiresAt: now + .seconds(remediation.plan.timeToLiveSeconds), sharePerMille: remediation.plan.steps[0])
      emit(remediation, .applied(.init(override: override, generation: state.overrides.generation + 1)))
    }
    tellPeople()
  }

  /// Whether something stands in its way, which is written down once.
  private mutating func waits(_ remediation: Remediation) throws -> Bool {
    guard let queueing = try blocker(of: remediation) else { return false }
    if remediation.waitsFor != queueing.behind { emit(remediation, .queued(queueing)) }
    return true
  }

  /// A plan without an action is a task for someone, and needs no approval.
  private mutating func tellPeople() {
    for remediation in state.remediations.remediations where remediation.state == .proposed && remediation.plan.action == nil {
      emit(remediation, .escalated(.init("a person has to take over")))
    }
    // Also after a batch that was cut short.
    for remediation in state.remediations.remediations where remediation.state == .escalated && remediation.plan.action == nil {
      guard let incident = state.incidents[remediation.incident], incident.isOpen,
        !incident.tasks.contains(where: { $0.id == remediation.id })
      else { continue }
      let why = incident.cause.map { "Look into \($0.title)" } ?? "Look into it: no cause is named"
      emit(incident.id, .taskAdded(IncidentTask(id: remediation.id, text: why, runbook: remediation.plan.runbook)))
    }
  }

  /// Counts impact at the opening, every interval, at mitigation and at the end; freezes the charts at the opening and at the end.
  mutating func countImpact() throws {
    for incident in state.incidents.incidents {
      let isDue =
        incident.isOpen
        ? incident.impactAt.map { now - $0 >= cycle.settings.impactInterval } ?? true
        : incident.impactAt.map { $0 < incident.resolvedAt ?? $0 } ?? true
      guard isDue else { continue }
      let impact = try ImpactMeasure.impact(of: incident, now: now.floored(to: Rollup.width), read: read)
      if impact != incident.impact || incident.impactAt == nil || !incident.isOpen { emit(incident.id, .impactUpdated(impact)) }
      raiseSeverity(of: incident, by: impact)
      guard incident.charts.isEmpty || !incident.isOpen else { continue }
      let definition = incident.alerts.first.flatMap { cycle.monitor($0.monitor)?.showing(incident.signal) }
      let charts = try ImpactMeasure.charts(
        of: incident, definition: definition, objectives: cycle.settings.objectives, now: now.floored(to: Rollup.width),
        read: read)
      if charts != incident.charts { emit(incident.id, .chartsFrozen(.init(charts: charts))) }
    }
  }

  /// Severity follows impact upwards only: down is for a person to say.
  private mutating func raiseSeverity(of incident: Incident, by impact: Impact) {
    let failed = impact.errors + impact.ungroundedAnswers
    guard incident.isOpen, failed >= SeverityRule.leastFailures, impact.totalRequests > 0 else { return }
    let share = Double(failed) / Double(impact.totalRequests)
    guard let rule = cycle.settings.severityRules.first(where: { share >= $0.failedShare }),
      rule.severity.rank < incident.severity.rank
    else { return }
    let reason =
      "\(Figure.count(failed)) failed or ungrounded answers are \(Figure.percent(share)) of all requests since the onset"
    emit(incident.id, .severityChanged(.init(severity: rule.severity, reason: reason)))
  }
}
