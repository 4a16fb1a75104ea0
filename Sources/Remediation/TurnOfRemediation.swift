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
      let reason = "\(remediation.plan.action.sentence) did not help: \(remediation.reason)"
      emit(remediation, .escalated(.init(reason)))
      if state.incidents[remediation.incident]?.isOpen == true { emit(remediation.incident, .escalated(.init(reason))) }
    }
  }

  private mutating func judge(_ remediation: Remediation) throws {
    let verdict = try Verification.judge(
      remediation, definition: cycle.monitor(remediation.plan.alert.monitor), now: now, read: read)
    let isLate = remediation.appliedAt.map { now - $0 >= .seconds(remediation.plan.giveUpAfterSeconds) } ?? true
    switch verdict {
    case .recovered(let reason): emit(remediation, .verified(.init(reason)))
    case .notRecovered(let reason), .unknown(let reason):
      guard isLate else { return }
      emit(remediation, .reverted(.init(reason: reason, generation: state.overrides.generation + 1)))
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
        } else if !statuses.contains(where: \.isFiring) {
          emit(incident.id, .mitigated(.init(incident.alerts.count == 1 ? "its alert recovered" : "all its alerts recovered")))
        }
      } else if let mitigatedAt = incident.mitigatedAt, statuses.isEmpty, now - mitigatedAt >= cycle.settings.quietPeriod,
        !remediations.contains(where: { $0.state == .applied || $0.state == .approved })
      {
        emit(incident.id, .resolved(.init("all alerts ok for \(Figure.duration(cycle.settings.quietPeriod))")))
      }
    }
    for remediation in state.remediations.remediations where remediation.state == .proposed {
      guard state.incidents[remediation.incident]?.isOpen != true else { continue }
      emit(remediation, .expired(.init(reason: "\(remediation.incident) is over", generation: state.overrides.generation)))
    }
  }

  /// The first playbook of the first alert that leads to a plan; another one only when nothing is under way.
  mutating func proposeRemediations() throws {
    for incident in state.incidents.open where incident.state != .mitigated {
      let isUnderWay = state.remediations.of(incident: incident.id).contains {
        [.proposed, .approved, .applied].contains($0.state)
      }
      guard !isUnderWay else { continue }
      search: for alert in incident.alerts where state.alerts[alert]?.isFiring == true {
        guard let definition = cycle.monitor(alert.monitor) else { continue }
        for playbook in definition.playbooks.compactMap(cycle.playbook) {
          let planner = Planner(settings: cycle.settings, state: state, now: now, read: read)
          let plans = try planner.plans(for: incident, alert: alert, definition: definition, playbook: playbook)
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
  }

  mutating func applyRemediations() {
    for remediation in state.remediations.remediations where remediation.state == .proposed && remediation.plan.mode == .auto {
      emit(remediation, .approved, actor: "auto")
    }
    for remediation in state.remediations.remediations where remediation.state == .approved {
      guard state.incidents[remediation.incident]?.isOpen == true else {
        emit(remediation, .expired(.init(reason: "\(remediation.incident) is over", generation: state.overrides.generation)))
        continue
      }
      let override = RoutingOverride(
        id: "OVR-\(remediation.plan.number)", action: remediation.plan.action, incident: remediation.incident, appliedAt: now,
        expiresAt: now + .seconds(remediation.plan.timeToLiveSeconds))
      emit(remediation, .applied(.init(override: override, generation: state.overrides.generation + 1)))
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
      guard incident.charts.isEmpty || !incident.isOpen else { continue }
      let definition = incident.alerts.first.flatMap { cycle.monitor($0.monitor) }
      let charts = try ImpactMeasure.charts(of: incident, definition: definition, now: now.floored(to: Rollup.width), read: read)
      if charts != incident.charts { emit(incident.id, .chartsFrozen(.init(charts: charts))) }
    }
  }
}
