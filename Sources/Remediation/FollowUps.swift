// What is left to do for good: an override hides a fault for a while, and does not mend it.

import Incidents
import LLMTelemetry

package struct FollowUp: Hashable, Sendable, Encodable {
  package let text: String
  package let isDone: Bool
}

package enum FollowUps {
  /// For a mitigated incident and its postmortem; each is one imperative sentence without a full stop.
  package static func items(_ incident: Incident, remediations: [Remediation]) -> [FollowUp] {
    var items = incident.tasks.map { task in
      FollowUp(text: task.text + (task.runbook.map { " (\($0))" } ?? ""), isDone: task.doneAt != nil)
    }
    func add(_ text: String) { items.append(FollowUp(text: text, isDone: false)) }
    for remediation in remediations {
      guard let action = remediation.plan.action else { continue }
      if remediation.isInForce, let override = remediation.override {
        for text in action.forGood { add("\(text) before override \(override.id) ends \(override.expiresAt.rfc3339Seconds)") }
      } else if remediation.verifiedAt != nil {
        // It helped and is over: what it hid is back.
        for text in action.forGood { add(text) }
      } else if remediation.state == .escalated {
        add("Find what helps: \(remediation.plan.sentence) did not")
      }
    }
    for text in lessons(incident) { add(text) }
    if incident.cause == nil { add("Name the cause; the commander abstained") }
    if remediations.isEmpty { add("Give the monitor a playbook, or write down why none fits") }
    if let same = incident.sameAs { add("This happened before (\(same)): see what was left undone there") }
    return items
  }

  /// What the cause itself asks for, whatever was done about it.
  private static func lessons(_ incident: Incident) -> [String] {
    guard let cause = incident.cause else { return [] }
    let said = cause.evidence.joined(separator: " ")
    let subject = cause.title
    if said.contains(ErrorClass.quotaExhausted.rawValue) || said.contains(ErrorClass.rateLimited.rawValue) {
      return ["Raise the quota behind \(subject), or give its route a budget below it"]
    }
    if said.contains(ErrorClass.auth.rawValue) { return ["Renew the credential behind \(subject), and watch its expiry"] }
    if said.contains(ErrorClass.contextOverflow.rawValue) {
      return ["Shorten what \(subject) sends, or move it to a larger context"]
    }
    return []
  }
}
