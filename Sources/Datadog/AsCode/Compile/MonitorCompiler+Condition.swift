// The condition of a monitor in words, for the message of its alert.

import LLMTelemetry
import Monitors

extension MonitorCompiler {
  /// Without a full stop: "error rate is above 5 % over 5 min".
  func condition(of monitor: MonitorDefinition) -> String {
    let threshold = monitor.threshold
    let side = threshold.comparison == .above ? "above" : "below"
    let (words, window) = (monitor.query.words, Figure.duration(monitor.window))
    let amount = Figure.amount(threshold.critical.magnitude)
    switch monitor.kind {
    case .threshold: return "\(words) is \(side) \(monitor.query.unit.text(threshold.critical)) over \(window)"
    case .change(let change):
      let past = ShiftWords.words(change.shift, window: monitor.window)
      let by = change.measure == .percent ? "\(amount) %" : monitor.query.unit.text(threshold.critical.magnitude)
      let direction = threshold.critical < 0 || threshold.comparison == .below ? "below" : "above"
      return "\(words) over \(window) is more than \(by) \(direction) what it was \(past)"
    case .anomaly(let anomaly):
      let place =
        switch anomaly.direction {
        case .above: "above"
        case .below: "below"
        case .both: "outside"
        }
      return "\(words) lies \(place) its usual band for most of \(window)"
    case .outlier: return "\(words) of this group is more than \(amount) deviations from that of the others over \(window)"
    case .forecast(let forecast):
      return
        "\(words) is going to be \(side) \(monitor.query.unit.text(threshold.critical)) within \(Figure.duration(forecast.horizon))"
    case .burnRate(let rate): return burnCondition(monitor, rate)
    case .composite(let expression): return "condition \(expression) holds"
    case .absence: return "\(words) has had no data for more than \(amount) min"
    case .detection: return "number of failures that detection follows is \(side) \(amount)"
    case .events(let filter):
      let what = [filter.kind.map { $0.rawValue.replacing("_", with: " ") }, filter.subject].compactMap { $0 }.joined(
        separator: " ")
      return "number of changes\(what.isEmpty ? "" : " (\(what))") within \(window) is \(side) \(amount)"
    }
  }

  private func burnCondition(_ monitor: MonitorDefinition, _ rate: BurnRateSettings) -> String {
    let factor = MetricQueryText.number(monitor.threshold.critical)
    let window = Figure.duration(monitor.window)
    guard let objective = objectives[rate.objective] else {
      return "budget of \(rate.objective) burns more than \(factor) times as fast as the promise allows over \(window)"
    }
    let share = monitor.threshold.critical * Double(monitor.window.components.seconds) / Double(objective.timeframe.days * 86_400)
    return """
      budget of \(Figure.number(100 - objective.target, decimals: 4)) % burns more than \(factor) times as fast as the promise allows \
      over \(window), which is \(Figure.percent(share)) of \(objective.timeframe.days) days' budget
      """
  }
}

enum ShiftWords {
  static func words(_ shift: Duration, window: Duration) -> String {
    switch shift {
    case window: "just before"
    case .seconds(86_400): "a day before"
    case .seconds(604_800): "a week before"
    default: "\(Figure.duration(shift)) before"
    }
  }
}
