// What a remediation asks of a gateway. It lives with the record because Remediation writes it and Gateway obeys it,
// and neither may know the other.

/// One deviation from the configured routing, in force until it expires or is withdrawn.
public struct RoutingOverride: Hashable, Sendable, Codable, Identifiable {
  public enum Action: Hashable, Sendable, Codable {
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
