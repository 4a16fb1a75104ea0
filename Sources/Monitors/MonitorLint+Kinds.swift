// What can be wrong with one kind of monitor and not with another.

import LLMMetrics
import LLMTelemetry

extension LintReport {
  mutating func kind() {
    switch definition.kind {
    case .threshold, .absence: break
    case .detection:
      if !definition.groupBy.isEmpty { error("group_by", "has an alert for each slice that is blamed; remove group_by") }
    case .change(let comparison): change(comparison)
    case .anomaly(let settings): anomaly(settings)
    case .outlier(let settings): outlier(settings)
    case .forecast(let settings): forecast(settings)
    case .burnRate(let settings): burnRate(settings)
    case .composite(let expression): composite(expression)
    case .events:
      if !definition.groupBy.isEmpty { error("group_by", "counts changes, which have no groups; remove group_by") }
    }
    switch definition.kind {
    case .anomaly, .composite, .absence, .burnRate, .events, .detection:
      if definition.threshold.comparison == .below, !isEventCount {
        error("critical", "alerts below a value that is small when all is well; use above")
      }
    case .threshold, .change, .outlier, .forecast: break
    }
  }

  /// Too few changes is a thing to watch.
  private var isEventCount: Bool { if case .events = definition.kind { true } else { false } }

  private mutating func kept(_ length: Duration, _ field: String, _ what: String) {
    guard let retention = context.retention, length > retention else { return }
    error(
      field,
      "\(what) \(Figure.duration(length)) of the past, but rollups are kept for \(Figure.duration(retention)) only; keep them longer"
    )
  }

  private mutating func change(_ comparison: ChangeComparison) {
    guard comparison.shift >= Rollup.width, comparison.shift.isWholeRollups else {
      error(
        "shift", "compares with \(Figure.duration(comparison.shift)) earlier; use a multiple of \(Figure.duration(Rollup.width))")
      return
    }
    if comparison.shift < definition.window {
      warning("shift", "compares windows that overlap, so that part of a change is on both sides; use the window's length")
    }
    kept(definition.window + comparison.shift, "shift", "needs")
  }

  private mutating func anomaly(_ settings: AnomalySettings) {
    if settings.falseAlarmsPerWeek <= 0 || !settings.falseAlarmsPerWeek.isFinite {
      error("false_alarms_per_week", "wants no false alarms at all, which no band can promise; use 0.5")
    }
    if settings.history.wholeNanoseconds < definition.window.wholeNanoseconds * Int64(AnomalyModel.leastSteps) {
      error(
        "history", "learns from \(Figure.duration(settings.history)), which are fewer than \(AnomalyModel.leastSteps) windows")
    }
    let season: Duration? =
      switch settings.seasonality {
      case .none: nil
      case .hourly: .seconds(3_600)
      case .daily: .seconds(86_400)
      case .weekly: .seconds(7 * 86_400)
      }
    if let season, settings.history < season * 2 {
      error(
        "history",
        "learns from \(Figure.duration(settings.history)), which are not two seasons; use \(Figure.duration(season * 2)) at least"
      )
    }
    if settings.history.wholeNanoseconds / max(1, definition.window.wholeNanoseconds) > 20_160 {
      warning("window", "cuts its history into more than 20,000 windows; use a longer window")
    }
    kept(settings.history + definition.window, "history", "learns from")
    if definition.threshold.comparison == .above, (0..<1).contains(definition.threshold.critical) {
      warning("critical", "alerts inside the usual band, whose edge is 1")
    }
  }

  private mutating func outlier(_ settings: OutlierSettings) {
    if definition.groupBy.isEmpty { error("group_by", "compares groups but has none; name the tags to group by") }
    if !(0..<1.0 / 3).contains(settings.leastShare) {
      error(
        "least_share",
        "compares groups with \(Figure.percent(settings.leastShare)) of the requests; three cannot have a third each")
    }
    if definition.threshold.critical.magnitude < 2 {
      warning("critical", "alerts within two deviations, where healthy groups often are; use 3 or more")
    }
    for tag in definition.groupBy where definition.query.subject.filter[tag] != nil {
      error("group_by", "groups by \"\(tag)\" but its query keeps one value of it, so there is nothing to compare with")
    }
  }

  private mutating func forecast(_ settings: ForecastSettings) {
    if settings.horizon <= .zero { error("horizon", "looks no time ahead; use a positive horizon") }
    if settings.horizon > definition.window * 5 {
      warning(
        "horizon",
        "looks \(Figure.duration(settings.horizon)) ahead on \(Figure.duration(definition.window)) of the past; lengthen the window"
      )
    }
    if let season = settings.season, definition.window < season * 2 {
      error(
        "window", "has a season of \(Figure.duration(season)) but sees less than two of them; use \(Figure.duration(season * 2))")
    }
  }

  private mutating func burnRate(_ settings: BurnRateSettings) {
    if settings.shortWindow < Rollup.width || !settings.shortWindow.isWholeRollups {
      error("short_window", "has a short window that is no multiple of \(Figure.duration(Rollup.width))")
    }
    if settings.shortWindow >= definition.window {
      error("short_window", "has a short window that is not shorter than its window; a twelfth of it is usual")
    }
    guard let objectives = context.objectives else { return }
    guard let objective = objectives[settings.objective] else {
      error("objective", "watches \"\(settings.objective)\", which is no objective; there are \(Self.list(objectives.keys))")
      return
    }
    guard objective.target > 0, objective.target < 100 else {
      error("objective", "watches an objective whose target leaves no budget; use one between 0 and 100 %")
      return
    }
    if definition.threshold.critical >= objective.fastestBurn - 1e-9 {
      error(
        "critical",
        """
        can never fire: with a target of \(Figure.amount(objective.target)) % the budget burns at most \
        \(Figure.number(objective.fastestBurn, decimals: 1)) times too fast, when everything fails
        """)
    }
    switch objective.indicator {
    case .uptime: error("objective", "watches an objective on monitors, whose states are no events that burn")
    case .timeSlice(_, _, _, let seconds):
      if settings.shortWindow < .seconds(Int64(seconds)) * 2 {
        error("short_window", "has a short window of less than two slices of \(seconds) s, in which one bad slice is everything")
      }
    case .good, .bad:
      for events in objective.indicator.events {
        for tag in definition.groupBy where !events.metric.hasTag(tag) {
          error("group_by", "groups by \"\(tag)\", which \(events.metric.name) does not carry")
        }
      }
    }
  }

  private mutating func composite(_ expression: CompositeExpression) {
    let names = expression.monitors
    guard names.count <= 10 else {
      error("composite", "combines \(names.count) monitors; 10 are the most")
      return
    }
    let worlds = (0..<(1 << names.count)).map { world in
      Set(names.enumerated().filter { world >> $0.offset & 1 == 1 }.map(\.element))
    }
    if !worlds.contains(where: { world in expression.holds(world.contains) }) {
      error("composite", "can never fire: no states of its parts make it true")
    } else if expression.holds({ _ in false }) {
      error("composite", "fires while all of its parts are well; begin with one that has to alert")
    }
    guard let monitors = context.monitors else { return }
    for name in names where monitors[name] == nil {
      error("composite", "combines \"\(name)\", which is no monitor; there are \(Self.list(monitors.keys))")
    }
    if let cycle = Self.cycle(from: definition.name, expression, monitors) {
      error("composite", "depends on itself: \(cycle.joined(separator: " needs "))")
    }
    let grouped = names.compactMap { monitors[$0] }.filter { !$0.groupBy.isEmpty }
    for (index, one) in grouped.enumerated() {
      for other in grouped[(index + 1)...] where Set(one.groupBy).isDisjoint(with: other.groupBy) {
        warning(
          "composite",
          "combines \"\(one.name)\" and \"\(other.name)\", whose groups have no tag in common: any group of one goes with any of the other"
        )
      }
    }
    for tag in definition.groupBy where !grouped.contains(where: { $0.groupBy.contains(tag) }) {
      error("group_by", "groups by \"\(tag)\", by which none of its parts is grouped")
    }
  }

  /// The way from a monitor back to itself.
  private static func cycle(
    from start: String, _ expression: CompositeExpression, _ monitors: [String: MonitorDefinition]
  ) -> [String]? {
    var seen: Set<String> = []
    func search(_ expression: CompositeExpression, _ path: [String]) -> [String]? {
      for name in expression.monitors {
        if name == start { return path + [name] }
        guard seen.insert(name).inserted, case .composite(let inner)? = monitors[name]?.kind else { continue }
        if let found = search(inner, path + [name]) { return found }
      }
      return nil
    }
    return search(expression, [start])
  }

  private static func list(_ names: some Collection<String>) -> String {
    names.isEmpty ? "none" : names.sorted().prefix(10).joined(separator: ", ") + (names.count > 10 ? ", …" : "")
  }
}
