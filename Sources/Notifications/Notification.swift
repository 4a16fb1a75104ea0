// What is told, and what still has to be told: read from the ledger's fold, so that nobody is told twice.

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif
import Incidents
import LLMTelemetry
import Monitors
import Remediation

/// One message about one incident; the same for every receiver.
package struct Notification: Hashable, Sendable {
  package enum Event: String, CaseIterable, Hashable, Sendable, Codable {
    case opened, closed
  }

  package let event: Event
  package let incident: Incident
  package let at: Timestamp

  /// `INC-1/opened`: what the ledger remembers a delivery by.
  package var key: String { "\(incident.id)/\(event.rawValue)" }

  /// The same on every retry and after a restart, so that a receiver can drop a repetition. Without dots: it is part of what is signed.
  package var messageID: String { "\(incident.id)-\(event.rawValue)-\(at.unixSeconds)".lowercased() }

  /// Beyond this age nobody is told any more: a receiver that was just configured does not get the past.
  package static let oldest: Duration = .seconds(86_400)

  /// What `receiver` has not been told yet, oldest first.
  package static func pending(_ state: CommandState, receiver: String, now: Timestamp) -> [Notification] {
    let all = state.incidents.incidents.flatMap { incident in
      [Notification(event: .opened, incident: incident, at: incident.openedAt)]
        + (incident.resolvedAt.map { [Notification(event: .closed, incident: incident, at: $0)] } ?? [])
    }
    return all.filter { now - $0.at <= oldest && state.delivery($0.key, receiver: receiver) == nil }.sorted { $0.at < $1.at }
  }
}

/// The body of a webhook, in the shape Standard Webhooks recommends. Fields are added to it, never renamed.
struct WebhookPayload: Encodable {
  struct Body: Encodable {
    struct Reason: Encodable {
      let title: String
      let dimensions: [String: String]
      let confidence: Double
      let evidence: [String]
    }

    let id: String
    let title: String
    let severity: Severity
    let state: IncidentState
    let beganAt: Timestamp
    let openedAt: Timestamp
    let mitigatedAt: Timestamp?
    let resolvedAt: Timestamp?
    let owner: String?
    let cause: Reason?
    let impact: Impact
    let url: String?
  }

  let type: String
  let timestamp: Timestamp
  let data: Body

  init(_ notification: Notification, consoleURL: String?) {
    let incident = notification.incident
    type = "incident.\(notification.event.rawValue)"
    timestamp = notification.at
    data = Body(
      id: incident.id, title: incident.title, severity: incident.severity, state: incident.state, beganAt: incident.onsetAt,
      openedAt: incident.openedAt, mitigatedAt: incident.mitigatedAt, resolvedAt: incident.resolvedAt, owner: incident.owner,
      cause: incident.cause.map {
        .init(title: $0.title, dimensions: $0.dimensions, confidence: $0.confidence, evidence: $0.evidence)
      }, impact: incident.impact, url: consoleURL.map { "\($0)/incidents/\(incident.id)" })
  }

  func json() throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return Array(try encoder.encode(self))
  }
}
