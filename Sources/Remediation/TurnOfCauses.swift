// Why: the first looks for a cause, incidents of one cause that become one, and what is no failure but a remedy's doing.

import Incidents
import LLMMetrics
import LLMTelemetry
import Monitors

extension Turn {
  /// What detection has already found, or else a look at the series.
  func attribution(of key: AlertKey, _ status: AlertStatus, _ definition: MonitorDefinition) throws -> Attribution {
    if let finding = definition.finding(for: key.group, in: findings) {
      return Attribution(finding, signal: definition.signal(of: finding))
    }
    return try CauseAttribution.attribute(
      definition, group: key.group, onset: status.onset, at: now.floored(to: Rollup.width), changes: state.changes, read: read)
  }

  func title(_ definition: MonitorDefinition, _ key: AlertKey, _ attribution: Attribution) -> String {
    SliceNaming.incidentTitle(definition.showing(attribution.signal), group: key.group.byName, attribution: attribution)
  }

  /// The first minute of a failure is often too little to name a cause: looks again at every turn while the incident is young, and
  /// once a minute later, where the cause must have been the same a minute before.
  mutating func lookForCauses() throws {
    for incident in state.incidents.open where incident.cause == nil && !hasSteered(incident) {
      // One opened this turn was just looked at; unless its batch was cut short, which leaves no abstention either.
      guard incident.openedAt < now || incident.abstention == nil else { continue }
      let best = isYoung(incident) ? try freshLook(at: incident) : try lateLook(at: incident)
      guard let best, best.attribution.cause != nil else { continue }
      let title = title(best.definition, best.key, best.attribution)
      let why = isYoung(incident) ? nil : "named after \(Figure.duration(now - incident.openedAt)), once more requests were seen"
      emit(incident.id, .causeAttributed(.init(attribution: best.attribution, title: title, reason: why)))
      dropProposals(of: incident, "a cause was found")
    }
  }

  private func freshLook(at incident: Incident) throws -> Look? {
    guard let key = incident.alerts.first, let definition = cycle.monitor(key.monitor), let status = state.alerts[key],
      status.isFiring
    else { return nil }
    return Look(key: key, definition: definition, attribution: try attribution(of: key, status, definition))
  }

  /// What was planned for another cause is no remedy for this one.
  mutating func dropProposals(of incident: Incident, _ reason: String) {
    for remediation in state.remediations.of(incident: incident.id) where remediation.state == .proposed {
      emit(remediation, .expired(.init(reason: reason, generation: state.overrides.generation)))
    }
  }

  func isYoung(_ incident: Incident) -> Bool { now - incident.openedAt <= cycle.settings.attributionPatience }

  /// What is seen under a remedy says nothing of the cause: the requests go elsewhere.
  func hasSteered(_ incident: Incident) -> Bool {
    state.remediations.of(incident: incident.id).contains { $0.appliedAt != nil || $0.state == .approved }
  }

  /// Of incidents whose causes turn out to be one, the earlier keeps everything. Not before a cause was revised: what people split
  /// stays split.
  mutating func mergeAlike() {
    for later in state.incidents.open {
      guard let cause = later.cause, !hasSteered(later),
        let earlier = state.incidents.open.first(where: { earlier in
          guard earlier.number < later.number, earlier.cause?.dimensions == cause.dimensions else { return false }
          return [earlier, later].compactMap(\.causeRevisedAt).contains { $0 >= later.openedAt }
        })
      else { continue }
      let reason = "the same cause, \(cause.title)"
      // First gone there, then over here: cut short in between, an alert would belong to two open incidents, or to none.
      emit(later.id, .merged(.init(other: earlier.id, reason: reason)))
      emit(earlier.id, .alertsTaken(.init(alerts: later.alerts, other: later.id, severity: later.severity)))
    }
  }
}

extension Turn {
  /// Requests that are missing where an override has sent or kept them away are no failure; nor are they while those come back that
  /// an override sent away until a moment ago.
  func isOwnDoing(_ key: AlertKey, _ definition: MonitorDefinition) -> Bool {
    guard let finding = definition.finding(for: key.group, in: findings), finding.signals == [Self.trafficLoss] else {
      return false
    }
    let missing = key.group.byName
    return state.remediations.remediations.contains { remediation in
      guard let override = remediation.override, override.appliedAt <= finding.opened,
        remediation.isInForce || finding.onset < remediation.since
      else { return false }
      return override.action.refuses || override.action.movedDimensions.contains { missing[$0.rawValue] != nil }
    }
  }

  /// The name of the signal in findings.
  private static let trafficLoss = "traffic_loss"
}
