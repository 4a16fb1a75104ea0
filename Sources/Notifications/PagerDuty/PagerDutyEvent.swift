// An event of PagerDuty's webhooks (v3), as far as it says something about one of our incidents.
// https://developer.pagerduty.com/docs/webhooks-overview

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif
import Incidents
import LLMTelemetry
import Remediation

package struct PagerDutyEvent: Hashable, Sendable, Decodable {
  struct Reference: Hashable, Sendable, Decodable {
    var id: String
    var type: String?
    /// A person's name, an incident's title.
    var summary: String?
  }

  struct Details: Hashable, Sendable, Decodable {
    var id: String?
    /// Of an incident that our events opened, what we called it.
    var incident_key: String?
    var assignees: [Reference]?
    /// Of a note, the incident it is about, and what it says.
    var incident: Reference?
    var content: String?
  }

  let id: String
  let event_type: String
  let occurred_at: String
  /// Who did it; absent where nobody did.
  var agent: Reference?
  let data: Details

  private struct Payload: Decodable { let event: PagerDutyEvent }

  /// `nil` for a body that is no such event.
  package init?(body: [UInt8]) {
    guard let payload = try? JSONDecoder().decode(Payload.self, from: Data(body)) else { return nil }
    self = payload.event
  }

  package var occurredAt: Timestamp? { Timestamp(rfc3339: occurred_at) }

  /// PagerDuty's own name of the incident.
  var reference: String? { data.incident?.id ?? (data.incident_key == nil ? nil : data.id) }

  /// Whether a person did it: what our own events did there comes back with an integration as its agent, or none.
  var isByPerson: Bool { agent?.type == "user_reference" }

  /// As the ledger knows a person of PagerDuty: `Tenex Engineer (PagerDuty PLH1HKV)`.
  var actor: String {
    guard let agent else { return "PagerDuty" }
    let id = TextLimit.cut(TextLimit.line(agent.id), to: 30)
    return "\(TextLimit.cut(TextLimit.line(agent.summary ?? "somebody"), to: 60)) (PagerDuty \(id))"
  }

  /// What it asks of us; `nil` for what is nothing to us.
  func command(incident: String) -> OperatorCommand? {
    switch event_type {
    case "incident.acknowledged": return .acknowledge(incident: incident)
    case "incident.resolved": return .resolve(incident: incident, reason: "resolved in PagerDuty by \(actor)")
    case "incident.unacknowledged":
      return .note(incident: incident, text: "In PagerDuty the acknowledgement was taken back or ran out")
    case "incident.reassigned":
      guard let names = data.assignees?.compactMap(\.summary), !names.isEmpty else { return nil }
      return .assign(incident: incident, .commander, person: TextLimit.cut(TextLimit.line(names.joined(separator: ", ")), to: 90))
    case "incident.annotated":
      return data.content.map { .note(incident: incident, text: TextLimit.cut($0, to: 1_000)) }
    default: return nil
    }
  }
}
