// Second thoughts: a cause was named, or none could be, and by now more requests were seen.

import Incidents
import LLMMetrics
import LLMTelemetry
import Monitors

/// What one alert of an incident says of its cause.
struct Look {
  let key: AlertKey
  let definition: MonitorDefinition
  let attribution: Attribution

  var confidence: Double { attribution.cause?.confidence ?? 0 }
}

extension Turn {
  /// How much surer detection must be of another cause once the incident is no longer young; and how much more of the deviation
  /// another cause must explain than the one that series named.
  private static let clearlySurer = 0.2
  /// What series must say of a cause twice, so long apart: the edge of a window names nothing.
  private static let confirmation: Duration = .seconds(60)
  /// Alerts of one incident that are asked, the first ones: each costs a search of its series.
  private static let askedAlerts = 3

  /// Detection goes on looking while requests fail, and speaks where it has something to say; else the series are asked once more.
  mutating func reviseCauses() throws {
    for incident in state.incidents.open where !hasSteered(incident) {
      guard let old = incident.cause else { continue }
      let found = detectionLooks(at: incident)
      guard
        let revision = found.isEmpty
          ? try revision(of: old, in: incident) : revision(of: old, by: found, in: incident)
      else { continue }
      emit(incident.id, .causeRevised(revision))
      dropProposals(of: incident, "the cause was revised")
    }
  }

  /// For an incident that is no longer young and still without a cause.
  func lateLook(at incident: Incident) throws -> Look? {
    let found = detectionLooks(at: incident).filter { $0.confidence >= Planner.leastConfidence }
    return try found.max { $0.confidence < $1.confidence } ?? secondLook(at: incident)?.look
  }

  // MARK: By detection

  private func detectionLooks(at incident: Incident) -> [Look] {
    incident.alerts.compactMap { key in
      guard state.alerts[key]?.isFiring == true, let definition = cycle.monitor(key.monitor),
        let finding = definition.finding(for: key.group, in: findings)
      else { return nil }
      return Look(key: key, definition: definition, attribution: Attribution(finding, signal: definition.signal(of: finding)))
    }
  }

  /// Of findings that contradict each other the surest counts, and a cause that one of them still holds yields to a surer one only.
  private func revision(of old: Cause, by looks: [Look], in incident: Incident) -> IncidentEvent.Revision? {
    guard let best = looks.max(by: { $0.confidence < $1.confidence }), let new = best.attribution.cause,
      new.dimensions != old.dimensions
    else { return nil }
    let isHeld = looks.contains { $0.attribution.cause?.dimensions == old.dimensions }
    guard new.confidence >= old.confidence + (isYoung(incident) && !isHeld ? 0 : Self.clearlySurer) else { return nil }
    return revision(
      to: best, because: "more requests were seen, and it explains \(Figure.percent(new.confidence)) of what is unusual in them")
  }

  // MARK: By series

  /// The old cause is judged by the same requests as the new one: how sure it was of the few it was named for counts no more.
  private func revision(of old: Cause, in incident: Incident) throws -> IncidentEvent.Revision? {
    // A cause that was just revised is given its time.
    if let revisedAt = incident.causeRevisedAt, now - revisedAt < cycle.settings.attributionPatience { return nil }
    guard let second = try secondLook(at: incident, besides: old), let new = second.look.attribution.cause,
      new.explained >= second.explainedByOld + Self.clearlySurer
    else { return nil }
    let (now, then) = (Figure.percent(new.explained), Figure.percent(second.explainedByOld))
    return revision(
      to: second.look, because: "of all that was seen since the failure began it explains \(now), and the other \(then)")
  }

  /// The surest cause of the incident's alerts by all that was seen, other than the one it has, if the same was so a minute before.
  /// Once a minute: a search costs more than a turn should.
  private func secondLook(at incident: Incident, besides old: Cause? = nil) throws -> (look: Look, explainedByOld: Double)? {
    let (present, past) = (now.floored(to: Rollup.width), (now - Self.confirmation).floored(to: Rollup.width))
    let age = present - incident.openedAt.floored(to: Rollup.width)
    guard age >= Self.confirmation, age.wholeNanoseconds % Self.confirmation.wholeNanoseconds == 0,
      // Nor under the remedy of another incident: whose requests went where would be its doing.
      !state.overrides.overrides.contains(where: { $0.appliedAt >= incident.onsetAt })
    else { return nil }
    var best: (look: Look, explainedByOld: Double)?
    for key in incident.alerts.filter({ state.alerts[$0]?.isFiring == true }).prefix(Self.askedAlerts) {
      guard let definition = cycle.monitor(key.monitor), !cycle.isDetection(key.monitor), let onset = state.alerts[key]?.onset,
        onset <= past
      else { continue }
      let found = try CauseAttribution.attribute(
        definition, group: key.group, onset: onset, at: present, changes: state.changes, besides: old?.dimensions ?? [:],
        read: read)
      guard let cause = found.attribution.cause, cause.confidence >= Planner.leastConfidence,
        cause.confidence > best?.look.confidence ?? 0
      else { continue }
      // One alert that still holds the cause is enough to keep it.
      if cause.dimensions == old?.dimensions { return nil }
      let before = try CauseAttribution.attribute(
        definition, group: key.group, onset: onset, at: past, changes: state.changes, read: read)
      guard before.cause?.dimensions == cause.dimensions else { continue }
      best = (Look(key: key, definition: definition, attribution: found.attribution), found.explainedByOld)
    }
    return best
  }

  private func revision(to look: Look, because reason: String) -> IncidentEvent.Revision {
    .init(attribution: look.attribution, title: title(look.definition, look.key, look.attribution), reason: reason)
  }
}
