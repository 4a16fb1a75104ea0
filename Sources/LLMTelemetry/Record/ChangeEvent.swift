// Something that was changed on purpose: the first suspect when a signal moves.

/// A change to what serves requests, as the recorded-traffic format and the ledger write it.
public struct ChangeEvent: Hashable, Sendable, Codable {
  public enum Kind: String, CaseIterable, Hashable, Sendable, Codable {
    case promptVersion = "prompt_version"
    case model, route, config, deploy, price, index
    case providerStatus = "provider_status"
    case override
  }

  public var at: Timestamp
  public var kind: Kind
  /// What was changed: a prompt, a route, a model.
  public var subject: String
  public var from: String?
  public var to: String?
  public var author: String?

  public init(at: Timestamp, kind: Kind, subject: String, from: String?, to: String?, author: String?) {
    self.at = at
    self.kind = kind
    self.subject = subject
    self.from = from
    self.to = to
    self.author = author
  }
}
