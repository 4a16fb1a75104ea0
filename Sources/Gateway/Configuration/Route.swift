// Which models go where: aliases, weighted targets, what to try when they fail, and how long to wait for them.

import LLMTelemetry

/// One provider that can serve a route, and the model to ask it for.
package struct RouteTarget: Hashable, Sendable {
  package var provider: String
  /// The provider's name of the model; `nil` asks for what the client asked for.
  package var model: String?
  /// Share of the traffic relative to the other targets of the route; fallbacks have none.
  package var weight: Int
  /// Of a fallback: false leaves it to a remediation, which a person approves.
  package var isAutomatic: Bool

  package init(provider: String, model: String? = nil, weight: Int = 1, isAutomatic: Bool = true) {
    self.provider = provider
    self.model = model
    self.weight = weight
    self.isAutomatic = isAutomatic
  }
}

/// When a failed call is sent again to the same target. Never after the first byte of an answer went to the client.
package struct RetryPolicy: Hashable, Sendable {
  /// Further calls to one target; SDKs retry themselves, so none is the default.
  package var attempts = 0
  /// The first pause; each further one doubles it. The real pause is drawn from its upper half, so that clients spread.
  package var backoff: Duration = .milliseconds(200)
  /// A pause longer than this, asked for by `Retry-After`, is not waited for.
  package var longestPause: Duration = .seconds(10)
  /// Retries as per cent of requests over the last minutes: a provider that is down must not get twice the load.
  package var budgetPercent = 20

  package init() {}
}

/// When a target is left alone for a while.
package struct CircuitPolicy: Hashable, Sendable {
  /// Failures of the target in a row that open its circuit; 0 turns it off.
  package var failures = 5
  /// How long it stays open before one request tries it again.
  package var openFor: Duration = .seconds(30)

  package init() {}
}

/// Which models go to which targets, and what to try instead.
package struct Route: Hashable, Sendable {
  package enum ClientDisconnect: String, CaseIterable, Hashable, Sendable {
    /// The provider's connection is closed; what it generated until then is estimated.
    case cancel
    /// The answer is read to its end, so that its usage is exact.
    case complete
  }

  /// Bounds that differ from the gateway's own; `nil` keeps those.
  package struct Timeouts: Hashable, Sendable {
    package var connect: Duration?
    package var firstToken: Duration?
    package var idle: Duration?
    package var total: Duration?
    package init() {}
  }

  package var name: String
  /// Model names clients ask for; a trailing `*` matches any rest.
  package var models: [String]
  /// Traffic is split by weight; what is not chosen is tried before the fallbacks.
  package var targets: [RouteTarget]
  /// Those that are automatic are tried in order when the targets fail before the first byte. A remediation may make the first
  /// of all of them the target.
  package var fallbacks: [RouteTarget]
  package var retry = RetryPolicy()
  package var circuit = CircuitPolicy()
  package var timeouts = Timeouts()
  package var onClientDisconnect = ClientDisconnect.cancel
  /// `nil` keeps no answers, unless an override asks for it.
  package var cache: RouteCache?
  /// Whether request and answer go on with the span to where the redaction stage decides what is kept of them.
  package var capturesContent = false

  package init(name: String, models: [String], targets: [RouteTarget], fallbacks: [RouteTarget] = []) {
    self.name = name
    self.models = models
    self.targets = targets
    self.fallbacks = fallbacks
  }

  package init(name: String, models: [String], provider: String) {
    self.init(name: name, models: models, targets: [RouteTarget(provider: provider)])
  }

  func matches(model: String) -> Bool { Self.matches(models, model: model) }

  /// Whether one of the patterns is the model's.
  package static func matches(_ patterns: [String], model: String) -> Bool {
    patterns.contains { $0 == model || isPrefix($0, of: model) }
  }

  /// Whether a pattern ends in `*`, and a model's name begins with the rest of it. This is asked at every request.
  private static func isPrefix(_ pattern: String, of model: String) -> Bool {
    var pattern = pattern
    return pattern.withUTF8 { $0.last == UInt8(ascii: "*") && model.utf8.starts(with: $0.dropLast()) }
  }
}
