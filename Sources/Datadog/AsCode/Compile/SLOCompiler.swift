// Compiles service level objectives into Datadog's SLOs; their burn rates are monitors like others.

import LLMMetrics
import Monitors

package struct SLOCompiler: Sendable {
  package let settings: CompileSettings

  package init(settings: CompileSettings) { self.settings = settings }

  package func compile(_ objective: SLODefinition) -> Compilation {
    let id = DatadogObjectID(.slo, objective.name)
    var result = Compilation()
    guard objective.target > 0, objective.target < 100 else {
      result.add(CompileNote(id, .refused, "target", "must lie between 0 and 100: without a budget there is nothing to spend"))
      return result
    }
    if case .timeSlice(_, _, _, let seconds) = objective.indicator, seconds != 60, seconds != 300 {
      result.add(CompileNote(id, .refused, "slice", "Datadog's slices are 60 or 300 seconds"))
      return result
    }
    var members: [String: JSONValue] = [
      "name": .string(objective.title), "description": .string(objective.meaning),
      "tags": .array(
        settings.tags(
          name: objective.name, owner: objective.owner, others: objective.tags + Self.calendarTags(objective.timeframe))),
      "thresholds": .array([
        .object(["timeframe": .string(objective.timeframe.datadogName), "target": .number(objective.target)])
      ]),
    ]
    if objective.timeframe.isCalendar {
      result.add(
        CompileNote(
          id, .approximated, "timeframe",
          "a calendar \(objective.timeframe.rawValue) becomes the last \(objective.timeframe.datadogName): Datadog's SLOs have no calendar"
        ))
    }
    func text(_ events: SLODefinition.Events) -> String { MetricQueryText.events(events, scope: settings.scope) }
    switch objective.indicator {
    case .good(let good, let all):
      members["type"] = .string("metric")
      members["query"] = .object(["numerator": .string(text(good)), "denominator": .string(text(all))])
    case .bad(let bad, let all):
      members["type"] = .string("metric")
      members["query"] = .object([
        "numerator": .string("\(text(all)) - \(text(bad))"), "denominator": .string(text(all)),
      ])
    case .uptime(let names):
      members["type"] = .string("monitor")
      // Datadog's numbers stand in for these names only while objects are applied.
      members["monitor_ids"] = .strings(names.map(MonitorCompiler.reference))
    case .timeSlice(let query, let good, let bound, let seconds):
      members["type"] = .string("time_slice")
      members["sli_specification"] = slice(query, good, bound, seconds)
      result.add(
        CompileNote(id, .approximated, "indicator", "a slice without data is good in Datadog"))
    }
    result.add(CompiledObject(id, .object(members)))
    return result
  }

  /// Datadog's days do not say of which calendar period they are the nearest.
  static let calendarKey = "commander_timeframe:"

  private static func calendarTags(_ timeframe: SLODefinition.Timeframe) -> [String] {
    timeframe.isCalendar ? ["\(calendarKey)\(timeframe.rawValue)"] : []
  }

  private func slice(_ query: MonitorQuery, _ good: Threshold.Comparison, _ bound: Double, _ seconds: Int) -> JSONValue {
    let parts = FormulaQuery(query, scope: settings.scope)
    return .object([
      "time_slice": .object([
        "query": .object([
          "formulas": .array([.object(["formula": .string(parts.formula)])]),
          "queries": .array(
            parts.queries.map {
              .object(["data_source": .string("metrics"), "name": .string($0.name), "query": .string($0.text)])
            }),
        ]),
        "comparator": .string(good == .below ? "<" : ">"), "threshold": .number(bound),
        "query_interval_seconds": .number(Double(seconds)),
      ])
    ])
  }
}

extension SLODefinition.Timeframe {
  /// The nearest that Datadog has.
  var datadogName: String {
    switch self {
    case .sevenDays, .calendarWeek: "7d"
    case .thirtyDays, .calendarMonth: "30d"
    case .ninetyDays, .calendarQuarter: "90d"
    }
  }
}
