// Monitors as JSON: the definition, the alerts that are not ok, and the last evaluation of each group.

import LLMTelemetry
import Monitors

struct MonitorsDocument: Encodable {
  struct Monitor: Encodable {
    let name: String
    let title: String
    let severity: Severity
    let query: String
    let windowSeconds: Int64
    let forSeconds: Int64
    let comparison: Threshold.Comparison
    let critical: Double
    let recovery: Double
    let trafficGate: Int64
    let noData: NoDataPolicy
    let groupBy: [String]
    let playbooks: [String]
    let shadow: Bool
    let alerts: [Alert]
    let evaluations: [LastEvaluation]
  }

  struct Alert: Encodable {
    let group: [String: String]
    let state: AlertState
    let since: Timestamp
    let reason: String
  }

  struct LastEvaluation: Encodable {
    let group: [String: String]
    let at: Timestamp
    let value: Double?
    let requests: Int64
    let verdict: Evaluation.Verdict
    let reason: String
  }

  let monitors: [Monitor]

  init(_ monitors: [MonitorDefinition], alerts: AlertBook, evaluations: [Evaluation]) {
    self.monitors = monitors.map { monitor in
      Monitor(
        name: monitor.name, title: monitor.title, severity: monitor.severity, query: monitor.query.description,
        windowSeconds: monitor.window.components.seconds, forSeconds: monitor.holdFor.components.seconds,
        comparison: monitor.threshold.comparison, critical: monitor.threshold.critical, recovery: monitor.threshold.recovery,
        trafficGate: monitor.trafficGate, noData: monitor.noData, groupBy: monitor.groupBy, playbooks: monitor.playbooks,
        shadow: monitor.isShadow,
        alerts: alerts.statuses.filter { $0.key.monitor == monitor.name }.sorted { $0.key.description < $1.key.description }.map {
          Alert(group: $0.key.group.byName, state: $0.value.state, since: $0.value.since, reason: $0.value.reason)
        },
        evaluations: evaluations.filter { $0.key.monitor == monitor.name }.sorted { $0.key.description < $1.key.description }.map
        {
          LastEvaluation(
            group: $0.key.group.byName, at: $0.at, value: $0.value, requests: $0.requests, verdict: $0.verdict, reason: $0.reason)
        })
    }
  }
}
