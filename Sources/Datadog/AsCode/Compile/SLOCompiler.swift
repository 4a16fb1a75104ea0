// Compiles service level objectives into Datadog's SLOs, and their burn rates into monitors.

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
    guard objective.timeframe != .calendarMonth else {
      result.add(
        CompileNote(id, .refused, "timeframe", "Datadog's objectives roll over 7, 30 or 90 days; a month is none of them"))
      return result
    }
    if case .timeSlice(_, _, _, let seconds) = objective.indicator, seconds != 60, seconds != 300 {
      result.add(CompileNote(id, .refused, "slice", "Datadog's slices are 60 or 300 seconds"))
      return result
    }
    var members: [String: JSONValue] = [
      "name": .string(objective.title), "description": .string(objective.meaning),
      "tags": .array(settings.tags(name: objective.name, owner: objective.owner)),
      "thresholds": .array([
        .object(["timeframe": .string(objective.timeframe.rawValue), "target": .number(objective.target)])
      ]),
    ]
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
    case .timeSlice(let query, let good, let bound, let seconds):
      members["type"] = .string("time_slice")
      members["sli_specification"] = slice(query, good, bound, seconds)
      result.add(
        CompileNote(id, .approximated, "indicator", "a slice without data is good in Datadog"))
    case .uptime:
      result.add(
        CompileNote(id, .refused, "indicator", "an objective on monitors needs their ids, which are known once they are applied"))
      return result
    }
    result.add(CompiledObject(id, .object(members)))
    for rate in objective.burnRates { result.add(compile(rate, of: objective)) }
    return result
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

  private func compile(_ rate: SLODefinition.BurnRate, of objective: SLODefinition) -> Compilation {
    let name = "slo-\(objective.name)-burn-\(MetricQueryText.length(rate.longWindow))"
    let id = DatadogObjectID(.monitor, name)
    var result = Compilation()
    func refuse(_ field: String, _ message: String) -> Compilation {
      result.add(CompileNote(id, .refused, field, message))
      return result
    }
    let factor = MetricQueryText.number(rate.factor)
    guard rate.factor < objective.fastestBurn - 1e-9 else {
      return refuse(
        "factor",
        """
        a burn rate above \(factor) cannot happen with a target of \(MetricQueryText.number(objective.target)) %: when everything \
        fails it is \(Figure.number(objective.fastestBurn, decimals: 1))
        """
      )
    }
    guard (3_600...172_800).contains(rate.longWindow.components.seconds), rate.shortWindow < rate.longWindow,
      rate.shortWindow >= .seconds(60)
    else { return refuse("windows", "Datadog's long windows are 1 to 48 hours, and the short one is shorter, a minute at least") }
    let (long, short) = (MetricQueryText.length(rate.longWindow), MetricQueryText.length(rate.shortWindow))
    let windows = ".over(\"\(objective.timeframe.rawValue)\").long_window(\"\(long)\").short_window(\"\(short)\")"
    var options = MonitorCompiler.options(["critical": .number(rate.factor)])
    options["notify_no_data"] = .bool(false)
    options["require_full_window"] = nil
    MonitorCompiler(settings: settings).add(renotification: rate.severity, withoutData: false, to: &options)
    let share = rate.factor * Double(rate.longWindow.components.seconds) / Double(objective.timeframe.days * 86_400)
    let message = MonitorMessage(
      title: "\(objective.title): the budget burns",
      condition:
        """
        budget of \(MetricQueryText.number(100 - objective.target)) % burns more than \(factor) times as fast as the promise allows \
        over \(Figure.duration(rate.longWindow)), which is \(Figure.percent(share)) of \(objective.timeframe.days) days' budget
        """,
      meaning: objective.meaning, steps: objective.steps,
      runbook: settings.runbooks.map { "\($0)slo-\(objective.name)" }, handles: settings.handles(for: rate.severity))
    result.add(
      CompiledObject(
        id,
        .object([
          "name": .string("\(objective.title): the budget burns (\(long))"), "type": .string("slo alert"),
          "query": .string("burn_rate(\"slo:\(objective.name)\")\(windows) > \(factor)"),
          "message": .string(message.text),
          "tags": .array(settings.tags(name: name, severity: rate.severity, owner: objective.owner)),
          "priority": .number(Double(rate.severity.rank)), "options": .object(options),
        ])))
    return result
  }
}
