// What helped when something similar happened before: similar incidents with the remediations that were tried on them. Pure.

import Incidents
import LLMTelemetry
import Monitors

package struct Precedent: Hashable, Sendable, Encodable {
  /// One remediation of the other incident that came to an end worth knowing.
  package struct Attempt: Hashable, Sendable, Encodable {
    /// `REM-3`
    package let remediation: String
    package let playbook: String
    /// `Roll back prompt rag-answer from version 43 to 42`
    package let action: String
    /// Verified, or kept until its time ran out after it was verified.
    package let helped: Bool
    package let reason: String
  }

  package let incident: String
  package let title: String
  package let state: IncidentState
  package let openedAt: Timestamp
  package let secondsToMitigate: Int64?
  package let score: Double
  package let reasons: [String]
  package let attempts: [Attempt]
  /// What the people who closed it still had to do for good.
  package let hasPostmortem: Bool

  /// `Roll back prompt … (REM-3) helped`
  package var helped: [Attempt] { attempts.filter(\.helped) }
}

extension CommandState {
  /// The incidents most like this one, and what was tried on each; those that helped first.
  package func precedents(of incident: Incident, monitors: [MonitorDefinition] = []) -> [Precedent] {
    let signals = Dictionary(monitors.map { ($0.name, $0.query.description) }) { first, _ in first }
    return SimilarIncidents.of(incident, in: incidents, signals: signals).compactMap { similar in
      guard let other = incidents[similar.id] else { return nil }
      let attempts = remediations.of(incident: other.id).compactMap { remediation -> Precedent.Attempt? in
        let helped = remediation.verifiedAt != nil
        // What was never applied taught nothing; what is being tried has not yet.
        guard helped || remediation.state == .reverted || (remediation.state == .escalated && remediation.appliedAt != nil) else {
          return nil
        }
        return Precedent.Attempt(
          remediation: remediation.id, playbook: remediation.plan.playbook, action: remediation.plan.sentence, helped: helped,
          reason: remediation.reason)
      }
      return Precedent(
        incident: other.id, title: other.title, state: other.state, openedAt: other.openedAt,
        secondsToMitigate: other.timeToMitigate?.components.seconds, score: similar.score, reasons: similar.reasons,
        attempts: attempts.filter(\.helped) + attempts.filter { !$0.helped }, hasPostmortem: other.postmortem != nil)
    }
  }
}
