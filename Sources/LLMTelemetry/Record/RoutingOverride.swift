// What a remediation asks of a gateway. It lives with the record because Remediation writes it and Gateway obeys it,
// and neither may know the other.

/// One deviation from the configured routing, in force until it expires or is withdrawn.
public struct RoutingOverride: Hashable, Sendable, Codable, Identifiable {
  public enum Action: Hashable, Sendable {
    /// Requests of `prompt` that would use version `from` use version `to`.
    case rollBackPrompt(prompt: String, from: String, to: String)
    /// Requests of `prompt` that would take part in the canary of `version` use the production version.
    case stopCanary(prompt: String, version: String)
    /// Requests on `route` that would go to model `from` (or `anyModel`) go to `toModel` at `toProvider`.
    case fallBackModel(route: String, from: String, toProvider: String, toModel: String)
    /// The target of `route` at `provider` (and with `model`, where it names one) keeps `toPercent` per cent of its weight.
    case shiftWeight(route: String, provider: String, model: String?, toPercent: Int)
    /// Requests beyond so many a minute are refused, in all event loops together.
    case throttle(RequestScope, requestsPerMinute: Int)
    /// A budget of one tenant beside those of the configuration: so much in each hour of the clock.
    case limitSpending(tenant: String, perHour: Nanodollars)
    /// Answers may have at most so many tokens, whatever the request says.
    case capOutputTokens(RequestScope, tokens: Int)
    /// One target is asked again at most so often.
    case limitRetries(route: String, attempts: Int)
    /// The model is not offered a tool by this name.
    case removeTool(RequestScope, tool: String)
    /// A request that was answered before may have the same answer again, when that is no older than so many seconds.
    case cacheAnswers(RequestScope, maxAgeSeconds: Int)
    /// Nobody serves the route: every request is refused and told so.
    case closeRoute(route: String)
  }

  /// In `fallBackModel`, a `from` that stands for every model of the route.
  public static let anyModel = "*"
  /// The whole of a share in thousandths.
  public static let wholePerMille = 1_000

  /// `OVR-7`: unique within one ledger.
  public var id: String
  public var action: Action
  /// The incident it serves, for example `INC-3`.
  public var incident: String
  public var appliedAt: Timestamp
  public var expiresAt: Timestamp
  /// Which share of the requests it speaks about it is applied to, 1 to 1000; the others are its control group.
  public var sharePerMille: Int

  public init(
    id: String, action: Action, incident: String, appliedAt: Timestamp, expiresAt: Timestamp,
    sharePerMille: Int = RoutingOverride.wholePerMille
  ) {
    self.id = id
    self.action = action
    self.incident = incident
    self.appliedAt = appliedAt
    self.expiresAt = expiresAt
    self.sharePerMille = min(max(sharePerMille, 0), Self.wholePerMille)
  }

  private enum CodingKeys: String, CodingKey {
    case id, action, incident, appliedAt, expiresAt, sharePerMille
  }

  /// An override of a ledger from before shares is in force for all requests.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      id: try container.decode(String.self, forKey: .id), action: try container.decode(Action.self, forKey: .action),
      incident: try container.decode(String.self, forKey: .incident),
      appliedAt: try container.decode(Timestamp.self, forKey: .appliedAt),
      expiresAt: try container.decode(Timestamp.self, forKey: .expiresAt),
      sharePerMille: try container.decodeIfPresent(Int.self, forKey: .sharePerMille) ?? Self.wholePerMille)
  }
}

/// The whole set of overrides in force. A gateway replaces its set as a whole and refuses a generation older than its own.
public struct RoutingOverrides: Hashable, Sendable, Codable {
  public var generation: UInt64
  public var overrides: [RoutingOverride]

  public init(generation: UInt64 = 0, overrides: [RoutingOverride] = []) {
    self.generation = generation
    self.overrides = overrides
  }
}

// MARK: - Who is treated

extension RoutingOverride {
  /// Whether the override is applied to requests with this ticket. The same for all requests of one ticket; a request stays
  /// treated while the share grows; and each override draws anew, so that it is not the same sessions that try them all.
  ///
  /// - Parameter ticket: of the session, or else of the trace.
  package func treats(_ ticket: UInt64) -> Bool {
    if sharePerMille >= Self.wholePerMille { return true }
    let salt = id.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
    // The finalizer of SplitMix64 (S. Vigna): each input bit reaches every output bit.
    var mixed = (ticket ^ salt) &+ 0x9e37_79b9_7f4a_7c15
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    mixed ^= mixed >> 31
    return Int(mixed.multipliedFullWidth(by: UInt64(Self.wholePerMille)).high) < sharePerMille
  }

  /// The value of the dimension `override` of requests the override was applied to.
  package var treatedValue: String { Self.treatedValue(id) }
  /// The same of requests it speaks about and was not applied to.
  package var controlValue: String { Self.controlValue(id) }
  package static func treatedValue(_ id: String) -> String { id }
  package static func controlValue(_ id: String) -> String { "\(id):control" }
}

// MARK: - The ledger's form

extension RoutingOverride.Action: Codable {
  private enum Kind: String, Codable {
    case rollBackPrompt = "roll_back_prompt"
    case stopCanary = "stop_canary"
    case fallBackModel = "fall_back_model"
    case shiftWeight = "shift_weight"
    case throttle
    case limitSpending = "limit_spending"
    case capOutputTokens = "cap_output_tokens"
    case limitRetries = "limit_retries"
    case removeTool = "remove_tool"
    case cacheAnswers = "cache_answers"
    case closeRoute = "close_route"
  }

  private enum CodingKeys: String, CodingKey {
    case type, prompt, from, to, route, version, provider, model, scope, tenant, tokens, attempts, tool
    case toProvider = "to_provider"
    case toModel = "to_model"
    case toPercent = "to_percent"
    case requestsPerMinute = "requests_per_minute"
    case maxAgeSeconds = "max_age_seconds"
    case dollarsPerHour = "dollars_per_hour"
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    func text(_ key: CodingKeys) throws -> String { try container.decode(String.self, forKey: key) }
    func number(_ key: CodingKeys) throws -> Int { try container.decode(Int.self, forKey: key) }
    func scope() throws -> RequestScope { try container.decode(RequestScope.self, forKey: .scope) }
    switch try container.decode(Kind.self, forKey: .type) {
    case .rollBackPrompt: self = .rollBackPrompt(prompt: try text(.prompt), from: try text(.from), to: try text(.to))
    case .stopCanary: self = .stopCanary(prompt: try text(.prompt), version: try text(.version))
    case .fallBackModel:
      self = .fallBackModel(
        route: try text(.route), from: try text(.from), toProvider: try text(.toProvider), toModel: try text(.toModel))
    case .shiftWeight:
      self = .shiftWeight(
        route: try text(.route), provider: try text(.provider),
        model: try container.decodeIfPresent(String.self, forKey: .model), toPercent: try number(.toPercent))
    case .throttle: self = .throttle(try scope(), requestsPerMinute: try number(.requestsPerMinute))
    case .limitSpending:
      let dollars = try text(.dollarsPerHour)
      guard let amount = Nanodollars(decimalDollars: dollars) else {
        throw DecodingError.dataCorruptedError(
          forKey: .dollarsPerHour, in: container, debugDescription: "not decimal dollars: \(dollars)")
      }
      self = .limitSpending(tenant: try text(.tenant), perHour: amount)
    case .capOutputTokens: self = .capOutputTokens(try scope(), tokens: try number(.tokens))
    case .limitRetries: self = .limitRetries(route: try text(.route), attempts: try number(.attempts))
    case .removeTool: self = .removeTool(try scope(), tool: try text(.tool))
    case .cacheAnswers: self = .cacheAnswers(try scope(), maxAgeSeconds: try number(.maxAgeSeconds))
    case .closeRoute: self = .closeRoute(route: try text(.route))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    switch self {
    case .rollBackPrompt(let prompt, let from, let to):
      try container.encode(Kind.rollBackPrompt, forKey: .type)
      try container.encode(prompt, forKey: .prompt)
      try container.encode(from, forKey: .from)
      try container.encode(to, forKey: .to)
    case .stopCanary(let prompt, let version):
      try container.encode(Kind.stopCanary, forKey: .type)
      try container.encode(prompt, forKey: .prompt)
      try container.encode(version, forKey: .version)
    case .fallBackModel(let route, let from, let toProvider, let toModel):
      try container.encode(Kind.fallBackModel, forKey: .type)
      try container.encode(route, forKey: .route)
      try container.encode(from, forKey: .from)
      try container.encode(toProvider, forKey: .toProvider)
      try container.encode(toModel, forKey: .toModel)
    case .shiftWeight(let route, let provider, let model, let toPercent):
      try container.encode(Kind.shiftWeight, forKey: .type)
      try container.encode(route, forKey: .route)
      try container.encode(provider, forKey: .provider)
      try container.encodeIfPresent(model, forKey: .model)
      try container.encode(toPercent, forKey: .toPercent)
    case .throttle(let scope, let requestsPerMinute):
      try container.encode(Kind.throttle, forKey: .type)
      try container.encode(scope, forKey: .scope)
      try container.encode(requestsPerMinute, forKey: .requestsPerMinute)
    case .limitSpending(let tenant, let perHour):
      try container.encode(Kind.limitSpending, forKey: .type)
      try container.encode(tenant, forKey: .tenant)
      try container.encode(perHour.decimalDollars, forKey: .dollarsPerHour)
    case .capOutputTokens(let scope, let tokens):
      try container.encode(Kind.capOutputTokens, forKey: .type)
      try container.encode(scope, forKey: .scope)
      try container.encode(tokens, forKey: .tokens)
    case .limitRetries(let route, let attempts):
      try container.encode(Kind.limitRetries, forKey: .type)
      try container.encode(route, forKey: .route)
      try container.encode(attempts, forKey: .attempts)
    case .removeTool(let scope, let tool):
      try container.encode(Kind.removeTool, forKey: .type)
      try container.encode(scope, forKey: .scope)
      try container.encode(tool, forKey: .tool)
    case .cacheAnswers(let scope, let maxAgeSeconds):
      try container.encode(Kind.cacheAnswers, forKey: .type)
      try container.encode(scope, forKey: .scope)
      try container.encode(maxAgeSeconds, forKey: .maxAgeSeconds)
    case .closeRoute(let route):
      try container.encode(Kind.closeRoute, forKey: .type)
      try container.encode(route, forKey: .route)
    }
  }
}
