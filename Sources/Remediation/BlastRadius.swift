// How many requests an action touches, counted over the rollups since the failure began.

import LLMMetrics
import LLMTelemetry
import Monitors

struct BlastRadius {
  /// How far it is looked back at most, and at least: what is new, such as a version of a prompt, has no longer past.
  static let longest: Duration = .seconds(600)
  static let shortest: Duration = .seconds(60)

  let touched: Int64
  let all: Int64
  /// `nil` where rollups cannot tell, or nothing came.
  let share: Double?
  let sentence: String

  init(
    of action: RoutingOverride.Action, since onset: Timestamp, settings: CommandSettings, now: Timestamp, read: SeriesReader
  ) throws {
    let length = min(Self.longest, max(Self.shortest, now - onset))
    func requests(_ filter: [String: String]) throws -> Int64 {
      try Self.requests(filter, over: now - length..<now, read: read)
    }
    let words = Self.words(action)
    all = try requests([:])
    guard var filter = action.scope.filter else {
      (touched, share) = (0, nil)
      sentence = "All \(words); metrics do not tell them from others"
      return
    }
    if case .shiftWeight(let route, let provider, let model, _) = action,
      let known = settings.shares.first(where: { $0.route == route && $0.providerName == provider && $0.model == model })
    {
      filter[Dimension.provider.rawValue] = known.provider
      filter[Dimension.model.rawValue] = known.model
    }
    touched = try requests(filter)
    guard all > 0 else {
      share = nil
      sentence = "All \(words); no traffic in the last \(Figure.duration(length))"
      return
    }
    let share = Double(touched) / Double(all)
    self.share = share
    sentence = "All \(words): \(Figure.percent(share)) of the last \(Figure.duration(length)) (\(Figure.count(touched)) requests)"
  }

  static func requests(_ filter: [String: String], over range: Range<Timestamp>, read: SeriesReader) throws -> Int64 {
    try read(SeriesQuery(metric: MetricCatalogue.requests.name, filter: filter, range: range)).reduce(0) {
      $0 + ($1.total?.countValue ?? 0)
    }
  }

  private static func words(_ action: RoutingOverride.Action) -> String {
    switch action {
    case .rollBackPrompt(let prompt, let from, _): "requests of prompt \(prompt) that would use version \(from)"
    case .stopCanary(let prompt, let version): "requests in the canary of prompt \(prompt) version \(version)"
    case .fallBackModel(let route, let from, _, _):
      from == RoutingOverride.anyModel ? "requests on route \(route)" : "requests on route \(route) that would go to \(from)"
    case .shiftWeight(let route, let provider, _, let toPercent):
      toPercent == 0
        ? "requests on route \(route) that would go to \(provider)"
        : "requests on route \(route) that would go to \(provider), but for \(toPercent) %"
    case .throttle(let scope, let perMinute): "requests of \(scope.words) beyond \(perMinute) a minute, out of"
    case .limitSpending(let tenant, _): "requests of tenant \(tenant) once the budget is spent, out of"
    case .capOutputTokens(let scope, let tokens): "answers for \(scope.words) beyond \(tokens) tokens, out of"
    case .limitRetries(let route, _): "failed calls on route \(route), out of"
    case .removeTool(let scope, let tool): "requests of \(scope.words) that offer the tool \(tool), out of"
    case .cacheAnswers(let scope, _): "requests of \(scope.words) that were answered before, out of"
    case .closeRoute(let route): "requests on route \(route), which are refused"
    }
  }
}
