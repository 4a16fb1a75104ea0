// Everything the data plane needs to decide, as one immutable value that each event loop holds.

import LLMTelemetry
import Providers

/// A key the gateway gave out. Only the hash is kept; the key itself is shown once, when it is made.
package struct VirtualKey: Hashable, Sendable {
  package var name: String
  /// SHA-256 of the key, lowercase hexadecimal. Keys are random, so a plain hash is enough: there is nothing to guess.
  package var sha256: String
  /// A tenant or feature set here cannot be overruled by the request.
  package var tenant: String?
  package var feature: String?

  package init(name: String, sha256: String, tenant: String? = nil, feature: String? = nil) {
    self.name = name
    self.sha256 = sha256
    self.tenant = tenant
    self.feature = feature
  }
}

/// One upstream that serves models.
package struct Provider: Hashable, Sendable {
  package var name: String
  package var wireProtocol: WireProtocol
  package var host: String
  package var port: Int
  package var usesTLS: Bool
  /// Prefix of every path, without a trailing slash; usually empty.
  package var basePath: String
  /// The credential itself; it never leaves this value except as a header to the provider.
  package var credential: String?
  /// Vertex AI: replaces the client's project and location when set.
  package var project: String?
  package var location: String?

  package init(
    name: String, wireProtocol: WireProtocol, host: String, port: Int, usesTLS: Bool, basePath: String = "",
    credential: String? = nil,
    project: String? = nil, location: String? = nil
  ) {
    self.name = name
    self.wireProtocol = wireProtocol
    self.host = host
    self.port = port
    self.usesTLS = usesTLS
    self.basePath = basePath
    self.credential = credential
    self.project = project
    self.location = location
  }
}

/// Which models go to which provider, and what to try instead.
package struct Route: Hashable, Sendable {
  package var name: String
  /// Model names; a trailing `*` matches any rest.
  package var models: [String]
  package var provider: String
  /// What a fallback remediation may switch to; same wire protocol.
  package var fallback: Fallback?

  package struct Fallback: Hashable, Sendable {
    package var provider: String
    package var model: String
    package init(provider: String, model: String) {
      self.provider = provider
      self.model = model
    }
  }

  package init(name: String, models: [String], provider: String, fallback: Fallback? = nil) {
    self.name = name
    self.models = models
    self.provider = provider
    self.fallback = fallback
  }

  func matches(model: String) -> Bool {
    models.contains { pattern in
      pattern.hasSuffix("*") ? model.hasPrefix(pattern.dropLast()) : pattern == model
    }
  }
}

/// A prompt whose versions the gateway holds: requests name it, the gateway puts the text in.
package struct ManagedPrompt: Hashable, Sendable {
  package var name: String
  /// Version to system instruction. A version never changes its text.
  package var versions: [String: String]
  /// The version requests get that name no version.
  package var production: String

  package init(name: String, versions: [String: String], production: String) {
    self.name = name
    self.versions = versions
    self.production = production
  }
}

/// Bounds on what one client may take. Every one has a default that suits an interactive application.
package struct GatewayLimits: Hashable, Sendable {
  package var requestBodyBytes = 32 << 20
  /// Bytes of request and answer kept for scoring, each; 0 turns scoring off.
  package var scoringBytes = 64 << 10
  package var connectTimeout: Duration = .seconds(5)
  package var firstByteTimeout: Duration = .seconds(120)
  package var idleTimeout: Duration = .seconds(60)
  package var totalTimeout: Duration = .seconds(600)
  /// A client that starts a request has this long to finish sending it, and an idle connection this long to start one.
  package var clientIdleTimeout: Duration = .seconds(75)
  package var idleUpstreamConnectionsPerLoop = 64
  /// Connections of applications, shared out evenly among the event loops; one more is closed at once.
  package var clientConnections = 8192

  package init() {}
}

/// One consistent view of configuration, prompt labels and overrides.
package struct GatewaySnapshot: Sendable {
  package var service: String
  package var env: String
  package var version: String?
  package var providers: [String: Provider]
  /// The first route whose protocol and model match wins.
  package var routes: [Route]
  package var prompts: [String: ManagedPrompt]
  package var overrides: RoutingOverrides
  package var limits: GatewayLimits
  private let keysByHash: [String: VirtualKey]

  package init(
    service: String, env: String, version: String?, keys: [VirtualKey], providers: [Provider], routes: [Route],
    prompts: [ManagedPrompt],
    overrides: RoutingOverrides = RoutingOverrides(), limits: GatewayLimits = GatewayLimits()
  ) {
    self.service = service
    self.env = env
    self.version = version
    keysByHash = Dictionary(keys.map { ($0.sha256, $0) }, uniquingKeysWith: { first, _ in first })
    self.providers = Dictionary(providers.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    self.routes = routes
    self.prompts = Dictionary(prompts.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    self.overrides = overrides
    self.limits = limits
  }

  package func key(sha256: String) -> VirtualKey? { keysByHash[sha256] }

  func route(wireProtocol: WireProtocol, model: String) -> (Route, Provider)? {
    for route in routes {
      guard let provider = providers[route.provider], provider.wireProtocol == wireProtocol, route.matches(model: model) else {
        continue
      }
      return (route, provider)
    }
    return nil
  }
}
