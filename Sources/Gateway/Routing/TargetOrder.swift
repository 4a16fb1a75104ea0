// In which order the targets of a route are tried for one request. Pure.

import LLMTelemetry

/// A target with the model it will be asked for.
struct Candidate: Hashable {
  var provider: String
  var model: String
  /// Neither asked for by the client nor one of the route's own targets: an answer from it names the model it replaces.
  var isFallback = false

  var health: TargetHealth.Target { TargetHealth.Target(provider: provider, model: model) }
}

enum TargetOrder {
  /// The same for a route held by reference: most have one target, and are not copied for it.
  static func candidates(
    of route: Shared<Route>, targets: [RouteTarget]?, asked: String, ticket: UInt64, override: Candidate?,
    isOpen: (Candidate) -> Bool
  ) -> [Candidate] {
    guard override == nil, targets == nil, route.value.targets.count == 1, route.value.fallbacks.isEmpty else {
      return candidates(of: route.value, targets: targets, asked: asked, ticket: ticket, override: override, isOpen: isOpen)
    }
    return [candidate(route.value.targets[0], asked)]
  }

  /// The chosen target, the other targets by weight, then the fallbacks; those with an open circuit after all others. When
  /// every circuit is open they are tried all the same: an open circuit diverts, and never refuses by itself.
  ///
  /// - Parameters:
  ///   - targets: the route's, with the weights they have at present.
  ///   - ticket: a random number that picks a target by weight.
  ///   - override: what a remediation put in the place of the targets.
  static func candidates(
    of route: Route, targets: [RouteTarget]? = nil, asked: String, ticket: UInt64, override: Candidate?,
    isOpen: (Candidate) -> Bool
  ) -> [Candidate] {
    var result: [Candidate] = []
    let targets = targets ?? route.targets
    if let override {
      result.append(override)
    } else if targets.count == 1 {
      result.append(candidate(targets[0], asked))
    } else {
      var left = targets.filter { $0.weight > 0 }
      var ticket = ticket
      while !left.isEmpty {
        let total = left.reduce(0) { $0 + $1.weight }
        var point = Int(ticket % UInt64(total))
        ticket /= UInt64(total)
        let index = left.firstIndex { target in
          point -= target.weight
          return point < 0
        }
        result.append(candidate(left.remove(at: index ?? 0), asked))
      }
    }
    for target in route.fallbacks where target.isAutomatic {
      var fallback = candidate(target, asked)
      fallback.isFallback = true
      if !result.contains(where: { $0.provider == fallback.provider && $0.model == fallback.model }) { result.append(fallback) }
    }
    guard result.count > 1 else { return result }
    // Asking lets a due probe through, so each circuit is asked once, and none behind the first that is closed.
    var opened: [Candidate] = []
    while let first = result.first, isOpen(first) { opened.append(result.removeFirst()) }
    return result + opened
  }

  private static func candidate(_ target: RouteTarget, _ asked: String) -> Candidate {
    Candidate(provider: target.provider, model: target.model ?? asked)
  }
}
