// What a monitor definition says that Datadog says otherwise, or not at all.

import LLMMetrics
import LLMTelemetry
import Monitors

extension MonitorCompiler {
  /// Why nothing can be written at all.
  func refusal(of monitor: MonitorDefinition, _ id: DatadogObjectID) -> CompileNote? {
    func refuse(_ field: String, _ message: String) -> CompileNote { CompileNote(id, .refused, field, message) }
    switch monitor.kind {
    case .burnRate(let rate):
      guard let objective = objectives[rate.objective] else {
        let hint = NearestName.hint(for: rate.objective, in: objectives.keys.sorted())
        return refuse("burn_rate", "there is no objective \"\(rate.objective)\"\(hint)")
      }
      let factor = MetricQueryText.number(monitor.threshold.critical)
      guard monitor.threshold.critical < objective.fastestBurn - 1e-9 else {
        return refuse(
          "factor",
          """
          a burn rate above \(factor) cannot happen with a target of \(MetricQueryText.number(objective.target)) %: when everything \
          fails it is \(Figure.number(objective.fastestBurn, decimals: 1))
          """)
      }
      guard monitor.threshold.comparison == .above else {
        return refuse("below", "Datadog alerts on a burn rate above a number only")
      }
      guard (3_600...172_800).contains(monitor.window.components.seconds), rate.shortWindow < monitor.window,
        rate.shortWindow >= .seconds(60)
      else {
        return refuse("windows", "Datadog's long windows are 1 to 48 hours, and the short one is shorter, a minute at least")
      }
      return nil
    case .composite(let expression):
      let missing = expression.monitors.filter { monitors[$0] == nil }
      if let name = missing.first {
        return refuse("composite", "there is no monitor \"\(name)\"\(NearestName.hint(for: name, in: monitors.keys.sorted()))")
      }
      let parts = Set(compositeQuery(expression).split { !($0.isLetter || $0.isNumber || "$_-".contains($0)) })
      if parts.count > 10 { return refuse("composite", "Datadog combines at most 10 monitors, and these are \(parts.count)") }
      return parts.count < 2 ? refuse("composite", "Datadog combines at least two monitors") : nil
    case .outlier where monitor.groupBy.isEmpty: return refuse("group_by", "outliers are found among groups, and there are none")
    case .outlier where monitor.threshold.comparison == .below, .anomaly where monitor.threshold.comparison == .below:
      return refuse("below", "Datadog alerts on what lies outside; write `above` a number of widths")
    case .absence where monitor.threshold.comparison == .below: return refuse("below", "an absence is above a number of minutes")
    case .absence where monitor.query.subject.metric.type == .gauge:
      return refuse("absence", "Datadog cannot count the points of a gauge; watch a count that comes with it")
    case .forecast(let forecast) where !(3_600...7_776_000).contains(forecast.horizon.components.seconds):
      return refuse("horizon", "Datadog forecasts an hour to 90 days ahead")
    default: return nil
    }
  }

  func notes(on packed: PackedMonitor, _ id: DatadogObjectID) -> [CompileNote] {
    let monitor = packed.definition
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
    for (field, message) in kindNotes(monitor) { add(.approximated, field, message) }
    if let message = noDataNote(monitor) { add(.approximated, "no_data", message) }
    if !monitor.playbooks.isEmpty {
      add(.unsaid, "playbooks", "the message names them; only the commander runs them")
    }
    if monitor.trafficGate > 0 {
      if isGated(monitor) {
        add(
          .approximated, "traffic_gate",
          "is a composite with \(gate(of: monitor).name): below the gate Datadog calls it ok, where this product keeps the last state"
        )
      } else {
        add(
          .unsaid, "traffic_gate",
          "speaks at any traffic, where this product waits for \(monitor.trafficGate) requests in the window")
      }
    }
    for receiver in packed.notify where !receiver.hasPrefix("@") {
      add(.unsaid, "notify", "\"\(receiver)\" is told by the commander only; Datadog's receivers begin with @")
    }
    if monitor.evaluationDelay > .zero {
      switch monitor.kind {
      case .burnRate, .composite, .events: add(.unsaid, "evaluation_delay", "this type of monitor has none in Datadog")
      default: break
      }
    }
    if let renotify = monitor.renotify, seconds(renotify) % 60 != 0 {
      add(.approximated, "renotify", "becomes \(MetricQueryText.minutes(renotify)) min: Datadog's are whole minutes")
    }
    if usesMetrics(monitor) { queryNotes(monitor, add) }
    return notes
  }

  /// Others are searches, or made of other objects.
  private func usesMetrics(_ monitor: MonitorDefinition) -> Bool {
    switch monitor.kind {
    case .burnRate, .composite, .events, .detection: false
    case .threshold, .change, .anomaly, .outlier, .forecast, .absence: true
    }
  }

  private func noDataNote(_ monitor: MonitorDefinition) -> String? {
    switch monitor.kind {
    case .absence, .composite, .burnRate, .events, .detection: return nil
    case .threshold, .change, .anomaly, .outlier, .forecast: break
    }
    switch monitor.noData {
    case .keep: return "Datadog shows NO DATA and tells nobody, where this product keeps the last state"
    case .ok where !fillsWithZero(monitor):
      return "Datadog resolves after an hour without data, where this product is ok at once"
    case .ok: return nil
    case .alert:
      return "Datadog waits for \(noDataMinutes(monitor)) min without data, twice the window, which is the least it takes"
    }
  }

  private func kindNotes(_ monitor: MonitorDefinition) -> [(field: String, message: String)] {
    switch monitor.kind {
    case .threshold: return []
    case .change(let change):
      let shift = ShiftText.nearest(to: change.shift)
      var notes: [(String, String)] = []
      if !shift.isExact {
        notes.append(("change", "\(Figure.duration(change.shift)) becomes \(shift.text): Datadog has no such shift"))
      }
      if windowed(monitor).aggregator == "percentile" {
        notes.append(
          ("change", "Datadog compares means of the points' percentiles, where this product takes those of all values"))
      }
      return notes
    case .anomaly(let anomaly):
      return [
        (
          "anomaly",
          """
          Datadog's own band, of its '\(anomaly.seasonality == .none ? "basic" : "agile")' algorithm and as much of the past as that \
          needs: 80 % of the window's points have to lie outside, where this product judges the window as one value
          """
        )
      ]
    case .outlier(let outlier):
      let small = outlier.leastShare > 0 ? "; small groups are compared too" : ""
      return [("outlier", "Datadog compares series point by point and needs 80 % of them outside\(small)")]
    case .forecast:
      return [("forecast", "Datadog fits its own line to at least half a day, and warns when its band touches the threshold")]
    case .burnRate: return []
    case .composite:
      return [("composite", "Datadog combines the states of its own evaluations, with groups where all parts have them")]
    case .absence:
      return monitor.groupBy.isEmpty
        ? [] : [("absence", "Datadog speaks of groups that it knows: one that is silent for a day is forgotten")]
    case .detection: return []
    case .events: return [("events", "Datadog counts the events that the commander sent it; `datadog.events` has to be on")]
    }
  }

  private func queryNotes(_ monitor: MonitorDefinition, _ add: (CompileNote.Weight, String, String) -> Void) {
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
  }

  func terms(of query: MonitorQuery) -> [MonitorQuery.Term] {
    switch query.form {
    case .value(let term), .perMinute(let term): [term]
    case .ratio(let numerator, let denominator): [numerator, denominator]
    }
  }
}
