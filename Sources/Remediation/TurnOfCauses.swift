// Why: the first look for a cause, second thoughts about it, and incidents of one cause that become one.

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

  /// The first minute of a failure is often too little to name a cause: looks again while patience lasts.
  mutating func lookForCauses() throws {
    for incident in state.incidents.open
    where incident.cause == nil && now - incident.openedAt <= cycle.settings.attributionPatience {
      // One opened this turn was just looked at; unless its batch was cut short, which leaves no abstention either.
      guard incident.openedAt < now || incident.abstention == nil, let key = incident.alerts.first,
        let definition = cycle.monitor(key.monitor),
        let status = state.alerts[key], status.isFiring
      else { continue }
      let attribution = try attribution(of: key, status, definition)
      guard attribution.cause != nil else { continue }
      let title = title(definition, key, attribution)
      emit(incident.id, .causeAttributed(.init(attribution: attribution, title: title)))
    }
  }

  // MARK: Second thoughts

  /// How much surer detection must be of another cause once the incident is no longer young.
  private static let clearlySurer = 0.2

  /// Detection goes on looking while requests fail. What it sees under a remedy says nothing of the cause: the requests go elsewhere.
  mutating func reviseCauses() {
    for incident in state.incidents.open where !state.remediations.of(incident: incident.id).contains(where: \.hasSteered) {
      guard let old = incident.cause, let better = better(than: old, for: incident) else { continue }
      emit(incident.id, .causeRevised(better))
      // What was planned for another cause is no remedy for this one.
      for remediation in state.remediations.of(incident: incident.id) where remediation.state == .proposed {
        emit(remediation, .expired(.init(reason: "the cause was revised", generation: state.overrides.generation)))
      }
    }
  }

  /// Of findings that contradict each other the surest counts, and a cause that one of them still holds yields to a surer one only.
  private func better(than old: Cause, for incident: Incident) -> IncidentEvent.Revision? {
    let looks = incident.alerts.compactMap { key -> (key: AlertKey, definition: MonitorDefinition, attribution: Attribution)? in
      guard state.alerts[key]?.isFiring == true, let definition = cycle.monitor(key.monitor),
        let finding = definition.finding(for: key.group, in: findings)
      else { return nil }
      return (key, definition, Attribution(finding, signal: definition.signal(of: finding)))
    }
    func confidence(_ attribution: Attribution) -> Double { attribution.cause?.confidence ?? 0 }
    guard let best = looks.max(by: { confidence($0.attribution) < confidence($1.attribution) }),
      let new = best.attribution.cause, new.dimensions != old.dimensions
    else { return nil }
    let isYoung = now - incident.openedAt <= cycle.settings.attributionPatience
    let isHeld = looks.contains { $0.attribution.cause?.dimensions == old.dimensions }
    guard new.confidence >= old.confidence + (isYoung && !isHeld ? 0 : Self.clearlySurer) else { return nil }
    return .init(
      attribution: best.attribution, title: title(best.definition, best.key, best.attribution),
      reason: "more requests were seen, and it explains \(Figure.percent(new.confidence)) of what is unusual in them")
  }

  /// Of incidents whose causes turn out to be one, the earlier keeps everything. Not before a cause was revised: what people split
  /// stays split.
  mutating func mergeAlike() {
    for later in state.incidents.open {
      guard let cause = later.cause, !state.remediations.of(incident: later.id).contains(where: \.hasSteered),
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

extension Remediation {
  /// Whether it has ever been in force, or is about to be.
  fileprivate var hasSteered: Bool { appliedAt != nil || state == .approved }
}
