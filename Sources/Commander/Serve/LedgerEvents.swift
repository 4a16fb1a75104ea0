// What of the ledger others are told of as events: changes, overrides in force and withdrawn, incidents that open and close.

import Datadog
import Incidents
import LLMTelemetry
import Monitors
import Remediation

extension LedgerEntry {
  /// - Parameter state: as it is after this entry.
  func tell(_ events: EventSink, state: CommandState) {
    switch self {
    case .change(let change): events.add(change)
    case .remediation(let record):
      if let change = record.change(state) { events.add(change) }
    case .incident(let record):
      if let report = record.report(state) { events.add(report) }
    case .alert, .delivery, .promotion, .heard: break
    }
  }
}

extension RemediationRecord {
  /// An override that came into force, or was taken back.
  fileprivate func change(_ state: CommandState) -> ChangeEvent? {
    let subject = state.remediations[remediation]?.plan.sentence ?? remediation
    switch event {
    case .applied(let application):
      return ChangeEvent(
        at: at, kind: .override, subject: subject, from: nil, to: application.override.id, author: actor)
    case .advanced(let advance):
      return ChangeEvent(
        at: at, kind: .override, subject: subject, from: remediation,
        to: "\(Figure.percent(Double(advance.sharePerMille) / 1_000)) of the requests", author: actor)
    case .reverted, .withdrawn:
      return ChangeEvent(at: at, kind: .override, subject: subject, from: remediation, to: nil, author: actor)
    case .expired:
      // A proposal that nobody approved expires too, and nothing changes by it.
      guard state.remediations[remediation]?.appliedAt != nil else { return nil }
      return ChangeEvent(at: at, kind: .override, subject: subject, from: remediation, to: nil, author: actor)
    case .proposed, .approved, .rejected, .queued, .verified, .escalated: return nil
    }
  }
}

extension IncidentRecord {
  fileprivate func report(_ state: CommandState) -> IncidentReport? {
    let phase: IncidentReport.Phase
    switch event {
    case .opened: phase = .opened
    case .resolved: phase = .resolved
    default: return nil
    }
    guard let incident = state.incidents[incident] else { return nil }
    let cause = incident.cause.map { "Likely cause: \($0.title)." } ?? "No cause is named."
    let requests = incident.impact.affectedRequests
    return IncidentReport(
      identifier: incident.id, phase: phase, title: incident.title, severity: incident.severity.reported, at: at,
      summary: "\(cause) \(requests) requests affected so far.", tags: ["severity:\(incident.severity.rawValue.lowercased())"])
  }
}

extension Severity {
  fileprivate var reported: IncidentReport.Severity {
    switch self {
    case .sev1: .critical
    case .sev2: .high
    case .sev3: .medium
    case .sev4: .low
    }
  }
}
