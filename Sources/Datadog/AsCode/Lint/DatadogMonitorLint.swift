// The verdict on one Datadog monitor, from its JSON alone: can it fire, and will anybody hear of it?

package struct DatadogMonitorLint: Sendable {
  package let knowledge: MetricKnowledge
  /// Targets in per cent of the SLOs that came with it, by id and by name, so that burn rates can be held to them.
  package var targets: [String: Double]

  package init(knowledge: MetricKnowledge, targets: [String: Double] = [:]) {
    self.knowledge = knowledge
    self.targets = targets
  }

  package func verdict(on monitor: JSONValue) -> LintVerdict {
    let name = monitor["name"]?.text ?? monitor["id"]?.double.map { "monitor \(Int64($0))" } ?? "a monitor without a name"
    var findings = keyFindings(monitor)
    guard let text = monitor["query"]?.text else {
      findings.append(LintFinding("query_missing", .dead, at: "query", "there is no query; Datadog refuses such a monitor"))
      return LintVerdict(.monitor, name: name, findings: findings)
    }
    // What these watch is configured elsewhere; their query is a placeholder.
    if monitor["type"]?.text == "synthetics alert" {
      return LintVerdict(.monitor, name: name, findings: findings + listenerFindings(monitor))
    }
    do throws(QueryError) {
      let query = try MonitorQueryParser.parse(text)
      findings += typeFindings(monitor, query)
      findings += queryFindings(query, monitor)
      findings += thresholdFindings(query, monitor)
      findings += silenceFindings(query, monitor)
    } catch {
      // What a template engine fills in later is not there to be judged.
      let isTemplate = text.contains("${") || text.contains("{{")
      findings.append(
        isTemplate
          ? LintFinding("interpolated", .unknown, at: "query", "holds a placeholder; lint what the template becomes")
          : LintFinding("query_grammar", .dead, at: "query", "\(error)"))
    }
    findings += listenerFindings(monitor)
    return LintVerdict(.monitor, name: name, findings: findings)
  }

  // MARK: Keys and types

  private static let keys: Set<String> = [
    "id", "name", "type", "query", "message", "tags", "options", "priority", "multi", "created", "created_at", "creator",
    "modified",
    "deleted", "overall_state", "overall_state_modified", "org_id", "restricted_roles", "restriction_policy",
    "matching_downtimes",
    "state", "assets", "draft_status", "metadata", "classification", "modifier", "variables", "org_uuid",
    // What answers and searches carry beside.
    "restricted", "run_as", "scopes", "status", "metrics", "notifications", "last_triggered_ts", "quality_issues",
  ]

  private static let optionKeys: Set<String> = [
    "aggregation", "device_ids", "enable_logs_sample", "enable_samples", "escalation_message", "evaluation_delay",
    "group_retention_duration", "groupby_simple_monitor", "include_tags", "locked", "min_failure_duration", "min_location_failed",
    "new_group_delay", "new_host_delay", "no_data_timeframe", "notification_preset_name", "notify_audit", "notify_by",
    "notify_no_data",
    "on_missing_data", "renotify_interval", "renotify_occurrences", "renotify_statuses", "require_full_window",
    "scheduling_options",
    "silenced", "synthetics_check_id", "threshold_windows", "thresholds", "timeout_h", "variables", "avalanche_window",
    "restriction_query", "queryConfig", "slo_id", "ci_pipelines_sample", "on_missing_data_timeframe", "assets",
  ]

  private func keyFindings(_ monitor: JSONValue) -> [LintFinding] {
    unknown(monitor.members, Self.keys, at: "") + unknown(monitor["options"]?.members, Self.optionKeys, at: "options.")
      + unknown(
        monitor["options"]?["thresholds"]?.members,
        ["critical", "warning", "ok", "unknown", "critical_recovery", "warning_recovery"], at: "options.thresholds.")
  }

  private func unknown(_ members: [String: JSONValue]?, _ known: Set<String>, at path: String) -> [LintFinding] {
    (members ?? [:]).keys.filter { !known.contains($0) }.sorted().map {
      LintFinding("key_unknown", .warning, at: path + $0, "Datadog knows no key \($0) here; it is ignored or refused")
    }
  }

  private func typeFindings(_ monitor: JSONValue, _ query: DatadogMonitorQuery) -> [LintFinding] {
    guard let type = monitor["type"]?.text else {
      return [LintFinding("type", .dead, at: "type", "there is no type; Datadog refuses such a monitor")]
    }
    let fitting: Set<String>
    switch query {
    case .metric: fitting = ["metric alert", "query alert"]
    case .formula, .search:
      // Each source has a type of its own, and new ones come; these cannot be it.
      // Datadog takes "metric alert" for a formula and answers with "query alert".
      var impossible: Set<String> = ["slo alert", "composite", "service check"]
      if case .search = query { impossible.formUnion(["metric alert", "query alert"]) }
      guard impossible.contains(type) else { return [] }
      return [mismatch(type, "the query is a search")]
    case .objective: fitting = ["slo alert"]
    case .composite: fitting = ["composite"]
    case .serviceCheck: fitting = ["service check"]
    }
    return fitting.contains(type) ? [] : [mismatch(type, "its query is that of a \(fitting.sorted().joined(separator: " or "))")]
  }

  private func mismatch(_ type: String, _ why: String) -> LintFinding {
    LintFinding("type", .dead, at: "type", "the monitor is a \"\(type)\", but \(why)")
  }

  // MARK: The query

  private func queryFindings(_ query: DatadogMonitorQuery, _ monitor: JSONValue) -> [LintFinding] {
    switch query {
    case .metric(let metric, let comparison, let threshold):
      return MetricQueryLint(knowledge: knowledge).findings(of: metric.expression, at: "query")
        + MetricMonitorLint(knowledge: knowledge).findings(of: metric, comparison, threshold, monitor)
    case .formula(let formula, let comparison, let threshold):
      let variables = monitor["options"]?["variables"]?.list ?? []
      let names = Set(variables.compactMap { $0["name"]?.text })
      var findings = Set(formula.expression.references).subtracting(names).sorted().filter { !$0.isEmpty }.map {
        LintFinding("variable_missing", .dead, at: "query", "the formula names \($0), which options.variables does not define")
      }
      for (index, variable) in variables.enumerated() {
        guard variable["data_source"]?.text == "metrics", let text = variable["query"]?.text else { continue }
        let place = "options.variables[\(index)].query"
        do throws(QueryError) {
          findings += MetricQueryLint(knowledge: knowledge).findings(of: try MetricExpressionParser.parse(text), at: place)
        } catch { findings.append(LintFinding("query_grammar", .dead, at: place, "\(error)")) }
      }
      return findings
        + FormulaReach(knowledge: knowledge, variables: variables).findings(of: formula, comparison, threshold, monitor)
    case .objective(let objective, let comparison, let threshold):
      return objectiveFindings(objective, comparison, threshold)
    case .composite(let expression):
      return expression.monitors.count < 2
        ? [LintFinding("composite", .warning, at: "query", "a composite of one monitor says what that monitor says")] : []
    case .serviceCheck(_, _, let last):
      guard let critical = monitor["options"]?["thresholds"]?["critical"]?.double, critical > Double(last), last > 0,
        monitor["query"]?.text?.contains("count_by_status") == true
      else { return [] }
      return [
        LintFinding(
          "threshold_unreachable", .dead, at: "options.thresholds.critical",
          "\(Self.plain(critical)) bad checks cannot be among the last \(last); raise .last(…) above it")
      ]
    // What a search finds is in Datadog's index, of which a file says nothing; but a number of things is never below zero.
    case .search(let search, let comparison, let threshold):
      let counts = search.source == "processes" || ["count", "cardinality"].contains(search.rollup.first ?? "")
      return counts ? ThresholdReach.findings(0 ... .infinity, comparison, threshold) : []
    }
  }

  private func objectiveFindings(
    _ objective: DatadogMonitorQuery.Objective, _ comparison: QueryComparison, _ threshold: Double
  ) -> [LintFinding] {
    var findings: [LintFinding] = []
    func add(_ rule: String, _ weight: LintFinding.Weight, _ message: String) {
      findings.append(LintFinding(rule, weight, at: "query", message))
    }
    if !comparison.looksUp { add("comparison", .dead, "Datadog alerts on a budget or burn rate above a threshold only; use >") }
    if objective.isBurnRate {
      if let target = targets[objective.slo] {
        let most = 1 / (1 - target / 100)
        if threshold >= most - 1e-9 {
          add(
            "burn_rate", .dead,
            "a burn rate above \(Self.plain(threshold)) cannot happen with a target of \(Self.plain(target)) %: when everything fails it is \(Self.plain(most))"
          )
        }
      } else if threshold > 1000 {
        add("burn_rate", .dead, "a burn rate above \(Self.plain(threshold)) needs a target beyond 99.9 %")
      } else {
        add("slo_unknown", .unknown, "the SLO \(objective.slo) is not among these files, so its target is not known")
      }
      if let long = objective.longWindow, let short = objective.shortWindow {
        if short >= long { add("windows", .dead, "the short window must be shorter than the long one; a twelfth of it is usual") }
        if !(3_600...172_800).contains(long) { add("windows", .dead, "the long window must be 1 to 48 hours") }
      }
    } else if threshold >= 100 {
      add("error_budget", .warning, "fires only when more than the whole budget is gone")
    }
    if ![604_800, 2_592_000, 7_776_000].contains(objective.period) {
      add("period", .dead, "an SLO's period is 7d, 30d or 90d")
    }
    return findings
  }

  static func plain(_ value: Double) -> String {
    let rounded = (value * 1_000).rounded() / 1_000
    return Int64(exactly: rounded).map(String.init) ?? String(rounded)
  }

  // MARK: Thresholds

  private func thresholdFindings(_ query: DatadogMonitorQuery, _ monitor: JSONValue) -> [LintFinding] {
    guard let (comparison, value) = query.threshold, let thresholds = monitor["options"]?["thresholds"] else { return [] }
    var findings: [LintFinding] = []
    func add(_ key: String, _ message: String) {
      findings.append(LintFinding("thresholds", .dead, at: "options.thresholds.\(key)", message))
    }
    func number(_ key: String) -> Double? { thresholds[key]?.double ?? thresholds[key]?.text.flatMap { Double($0) } }
    if let critical = number("critical"), critical != value {
      add("critical", "\(Self.plain(critical)) differs from the query's \(Self.plain(value)); Datadog refuses the monitor")
    }
    if thresholds["critical"] == nil || thresholds["critical"]?.isNull == true, thresholds.members?.isEmpty == false {
      add("critical", "there is no critical threshold; it must be the query's \(Self.plain(value))")
    }
    func isBefore(_ left: Double, _ right: Double) -> Bool { comparison.looksUp ? left < right : left > right }
    if comparison.looksUp || comparison.looksDown {
      if let warning = number("warning"), !isBefore(warning, value) {
        add("warning", "a warning at \(Self.plain(warning)) comes no earlier than critical at \(Self.plain(value))")
      }
      if let recovery = number("critical_recovery"), !isBefore(recovery, value) {
        add("critical_recovery", "recovery at \(Self.plain(recovery)) must lie on the healthy side of \(Self.plain(value))")
      }
      if let recovery = number("warning_recovery"), let warning = number("warning"), !isBefore(recovery, warning) {
        add("warning_recovery", "recovery at \(Self.plain(recovery)) must lie on the healthy side of \(Self.plain(warning))")
      }
    }
    return findings
  }

  // MARK: Silence

  /// What happens when nothing comes, which in this field is the usual form of an outage.
  private func silenceFindings(_ query: DatadogMonitorQuery, _ monitor: JSONValue) -> [LintFinding] {
    guard case .metric = query, !Self.speaksOfMissingData(monitor) else { return [] }
    return [
      LintFinding(
        "no_data", .warning, at: "options.notify_no_data",
        "nothing is said when the data stops: set notify_no_data with no_data_timeframe, or on_missing_data")
    ]
  }

  static func speaksOfMissingData(_ monitor: JSONValue) -> Bool {
    let options = monitor["options"]
    if options?["notify_no_data"]?.truth == true { return true }
    guard let choice = options?["on_missing_data"]?.text else { return false }
    return choice != "default"
  }

  private func listenerFindings(_ monitor: JSONValue) -> [LintFinding] {
    var findings: [LintFinding] = []
    let message = monitor["message"]?.text ?? ""
    let hasHandle = message.split(whereSeparator: { $0.isWhitespace || "}{(),;".contains($0) }).contains {
      $0.hasPrefix("@") && $0.count > 1
    }
    if !hasHandle {
      findings.append(
        LintFinding(
          "nobody_notified", .warning, at: "message", "the message names no @recipient, so nobody is told when it fires"))
    }
    if let silenced = monitor["options"]?["silenced"]?.members, silenced["*"]?.isNull == true {
      findings.append(
        LintFinding("muted", .warning, at: "options.silenced", "it is muted for ever; whatever it finds, nobody is told"))
    }
    if monitor["draft_status"]?.text == "draft" {
      findings.append(LintFinding("draft", .warning, at: "draft_status", "it is a draft, which notifies nobody"))
    }
    return findings
  }
}
