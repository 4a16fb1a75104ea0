// One message for one receiver: a fact, or the digest of those that were held, with what is known when it is sent.

import Incidents
import LLMTelemetry
import Monitors
import Remediation

/// A fact with the incident and the remediation as they are now.
package struct Notification: Hashable, Sendable {
  package let fact: NotificationFact
  package let incident: Incident?
  package let remediation: Remediation?
  /// Remediations of the incident that a person may approve now.
  package let waiting: [Remediation]
  /// Sent by hand to see whether it arrives.
  package var isTest = false

  package init(fact: NotificationFact, incident: Incident?, remediation: Remediation? = nil, waiting: [Remediation] = []) {
    self.fact = fact
    self.incident = incident
    self.remediation = remediation
    self.waiting = waiting
  }

  package init(_ fact: NotificationFact, in state: CommandState) {
    self.init(
      fact: fact, incident: fact.incident.flatMap { state.incidents.numbered($0) },
      remediation: fact.remediation.flatMap { state.remediations[$0] },
      waiting: fact.incident.map { id in
        state.remediations.of(incident: id).filter { $0.state == .proposed && $0.plan.mode == .approve }
      } ?? [])
  }

  package var event: NotificationEvent { fact.event }

  /// The incident's severity, which may have grown since; that of the fact where there is no incident.
  package var severity: Severity? { incident?.severity ?? fact.severity }
}

extension IncidentBook {
  /// Incidents are numbered from 1 without gaps, so a name leads straight to its place; a book of years is not searched every second.
  fileprivate func numbered(_ id: String) -> Incident? {
    if let number = Int(id.dropFirst(4)), incidents.indices.contains(number - 1), incidents[number - 1].id == id {
      return incidents[number - 1]
    }
    return self[id]
  }
}

package struct NotificationMessage: Hashable, Sendable {
  /// One, or several that were held and are sent together.
  package let notifications: [Notification]

  package init(_ notifications: [Notification]) { self.notifications = notifications }

  package var isDigest: Bool { notifications.count > 1 }
  package var keys: [String] { notifications.map(\.fact.key) }

  package var messageID: String {
    guard let first = notifications.first else { return "nothing" }
    return isDigest ? "digest-\(first.fact.messageID)" : first.fact.messageID
  }

  /// The worst severity in it.
  package var severity: Severity? { notifications.compactMap(\.severity).min { $0.rank < $1.rank } }
}
