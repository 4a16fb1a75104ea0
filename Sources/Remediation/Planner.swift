// Turns an incident and a playbook into concrete plans; refuses what was tried, what contradicts, and what it cannot name.

import Incidents
import LLMMetrics
import LLMTelemetry
import Monitors

struct Planner {
  let settings: CommandSettings
  let state: CommandState
  let now: Timestamp
  let read: SeriesReader

  /// Below this evidence score a plan waits for a person, whatever its playbook says.
  static let leastConfidence = 0.5

  /// Plans that may be proposed for `incident` now, numbered on from the book's next number.
  func plans(for incident: Incident, alert: AlertKey, definition: MonitorDefinition, playbook: Playbook) throws
    -> [RemediationPlan]
  {
    let actions: [RoutingOverride.Action] =
      switch playbook.action {
      case .promptRollback: try rollback(of: incident).map { [$0] } ?? []
      case .modelFallback: try fallbacks(of: incident)
      }
    let isSure = (incident.cause?.confidence ?? 0) >= Self.leastConfidence
    var plans: [RemediationPlan] = []
    var targets: Set<String> = []
    for action in actions where mayTry(action, incident: incident, coolDown: playbook.coolDown) {
      guard targets.insert(action.target).inserted else { continue }
      plans.append(
        RemediationPlan(
          number: state.remediations.nextNumber + plans.count, incident: incident.id, playbook: playbook.name,
          mode: playbook.mode == .auto && !isSure ? .approve : playbook.mode,
          action: action, alert: alert,
          expectedEffect:
            "\(definition.query.words) returns to \(definition.query.unit.text(definition.threshold.recovery)) or better "
            + "within \(Figure.duration(playbook.giveUpAfter))",
          blastRadius: try blastRadius(of: action),
          guardrails: [
            "Applied without a person only in mode auto and at an evidence score of \(Figure.percent(Self.leastConfidence)) or more",
            "Judged on requests after it was applied, from \(Figure.duration(playbook.verifyAfter)) on",
            "Taken back if it has not helped within \(Figure.duration(playbook.giveUpAfter)), and not tried again for \(incident.id)",
            "Ends by itself after \(Figure.duration(playbook.timeToLive))",
          ],
          verifyAfterSeconds: playbook.verifyAfter.components.seconds,
          giveUpAfterSeconds: playbook.giveUpAfter.components.seconds,
          timeToLiveSeconds: playbook.timeToLive.components.seconds))
    }
    return plans
  }

  /// Never the same action twice for one incident, never two that steer the same thing, none that just failed elsewhere.
  private func mayTry(_ action: RoutingOverride.Action, incident: Incident, coolDown: Duration) -> Bool {
    !state.remediations.remediations.contains { earlier in
      if earlier.incident == incident.id, earlier.plan.action == action { return true }
      guard earlier.plan.action.target == action.target else { return false }
      switch earlier.state {
      case .proposed, .approved, .applied, .verified: return true
      case .reverted, .escalated, .withdrawn, .rejected: return earlier.plan.action == action && now - earlier.since < coolDown
      case .expired: return false
      }
    }
  }

  private func rollback(of incident: Incident) throws -> RoutingOverride.Action? {
    guard let cause = incident.cause, let prompt = cause.dimensions[Dimension.prompt.rawValue],
      let bad = cause.dimensions[Dimension.promptVersion.rawValue],
      let previous = try previousVersion(prompt, before: bad, incident)
    else { return nil }
    return .rollBackPrompt(prompt: prompt, from: bad, to: previous)
  }

  /// The version the change replaced, or else the one that served most requests before the failure.
  private func previousVersion(_ prompt: String, before bad: String, _ incident: Incident) throws -> String? {
    let change = state.changes.last {
      $0.kind == .promptVersion && $0.subject == prompt && $0.to == bad && $0.from != nil && $0.at <= now
    }
    if let previous = change?.from { return previous == bad ? nil : previous }
    let groups = try read(
      SeriesQuery(
        metric: MetricCatalogue.requests.name, filter: [Dimension.prompt.rawValue: prompt],
        groupBy: [Dimension.promptVersion.rawValue],
        range: incident.onsetAt - CauseAttribution.baselineLength..<incident.onsetAt))
    return groups.compactMap { group in group.tags[.promptVersion].map { (version: $0, count: group.total?.countValue ?? 0) } }
      .filter { $0.version != bad && $0.count > 0 }.max { ($0.count, $0.version) < ($1.count, $1.version) }?.version
  }

  /// One per route that the cause touches and that has a fallback away from the failing model or provider.
  private func fallbacks(of incident: Incident) throws -> [RoutingOverride.Action] {
    let scope = incident.scope
    let provider = scope[Dimension.provider.rawValue]
    let model = scope[Dimension.model.rawValue]
    let route = scope[Dimension.route.rawValue]
    // A prompt's or a tenant's failure follows it to any model.
    let elsewhere = [Dimension.prompt, .promptVersion, .tenant, .feature].contains { scope[$0.rawValue] != nil }
    guard provider != nil || model != nil || (route != nil && !elsewhere) else { return [] }
    let candidates = settings.fallbacks.filter { fallback in
      (route == nil || fallback.route == route) && (model.map(fallback.serves) ?? true)
        && (provider == nil || fallback.provider == provider)
        // Away from what fails: a named model alone may be left within its provider.
        && fallback.toModel != model && (fallback.leavesProvider || model != nil || provider == nil)
    }
    return candidates.map {
      .fallBackModel(route: $0.route, from: model ?? RoutingOverride.anyModel, toProvider: $0.toProvider, toModel: $0.toModel)
    }
  }

  private func blastRadius(of action: RoutingOverride.Action) throws -> String {
    let range = now - .seconds(600)..<now
    func requests(_ filter: [String: String]) throws -> Int64 {
      try read(SeriesQuery(metric: MetricCatalogue.requests.name, filter: filter, range: range)).reduce(0) {
        $0 + ($1.total?.countValue ?? 0)
      }
    }
    let scope: [String: String]
    let words: String
    switch action {
    case .rollBackPrompt(let prompt, let from, _):
      scope = [Dimension.prompt.rawValue: prompt, Dimension.promptVersion.rawValue: from]
      words = "requests of prompt \(prompt) that would use version \(from)"
    case .fallBackModel(let route, let from, _, _):
      scope = [Dimension.route.rawValue: route].merging(from == RoutingOverride.anyModel ? [:] : [Dimension.model.rawValue: from])
      { $1 }
      words =
        from == RoutingOverride.anyModel ? "requests on route \(route)" : "requests on route \(route) that would go to \(from)"
    }
    let (touched, all) = (try requests(scope), try requests([:]))
    guard all > 0 else { return "All \(words); no traffic in the last 10 min" }
    return "All \(words): \(Figure.percent(Double(touched) / Double(all))) of the last 10 min (\(Figure.count(touched)) requests)"
  }
}
