// What an evaluation may ask for: series, objectives, states of other monitors and changes. All of it is handed in.

import LLMMetrics
import LLMTelemetry

package struct EvaluationContext {
  package var series: SeriesSource
  /// By name, for burn rates.
  package var objectives: [String: SLODefinition]
  /// The states of alerts as they were before this turn, for composites, and to freeze what an anomaly is compared with.
  package var alerts: AlertBook
  /// Newest last, for event counts.
  package var changes: [ChangeEvent]
  /// Since when somebody watches, where it began lately: before, silence was nobody's fault. `nil` when all of the past is known.
  package var watchingSince: Timestamp?
  /// What detection follows at present.
  package var findings: [DetectionFinding]
  /// What earlier evaluations worked out, so that this one need not; it changes no result.
  package var memory: EvaluationMemory?

  package init(
    objectives: [String: SLODefinition] = [:], alerts: AlertBook = AlertBook(), changes: [ChangeEvent] = [],
    findings: [DetectionFinding] = [], memory: EvaluationMemory? = nil, read: @escaping SeriesReader
  ) {
    self.init(
      objectives: objectives, alerts: alerts, changes: changes, findings: findings, memory: memory, series: SeriesSource(read))
  }

  package init(
    objectives: [String: SLODefinition] = [:], alerts: AlertBook = AlertBook(), changes: [ChangeEvent] = [],
    findings: [DetectionFinding] = [], memory: EvaluationMemory? = nil, series: SeriesSource
  ) {
    self.series = series
    self.objectives = objectives
    self.alerts = alerts
    self.changes = changes
    self.findings = findings
    self.memory = memory
  }

  package var read: SeriesReader { series.read }
}
