// What may be worth telling somebody: the kinds that rules and receivers choose from.

package enum NotificationEvent: String, CaseIterable, Hashable, Sendable, Codable {
  case opened
  case severityRaised = "severity_raised"
  case acknowledged
  case mitigated
  /// It fails again after it was mitigated or resolved.
  case reopened
  case resolved
  /// Automation has nothing left to try.
  case escalated
  /// A remediation waits for a person's approval.
  case approvalNeeded = "approval_needed"
  /// A remediation that only a person can carry out.
  case remediationSuggested = "remediation_suggested"
  case remediationApplied = "remediation_applied"
  case remediationReverted = "remediation_reverted"
  case remediationEscalated = "remediation_escalated"
  case postmortem
  /// Something that serves requests was changed on purpose.
  case change

  /// In keys and in the `type` of a webhook. `closed` is what ledgers and receivers have called it from the beginning.
  package var word: String { self == .resolved ? "closed" : rawValue }

  /// In front of an incident's name: `Severity raised: INC-7`.
  package var title: String {
    switch self {
    case .opened: "Opened"
    case .severityRaised: "Severity raised"
    case .acknowledged: "Acknowledged"
    case .mitigated: "Mitigated"
    case .reopened: "Failing again"
    case .resolved: "Resolved"
    case .escalated: "Escalated"
    case .approvalNeeded: "Approval needed"
    case .remediationSuggested: "Remediation suggested"
    case .remediationApplied: "Remediation applied"
    case .remediationReverted: "Remediation reverted"
    case .remediationEscalated: "Remediation escalated"
    case .postmortem: "Postmortem published"
    case .change: "Changed"
    }
  }
}
