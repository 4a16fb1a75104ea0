// One fact of the append-only ledger; the state of the commander is the fold of these.

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif
import Incidents
import LLMTelemetry
import Monitors

/// The attempt to tell someone, remembered so that nobody is told twice.
package struct Delivery: Hashable, Sendable, Codable {
  package enum Outcome: String, Hashable, Sendable, Codable {
    case delivered
    /// Refused for good, or given up after the last retry.
    case failed
  }

  /// `INC-1/opened`
  package var key: String
  package var receiver: String
  package var at: Timestamp
  package var outcome: Outcome
  package var attempts: Int
  /// Why it failed, without credentials.
  package var detail: String?

  package init(key: String, receiver: String, at: Timestamp, outcome: Outcome, attempts: Int, detail: String? = nil) {
    self.key = key
    self.receiver = receiver
    self.at = at
    self.outcome = outcome
    self.attempts = attempts
    self.detail = detail
  }
}

package enum LedgerEntry: Hashable, Sendable {
  case alert(AlertTransition)
  case incident(IncidentRecord)
  case remediation(RemediationRecord)
  case change(ChangeEvent)
  case delivery(Delivery)
  case promotion(PromotionRecord)
  case heard(HeardEvent)

  package var at: Timestamp {
    switch self {
    case .alert(let transition): transition.at
    case .incident(let record): record.at
    case .remediation(let record): record.at
    case .change(let change): change.at
    case .delivery(let delivery): delivery.at
    case .promotion(let record): record.at
    case .heard(let event): event.at
    }
  }

  /// For indexing: `alert.pending`, `incident.opened`, `remediation.applied`, `change.prompt_version`, `delivery.delivered`,
  /// `promotion.freeze_overridden`, `heard.pagerduty`.
  package var kind: String {
    switch self {
    case .alert(let transition): "alert.\(transition.to.rawValue)"
    case .incident(let record): "incident.\(record.event.kind.rawValue)"
    case .remediation(let record): "remediation.\(record.event.kind.rawValue)"
    case .change(let change): "change.\(change.kind.rawValue)"
    case .delivery(let delivery): "delivery.\(delivery.outcome.rawValue)"
    case .promotion(let record): "promotion.\(record.event.kind.rawValue)"
    case .heard(let event): "heard.\(event.source)"
    }
  }

  /// For indexing: an alert key, `INC-1`, `REM-1`, what was changed, a delivery key, or a prompt.
  package var subject: String {
    switch self {
    case .alert(let transition): transition.key.description
    case .incident(let record): record.incident
    case .remediation(let record): record.remediation
    case .change(let change): change.subject
    case .delivery(let delivery): delivery.key
    case .promotion(let record): record.prompt
    case .heard(let event): event.incident
    }
  }
}

extension LedgerEntry: Codable {
  private enum Kind: String, Codable { case alert, incident, remediation, change, delivery, promotion, heard }
  private enum CodingKeys: String, CodingKey { case type }

  package init(from decoder: any Decoder) throws {
    switch try decoder.container(keyedBy: CodingKeys.self).decode(Kind.self, forKey: .type) {
    case .alert: self = .alert(try AlertTransition(from: decoder))
    case .incident: self = .incident(try IncidentRecord(from: decoder))
    case .remediation: self = .remediation(try RemediationRecord(from: decoder))
    case .change: self = .change(try ChangeEvent(from: decoder))
    case .delivery: self = .delivery(try Delivery(from: decoder))
    case .promotion: self = .promotion(try PromotionRecord(from: decoder))
    case .heard: self = .heard(try HeardEvent(from: decoder))
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    switch self {
    case .alert(let payload):
      try container.encode(Kind.alert, forKey: .type)
      try payload.encode(to: encoder)
    case .incident(let payload):
      try container.encode(Kind.incident, forKey: .type)
      try payload.encode(to: encoder)
    case .remediation(let payload):
      try container.encode(Kind.remediation, forKey: .type)
      try payload.encode(to: encoder)
    case .change(let payload):
      try container.encode(Kind.change, forKey: .type)
      try payload.encode(to: encoder)
    case .delivery(let payload):
      try container.encode(Kind.delivery, forKey: .type)
      try payload.encode(to: encoder)
    case .promotion(let payload):
      try container.encode(Kind.promotion, forKey: .type)
      try payload.encode(to: encoder)
    case .heard(let payload):
      try container.encode(Kind.heard, forKey: .type)
      try payload.encode(to: encoder)
    }
  }

  /// One line of JSON with sorted keys: the form the ledger stores and tests compare.
  package func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }

  package init(json: String) throws {
    self = try JSONDecoder().decode(LedgerEntry.self, from: Data(json.utf8))
  }
}
