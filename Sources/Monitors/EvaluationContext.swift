// What an evaluation may ask for: series, objectives, states of other monitors and changes. All of it is handed in.

import LLMMetrics
import LLMTelemetry

package struct EvaluationContext {
  package var read: SeriesReader
  /// By name, for burn rates.
  package var objectives: [String: SLODefinition]
  /// The states of alerts as they were before this turn, for composites.
  package var alerts: AlertBook
  /// Newest last, for event counts.
  package var changes: [ChangeEvent]
  /// What detection follows at present.
  package var findings: [DetectionFinding]

  package init(
    objectives: [String: SLODefinition] = [:], alerts: AlertBook = AlertBook(), changes: [ChangeEvent] = [],
    findings: [DetectionFinding] = [], read: @escaping SeriesReader
  ) {
    self.read = read
    self.objectives = objectives
    self.alerts = alerts
    self.changes = changes
    self.findings = findings
  }
}
