// What the cycle is told once: fallbacks per route, and how long calm must last.

import LLMTelemetry

/// Where requests of a route may go when its usual model fails.
package struct RouteFallback: Hashable, Sendable {
  package var route: String
  package var provider: String
  package var model: String
  package var toProvider: String
  package var toModel: String

  package init(route: String, provider: String, model: String, toProvider: String, toModel: String) {
    self.route = route
    self.provider = provider
    self.model = model
    self.toProvider = toProvider
    self.toModel = toModel
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

  package init(
    fallbacks: [RouteFallback] = [], quietPeriod: Duration = .seconds(300), impactInterval: Duration = .seconds(60),
    attributionPatience: Duration = .seconds(600)
  ) {
    self.fallbacks = fallbacks
    self.quietPeriod = quietPeriod
    self.impactInterval = impactInterval
    self.attributionPatience = attributionPatience
  }
}
