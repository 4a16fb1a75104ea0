// The verdict on one Datadog SLO: can its budget ever be spent, and does it count as good what is good?

package struct ObjectiveLint: Sendable {
  package let knowledge: MetricKnowledge

  package init(knowledge: MetricKnowledge) { self.knowledge = knowledge }

  private static let keys: Set<String> = [
    "id", "name", "description", "type", "query", "thresholds", "tags", "monitor_ids", "groups", "sli_specification", "timeframe",
    "target_threshold", "warning_threshold", "created_at", "modified_at", "creator", "monitor_tags", "force_delete", "validate",
    "configured_alert_ids", "restricted_roles", "team_tags", "env_tags", "service_tags", "all_tags", "overall_status", "status",
    "type_id", "slo_type",
  ]

  package func verdict(on objective: JSONValue) -> LintVerdict {
    let name = objective["name"]?.text ?? objective["id"]?.text ?? "an SLO without a name"
    var findings = (objective.members ?? [:]).keys.filter { !Self.keys.contains($0) }.sorted().map {
      LintFinding("key_unknown", .warning, at: $0, "Datadog knows no key \($0) here; it is ignored or refused")
    }
    findings += targetFindings(objective)
    // A search for SLOs answers with another word for the type.
    switch objective["type"]?.text ?? objective["slo_type"]?.text {
    case "metric": findings += requestFindings(objective)
    case "monitor":
      if objective["monitor_ids"]?.list?.isEmpty != false {
        findings.append(
          LintFinding("monitor_ids", .dead, at: "monitor_ids", "there is no monitor in it; Datadog refuses such an SLO"))
      }
    case "time_slice": findings += sliceFindings(objective)
    case let type:
      findings.append(
        LintFinding("type", .dead, at: "type", "\"\(type ?? "")\" is no type of SLO; it is metric, monitor or time_slice"))
    }
    return LintVerdict(.slo, name: name, findings: findings)
  }

  /// The strictest target in per cent.
  package static func target(of objective: JSONValue) -> Double? {
    (objective["thresholds"]?.list ?? []).compactMap { $0["target"]?.double }.max() ?? objective["target_threshold"]?.double
  }

  private func targetFindings(_ objective: JSONValue) -> [LintFinding] {
    let thresholds = objective["thresholds"]?.list ?? []
    guard !thresholds.isEmpty else {
      return [LintFinding("thresholds", .dead, at: "thresholds", "there is no target; Datadog refuses such an SLO")]
    }
    var findings: [LintFinding] = []
    for (index, threshold) in thresholds.enumerated() {
      let place = "thresholds[\(index)]"
      if let frame = threshold["timeframe"]?.text, !["7d", "30d", "90d", "custom"].contains(frame) {
        findings.append(LintFinding("timeframe", .dead, at: place, "\(frame) is no timeframe; it is 7d, 30d or 90d"))
      }
      guard let target = threshold["target"]?.double, target > 0, target < 100 else {
        findings.append(
          LintFinding(
            "target", .dead, at: place, "the target must lie between 0 and 100: without a budget there is nothing to spend"))
        continue
      }
      if let warning = threshold["warning"]?.double, warning <= target {
        findings.append(
          LintFinding(
            "target", .dead, at: place,
            "the warning \(DatadogMonitorLint.plain(warning)) must be above the target \(DatadogMonitorLint.plain(target))"))
      }
    }
    return findings
  }

  private func parse(_ text: String, at place: String, _ findings: inout [LintFinding]) -> MetricExpression? {
    do throws(QueryError) {
      let expression = try MetricExpressionParser.parse(text)
      findings += MetricQueryLint(knowledge: knowledge).findings(of: expression, at: place)
      return expression
    } catch {
      findings.append(LintFinding("query_grammar", .dead, at: place, "\(error)"))
      return nil
    }
  }

  private func requestFindings(_ objective: JSONValue) -> [LintFinding] {
    var findings: [LintFinding] = []
    if objective["sli_specification"]?["count"] != nil || objective["query"] == nil {
      let queries = objective["sli_specification"]?["count"]?["queries"]?.list ?? []
      for (index, query) in queries.enumerated() {
        guard let text = query["query"]?.text else { continue }
        let place = "sli_specification.count.queries[\(index)].query"
        if let expression = parse(text, at: place, &findings) { findings += countFindings(expression, at: place) }
      }
      if queries.isEmpty {
        findings.append(LintFinding("query_missing", .dead, at: "query", "there is neither a query nor an sli_specification"))
      }
      return findings
    }
    var parts: [MetricExpression] = []
    for key in ["numerator", "denominator"] {
      guard let text = objective["query"]?[key]?.text else {
        findings.append(LintFinding("query_missing", .dead, at: "query.\(key)", "there is no \(key)"))
        continue
      }
      guard let expression = parse(text, at: "query.\(key)", &findings) else { continue }
      parts.append(expression)
      findings += countFindings(expression, at: "query.\(key)")
    }
    guard parts.count == 2 else { return findings }
    if parts[0] == parts[1] {
      findings.append(
        LintFinding(
          "always_good", .dead, at: "query",
          "numerator and denominator are the same, so every event is good and the budget is never spent"))
    }
    findings += latencyFindings(good: parts[0])
    return findings
  }

  private func countFindings(_ expression: MetricExpression, at place: String) -> [LintFinding] {
    expression.queries.compactMap { query in
      guard query.modifier("as_count") == nil, query.aggregator != "count" else { return nil }
      return LintFinding("as_count", .warning, at: place, "an SLO adds up events: write sum:\(query.metric){…}.as_count()")
    }
  }

  /// Fast failures make a latency SLO better in an outage.
  private func latencyFindings(good: MetricExpression) -> [LintFinding] {
    good.queries.compactMap { query in
      let name = query.metric.lowercased()
      guard ["duration", "latency", "time_to_first_token", "ttft", "response_time"].contains(where: name.contains) else {
        return nil
      }
      let excludes = query.filter.keys.contains { key in
        ["error", "status", "outcome", "error_class", "success", "ok"].contains { key.key.lowercased().contains($0) }
      }
      guard !excludes else { return nil }
      return LintFinding(
        "fast_errors", .warning, at: "query.numerator",
        "\(query.metric) counts failed requests too, and failures are fast: exclude them, for example with !error_class:*")
    }
  }

  private func sliceFindings(_ objective: JSONValue) -> [LintFinding] {
    guard let slice = objective["sli_specification"]?["time_slice"] else {
      return [LintFinding("query_missing", .dead, at: "sli_specification", "a time slice SLO needs sli_specification.time_slice")]
    }
    var findings: [LintFinding] = []
    let queries = slice["query"]?["queries"]?.list ?? []
    var byName: [String: MetricExpression] = [:]
    for (index, query) in queries.enumerated() {
      guard let text = query["query"]?.text else { continue }
      let expression = parse(text, at: "sli_specification.time_slice.query.queries[\(index)].query", &findings)
      if let name = query["name"]?.text, let expression { byName[name] = expression }
    }
    if let interval = slice["query_interval_seconds"]?.double, interval != 60, interval != 300 {
      findings.append(
        LintFinding("interval", .dead, at: "sli_specification.time_slice.query_interval_seconds", "it is 60 or 300"))
    }
    guard let word = slice["comparator"]?.text, let comparison = QueryComparison(rawValue: word),
      let threshold = slice["threshold"]?.double
    else {
      findings.append(
        LintFinding("comparator", .dead, at: "sli_specification.time_slice", "a time slice needs a comparator and a threshold"))
      return findings
    }
    // The comparison says what is good: what cannot be otherwise never spends the budget.
    if let formula = slice["query"]?["formulas"]?.list?.first?["formula"]?.text, let expression = byName[formula] {
      let bounds = ValueBounds(knowledge: knowledge).bounds(of: expression)
      if ThresholdReach.isAlways(bounds, comparison, threshold) {
        findings.append(
          LintFinding(
            "always_good", .dead, at: "sli_specification.time_slice.threshold",
            "every value there can be is good, so the budget is never spent"))
      }
    }
    return findings
  }
}
