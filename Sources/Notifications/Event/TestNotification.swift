// The message of a test: an incident that never was, and says so.

import Incidents
import LLMTelemetry
import Monitors
import Remediation

extension NotificationMessage {
  /// A new one for every second, so that no receiver takes it for a repetition.
  package static func test(at: Timestamp) -> NotificationMessage {
    var book = NotificationBook()
    book.apply(
      .incident(
        IncidentRecord(
          at: at, incident: "INC-1", actor: "commander",
          event: .opened(
            .init(
              number: 1, title: "Test of the notifications, nothing is wrong", severity: .sev4, onset: at,
              alert: AlertKey(monitor: "test"), reason: "commander notify test")))))
    return NotificationMessage(
      book.facts.map { fact in
        let named = NotificationFact(
          key: "test/\(at.unixNanoseconds)", event: fact.event, at: fact.at, incident: fact.incident, severity: fact.severity)
        var notification = Notification(fact: named, incident: book.state.incidents["INC-1"])
        notification.isTest = true
        return notification
      })
  }
}
