// Everything that can happen to a remediation, as the ledger keeps it: each case is one readable JSON object with a `type`.

import LLMTelemetry

package enum RemediationEvent: Hashable, Sendable {
  case proposed(Proposal)
  case approved
  case rejected(Reason)
  case applied(Application)
  /// The share it is applied to grew, since it helped those it was applied to.
  case advanced(Advance)
  /// It waits for another remediation that steers the same thing or is being verified on the same requests.
  case queued(Queueing)
  case verified(Reason)
  /// It did not help: the override is withdrawn under a new generation.
  case reverted(Withdrawal)
  case escalated(Reason)
  /// Its time ran out: an override's, or that of a proposal nobody approved (then the generation stays).
  case expired(Withdrawal)
  /// A person took the override back.
  case withdrawn(Withdrawal)

  package struct Proposal: Hashable, Sendable, Codable {
    package var plan: RemediationPlan
    package init(plan: RemediationPlan) { self.plan = plan }
  }

  package struct Application: Hashable, Sendable, Codable {
    package var override: RoutingOverride
    package var generation: UInt64
    package init(override: RoutingOverride, generation: UInt64) {
      self.override = override
      self.generation = generation
    }
  }

  package struct Advance: Hashable, Sendable, Codable {
    package var sharePerMille: Int
    package var reason: String
    package var generation: UInt64
    package init(sharePerMille: Int, reason: String, generation: UInt64) {
      self.sharePerMille = sharePerMille
      self.reason = reason
      self.generation = generation
    }
  }

  package struct Queueing: Hashable, Sendable, Codable {
    /// `REM-1`
    package var behind: String
    package var reason: String
    package init(behind: String, reason: String) {
      self.behind = behind
      self.reason = reason
    }
  }

  package struct Withdrawal: Hashable, Sendable, Codable {
    package var reason: String
    package var generation: UInt64
    package init(reason: String, generation: UInt64) {
      self.reason = reason
      self.generation = generation
    }
  }

  package struct Reason: Hashable, Sendable, Codable {
    package var reason: String
    package init(_ reason: String) { self.reason = reason }
  }
}

extension RemediationEvent: Codable {
  package enum Kind: String, Codable, Hashable, Sendable {
    case proposed, approved, rejected, applied, advanced, queued, verified, reverted, escalated, expired, withdrawn
  }

  package var kind: Kind {
    switch self {
    case .proposed: .proposed
    case .approved: .approved
    case .rejected: .rejected
    case .applied: .applied
    case .advanced: .advanced
    case .queued: .queued
    case .verified: .verified
    case .reverted: .reverted
    case .escalated: .escalated
    case .expired: .expired
    case .withdrawn: .withdrawn
    }
  }

  private enum CodingKeys: String, CodingKey { case type }

  package init(from decoder: any Decoder) throws {
    switch try decoder.container(keyedBy: CodingKeys.self).decode(Kind.self, forKey: .type) {
    case .proposed: self = .proposed(try Proposal(from: decoder))
    case .approved: self = .approved
    case .rejected: self = .rejected(try Reason(from: decoder))
    case .applied: self = .applied(try Application(from: decoder))
    case .advanced: self = .advanced(try Advance(from: decoder))
    case .queued: self = .queued(try Queueing(from: decoder))
    case .verified: self = .verified(try Reason(from: decoder))
    case .reverted: self = .reverted(try Withdrawal(from: decoder))
    case .escalated: self = .escalated(try Reason(from: decoder))
    case .expired: self = .expired(try Withdrawal(from: decoder))
    case .withdrawn: self = .withdrawn(try Withdrawal(from: decoder))
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(kind, forKey: .type)
    switch self {
    case .proposed(let payload): try payload.encode(to: encoder)
    case .approved: break
    case .applied(let payload): try payload.encode(to: encoder)
    case .advanced(let payload): try payload.encode(to: encoder)
    case .queued(let payload): try payload.encode(to: encoder)
    case .reverted(let payload), .expired(let payload), .withdrawn(let payload): try payload.encode(to: encoder)
    case .rejected(let payload), .verified(let payload), .escalated(let payload): try payload.encode(to: encoder)
    }
  }
}

/// One event of one remediation with its time and who caused it.
package struct RemediationRecord: Hashable, Sendable, Codable {
  package var at: Timestamp
  /// `REM-1`
  package var remediation: String
  /// `INC-1`
  package var incident: String
  package var actor: String
  package var event: RemediationEvent

  package init(at: Timestamp, remediation: String, incident: String, actor: String, event: RemediationEvent) {
    self.at = at
    self.remediation = remediation
    self.incident = incident
    self.actor = actor
    self.event = event
  }
}
