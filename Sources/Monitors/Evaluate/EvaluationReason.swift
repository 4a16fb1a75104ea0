// Puts an evaluation in one sentence with its numbers: what was measured, what it was compared with, and what follows.

import LLMMetrics
import LLMTelemetry

struct EvaluationReason {
  private let evaluation: Evaluation
  private var definition: MonitorDefinition { evaluation.monitor.definition }
  private var unit: QueryUnit { definition.query.unit }
  private var window: String { Figure.duration(definition.window) }
  private var words: String { definition.query.words }

  init(_ evaluation: Evaluation) { self.evaluation = evaluation }

  var text: String {
    switch (evaluation.verdict, evaluation.finding) {
    case (.quiet, .learning(let steps, let needed)):
      return "\(words) is compared with its past once there are \(needed) windows of it; so far there are \(steps)"
    case (.quiet, .tooFewGroups(let groups)):
      return
        "only \(groups) groups can be compared; it takes \(EvaluationRun.leastGroups) with enough requests, this one among them"
    case (.quiet, .tooFewPoints(let points, let needed)):
      return "only \(points) of at least \(needed) points in \(window) for a forecast of \(words)"
    case (.quiet, .burn(let burn)):
      return
        "only \(Figure.amount(burn.validEvents)) of at least \(definition.trafficGate) events of \(burn.objective) in \(window)"
    case (.quiet, .begun(let since)):
      return "watched since \(since.rfc3339Seconds) only, which is not yet \(window); until then silence says nothing"
    case (.quiet, _): return "only \(evaluation.requests) of at least \(definition.trafficGate) requests in \(window)"
    case (.noData, _): return missing
    default: return measured
    }
  }

  private var missing: String {
    switch evaluation.finding {
    case .change(.some, nil): "no data for \(words) \(earlier), so nothing to compare with"
    case .change(.some(let now), .some(let then)):
      "\(words) was \(unit.text(now)) over \(window) and \(unit.text(then)) \(earlier), so there is no percentage"
    case .burn(let burn):
      "no valid events of \(burn.objective) over \(burn.long == nil ? window : Figure.duration(burn.shortWindow))"
    case .unknownObjective(let name): "there is no objective \"\(name)\""
    default: "no data for \(words) over \(window)"
    }
  }

  private var measured: String {
    guard let value = evaluation.value else { return missing }
    switch evaluation.finding {
    case .change(let now, let then):
      let (now, then) = (now.map(unit.text) ?? "unknown", then.map(unit.text) ?? "unknown")
      return "\(words) was \(now) over \(window), \(then) \(earlier): \(difference(value)), \(verdict(difference))"
    case .anomaly(let anomaly): return self.anomaly(anomaly, value)
    case .outlier(let outlier):
      return """
        \(words) was \(unit.text(outlier.value)) over \(window), the median of \(outlier.groups) groups \(unit.text(outlier.median)): \
        \(Figure.amount(value)) deviations of \(unit.text(outlier.deviation)), \(verdict(Figure.amount))
        """
    case .forecast(let forecast): return self.forecast(forecast, value)
    case .burn(let burn):
      let (long, short) = (burn.long.map(Figure.amount) ?? "unknown", burn.short.map(Figure.amount) ?? "unknown")
      return """
        the error budget of \(burn.objective) (\(Figure.amount(burn.target)) %) burns \(long) times as fast as promised over \(window) and \
        \(short) times over \(Figure.duration(burn.shortWindow)): \(Figure.amount(value)), \(verdict(Figure.amount))
        """
    case .composite(let parts):
      let states = parts.map { "\($0.monitor) \($0.isFiring ? "alerts" : "does not")" }.joined(separator: ", ")
      return evaluation.verdict == .breached ? "the combination holds: \(states)" : "the combination does not hold: \(states)"
    case .absence(let last):
      let since = last.map { "no data for \(words) since \($0.rfc3339Seconds)" } ?? "no data for \(words) over \(window)"
      return evaluation.verdict == .breached
        ? "\(since): \(minutes(value)), \(verdict(minutes))" : "the last data for \(words) came \(minutes(value)) ago"
    case .detection(let evidence):
      return evidence.isEmpty ? "detection sees nothing unusual any more" : evidence.joined(separator: "; ")
    case .events(let last):
      let newest = last.map { ", the last of \($0.subject) at \($0.at.rfc3339Seconds)" } ?? ""
      return "\(Figure.amount(value)) changes were recorded over \(window)\(newest), \(verdict(Figure.amount))"
    default: return "\(words) was \(unit.text(value)) over \(window), \(verdict(unit.text))"
    }
  }

  private func verdict(_ text: (Double) -> String) -> String {
    let threshold = definition.threshold
    return switch evaluation.verdict {
    case .breached: "\(threshold.comparison.rawValue) \(text(threshold.critical))"
    case .recovered: "back past \(text(threshold.recovery))"
    default: "between recovery \(text(threshold.recovery)) and critical \(text(threshold.critical))"
    }
  }

  private func minutes(_ value: Double) -> String { "\(Figure.number(value, decimals: 1)) min" }

  // MARK: Change

  private var earlier: String {
    guard case .change(let comparison) = definition.kind else { return "before" }
    if comparison.shift == definition.window { return "in the \(window) before" }
    if comparison.shift == .seconds(86_400) { return "a day earlier" }
    return comparison.shift == .seconds(7 * 86_400) ? "a week earlier" : "\(Figure.duration(comparison.shift)) earlier"
  }

  private func difference(_ value: Double) -> String {
    let sign = value > 0 ? "+" : ""
    guard case .change(let comparison) = definition.kind, comparison.measure == .percent else { return sign + unit.text(value) }
    return "\(sign)\(Figure.number(value, decimals: 1)) %"
  }

  // MARK: Anomaly and forecast

  private func anomaly(_ anomaly: AnomalyFinding, _ value: Double) -> String {
    let time =
      switch anomaly.seasonality {
      case .none: "at any time"
      case .hourly: "at this minute of the hour"
      case .daily: "at this time of day"
      case .weekly: "at this time of the week"
      }
    let band = anomaly.band
    let side = anomaly.score < 0 ? "below" : "above"
    let frozen = anomaly.frozenSince.map { ", of the time before \($0.rfc3339Seconds)" } ?? ""
    return """
      \(words) was \(unit.text(anomaly.value)) over \(window); usual \(time) is \(unit.text(anomaly.expected)), \
      \(unit.text(band.lower)) to \(unit.text(band.upper)) in all but \(Figure.amount(anomaly.falseAlarmsPerWeek)) windows a \
      week\(frozen): \(Figure.amount(anomaly.score.magnitude / anomaly.limit)) band widths \(side) it, \(verdict(Figure.amount))
      """
  }

  private func forecast(_ forecast: ForecastFinding, _ value: Double) -> String {
    let horizon = Figure.duration(forecast.horizon)
    let end =
      if let crossing = forecast.crossesAt {
        "it reaches \(unit.text(definition.threshold.critical)) at \(crossing.rfc3339Seconds)"
      } else {
        "it does not reach \(unit.text(definition.threshold.critical)) by then"
      }
    return """
      \(words) is at \(unit.text(forecast.present)) by its trend over \(window) and at \(unit.text(value)) in \(horizon), \
      \(verdict(unit.text)); \(end)
      """
  }
}
