// What each action is called, what it steers, whom it speaks about, and how it is to be judged.

import LLMTelemetry
import Monitors

extension RoutingOverride.Action {
  /// `Roll back prompt rag-answer from version 43 to 42`
  package var sentence: String {
    switch self {
    case .rollBackPrompt(let prompt, let from, let to): "Roll back prompt \(prompt) from version \(from) to \(to)"
    case .stopCanary(let prompt, let version): "Stop the canary of prompt \(prompt) version \(version)"
    case .fallBackModel(let route, let from, let provider, let model):
      "Send requests on route \(route)\(from == RoutingOverride.anyModel ? "" : " for model \(from)") to \(model) at \(provider)"
    case .shiftWeight(let route, let provider, let model, let toPercent):
      toPercent == 0
        ? "Send route \(route) to its other targets instead of \(model.map { "\($0) at " } ?? "")\(provider)"
        : "Leave \(model.map { "\($0) at " } ?? "")\(provider) \(toPercent) % of its weight on route \(route)"
    case .throttle(let scope, let perMinute): "Let \(scope.words) have \(perMinute) requests a minute"
    case .limitSpending(let tenant, let perHour): "Let tenant \(tenant) spend $\(perHour.decimalDollars) an hour"
    case .capOutputTokens(let scope, let tokens): "Cap answers for \(scope.words) at \(tokens) tokens"
    case .limitRetries(let route, let attempts):
      attempts == 0 ? "Retry nothing on route \(route)" : "Retry at most \(attempts) times on route \(route)"
    case .removeTool(let scope, let tool): "Take the tool \(tool) from \(scope.words)"
    case .cacheAnswers(let scope, let seconds):
      "Answer repeated requests of \(scope.words) from the cache, with answers of the last \(Figure.duration(.seconds(seconds)))"
    case .closeRoute(let route): "Close route \(route)"
    }
  }

  /// What two actions must not both steer at once.
  package var target: String {
    switch self {
    case .rollBackPrompt(let prompt, _, _), .stopCanary(let prompt, _): "prompt \(prompt)"
    case .fallBackModel(let route, _, _, _), .shiftWeight(let route, _, _, _), .closeRoute(let route): "route \(route)"
    case .throttle(let scope, _): "the rate of \(scope.words)"
    case .limitSpending(let tenant, _): "the spending of tenant \(tenant)"
    case .capOutputTokens(let scope, _): "the length of answers for \(scope.words)"
    case .limitRetries(let route, _): "retries on route \(route)"
    case .removeTool(let scope, let tool): "the tool \(tool) of \(scope.words)"
    case .cacheAnswers(let scope, _): "the cache of answers for \(scope.words)"
    }
  }

  /// The requests it speaks about.
  package var scope: RequestScope {
    switch self {
    case .rollBackPrompt(let prompt, let from, _): RequestScope(prompt: prompt, promptVersion: from)
    case .stopCanary(let prompt, let version): RequestScope(prompt: prompt, promptVersion: version)
    case .fallBackModel(let route, let from, _, _):
      RequestScope(route: route, model: from == RoutingOverride.anyModel ? nil : from)
    case .shiftWeight(let route, _, _, _), .limitRetries(let route, _), .closeRoute(let route): RequestScope(route: route)
    case .throttle(let scope, _), .capOutputTokens(let scope, _), .removeTool(let scope, _), .cacheAnswers(let scope, _): scope
    case .limitSpending(let tenant, _): RequestScope(tenant: tenant)
    }
  }

  /// Whether requests are turned away. What is left of them says nothing about those; only the metric that fired does. So there is
  /// no trying it on a share either: a rate and a sum are counted over all requests of whom they limit.
  package var refuses: Bool {
    switch self {
    case .throttle, .limitSpending, .closeRoute: true
    case .rollBackPrompt, .stopCanary, .fallBackModel, .shiftWeight, .capOutputTokens, .limitRetries, .removeTool, .cacheAnswers:
      false
    }
  }

  /// The dimensions whose values change by it, so that a question about its requests must leave them out.
  var movedDimensions: Set<Dimension> {
    switch self {
    case .rollBackPrompt, .stopCanary: [.promptVersion]
    case .fallBackModel, .shiftWeight: [.model, .provider, .region]
    case .cacheAnswers: [.cache]
    case .throttle, .limitSpending, .capOutputTokens, .limitRetries, .removeTool, .closeRoute: []
    }
  }

  /// The route whose requests it sends elsewhere.
  var leftRoute: String? {
    switch self {
    case .fallBackModel(let route, _, _, _), .shiftWeight(let route, _, _, _): route
    default: nil
    }
  }

  /// What is left to do once it is in force, since it hides a fault and does not mend it.
  package var forGood: [String] {
    switch self {
    case .rollBackPrompt(let prompt, let from, _):
      [
        "Correct or withdraw version \(from) of prompt \(prompt)",
        "Add the exemplar requests to the evaluation set of \(prompt), so that the next version is tested on them",
      ]
    case .stopCanary(let prompt, let version):
      ["Correct version \(version) of prompt \(prompt), and end its canary with `commander prompt canary \(prompt) --stop`"]
    case .fallBackModel(let route, let from, _, _):
      [
        "Find out why \(from == RoutingOverride.anyModel ? "the route’s target" : from) failed, and settle the routing of \(route)"
      ]
    case .shiftWeight(let route, let provider, _, _): ["Find out why \(provider) failed, and settle the weights of \(route)"]
    case .throttle(let scope, _): ["Agree on a rate with \(scope.words), and put it into the configuration as a budget"]
    case .limitSpending(let tenant, _): ["Agree on a budget with tenant \(tenant), and put it into the configuration"]
    case .capOutputTokens(let scope, _): ["Find out why answers for \(scope.words) grew, and state a maximum in the application"]
    case .limitRetries(let route, _): ["Settle `retries` of route \(route)"]
    case .removeTool(let scope, let tool): ["Mend the tool \(tool), or how \(scope.words) is told to use it"]
    case .cacheAnswers(let scope, _):
      [
        "Find out why \(scope.words) repeats requests, and have the application keep the answers; or give the route a `cache` of its own"
      ]
    case .closeRoute(let route): ["Mend what route \(route) serves, then open it by withdrawing the override"]
    }
  }
}
