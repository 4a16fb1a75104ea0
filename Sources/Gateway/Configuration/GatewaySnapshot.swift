// Everything the data plane needs to decide, as one immutable value that each event loop holds.

import LLMTelemetry
import Pricing
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
  package let host: String
  package let port: Int
  package let usesTLS: Bool
  /// The value of `Host`.
  let authority: String
  /// Prefix of every path, without a trailing slash; usually empty.
  package var basePath: String
  /// The credential itself; it never leaves this value except as a header to the provider.
  package var credential: String?
  /// The credential is an OAuth token, whatever header the protocol's keys have.
  package var sendsBearer = false
  /// It is told our trace, so that its own spans hang under ours. Never a vendor's: ids of traces are not theirs to have.
  package var propagatesTrace = false
  /// A file of PEM certificates that are believed in place of the system's, for a provider behind a private authority.
  package var certificateAuthority: String?
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
    let literal = host.contains(":") ? "[\(host)]" : host
    authority = port == (usesTLS ? 443 : 80) ? literal : "\(literal):\(port)"
    self.basePath = basePath
    self.credential = credential
    self.project = project
    self.location = location
  }

  /// Whether this provider can serve a request: in the client's own protocol, translated (chat.completions), or because
  /// the bodies are the same (generateContent of the Gemini API and of Vertex AI).
  func serves(_ target: RequestTarget) -> Bool {
    wireProtocol == target.wireProtocol || Self.serves(wireProtocol, target.bodyFormat)
  }

  /// Whether a provider of one protocol can serve bodies of another's.
  static func serves(_ wireProtocol: WireProtocol, _ bodyFormat: BodyFormat) -> Bool {
    switch bodyFormat {
    case .openAIChat: true
    case .googleGenerate: wireProtocol == .gemini || wireProtocol == .vertex
    default: false
    }
  }

  /// The header that carries the credential, and its value.
  var credentialHeader: (name: String, value: String)? {
    guard let credential else { return nil }
    return sendsBearer ? ("authorization", "Bearer \(credential)") : wireProtocol.credentialHeader(credential)
  }
}

/// Bounds on what one client may take. Every one has a default that suits an interactive application.
package struct GatewayLimits: Hashable, Sendable {
  package var requestBodyBytes = 32 << 20
  /// Bytes of request and answer kept for scoring, each; 0 turns scoring off.
  package var scoringBytes = 64 << 10
  /// Bytes of request and answer kept on routes that capture content, each.
  package var captureBytes = 64 << 10
  package var connectTimeout: Duration = .seconds(5)
  package var firstByteTimeout: Duration = .seconds(120)
  package var idleTimeout: Duration = .seconds(60)
  package var totalTimeout: Duration = .seconds(600)
  /// A client that starts a request has this long to finish sending it, and an idle connection this long to start one.
  package var clientIdleTimeout: Duration = .seconds(75)
  package var idleUpstreamConnectionsPerLoop = 64
  /// Connections of applications, shared out evenly among the event loops; one more is closed at once.
  package var clientConnections = 8192
  /// What the answers that are kept to be given again may take, with their own heads and places. As much again at most is being recorded.
  package var answerCacheBytes = 64 << 20

  /// What is kept of the content of an exchange on a route that captures, or does not.
  func contentBytes(capturing: Bool) -> Int { max(scoringBytes, capturing ? captureBytes : 0) }

  package init() {}
}

/// One consistent view of configuration, prompt labels and overrides.
///
/// A class, so that an exchange keeps the one it began with at the price of one reference.
package final class GatewaySnapshot: Sendable {
  package let service: String
  package let env: String
  package let version: String?
  let providers: [String: ServedProvider]
  /// The first route whose protocol and model match wins.
  let routes: [Shared<Route>]
  package let prompts: [String: ManagedPrompt]
  package let overrides: RoutingOverrides
  package let limits: GatewayLimits
  /// Of routes without times of their own.
  let ownLimits: EffectiveLimits
  /// A route or an override uses the cache of answers.
  let usesCache: Bool
  /// What an exchange costs, for budgets and for its span.
  package let prices: PriceBook
  private let keysByHash: [String: VirtualKey]
  /// The routes whose first target has a provider, with it.
  private let served: [(route: Shared<Route>, provider: ServedProvider)]

  package init(
    service: String, env: String, version: String?, keys: [VirtualKey], providers: [Provider], routes: [Route],
    prompts: [ManagedPrompt],
    overrides: RoutingOverrides = RoutingOverrides(), limits: GatewayLimits = GatewayLimits(), prices: PriceBook = .builtIn
  ) {
    self.prices = prices
    self.service = service
    self.env = env
    self.version = version
    keysByHash = Dictionary(keys.map { ($0.sha256, $0) }, uniquingKeysWith: { first, _ in first })
    let shared = Dictionary(providers.map { ($0.name, ServedProvider($0)) }, uniquingKeysWith: { first, _ in first })
    self.providers = shared
    self.routes = routes.map(Shared.init)
    served = self.routes.compactMap { route in
      route.value.targets.first.flatMap { shared[$0.provider] }.map { (route: route, provider: $0) }
    }
    self.prompts = Dictionary(prompts.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    self.overrides = overrides
    usesCache = routes.contains { $0.cache != nil } || overrides.useCache
    self.limits = limits
    ownLimits = EffectiveLimits(limits, Route.Timeouts())
  }

  package func key(sha256: String) -> VirtualKey? { keysByHash[sha256] }

  /// The first route that serves a model in the client's own protocol, or else the first that can do so by translation.
  func route(for target: Shared<RequestTarget>, model: String) -> Shared<Route>? {
    let wireProtocol = target.value.wireProtocol
    var translated: Shared<Route>?
    for (route, provider) in served where Route.matches(route.value.models, model: model) {
      if provider.value.wireProtocol == wireProtocol { return route }
      if translated == nil, Provider.serves(provider.value.wireProtocol, target.value.bodyFormat) { translated = route }
    }
    return translated
  }
}
