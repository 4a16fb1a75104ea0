// What the cycle is told once: where routes may go, how long calm must last, and from when on an incident is worse.

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

/// One of the weighted targets of a route, and how often it is asked again.
package struct RouteShare: Hashable, Sendable {
  package var route: String
  /// The configured name of the provider.
  package var providerName: String
  /// The value of the `provider` dimension of requests it serves.
  package var provider: String
  /// `nil` where it is asked for what the client asks for.
  package var model: String?
  package var weight: Int
  package var retries: Int

  package init(route: String, providerName: String, provider: String, model: String?, weight: Int, retries: Int) {
    self.route = route
    self.providerName = providerName
    self.provider = provider
    self.model = model
    self.weight = weight
    self.retries = retries
  }
}

/// From which impact on an incident is at least so severe.
package struct SeverityRule: Hashable, Sendable {
  /// Failed and ungrounded answers as a share of all requests since the onset, 0 to 1.
  package var failedShare: Double
  package var severity: Severity

  package init(failedShare: Double, severity: Severity) {
    self.failedShare = failedShare
    self.severity = severity
  }

  /// Below so many failures a share says nothing.
  static let leastFailures: Int64 = 50

  package static let standard = [
    SeverityRule(failedShare: 0.5, severity: .sev1), SeverityRule(failedShare: 0.2, severity: .sev2),
  ]
}

package struct CommandSettings: Hashable, Sendable {
  package var fallbacks: [RouteFallback]
  package var shares: [RouteShare]
  /// How long all alerts of a mitigated incident must be ok before it is resolved.
  package var quietPeriod: Duration
  /// How often the impact of an open incident is counted again.
  package var impactInterval: Duration
  /// How long after its opening an incident without a cause is looked at again.
  package var attributionPatience: Duration
  /// By name, for monitors of burn rates.
  package var objectives: [String: SLODefinition]
  /// When this process began to watch; `nil` where all of the past is known, as in tests and backtests.
  package var watchingSince: Timestamp?
  /// An alert of an incident that was resolved less than so long ago reopens it; later it opens a new one that names the old.
  package var reopenWithin: Duration
  /// Worst first.
  package var severityRules: [SeverityRule]

  package init(
    fallbacks: [RouteFallback] = [], shares: [RouteShare] = [], quietPeriod: Duration = .seconds(300),
    impactInterval: Duration = .seconds(60), attributionPatience: Duration = .seconds(600),
    objectives: [String: SLODefinition] = [:], reopenWithin: Duration = .zero,
    severityRules: [SeverityRule] = SeverityRule.standard
  ) {
    self.fallbacks = fallbacks
    self.shares = shares
    self.quietPeriod = quietPeriod
    self.impactInterval = impactInterval
    self.attributionPatience = attributionPatience
    self.objectives = objectives
    self.reopenWithin = reopenWithin
    self.severityRules = severityRules
  }

  /// An incident that keeps coming back must be calm for longer before it is called over: twice as long for each relapse.
  func quietPeriod(relapses: Int) -> Duration { quietPeriod * (1 << min(max(0, relapses), 3)) }
}
