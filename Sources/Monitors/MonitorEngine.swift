// Monitors over series in memory: a turn of all of them costs microseconds, so that weeks are replayed in seconds.

import LLMMetrics
import LLMTelemetry

/// The evaluator is `MonitorDefinition.evaluate`, as everywhere; what is here only answers its questions fast. For one task at a time.
package struct MonitorEngine {
  package let definitions: [MonitorDefinition]
  package let objectives: [String: SLODefinition]
  package let series: SeriesMemory
  package let memory = EvaluationMemory()

  /// - Parameters:
  ///   - retention: how long every series is kept, for questions beside the monitors' own, such as a cause's.
  ///   - loadsHistory: whether series are added that are older than the first evaluation, and anomalies learn from them.
  package init(
    _ definitions: [MonitorDefinition], objectives: [String: SLODefinition] = [:], retention: Duration,
    loadsHistory: Bool = false
  ) {
    self.definitions = definitions
    self.objectives = objectives
    series = SeriesMemory(retention: retention)
    for definition in definitions { series.watch(definition, objectives: objectives, loadsHistory: loadsHistory) }
  }

  package func context(alerts: AlertBook = AlertBook(), changes: [ChangeEvent] = []) -> EvaluationContext {
    EvaluationContext(objectives: objectives, alerts: alerts, changes: changes, memory: memory, series: SeriesSource(series))
  }

  /// Every monitor at `at`, in the order of the definitions.
  package func evaluate(
    at: Timestamp, alerts: AlertBook = AlertBook(), changes: [ChangeEvent] = []
  ) throws -> [Evaluation] {
    let context = context(alerts: alerts, changes: changes)
    let known = alerts.groups
    var evaluations: [Evaluation] = []
    for definition in definitions {
      evaluations += try definition.evaluate(at: at, known: known[definition.name] ?? [], context: context)
    }
    return evaluations
  }
}

extension SeriesMemory {
  /// Watches everything that `definition` asks, as far back as it asks.
  package func watch(_ definition: MonitorDefinition, objectives: [String: SLODefinition] = [:], loadsHistory: Bool = false) {
    // Recovery is asked for at each step of `for`.
    let slack = definition.evaluationDelay + definition.holdFor + .seconds(60)
    let query = definition.query
    func watch(_ horizon: Duration) {
      for term in query.terms {
        self.watch(term.metric, filter: term.filter, groupBy: definition.groupBy, horizon: horizon + slack)
      }
      let traffic = query.traffic
      self.watch(
        traffic.metric, filter: traffic.filter, groupBy: definition.groupBy.filter(traffic.metric.hasTag),
        horizon: horizon + slack)
    }
    switch definition.kind {
    case .threshold, .outlier: watch(definition.window)
    // Detection reads spans, not series.
    case .detection: break
    case .forecast: watch(definition.window * 2)
    case .change(let comparison): watch(definition.window + comparison.shift)
    case .anomaly(let settings): watch(definition.window * 3 + (loadsHistory ? settings.history : .zero))
    case .absence:
      let term = query.presence
      self.watch(
        term.metric, filter: term.filter, groupBy: definition.groupBy,
        horizon: (loadsHistory ? MonitorDefinition.groupRetention : definition.window) + slack)
    case .burnRate(let settings):
      let horizon = max(definition.window, settings.shortWindow) + slack
      for events in objectives[settings.objective]?.indicator.events ?? [] {
        self.watch(events.metric, groupBy: events.tags(with: definition.groupBy), horizon: horizon)
      }
      if case .timeSlice(let slice, _, _, let seconds)? = objectives[settings.objective]?.indicator {
        for term in slice.terms + [slice.traffic] {
          self.watch(
            term.metric, filter: term.filter, groupBy: definition.groupBy.filter(term.metric.hasTag),
            horizon: horizon + .seconds(Int64(seconds)))
        }
      }
    case .composite, .events: break
    }
  }
}

extension SLODefinition.Indicator {
  var events: [SLODefinition.Events] {
    switch self {
    case .good(let one, let all), .bad(let one, let all): [one, all]
    case .timeSlice, .uptime: []
    }
  }
}
