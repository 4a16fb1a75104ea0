// For whose repeated requests a cache of answers is turned on.

import Incidents
import LLMTelemetry
import Monitors

extension Planner {
  /// For those the cause names, or else one for each route that the failing provider or model serves; nothing before there is a cause,
  /// so that it stands in the way of no better remedy. What is wrong with the answers themselves must not be given again, and of an
  /// attack there is nothing to spare.
  func caches(
    of incident: Incident, _ symptom: Symptom, _ errorClass: ErrorClass?, maxAge: Duration
  ) -> [RoutingOverride.Action] {
    guard let cause = incident.cause?.dimensions else { return [] }
    switch symptom {
    case .spending, .traffic, .latency: break
    case .errors: if errorClass?.isOfTheProvider == false { return [] }
    case .quality, .attack, .other: return []
    }
    func action(_ scope: RequestScope) -> RoutingOverride.Action {
      .cacheAnswers(scope, maxAgeSeconds: Int(maxAge.components.seconds))
    }
    var scope = RequestScope(cause: cause)
    // An override's model is the one that is asked for, and the cause's the one that answered.
    scope.model = nil
    if !scope.isEmpty { return [action(scope)] }
    let provider = cause[Dimension.provider.rawValue]
    let model = cause[Dimension.model.rawValue]
    guard provider != nil || model != nil else { return [] }
    let serving = settings.shares.filter { share in
      (provider == nil || share.provider == provider) && (model == nil || share.model == nil || share.model == model)
    }
    return Set(serving.map(\.route)).sorted().map { action(RequestScope(route: $0)) }
  }
}
