// The monitors an objective brings with it: one for each of its burn rates, evaluated here and compiled like any other.

import LLMMetrics

extension SLODefinition {
  /// `slo-availability-burn-1h`
  package func burnMonitorName(_ rate: BurnRate) -> String { "slo-\(name)-burn-\(DurationText.text(rate.longWindow))" }

  /// Two failures of two requests burn a budget two hundred times as fast as promised, and say nothing.
  private static let leastEvents: Int64 = 50

  package var burnMonitors: [PackedMonitor] {
    burnRates.map { rate in
      PackedMonitor(
        MonitorDefinition(
          name: burnMonitorName(rate), title: "\(title): the budget burns (\(DurationText.text(rate.longWindow)))",
          severity: rate.severity, query: nearestQuery,
          kind: .burnRate(.init(objective: name, shortWindow: rate.shortWindow)), window: rate.longWindow,
          threshold: Threshold(.above, critical: rate.factor), trafficGate: Self.leastEvents),
        meaning: meaning, steps: steps, owner: owner, runbook: runbook, notify: notify, tags: tags)
    }
  }

  /// What is charted for a burn rate and what a cause is looked for in: what comes nearest to the share of bad events.
  package var nearestQuery: MonitorQuery {
    switch indicator {
    case .bad(let bad, let all):
      if bad.metric.type == .count, all.metric.type == .count { return .share(bad.metric, bad.filter, of: all.metric) }
      return Self.quantile(all.metric, target: target)
    case .good(let good, _):
      if good.metric == MetricCatalogue.requests { return .share(MetricCatalogue.errors, of: MetricCatalogue.requests) }
      return Self.quantile(good.metric, target: target)
    case .timeSlice(let query, _, _, _): return query
    case .uptime: return .count(MetricCatalogue.requests)
    }
  }

  private static func quantile(_ metric: MetricDefinition, target: Double) -> MonitorQuery {
    switch metric.type {
    case .count: .count(metric)
    case .gauge: .value(.max, metric)
    case .distribution: .value(target >= 99 ? .p99 : target >= 95 ? .p95 : .p90, metric)
    }
  }
}

extension SLODefinition.Events {
  /// The conditions that a query can have too: one value of a tag.
  fileprivate var filter: [String: String] {
    conditions.reduce(into: [:]) { filter, condition in
      if case .isOneOf(let tag, let values) = condition, values.count == 1 { filter[tag] = values[0] }
    }
  }
}

extension MonitorPack {
  /// Every monitor there is to evaluate and to compile: its own, and those of its objectives' burn rates.
  package var allMonitors: [PackedMonitor] { monitors + objectives.flatMap(\.burnMonitors) }
}
