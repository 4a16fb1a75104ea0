// What the overrides in force mean for one request. Pure: no I/O, no clock; a throttle's rate is asked for through a function.

import Budgets
import LLMTelemetry
import Providers

/// Filled in along the way of admission, since what an override speaks about is known bit by bit.
struct OverrideDecision {
  /// Those whose time is not over: it holds here too, should nobody come to take them back.
  private let overrides: [RoutingOverride]
  private let ticket: UInt64
  private var marked: RoutingOverride?
  /// The value of the dimension `override`: of several, the one of which only a share is treated yet, or else the newest.
  private(set) var mark: String?
  /// What a remediation put in the place of the route's targets.
  private(set) var fallback: Candidate?
  private(set) var outputTokenCap: Int?
  /// How old an answer that is given again may be; `nil` where no override lets one be given.
  private(set) var answerMaxAge: Duration?
  private var removedTools: Set<String> = []
  private var retryAttempts: Int?
  private var shifts: [(provider: String, model: String?, toPercent: Int)] = []

  var isEmpty: Bool { overrides.isEmpty }

  init(_ all: RoutingOverrides, at now: Timestamp, ticket: UInt64) {
    overrides = all.overrides.isEmpty ? [] : all.overrides.filter { now < $0.expiresAt }
    self.ticket = ticket
  }

  /// Whether an override that speaks about this request is applied to it; marks the request either way.
  private mutating func applies(_ override: RoutingOverride) -> Bool {
    let isTreated = override.treats(ticket)
    let isTrial = override.sharePerMille < RoutingOverride.wholePerMille
    if isTrial || (marked?.sharePerMille ?? RoutingOverride.wholePerMille) == RoutingOverride.wholePerMille {
      marked = override
      mark = isTreated ? override.treatedValue : override.controlValue
    }
    return isTreated
  }

  // MARK: Prompts

  mutating func resolve(
    _ resolution: PromptResolution, of prompt: ManagedPrompt, ticket: UInt64
  ) throws(PromptResolutionFailure) -> PromptResolution {
    var result = resolution
    for override in overrides {
      switch override.action {
      case .rollBackPrompt(prompt.name, result.version, let earlier):
        if applies(override) { result = try prompt.resolve(version: earlier, ticket: ticket) }
      case .stopCanary(prompt.name, result.version) where result.label == ManagedPrompt.canaryLabel:
        if applies(override) { result = try prompt.resolve(version: prompt.production, ticket: ticket) }
      default: break
      }
    }
    return result
  }

  // MARK: Everything else

  /// Throws where an override refuses the request.
  mutating func decide(
    facts: AdmittedFacts, route: Route, asked: String, target: RequestTarget, snapshot: GatewaySnapshot,
    take: (String, Int) -> Duration?
  ) throws(GatewayFailure) {
    func isIn(_ scope: RequestScope) -> Bool { scope.contains(facts.dimensions, key: facts.virtualKey, model: asked) }
    for override in overrides {
      switch override.action {
      case .rollBackPrompt, .stopCanary: break
      case .fallBackModel(route.name, let from, let toProvider, let toModel)
      where from == asked || from == RoutingOverride.anyModel:
        let isPresentTarget = route.targets.contains { $0.provider == toProvider && ($0.model ?? asked) == toModel }
        guard !isPresentTarget || route.targets.count > 1, snapshot.providers[toProvider]?.value.serves(target) == true else {
          break
        }
        if applies(override) { fallback = Candidate(provider: toProvider, model: toModel, isFallback: true) }
      case .shiftWeight(route.name, let provider, let model, let toPercent):
        if applies(override) { shifts.append((provider, model, toPercent)) }
      case .limitRetries(route.name, let attempts):
        if applies(override) { retryAttempts = min(attempts, retryAttempts ?? attempts) }
      case .closeRoute(route.name):
        if applies(override) { throw Self.closed(route, override) }
      case .throttle(let scope, let perMinute) where isIn(scope):
        if applies(override), let wait = take(override.id, perMinute) {
          throw Self.throttled(scope, perMinute, wait, override)
        }
      case .capOutputTokens(let scope, let tokens) where isIn(scope):
        if applies(override) { outputTokenCap = min(tokens, outputTokenCap ?? tokens) }
      case .removeTool(let scope, let tool) where isIn(scope):
        if applies(override) { removedTools.insert(tool) }
      case .cacheAnswers(let scope, let seconds) where isIn(scope):
        if applies(override) { answerMaxAge = min(.seconds(seconds), answerMaxAge ?? .seconds(seconds)) }
      case .limitSpending(let tenant, _) where tenant == facts.dimensions.tenant:
        // The budgets count and refuse; here it is only said whose they are.
        _ = applies(override)
      case .fallBackModel, .shiftWeight, .limitRetries, .closeRoute, .throttle, .capOutputTokens, .removeTool, .limitSpending,
        .cacheAnswers:
        break
      }
    }
  }

  /// The route's targets with their weights as shifted; `nil` for those of the configuration. A shift that would leave nobody to
  /// serve is not obeyed.
  func targets(of route: Route) -> [RouteTarget]? {
    guard !shifts.isEmpty, route.targets.count > 1 else { return nil }
    let targets = route.targets.map { target in
      var target = target
      // In hundredths, so that small weights can be shifted too.
      target.weight *= 100
      for shift in shifts where shift.provider == target.provider && (shift.model == nil || shift.model == target.model) {
        target.weight = target.weight * shift.toPercent / 100
      }
      return target
    }
    return targets.contains { $0.weight > 0 } ? targets : nil
  }

  func retry(_ policy: RetryPolicy) -> RetryPolicy {
    guard let retryAttempts, retryAttempts < policy.attempts else { return policy }
    var policy = policy
    policy.attempts = retryAttempts
    return policy
  }

  func edits(of body: UnsafeRawBufferPointer, request: RequestFacts, bodyFormat: BodyFormat) -> [BodyEdit] {
    var edits: [BodyEdit] = []
    if let outputTokenCap {
      edits += RequestRewriting.capOutputTokens(body, facts: request, bodyFormat: bodyFormat, tokens: outputTokenCap)
    }
    if !removedTools.isEmpty {
      edits += RequestRewriting.removeTools(named: removedTools, from: body, facts: request, bodyFormat: bodyFormat)
    }
    return edits
  }

  // MARK: Refusals

  private static func closed(_ route: Route, _ override: RoutingOverride) -> GatewayFailure {
    GatewayFailure(
      status: 503, errorClass: .withheld,
      message:
        "Route \"\(route.name)\" is closed by override \(override.id) of \(override.incident) until \(override.expiresAt.rfc3339Seconds) at the latest."
    )
  }

  private static func throttled(
    _ scope: RequestScope, _ perMinute: Int, _ wait: Duration, _ override: RoutingOverride
  ) -> GatewayFailure {
    GatewayFailure(
      status: 429, errorClass: .withheld,
      message:
        "Override \(override.id) of \(override.incident) lets \(scope.words) have \(perMinute) requests a minute until \(override.expiresAt.rfc3339Seconds) at the latest.",
      retryAfter: wait)
  }
}

extension RoutingOverrides {
  /// The budgets of the overrides in force: they stand beside those of the configuration, each under its override's id.
  package var temporaryBudgets: [Budget] {
    overrides.compactMap { override in
      guard case .limitSpending(let tenant, let perHour) = override.action else { return nil }
      return Budget(name: override.id, scope: .tenant(tenant), limit: .money(perHour), period: .hour, unknownPrice: .admit)
    }
  }

  /// Whether a budget of this name is an override's.
  func isBudget(_ name: String) -> Bool {
    overrides.contains { override in
      if case .limitSpending = override.action { override.id == name } else { false }
    }
  }
}
