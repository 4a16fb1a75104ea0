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

/// A time at which a monitor is silent, and for which of its groups.
package struct MuteWindow: Hashable, Sendable {
  package var range: Range<Timestamp>
  /// Tag values a group must have; empty means every group.
  package var scope: [String: String]
  package var reason: String

  package init(_ range: Range<Timestamp>, scope: [String: String] = [:], reason: String = "") {
    self.range = range
    self.scope = scope
    self.reason = reason
  }
}

package struct MonitorDefinition: Hashable, Sendable {
  /// Unique in one configuration: `rag-answer-ungrounded`.
  package var name: String
  package var title: String
  package var severity: Severity
  /// What is charted and what a cause is looked for in. Its value is compared with the threshold, unless `kind` says otherwise; of a
  /// composite it is its first part's, of a burn rate what comes nearest to the share of bad events.
  package var query: MonitorQuery
  package var kind: MonitorKind
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
  /// How long after its end a window is read, for data that comes late; `evaluation_delay` in YAML.
  package var evaluationDelay: Duration
  /// A reminder after this long in alert; `nil` means none.
  package var renotify: Duration?
  /// Times at which it is evaluated and recorded, and pages nobody.
  package var mutes: [MuteWindow]
  /// On trial: evaluated and recorded as any other, but it opens no incident and pages nobody.
  package var isShadow: Bool

  package init(
    name: String, title: String, severity: Severity, query: MonitorQuery, kind: MonitorKind = .threshold, window: Duration,
    holdFor: Duration = .zero, threshold: Threshold, trafficGate: Int64 = 0, noData: NoDataPolicy = .keep,
    playbooks: [String] = [], groupBy: [String] = [], evaluationDelay: Duration = .zero, renotify: Duration? = nil,
    mutes: [MuteWindow] = [], isShadow: Bool = false
  ) {
    self.name = name
    self.title = title
    self.severity = severity
    self.query = query
    self.kind = kind
    self.window = window
    self.holdFor = holdFor
    self.threshold = threshold
    self.trafficGate = trafficGate
    self.noData = noData
    self.playbooks = playbooks
    self.groupBy = groupBy
    self.evaluationDelay = evaluationDelay
    self.renotify = renotify
    self.mutes = mutes
    self.isShadow = isShadow
  }
}
