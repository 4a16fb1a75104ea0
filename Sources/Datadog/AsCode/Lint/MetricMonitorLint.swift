// What can be known of a metric monitor without its data: reach of the threshold, windows, the rules of anomalies and forecasts.

struct MetricMonitorLint {
  let knowledge: MetricKnowledge

  func findings(
    of metric: DatadogMonitorQuery.Metric, _ comparison: QueryComparison, _ threshold: Double, _ monitor: JSONValue
  ) -> [LintFinding] {
    windowFindings(metric, monitor) + functionFindings(metric, threshold, monitor)
      + reachFindings(metric, comparison, threshold, monitor)
  }

  private func finding(_ rule: String, _ weight: LintFinding.Weight, _ message: String, at place: String = "query") -> LintFinding
  {
    LintFinding(rule, weight, at: place, message)
  }

  // MARK: Reach

  private func reachFindings(
    _ metric: DatadogMonitorQuery.Metric, _ comparison: QueryComparison, _ threshold: Double, _ monitor: JSONValue
  ) -> [LintFinding] {
    var bounds = ValueBounds(knowledge: knowledge).bounds(of: metric.expression)
    // A sum over time of what is bounded is not.
    if metric.timeAggregator == "sum" || metric.timeAggregator == "count", bounds.upperBound > 0,
      !Self.isRatioOfCounts(metric.expression)
    {
      bounds = min(bounds.lowerBound, 0) ... .infinity
    }
    if let change = metric.change {
      // What lies within bounds changes by no more than their distance; per cent are bounded below only.
      if change.kind == "change" {
        let most = bounds.upperBound - bounds.lowerBound
        return most.isFinite ? ThresholdReach.findings(-most...most, comparison, threshold) : []
      }
      guard comparison.looksDown, threshold <= -100 else { return [] }
      return [finding("threshold_unreachable", .dead, "nothing falls by more than 100 %")]
    }
    var findings = ThresholdReach.findings(bounds, comparison, threshold)
    if findings.contains(where: { $0.weight == .dead }) { return findings }
    if comparison.looksDown, let silent = silentFall(metric.expression, comparison, threshold, monitor) {
      findings.insert(silent, at: 0)
    }
    return findings
  }

  /// A count has no points where nothing happened. What should fire when nothing comes finds no data then, and says nothing.
  private func silentFall(
    _ expression: MetricExpression, _ comparison: QueryComparison, _ threshold: Double, _ monitor: JSONValue
  ) -> LintFinding? {
    guard case .query(let query) = expression, query.modifier("fill") == nil, !DatadogMonitorLint.speaksOfMissingData(monitor),
      case .known(let metric) = knowledge.standing(of: query.metric), metric.kind == .count
    else { return nil }
    let least = comparison == .below ? 1.0 : 0.999
    guard query.modifier("as_count") != nil, threshold <= least else { return nil }
    return finding(
      "silent_fall", .dead,
      "\(query.metric) has no points when nothing happens, so it is never below \(DatadogMonitorLint.plain(threshold)): use default_zero(…), or notify_no_data"
    )
  }

  /// `errors.as_count() / requests.as_count()`: Datadog sums both over the window before it divides.
  private static func isRatioOfCounts(_ expression: MetricExpression) -> Bool {
    switch expression {
    case .binary("/", let left, let right):
      (left.queries + right.queries).allSatisfy { $0.modifier("as_count") != nil }
    case .binary("*", let left, let right): isRatioOfCounts(left) || isRatioOfCounts(right)
    default: false
    }
  }

  // MARK: Windows

  private func windowFindings(_ metric: DatadogMonitorQuery.Metric, _ monitor: JSONValue) -> [LintFinding] {
    var findings: [LintFinding] = []
    if metric.window < 60 { findings.append(finding("window", .dead, "the shortest window of a metric monitor is last_1m")) }
    for query in metric.expression.queries {
      if let rollup = query.modifier("rollup"), let seconds = rollup.arguments.compactMap({ Int($0) }).first {
        if seconds > metric.window {
          findings.append(
            finding(
              "rollup", .dead,
              "points of \(seconds) s do not fit into a window of \(metric.window) s, so there is never a whole one"))
        } else if seconds == metric.window {
          findings.append(finding("rollup", .warning, "the window holds a single point of \(seconds) s, which is seldom whole"))
        }
      }
      if query.modifier("as_count") != nil, metric.timeAggregator != "sum", metric.expression.calls.isEmpty {
        findings.append(
          finding(
            "time_aggregator", .warning,
            "Datadog evaluates as_count() queries as sums over the window, whatever \(metric.timeAggregator)(…) says: write sum(…)"
          ))
      }
      if metric.timeAggregator == "sum", case .known(let known) = knowledge.standing(of: query.metric), known.kind == .gauge {
        findings.append(
          finding(
            "gauge_sum", .warning,
            "\(query.metric) is a gauge: a sum over time depends on how often it is reported; use avg or max"))
      }
    }
    let isSparse = metric.expression.queries.contains { $0.modifier("as_count") != nil } && metric.expression.calls.isEmpty
    if monitor["options"]?["require_full_window"]?.truth == true, isSparse {
      findings.append(
        finding(
          "full_window", .warning,
          "counts have gaps where nothing happened, and this monitor waits for a window without one; set false",
          at: "options.require_full_window"))
    }
    return findings
  }

  // MARK: Anomalies, forecasts, outliers

  private func functionFindings(
    _ metric: DatadogMonitorQuery.Metric, _ threshold: Double, _ monitor: JSONValue
  ) -> [LintFinding] {
    metric.expression.calls.flatMap { call -> [LintFinding] in
      switch call.name {
      case "anomalies": anomalies(call.arguments, metric, threshold, monitor)
      case "outliers": outliers(call.arguments, metric)
      case "forecast": forecast(call.arguments, monitor)
      default: []
      }
    }
  }

  private func text(_ name: String, in arguments: [MetricExpression.Argument]) -> String? {
    guard let value = arguments.first(where: { $0.name == name })?.value else { return nil }
    switch value {
    case .text(let text): return text
    case .number(let number): return DatadogMonitorLint.plain(number)
    case .reference(let word): return word
    default: return nil
    }
  }

  private func anomalies(
    _ arguments: [MetricExpression.Argument], _ metric: DatadogMonitorQuery.Metric, _ threshold: Double, _ monitor: JSONValue
  ) -> [LintFinding] {
    var findings: [LintFinding] = []
    if case .text(let algorithm)? = arguments.filter({ $0.name == nil }).dropFirst().first?.value {
      if !["basic", "agile", "robust"].contains(algorithm) {
        findings.append(finding("anomalies", .dead, "there is no algorithm '\(algorithm)'; use basic, agile or robust"))
      } else if algorithm == "basic", text("seasonality", in: arguments) != nil {
        findings.append(finding("anomalies", .dead, "the algorithm basic knows no seasonality"))
      }
    }
    let windows = monitor["options"]?["threshold_windows"]
    if windows?["trigger_window"]?.text == nil || windows?["recovery_window"]?.text == nil {
      findings.append(
        finding(
          "threshold_windows", .dead, "an anomaly monitor needs trigger_window and recovery_window",
          at: "options.threshold_windows"))
    }
    guard let word = text("alert_window", in: arguments) else { return findings }
    guard let alertWindow = QueryTime.window(word) else {
      return findings + [finding("anomalies", .dead, "`\(word)` is no alert_window; write last_15m")]
    }
    if let trigger = windows?["trigger_window"]?.text, trigger != word {
      findings.append(
        finding(
          "threshold_windows", .dead, "trigger_window \(trigger) differs from the query's \(word)",
          at: "options.threshold_windows"))
    }
    if alertWindow > metric.window {
      findings.append(finding("anomalies", .dead, "the alert_window is longer than the query's window"))
    }
    if let interval = text("interval", in: arguments).flatMap({ Int($0) }), interval * 5 > alertWindow {
      findings.append(
        finding("anomalies", .dead, "interval=\(interval) is more than a fifth of the alert_window of \(alertWindow) s"))
    }
    return findings
  }

  private func outliers(_ arguments: [MetricExpression.Argument], _ metric: DatadogMonitorQuery.Metric) -> [LintFinding] {
    var findings: [LintFinding] = []
    if metric.expression.queries.allSatisfy(\.groups.isEmpty) {
      findings.append(finding("outliers", .dead, "outliers compares groups, and the query has none: add by {TAG}"))
    }
    if let algorithm = algorithm(arguments), !["mad", "dbscan", "scaledmad", "scaleddbscan"].contains(algorithm.lowercased()) {
      findings.append(
        finding("outliers", .dead, "there is no algorithm '\(algorithm)'; use MAD, DBSCAN, scaledMAD or scaledDBSCAN"))
    }
    return findings
  }

  private func forecast(_ arguments: [MetricExpression.Argument], _ monitor: JSONValue) -> [LintFinding] {
    var findings: [LintFinding] = []
    if let algorithm = algorithm(arguments), !["linear", "seasonal"].contains(algorithm) {
      findings.append(finding("forecast", .dead, "there is no algorithm '\(algorithm)'; use linear or seasonal"))
    }
    if monitor["query"]?.text?.contains("(next_") != true {
      findings.append(finding("forecast", .dead, "a forecast looks ahead: its window is next_1d and the like, not last_…"))
    }
    return findings
  }

  /// The second argument, where it has no name.
  private func algorithm(_ arguments: [MetricExpression.Argument]) -> String? {
    guard case .text(let algorithm)? = arguments.filter({ $0.name == nil }).dropFirst().first?.value else { return nil }
    return algorithm
  }
}
