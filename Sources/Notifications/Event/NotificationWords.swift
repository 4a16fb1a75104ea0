// The words of a notification, the same at every receiver: each puts them into its own form and within its own limits.

import Incidents
import LLMTelemetry
import Monitors
import Remediation

package struct NotificationWords: Hashable, Sendable {
  package struct Fact: Hashable, Sendable {
    package let name: String
    package let value: String
  }

  /// `SEV-2 INC-7: Answers of rag-answer became poorly grounded`
  package let subject: String
  /// What happened, in one line: `Mitigated: REM-1 verified`.
  package let headline: String
  package let facts: [Fact]
  /// Sentences with numbers.
  package let evidence: [String]
  /// What a person is asked to do.
  package let request: String?
  /// The incident's page; `nil` without an address of the console.
  package let url: String?

  package init(_ notification: Notification, consoleURL: String?) {
    let fact = notification.fact
    let mark = notification.isTest ? "[TEST] " : ""
    if let change = fact.change {
      subject = mark + change.sentence
      headline = "\(mark)\(fact.event.title): \(change.sentence)"
      facts = [Fact(name: "Kind", value: change.kind.rawValue), Fact(name: "At", value: change.at.rfc3339Seconds)]
      evidence = []
      request = nil
      url = consoleURL
      return
    }
    guard let incident = notification.incident else {
      subject = mark + fact.event.title
      headline = [mark + fact.event.title, fact.detail].compactMap { $0 }.joined(separator: ": ")
      (facts, evidence, request, url) = ([], [], nil, consoleURL)
      return
    }
    subject = "\(mark)\(incident.severity.rawValue) \(incident.id): \(incident.title)"
    headline = mark + Self.headline(notification, incident)
    facts = Self.facts(notification, incident)
    evidence = incident.cause?.evidence ?? []
    request = Self.request(notification)
    url = consoleURL.map { "\($0)/incidents/\(incident.id)" }
  }

  private static func headline(_ notification: Notification, _ incident: Incident) -> String {
    let fact = notification.fact
    let action = notification.remediation.map { "\($0.id), \($0.plan.action.sentence)" }
    switch fact.event {
    case .opened: return "Opened at \(incident.openedAt.timeOfDay) UTC, began \(incident.onsetAt.timeOfDay)"
    case .approvalNeeded, .remediationSuggested, .remediationApplied:
      return "\(fact.event.title): \(action ?? fact.remediation ?? "")"
    case .remediationReverted, .remediationEscalated:
      return [("\(fact.event.title): \(action ?? fact.remediation ?? "")"), fact.detail].compactMap { $0 }.joined(separator: "; ")
    default:
      // Timeline lines begin with the same word.
      guard let detail = fact.detail else { return fact.event.title }
      return detail.hasPrefix(fact.event.title) ? detail : "\(fact.event.title): \(detail)"
    }
  }

  private static func facts(_ notification: Notification, _ incident: Incident) -> [Fact] {
    var facts = [
      Fact(name: "State", value: incident.state.rawValue),
      Fact(
        name: "Cause",
        value: incident.cause.map { "\($0.title) (evidence score \(Figure.percent($0.confidence)))" } ?? "not named"),
    ]
    if let change = incident.cause?.change { facts.append(Fact(name: "Change before it", value: change.sentence)) }
    if incident.impactAt != nil { facts.append(Fact(name: "Impact", value: impact(incident.impact))) }
    if let owner = incident.owner { facts.append(Fact(name: "Owner", value: owner)) }
    if let remediation = notification.remediation {
      facts.append(
        Fact(name: "Remediation", value: "\(remediation.id), \(remediation.state.rawValue): \(remediation.plan.action.sentence)"))
      facts.append(Fact(name: "Expected", value: remediation.plan.expectedEffect))
      facts.append(Fact(name: "Touches", value: remediation.plan.blastRadius))
    }
    if let time = incident.timeToMitigate { facts.append(Fact(name: "Time to mitigate", value: Figure.duration(time))) }
    if let time = incident.timeToResolve { facts.append(Fact(name: "Time to resolve", value: Figure.duration(time))) }
    if let same = incident.sameAs { facts.append(Fact(name: "Same as", value: same)) }
    return facts
  }

  private static func impact(_ impact: Impact) -> String {
    let share = impact.affectedShare.map { " (\(Figure.percent($0)) of all)" } ?? ""
    var text = "\(Figure.count(impact.affectedRequests)) requests\(share), \(Figure.count(impact.errors)) errors"
    if impact.tenantCount > 0 {
      let more = impact.tenantCount > impact.tenants.count ? " and \(impact.tenantCount - impact.tenants.count) more" : ""
      text += ", tenants \(impact.tenants.joined(separator: ", "))\(more)"
    }
    if let cost = impact.extraCost { text += ", extra cost $\(cost.decimalDollars)" }
    return text
  }

  private static func request(_ notification: Notification) -> String? {
    switch notification.event {
    case .approvalNeeded:
      notification.waiting.contains { $0.id == notification.fact.remediation }
        ? "Approve or reject \(notification.fact.remediation ?? "it")." : nil
    case .remediationSuggested: "Do it by hand, if it is right."
    case .escalated, .remediationEscalated: "A person is needed: automation has nothing left to try."
    default: nil
    }
  }
}
