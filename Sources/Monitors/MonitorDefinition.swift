// What one monitor watches and when it speaks: the value every evaluation, lint rule and compiler reads.

import LLMMetrics
import LLMTelemetry

/// When a value is bad, and when it is good again. Recovery lies on the healthy side of critical, so that an alert does not flap.
package struct Threshold: Hashable, Sendable {
  package enum Comparison: String, CaseIterable, Hashable, Sendable, Codable {
    case above, below
  }

  package var comparison: Comparison
  package var critical: Double
  package var recovery: Double

  package init(_ comparison: Comparison, critical: Double, recovery: Double? = nil) {
    self.comparison = comparison
    self.critical = critical
    self.recovery = recovery ?? critical
  }

  package func isBreached(by value: Double) -> Bool { comparison == .above ? value > critical : value < critical }
  package func isRecovered(by value: Double) -> Bool { comparison == .above ? value <= recovery : value >= recovery }
}

/// What a monitor does when its window has no data: keep its state, call it ok, or alert.
package enum NoDataPolicy: String, CaseIterable, Hashable, Sendable, Codable {
  case keep, ok, alert
}

package struct MonitorDefinition: Hashable, Sendable {
  /// Unique in one configuration: `rag-answer-ungrounded`.
  package var name: String
  package var title: String
  package var severity: Severity
  package var query: MonitorQuery
  /// How much of the past one evaluation reads; a multiple of the rollup width.
  package var window: Duration
  /// How long a breach must last before it alerts, and a recovery before it counts; `for` in YAML.
  package var holdFor: Duration
  package var threshold: Threshold
  /// The least number of requests (or scored answers, for ratios of them) in the window; below it the state is held.
  package var trafficGate: Int64
  package var noData: NoDataPolicy
  /// Names of playbooks to try, in order.
  package var playbooks: [String]
  /// Tag names: one alert per combination of values.
  package var groupBy: [String]

  package init(
    name: String, title: String, severity: Severity, query: MonitorQuery, window: Duration, holdFor: Duration = .zero,
    threshold: Threshold, trafficGate: Int64 = 0, noData: NoDataPolicy = .keep, playbooks: [String] = [], groupBy: [String] = []
  ) {
    self.name = name
    self.title = title
    self.severity = severity
    self.query = query
    self.window = window
    self.holdFor = holdFor
    self.threshold = threshold
    self.trafficGate = trafficGate
    self.noData = noData
    self.playbooks = playbooks
    self.groupBy = groupBy
  }
}
