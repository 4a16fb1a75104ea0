// What a monitor definition says that Datadog says otherwise, or not at all.

import LLMMetrics
import LLMTelemetry
import Monitors

extension MonitorCompiler {
  func notes(on monitor: MonitorDefinition, _ id: DatadogObjectID) -> [CompileNote] {
    var notes: [CompileNote] = []
    func add(_ weight: CompileNote.Weight, _ field: String, _ message: String) {
      notes.append(CompileNote(id, weight, field, message))
    }
    if monitor.window.components.seconds % 60 != 0 {
      add(
        .approximated, "window",
        """
        \(Figure.duration(monitor.window)) becomes \(MetricQueryText.minutes(monitor.window)) min: Datadog's windows are whole \
        minutes
        """
      )
    }
    if monitor.holdFor > .zero {
      add(
        .unsaid, "for",
        "Datadog alerts and recovers at the first evaluation, up to \(Figure.duration(monitor.holdFor)) before this product")
    }
    switch monitor.noData {
    case .keep: add(.approximated, "no_data", "Datadog shows NO DATA and tells nobody, where this product keeps the last state")
    case .ok where !fillsWithZero(monitor):
      add(.approximated, "no_data", "Datadog resolves after an hour without data, where this product is ok at once")
    case .ok: break
    case .alert:
      add(
        .approximated, "no_data",
        "Datadog waits for \(noDataMinutes(monitor)) min without data, twice the window, which is the least it takes")
    }
    if !monitor.playbooks.isEmpty {
      add(.unsaid, "playbooks", "the message names them; only the commander runs them")
    }
    for term in terms(of: monitor.query) {
      for (tag, value) in term.filter.sorted(by: { $0.key < $1.key }) where MetricQueryText.tagValue(value) != value {
        add(.approximated, "query", "\(tag) \"\(value)\" is \"\(MetricQueryText.tagValue(value))\" among Datadog's tags")
      }
      if term.aggregator == .avg, term.metric.type == .distribution {
        add(.approximated, "query", "Datadog's mean over time gives every point of \(term.metric.name) the same weight")
      }
    }
    if case .ratio(let numerator, let denominator) = monitor.query.form,
      numerator.metric.type != .count || denominator.metric.type != .count
    {
      add(
        .approximated, "query",
        "Datadog divides point by point and takes the mean, where this product divides over the whole window")
    }
    return notes
  }

  func terms(of query: MonitorQuery) -> [MonitorQuery.Term] {
    switch query.form {
    case .value(let term), .perMinute(let term): [term]
    case .ratio(let numerator, let denominator): [numerator, denominator]
    }
  }
}
