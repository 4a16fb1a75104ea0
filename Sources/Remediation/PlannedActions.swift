// Which actions a playbook means for one incident, and how well they fit its cause.

import Incidents
import LLMMetrics
import LLMTelemetry
import Monitors

extension Planner {
  /// What a playbook would do about an incident.
  struct Proposal {
    /// Of several playbooks the fittest is taken; of equals the one its monitor names first.
    var fit: Int
    /// `nil` among them: a person is told.
    var actions: [RoutingOverride.Action?]
  }

  /// `nil` where the playbook is no remedy for this cause.
  func proposal(for incident: Incident, definition: MonitorDefinition, playbook: Playbook) throws -> Proposal? {
    let symptom = Symptom(definition.query)
    let errorClass = symptom == .errors ? try prevailingErrorClass(of: incident) : nil
    if playbook.action == .tellPerson { return Proposal(fit: errorClass?.needsAPerson == true ? 10 : 1, actions: [nil]) }
    if errorClass?.needsAPerson == true, playbook.action != .promptRollback, playbook.action != .canaryStop { return nil }
    let scope = RequestScope(cause: incident.cause?.dimensions ?? [:])
    func one(_ fit: Int, _ action: RoutingOverride.Action?) -> Proposal? {
      action.map { Proposal(fit: fit, actions: [$0]) }
    }
    func all(_ fit: Int, _ actions: [RoutingOverride.Action]) -> Proposal? {
      actions.isEmpty ? nil : Proposal(fit: fit, actions: actions)
    }
    switch playbook.action {
    case .canaryStop: return one(9, canary(of: incident))
    case .promptRollback: return one(8, try rollback(of: incident))
    case .weightShift: return all(7, shifts(of: incident, keeping: playbook.parameters.keptWeight))
    case .modelFallback: return all(6, fallbacks(of: incident))
    case .throttle:
      // Exactly those to blame: who sends too much, or else what comes too often, costs too much or attacks.
      guard let scope = RequestScope(exactly: incident.cause?.dimensions ?? [:]), symptom != .quality,
        scope.namesSender || [.spending, .traffic, .attack].contains(symptom)
      else { return nil }
      return one(
        scope.namesSender ? 7 : 3,
        try throttle(scope, incident: incident, query: definition.query, perMinute: playbook.parameters.requestsPerMinute))
    case .budget:
      guard symptom == .spending || symptom == .traffic, let tenant = scope.tenant else { return nil }
      return one(5, playbook.parameters.dollarsPerHour.map { .limitSpending(tenant: tenant, perHour: $0) })
    case .outputCap:
      guard symptom == .spending || symptom == .latency, !scope.isEmpty, let tokens = playbook.parameters.outputTokens else {
        return nil
      }
      return one(4, .capOutputTokens(scope, tokens: tokens))
    case .toolOff:
      guard let tool = playbook.parameters.tool, !scope.isEmpty else { return nil }
      // Tools answer for answers that end in calls; else they are one guess among others.
      let reason = incident.cause?.dimensions[Dimension.finishReason.rawValue]
      let isAboutCalls = reason == FinishReason.toolCalls.rawValue || reason == FinishReason.malformedToolCall.rawValue
      guard isAboutCalls || symptom != .traffic else { return nil }
      return one(isAboutCalls ? 9 : 3, .removeTool(scope, tool: tool))
    case .retryLimit:
      guard symptom == .errors || symptom == .latency, errorClass?.growsWithLoad ?? true else { return nil }
      return all(3, retryLimits(of: incident, to: playbook.parameters.retries))
    case .cacheOn:
      return all(
        symptom == .spending || symptom == .traffic ? 4 : 2,
        caches(of: incident, symptom, errorClass, maxAge: playbook.parameters.maxAge)
      )
    case .routeClose:
      let route = incident.scope[Dimension.route.rawValue] ?? incident.alerts.first?.group[.route]
      return one(2, route.map { .closeRoute(route: $0) })
    case .tellPerson: return nil
    }
  }

  /// The version that requests get by the canary of the prompt that the cause names.
  private func canary(of incident: Incident) -> RoutingOverride.Action? {
    guard let prompt = incident.cause?.dimensions[Dimension.prompt.rawValue],
      let version = incident.cause?.dimensions[Dimension.promptVersion.rawValue]
    else { return nil }
    let last = state.changes.last { $0.promptSubject == .canary(prompt: prompt) && $0.at <= now }
    return last?.to != nil && last?.promptVersion == version ? .stopCanary(prompt: prompt, version: version) : nil
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

  /// Whether a failure with this scope would go along to any model and provider.
  private func followsTheRequest(_ scope: [String: String]) -> Bool {
    [Dimension.prompt, .promptVersion, .tenant, .feature].contains { scope[$0.rawValue] != nil }
  }

  /// One per route that the cause touches and that has a fallback away from the failing model or provider.
  private func fallbacks(of incident: Incident) -> [RoutingOverride.Action] {
    let scope = incident.scope
    let provider = scope[Dimension.provider.rawValue]
    let model = scope[Dimension.model.rawValue]
    let route = scope[Dimension.route.rawValue]
    guard provider != nil || model != nil || (route != nil && !followsTheRequest(scope)) else { return [] }
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

  /// One per route where the failing target shares the traffic with others that do not fail.
  private func shifts(of incident: Incident, keeping percent: Int) -> [RoutingOverride.Action] {
    guard let scope = incident.cause?.dimensions, !followsTheRequest(scope) else { return [] }
    let provider = scope[Dimension.provider.rawValue]
    let model = scope[Dimension.model.rawValue]
    guard provider != nil || model != nil else { return [] }
    func fails(_ share: RouteShare) -> Bool {
      (provider == nil || share.provider == provider) && (model == nil || share.model == model)
    }
    let routes = Dictionary(grouping: settings.shares.filter { $0.weight > 0 }, by: \.route)
    return routes.sorted { $0.key < $1.key }.compactMap { route, shares in
      guard scope[Dimension.route.rawValue].map({ $0 == route }) ?? true, let failing = shares.first(where: fails),
        // Two that fail cannot both be left by one shift.
        shares.count(where: fails) == 1, shares.count > 1
      else { return nil }
      return .shiftWeight(route: route, provider: failing.providerName, model: failing.model, toPercent: percent)
    }
  }

  /// Without a rate of the playbook twice what is usual. Where each request has become worse in itself, so many fewer that together
  /// they do no more harm than twice the usual; but a quarter of what comes now is let through.
  private func throttle(
    _ scope: RequestScope, incident: Incident, query: MonitorQuery, perMinute: Int?
  ) throws -> RoutingOverride.Action? {
    if let perMinute { return .throttle(scope, requestsPerMinute: perMinute) }
    guard let filter = scope.filter else { return nil }
    let before = incident.onsetAt - CauseAttribution.baselineLength..<incident.onsetAt
    let groups = try read(SeriesQuery(metric: MetricCatalogue.requests.name, filter: filter, range: before))
    let count = groups.reduce(0) { $0 + ($1.total?.countValue ?? 0) }
    guard count > 0, let first = groups.compactMap(\.points.first?.start).min() else { return nil }
    // A tenant that is new has no hour behind it.
    let minutes = max(1, (incident.onsetAt - first).inSeconds / 60)
    let twice = Double(count) / minutes * 2
    var allowed = twice
    if case .ratio(let harm, _) = query.form, [.spending, .attack].contains(Symptom(query)), incident.onsetAt < now {
      let since = incident.onsetAt..<now
      let (usual, present) = (try sum(harm, filter, before) / Double(count), try sum(harm, filter, since))
      let requests = try sum(.init(.sum, MetricCatalogue.requests), filter, since)
      if requests > 0, present > 0 {
        let kept = min(1, usual / (present / requests))
        allowed = min(twice, max(twice * kept, requests / ((now - incident.onsetAt).inSeconds / 60) / 4))
      }
    }
    return .throttle(scope, requestsPerMinute: max(1, Int(allowed.rounded(.up))))
  }

  private func sum(_ term: MonitorQuery.Term, _ filter: [String: String], _ range: Range<Timestamp>) throws -> Double {
    let groups = try read(SeriesQuery(metric: term.metric.name, filter: term.filter.merging(filter) { $1 }, range: range))
    return Double(groups.reduce(0) { $0 + ($1.total?.countValue ?? 0) })
  }

  private func retryLimits(of incident: Incident, to attempts: Int) -> [RoutingOverride.Action] {
    let scope = incident.scope
    let wanted = settings.shares.filter { share in
      share.retries > attempts && (scope[Dimension.route.rawValue].map { $0 == share.route } ?? true)
        && (scope[Dimension.provider.rawValue].map { $0 == share.provider } ?? true)
    }
    return Set(wanted.map(\.route)).sorted().map { .limitRetries(route: $0, attempts: attempts) }
  }
}
