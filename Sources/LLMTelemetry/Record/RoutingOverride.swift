// What a remediation asks of a gateway. It lives with the record because Remediation writes it and Gateway obeys it,
// and neither may know the other.

/// One deviation from the configured routing, in force until it expires or is withdrawn.
public struct RoutingOverride: Hashable, Sendable, Codable, Identifiable {
  public enum Action: Hashable, Sendable {
    /// Requests of `prompt` that would use version `from` use version `to`.
    case rollBackPrompt(prompt: String, from: String, to: String)
    /// Requests on `route` that would go to model `from` (or `anyModel`) go to `toModel` at `toProvider`.
    case fallBackModel(route: String, from: String, toProvider: String, toModel: String)
  }

  /// In `fallBackModel`, a `from` that stands for every model of the route.
  public static let anyModel = "*"

  /// `OVR-7`: unique within one ledger.
  public var id: String
  public var action: Action
  /// The incident it serves, for example `INC-3`.
  public var incident: String
  public var appliedAt: Timestamp
  public var expiresAt: Timestamp

  public init(id: String, action: Action, incident: String, appliedAt: Timestamp, expiresAt: Timestamp) {
    self.id = id
    self.action = action
    self.incident = incident
    self.appliedAt = appliedAt
    self.expiresAt = expiresAt
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

extension RoutingOverride.Action: Codable {
  private enum Kind: String, Codable {
    case rollBackPrompt = "roll_back_prompt"
    case fallBackModel = "fall_back_model"
  }

  private enum CodingKeys: String, CodingKey {
    case type, prompt, from, to, route
    case toProvider = "to_provider"
    case toModel = "to_model"
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    func text(_ key: CodingKeys) throws -> String { try container.decode(String.self, forKey: key) }
    switch try container.decode(Kind.self, forKey: .type) {
    case .rollBackPrompt: self = .rollBackPrompt(prompt: try text(.prompt), from: try text(.from), to: try text(.to))
    case .fallBackModel:
      self = .fallBackModel(
        route: try text(.route), from: try text(.from), toProvider: try text(.toProvider), toModel: try text(.toModel))
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
    case .fallBackModel(let route, let from, let toProvider, let toModel):
      try container.encode(Kind.fallBackModel, forKey: .type)
      try container.encode(route, forKey: .route)
      try container.encode(from, forKey: .from)
      try container.encode(toProvider, forKey: .toProvider)
      try container.encode(toModel, forKey: .toModel)
    }
  }
}
