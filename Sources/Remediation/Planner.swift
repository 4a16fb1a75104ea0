// Turns an incident and a playbook into concrete plans; refuses what was tried, what contradicts, and what it cannot name.

import Incidents
import LLMMetrics
import LLMTelemetry
import Monitors

struct Planner {
  let settings: CommandSettings
  let state: CommandState
  let now: Timestamp
  /// What detection saw best, where the alert is detection's.
  var signal: String?
  let read: SeriesReader

  /// Below this evidence score a plan waits for a person, whatever its playbook says.
  static let leastConfidence = 0.5

  /// The plans of the playbook that fits the incident's cause best, numbered on from the book's next number. Where it sends requests
  /// of some routes elsewhere, other playbooks that do are asked about the routes that are left.
  func plans(for incident: Incident, alert: AlertKey, definition: MonitorDefinition, playbooks: [Playbook]) throws
    -> [RemediationPlan]
  {
    let definition = definition.showing(signal)
    let proposals = try playbooks.enumerated().compactMap { place, playbook in
      try proposal(for: incident, definition: definition, playbook: playbook).map { (place: place, playbook: playbook, of: $0) }
    }
    var plans: [RemediationPlan] = []
    for proposal in proposals.sorted(by: { ($1.of.fit, $0.place) < ($0.of.fit, $1.place) }) where proposal.of.fit > 0 {
      let left = Set(plans.map { $0.action?.leftRoute })
      guard plans.isEmpty || !left.contains(nil) else { break }
      let actions = proposal.of.actions.filter { plans.isEmpty || $0?.leftRoute != nil && !left.contains($0?.leftRoute) }
      plans += try self.plans(
        actions, from: plans.count, for: incident, alert: alert, definition: definition, playbook: proposal.playbook)
    }
    return plans
  }

  private func plans(
    _ actions: [RoutingOverride.Action?], from first: Int, for incident: Incident, alert: AlertKey, definition: MonitorDefinition,
    playbook: Playbook
  ) throws -> [RemediationPlan] {
    var plans: [RemediationPlan] = []
    var targets: Set<String> = []
    for action in actions where mayTry(action, incident: incident, playbook: playbook) {
      guard targets.insert(action?.target ?? "").inserted else { continue }
      plans.append(
        try plan(
          action, number: state.remediations.nextNumber + first + plans.count, incident: incident, alert: alert,
          definition: definition,
          playbook: playbook))
    }
    return plans
  }

  private func plan(
    _ action: RoutingOverride.Action?, number: Int, incident: Incident, alert: AlertKey, definition: MonitorDefinition,
    playbook: Playbook
  ) throws -> RemediationPlan {
    guard let action else {
      return RemediationPlan(
        number: number, incident: incident.id, playbook: playbook.name, mode: playbook.mode(for: incident.severity), action: nil,
        alert: alert, expectedEffect: "Someone takes over", blastRadius: "No request", guardrails: [],
        verifyAfterSeconds: 0, giveUpAfterSeconds: 0, timeToLiveSeconds: 0, runbook: playbook.runbook)
    }
    let radius = try BlastRadius(of: action, since: incident.onsetAt, settings: settings, now: now, read: read)
    let steps = action.refuses ? [RoutingOverride.wholePerMille] : playbook.steps
    return RemediationPlan(
      number: number, incident: incident.id, playbook: playbook.name, mode: mode(playbook, incident, radius),
      action: action, alert: alert, signal: signal,
      expectedEffect:
        "\(definition.query.words) returns to \(definition.query.unit.text(definition.threshold.recovery)) or better "
        + "within \(Figure.duration(playbook.giveUpAfter * steps.count))",
      blastRadius: radius.sentence, guardrails: guardrails(playbook, steps: steps, incident: incident),
      verifyAfterSeconds: playbook.verifyAfter.components.seconds,
      giveUpAfterSeconds: playbook.giveUpAfter.components.seconds, timeToLiveSeconds: playbook.timeToLive.components.seconds,
      sharesPerMille: steps, approvers: playbook.approvers.isEmpty ? nil : playbook.approvers,
      touchedShare: radius.share, runbook: playbook.runbook)
  }

  /// The playbook's mode for this severity; `auto` only for a cause that is sure, and within the blast radius.
  private func mode(_ playbook: Playbook, _ incident: Incident, _ radius: BlastRadius) -> Playbook.Mode {
    let mode = playbook.mode(for: incident.severity)
    guard mode == .auto else { return mode }
    guard (incident.cause?.confidence ?? 0) >= Self.leastConfidence else { return .approve }
    // What is not known is not small.
    if let maximum = playbook.maximumBlastRadius, radius.share.map({ $0 > maximum }) ?? true { return .approve }
    return .auto
  }

  private func guardrails(_ playbook: Playbook, steps: [Int], incident: Incident) -> [String] {
    var rails = [
      "Applied without a person only in mode auto and at an evidence score of \(Figure.percent(Self.leastConfidence)) or more"
    ]
    if let maximum = playbook.maximumBlastRadius {
      rails.append("Needs a person when it touches more than \(Figure.percent(maximum)) of all requests")
    }
    if !playbook.approvers.isEmpty { rails.append("Approved by \(playbook.approvers.joined(separator: " or ")) only") }
    if steps != [RoutingOverride.wholePerMille] {
      let shares = steps.map { Figure.percent(Double($0) / 1_000) }.joined(separator: ", then ")
      rails.append("Applied to \(shares) of the requests, each verified against the others before the next")
    }
    return rails + [
      "Judged on requests after it was applied, from \(Figure.duration(playbook.verifyAfter)) on",
      "Taken back at once where it makes things worse",
      "Taken back if it has not helped within \(Figure.duration(playbook.giveUpAfter)), and not tried again for \(incident.id)",
      "Ends by itself after \(Figure.duration(playbook.timeToLive))",
    ]
  }

  /// Never the same action twice for one incident, never two that steer the same thing for one, none that just failed elsewhere.
  /// What another incident's remediation steers is proposed all the same, and waits for its turn.
  private func mayTry(_ action: RoutingOverride.Action?, incident: Incident, playbook: Playbook) -> Bool {
    !state.remediations.remediations.contains { earlier in
      guard let action else { return earlier.incident == incident.id && earlier.plan.playbook == playbook.name }
      // One that was dropped before it was ever in force was not tried.
      let wasTried = earlier.state != .expired || earlier.appliedAt != nil
      if earlier.incident == incident.id, earlier.plan.action == action, wasTried { return true }
      guard earlier.plan.target == action.target else { return false }
      switch earlier.state {
      case .proposed, .approved, .applied, .verified: return earlier.incident == incident.id || earlier.plan.action == action
      case .reverted, .escalated, .withdrawn, .rejected:
        return earlier.plan.action == action && now - earlier.since < playbook.coolDown
      case .expired: return false
      }
    }
  }
}
