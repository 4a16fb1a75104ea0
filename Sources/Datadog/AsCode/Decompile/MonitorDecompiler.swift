// Turns a Datadog monitor into a definition that compiles to it, where there is one.

import LLMMetrics
import LLMTelemetry
import Monitors

struct MonitorDecompiler: Sendable {
  let settings: CompileSettings

  /// Definitions that may compile to `json`, the likeliest first; the compiler says which one does.
  /// - Parameters:
  ///   - signal: the monitor whose query it is, where `json` is the composite of it and a traffic gate.
  ///   - gate: what `json` waits for.
  ///   - combination: what it combines, where it is a composite of definitions.
  func candidates(
    _ json: JSONValue, name: String, signal: JSONValue? = nil, gate: JSONValue? = nil, combination: CompositeExpression? = nil
  ) throws(Unsayable) -> [PackedMonitor] {
    let source = signal ?? json
    let text = source["query"]?.text ?? ""
    let parsed: DatadogMonitorQuery
    do { parsed = try MonitorQueryParser.parse(text) } catch { throw Unsayable("its query is not of the grammar (\(error))") }
    let conditions = if let combination { combinations(combination, json) } else { try conditions(parsed, source) }
    let rank = json["priority"]?.double ?? 3
    guard let severity = Severity.allCases.first(where: { Double($0.rank) == rank }) else {
      throw Unsayable("priority \(MetricQueryText.number(rank)) is no severity")
    }
    let title = json["name"]?.text ?? name
    var trafficGate: Int64 = 0
    if let gate {
      guard let count = gate["options"]?["thresholds"]?["critical"]?.double.flatMap({ Int64(exactly: $0) }) else {
        throw Unsayable("its traffic gate is no whole number")
      }
      trafficGate = count
    }
    let options = source["options"]
    let delay = Duration.seconds(Int64(options?["evaluation_delay"]?.double ?? 0))
    let reminder = json["options"]?["renotify_interval"]?.double.map { Int($0) } ?? 0
    let usual = settings.renotify[severity] ?? 0
    var packed: [PackedMonitor] = []
    for condition in conditions {
      let groups = if case .detection = condition.kind { MonitorCompiler.detectionGroups } else { condition.groups }
      let message = DecompileMessage(json["message"]?.text ?? "", title: title, groups: groups)
      let tags = DecompileTags(json, settings: settings)
      let handles = Set(settings.handles(for: severity))
      for policy in policies(options) {
        packed.append(
          PackedMonitor(
            MonitorDefinition(
              name: name, title: title, severity: severity, query: condition.query, kind: condition.kind,
              window: condition.window,
              threshold: condition.threshold, trafficGate: trafficGate, noData: policy, playbooks: message.playbooks,
              groupBy: condition.groups, evaluationDelay: delay,
              renotify: reminder == usual ? nil : .seconds(Int64(reminder) * 60),
              isShadow: json["draft_status"]?.text == "draft"),
            meaning: message.meaning, steps: message.steps, owner: tags.owner,
            runbook: message.runbook.flatMap { $0 == settings.runbooks.map { "\($0)\(name)" } ? nil : $0 },
            notify: message.handles.filter { !handles.contains($0) }, tags: tags.others))
      }
    }
    return packed
  }

  /// What the options leave open.
  private func policies(_ options: JSONValue?) -> [NoDataPolicy] {
    if options?["notify_no_data"]?.truth == true { return [.alert] }
    return options?["timeout_h"]?.double ?? 0 > 0 ? [.ok] : [.keep, .ok, .alert]
  }

  // MARK: Conditions

  private struct Condition {
    var kind: MonitorKind
    var query: MonitorQuery
    var groups: [String]
    var window: Duration
    var threshold: Threshold
  }

  /// As its text says it, and as its query does, in which composites of composites are written out.
  private func combinations(_ combination: CompositeExpression, _ json: JSONValue) -> [Condition] {
    let said = DecompileMessage(json["message"]?.text ?? "", title: json["name"]?.text ?? "", groups: []).combination
      .flatMap { try? CompositeExpression(parsing: $0) }
    return [said, combination].compactMap { $0 }.map { implied(.composite($0), window: .seconds(60), critical: 0) }
  }

  /// A condition whose query follows from its kind.
  private func implied(_ kind: MonitorKind, window: Duration, critical: Double) -> Condition {
    Condition(
      kind: kind, query: .init(.value(.init(.sum, MetricCatalogue.requests))), groups: [], window: window,
      threshold: .init(.above, critical: critical))
  }

  private func conditions(_ parsed: DatadogMonitorQuery, _ json: JSONValue) throws(Unsayable) -> [Condition] {
    switch parsed {
    case .metric(let metric, let comparison, let value): return try conditions(metric, comparison, value, json)
    case .search(let search, let comparison, let value): return [try events(search, comparison, value)]
    case .formula: throw Unsayable("a formula over other data than metrics has no word in definitions")
    case .objective(let objective, let comparison, let factor):
      guard objective.isBurnRate, comparison == .above, objective.slo.hasPrefix("slo:"), let long = objective.longWindow,
        let short = objective.shortWindow
      else { throw Unsayable("it belongs to an SLO that is not one of the definitions, or is no burn rate") }
      let settings = BurnRateSettings(
        objective: String(objective.slo.dropFirst(4)), shortWindow: .seconds(Int64(short)))
      return [implied(.burnRate(settings), window: .seconds(Int64(long)), critical: factor)]
    case .composite: throw Unsayable("it combines monitors that are not definitions")
    case .serviceCheck: throw Unsayable("service checks have no word in definitions")
    }
  }

  private func conditions(
    _ metric: DatadogMonitorQuery.Metric, _ comparison: QueryComparison, _ value: Double, _ json: JSONValue
  ) throws(Unsayable) -> [Condition] {
    let reader = DecompileQuery(scope: settings.scope)
    let window = Duration.seconds(Int64(metric.window))
    let minutes = MetricQueryText.minutes(window)
    if case .query(let query) = metric.expression, query.metric == MetricCatalogue.detectionFindings.name {
      guard comparison == .above, metric.change == nil else { throw Unsayable("findings of detection are more than a number") }
      return [implied(.detection(try reader.detection(query)), window: window, critical: value)]
    }
    if case .call(let name, let arguments) = metric.expression, let first = arguments.first?.value {
      switch name {
      case "anomalies": return [try anomaly(first, arguments, value, reader)]
      case "outliers":
        let (query, groups) = try reader.monitor(first, minutes: minutes)
        guard arguments.count > 2, case .number(let tolerance) = arguments[2].value else {
          throw Unsayable("outliers without a tolerance")
        }
        return [
          Condition(
            kind: .outlier(.init()), query: query, groups: groups, window: window, threshold: .init(.above, critical: tolerance))
        ]
      case "forecast": return [try forecast(first, arguments, horizon: window, comparison, value, json, reader)]
      default: break
      }
    }
    let (query, groups) = try reader.monitor(metric.expression, minutes: minutes)
    guard let side: Threshold.Comparison = comparison == .above ? .above : comparison == .below ? .below : nil else {
      throw Unsayable("definitions compare with above and below, not with \(comparison.rawValue)")
    }
    let threshold = Threshold(side, critical: value, recovery: json["options"]?["thresholds"]?["critical_recovery"]?.double)
    var kind = MonitorKind.threshold
    if let change = metric.change {
      kind = .change(.init(change.kind == "pct_change" ? .percent : .difference, shift: .seconds(Int64(change.shift))))
    }
    var found = [Condition(kind: kind, query: query, groups: groups, window: window, threshold: threshold)]
    // Fewer than one in so many minutes is also how silence is written; its window has to be longer than that.
    if kind == .threshold, side == .below, value == 1 {
      found.append(
        Condition(
          kind: .absence, query: query, groups: groups, window: .seconds(Int64(metric.window) * 2),
          threshold: .init(.above, critical: Double(minutes))))
    }
    return found
  }

  private func forecast(
    _ expression: MetricExpression, _ arguments: [MetricExpression.Argument], horizon: Duration, _ comparison: QueryComparison,
    _ value: Double, _ json: JSONValue, _ reader: DecompileQuery
  ) throws(Unsayable) -> Condition {
    guard case .text(let history)? = arguments.first(where: { $0.name == "history" })?.value,
      let length = QueryTime.seconds(history)
    else { throw Unsayable("a forecast without a history") }
    let window = Duration.seconds(Int64(length))
    let (query, groups) = try reader.monitor(expression, minutes: MetricQueryText.minutes(window))
    return Condition(
      kind: .forecast(.init(horizon: horizon)), query: query, groups: groups, window: window,
      threshold: Threshold(
        comparison.looksUp ? .above : .below, critical: value,
        recovery: json["options"]?["thresholds"]?["critical_recovery"]?.double))
  }

  private func anomaly(
    _ expression: MetricExpression, _ arguments: [MetricExpression.Argument], _ value: Double, _ reader: DecompileQuery
  ) throws(Unsayable) -> Condition {
    func word(_ name: String) -> String? {
      arguments.first { $0.name == name }.flatMap { if case .text(let text) = $0.value { text } else { nil } }
    }
    guard arguments.count > 2, case .number(let bounds) = arguments[2].value, case .text(let algorithm) = arguments[1].value,
      let direction = AnomalySettings.Direction(rawValue: word("direction") ?? "both"),
      let length = word("alert_window").flatMap(QueryTime.window)
    else { throw Unsayable("an anomaly without bounds, direction and alert_window that definitions have") }
    let season = word("seasonality") ?? (algorithm == "basic" ? "none" : "")
    guard let seasonality = AnomalySettings.Seasonality(rawValue: season) else { throw Unsayable("an anomaly without a season") }
    let window = Duration.seconds(Int64(length))
    let (query, groups) = try reader.monitor(expression, minutes: MetricQueryText.minutes(window))
    return Condition(
      kind: .anomaly(.init(direction: direction, seasonality: seasonality)), query: query, groups: groups, window: window,
      threshold: .init(.above, critical: bounds))
  }

  private func events(
    _ search: DatadogMonitorQuery.Search, _ comparison: QueryComparison, _ value: Double
  ) throws(Unsayable) -> Condition {
    guard search.source == "events", search.groups.isEmpty, let side: Threshold.Comparison = comparison == .above ? .above : nil
    else {
      throw Unsayable("a search of \(search.source) has no word in definitions")
    }
    var filter = EventFilter()
    for word in search.text.split(separator: " ") {
      let parts = word.split(separator: ":", maxSplits: 1).map(String.init)
      switch (parts.first, parts.last) {
      case ("change_kind"?, "*"?): break
      case ("change_kind"?, let kind?):
        guard let kind = ChangeEvent.Kind(rawValue: kind) else { throw Unsayable("\(kind) is no kind of change") }
        filter.kind = kind
      case ("subject"?, let subject?): filter.subject = subject
      default: throw Unsayable("events under \(word) have no word in definitions")
      }
    }
    return Condition(
      kind: .events(filter), query: .init(.value(.init(.sum, MetricCatalogue.requests))), groups: [],
      window: .seconds(Int64(search.window)), threshold: .init(side, critical: value))
  }
}

/// The tags of an object that somebody chose.
struct DecompileTags: Hashable, Sendable {
  var owner: String?
  var others: [String]

  init(_ json: JSONValue, settings: CompileSettings) {
    let all = json["tags"]?.list?.compactMap(\.text) ?? []
    let team = all.first { $0.hasPrefix("team:") }.map { String($0.dropFirst(5)) }
    owner = team == settings.team ? nil : team
    let ours = Set(settings.tags + [CompileSettings.ownership] + (team.map { ["team:\($0)"] } ?? []))
    others = all.filter { tag in
      !ours.contains(tag)
        && !["\(CompileSettings.identityKey):", "severity:", "commander_part:"].contains { tag.hasPrefix($0) }
    }.sorted()
  }
}
