// Second thoughts: a cause that was named from little is revised when more is known, and incidents of one cause become one.

import Incidents
import LLMTelemetry
import Monitors

extension Turn {
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

  private func better(than old: Cause, for incident: Incident) -> IncidentEvent.Revision? {
    for key in incident.alerts where state.alerts[key]?.isFiring == true {
      guard let definition = cycle.monitor(key.monitor), let finding = definition.finding(for: key.group, in: findings) else {
        continue
      }
      let attribution = Attribution(finding, signal: definition.signal(of: finding))
      guard let new = attribution.cause, new.dimensions != old.dimensions else { continue }
      let isYoung = now - incident.openedAt <= cycle.settings.attributionPatience
      guard new.confidence >= old.confidence + (isYoung ? 0 : Self.clearlySurer) else { continue }
      let sure = Figure.percent(new.confidence)
      return .init(
        attribution: attribution, title: title(definition, key, attribution),
        reason: "more requests were seen, and it explains \(sure) of what is unusual in them")
    }
    return nil
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

extension Remediation {
  /// Whether it has ever been in force, or is about to be.
  fileprivate var hasSteered: Bool { appliedAt != nil || state == .approved }
}
