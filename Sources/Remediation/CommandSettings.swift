// What the cycle is told once: fallbacks per route, and how long calm must last.

import LLMTelemetry
import Monitors

/// Where requests of a route may go when its usual model fails.
package struct RouteFallback: Hashable, Sendable {
  package var route: String
  /// Model names the route serves; a trailing `*` matches any rest.
  package var models: [String]
  /// The value of the `provider` dimension of requests on this route.
  package var provider: String
  /// The configured name of the provider to fall back to.
  package var toProvider: String
  package var toModel: String
  /// False when it only changes the model: such a fallback does not help against a provider that fails.
  package var leavesProvider: Bool

  package init(route: String, models: [String], provider: String, toProvider: String, toModel: String, leavesProvider: Bool) {
    self.route = route
    self.models = models
    self.provider = provider
    self.toProvider = toProvider
    self.toModel = toModel
    self.leavesProvider = leavesProvider
  }

  func serves(_ model: String) -> Bool {
    models.contains { $0.hasSuffix("*") ? model.hasPrefix($0.dropLast()) : $0 == model }
  }
}

package struct CommandSettings: Hashable, Sendable {
  package var fallbacks: [RouteFallback]
  /// How long all alerts of a mitigated incident must be ok before it is resolved.
  package var quietPeriod: Duration
  /// How often the impact of an open incident is counted again.
  package var impactInterval: Duration
  /// How long after its opening an incident without a cause is looked at again.
  package var attributionPatience: Duration
  /// By name, for monitors of burn rates.
  package var objectives: [String: SLODefinition]

  package init(
    fallbacks: [RouteFallback] = [], quietPeriod: Duration = .seconds(300), impactInterval: Duration = .seconds(60),
    attributionPatience: Duration = .seconds(600), objectives: [String: SLODefinition] = [:]
  ) {
    self.fallbacks = fallbacks
    self.quietPeriod = quietPeriod
    self.impactInterval = impactInterval
    self.attributionPatience = attributionPatience
    self.objectives = objectives
  }
}
