// A monitor that only Datadog can evaluate, in its own language: changes and anomalies against a past we do not keep as it does.

import Monitors

package struct DatadogMonitorTemplate: Hashable, Sendable {
  /// What an anomaly has to last, and what its end.
  package struct Windows: Hashable, Sendable {
    package var trigger: String
    package var recovery: String
  }

  package var name: String
  package var title: String
  package var severity: Severity
  /// Without its comparison; `$scope` stands for the tags of the settings, or for everything.
  package var query: String
  package var comparison: QueryComparison
  package var critical: Double
  package var recovery: Double?
  package var windows: Windows?
  package var groups: [String] = []
  /// The condition in words, for the message.
  package var condition: String
  package var meaning: String
  package var steps: [String]
  /// Why no definition of this product says it.
  package var reason: String
}

extension DatadogMonitorTemplate {
  func compile(_ settings: CompileSettings) -> Compilation {
    let id = DatadogObjectID(.monitor, name)
    var thresholds: [String: JSONValue] = ["critical": .number(critical)]
    if let recovery { thresholds["critical_recovery"] = .number(recovery) }
    var options = MonitorCompiler.options(thresholds)
    options["notify_no_data"] = .bool(false)
    if let windows {
      options["threshold_windows"] = .object([
        "trigger_window": .string(windows.trigger), "recovery_window": .string(windows.recovery),
      ])
    }
    MonitorCompiler(settings: settings).add(renotification: severity, withoutData: false, to: &options)
    let message = MonitorMessage(
      title: title, condition: condition, meaning: meaning, steps: steps, groups: groups,
      runbook: settings.runbooks.map { "\($0)\(name)" }, hasValue: windows == nil, handles: settings.handles(for: severity))
    let scope = settings.scope.sorted { $0.key < $1.key }.map { "\($0.key):\(MetricQueryText.tagValue($0.value))" }
    let filter = scope.isEmpty ? "*" : scope.joined(separator: ",")
    // Beside other tags the star is no tag.
    let text = query.replacing("$scope,", with: scope.isEmpty ? "" : "\(filter),").replacing("$scope", with: filter)
    var result = Compilation()
    result.add(
      CompiledObject(
        id,
        .object([
          "name": .string(title), "type": .string("query alert"),
          "query": .string("\(text) \(comparison.rawValue) \(MetricQueryText.number(critical))"),
          "message": .string(message.text), "tags": .array(settings.tags(name: name, severity: severity, owner: nil)),
          "priority": .number(Double(severity.rank)), "options": .object(options),
        ])))
    result.add(CompileNote(id, .approximated, "query", "only Datadog evaluates it: \(reason)"))
    return result
  }

  private static let changeReason = "definitions have no comparison with the same time of an earlier day"
  private static let anomalyReason = "definitions have no seasonal baseline"

  /// The part of the default pack that compares with the past.
  package static let defaults: [DatadogMonitorTemplate] = [
    DatadogMonitorTemplate(
      name: "latency-regressed", title: "Latency regressed", severity: .sev3,
      query: "pct_change(avg(last_30m),last_1d):p95:llm.request.duration{$scope} by {route}", comparison: .above, critical: 60,
      recovery: 30, groups: ["route"], condition: "p95 latency of half an hour is more than 60 % above the same time yesterday",
      meaning: "Users of this route wait much longer than they did a day ago.",
      steps: [
        "Look for a change since: prompt version, model, number of documents.", "Did answers get longer, or tokens slower?",
      ],
      reason: changeReason),
    DatadogMonitorTemplate(
      name: "first-token-regressed", title: "Time to first token regressed", severity: .sev3,
      query: "pct_change(avg(last_30m),last_1d):p95:llm.request.time_to_first_token{$scope} by {provider}", comparison: .above,
      critical: 60, recovery: 30, groups: ["provider"],
      condition: "p95 time to first token of half an hour is more than 60 % above the same time yesterday",
      meaning: "Streamed answers of this provider begin much later than they did a day ago.",
      steps: ["Split by model and region.", "Did the cached share of the prompts fall?"], reason: changeReason),
    DatadogMonitorTemplate(
      name: "cache-hits-lost", title: "Prompts are no longer read from the cache", severity: .sev3,
      query:
        """
        pct_change(sum(last_1h),last_1d):sum:llm.tokens{$scope,token_type:cache_read} by {route}.as_count() \
        / sum:llm.tokens{$scope} by {route}.as_count()
        """,
      comparison: .below, critical: -50, recovery: -20, groups: ["route"],
      condition: "share of tokens read from a cache has halved since yesterday",
      meaning: "The same answers cost more and begin later, since prompts are read anew.",
      steps: [
        "Did the beginning of the prompt change? A cache needs it byte for byte.",
        "Does the traffic pause for longer than the cache lives?",
      ],
      reason: changeReason),
    DatadogMonitorTemplate(
      name: "token-use-jumped", title: "Requests use many more tokens than yesterday", severity: .sev3,
      query:
        """
        pct_change(sum(last_1h),last_1d):sum:llm.tokens{$scope} by {route}.as_count() \
        / sum:llm.requests{$scope} by {route}.as_count()
        """,
      comparison: .above, critical: 80, recovery: 40, groups: ["route"],
      condition: "number of tokens a request is more than 80 % above yesterday's",
      meaning: "Each request takes nearly twice the tokens, and costs accordingly.",
      steps: ["Which token_type grew?", "Compare prompt versions and numbers of documents."], reason: changeReason),
    DatadogMonitorTemplate(
      name: "cost-anomalous", title: "Spending is unusual", severity: .sev3,
      query:
        """
        avg(last_1d):anomalies(sum:llm.cost{$scope}.as_count(), \
        'agile', 4, direction='above', alert_window='last_1h', interval=300, count_default_zero='true', seasonality='weekly')
        """,
      comparison: .aboveOrEqual, critical: 0.8, recovery: 0, windows: .init(trigger: "last_1h", recovery: "last_1h"),
      condition: "cost lies above its usual band for most of an hour",
      meaning: "More is spent than at this hour of the week before.",
      steps: ["Split cost by tenant, feature and model.", "More requests, or dearer ones? Cost per answer tells them apart."],
      reason: anomalyReason),
    DatadogMonitorTemplate(
      name: "traffic-anomalous", title: "Traffic fell unusually", severity: .sev2,
      query:
        """
        avg(last_1d):anomalies(sum:llm.requests{$scope}.as_count(), \
        'agile', 4, direction='below', alert_window='last_30m', interval=300, count_default_zero='true', seasonality='weekly')
        """,
      comparison: .aboveOrEqual, critical: 0.8, recovery: 0, windows: .init(trigger: "last_30m", recovery: "last_30m"),
      condition: "number of requests lies below its usual band for most of half an hour",
      meaning: "Fewer requests arrive than at this hour of the week before: a caller is broken.",
      steps: ["Which service or route is missing?", "Was there a release of a caller?"], reason: anomalyReason),
    DatadogMonitorTemplate(
      name: "errors-anomalous", title: "Errors are unusual", severity: .sev3,
      query:
        """
        avg(last_1d):anomalies(sum:llm.errors{$scope} by {error_class}.as_count(), \
        'agile', 5, direction='above', alert_window='last_30m', interval=300, count_default_zero='true', seasonality='daily')
        """,
      comparison: .aboveOrEqual, critical: 0.8, recovery: 0, windows: .init(trigger: "last_30m", recovery: "last_30m"),
      groups: ["error_class"], condition: "number of these errors lies above its usual band for most of half an hour",
      meaning: "A class of errors is more frequent than is usual at this hour, even if still below every fixed threshold.",
      steps: ["Split by provider, model and route."], reason: anomalyReason),
  ]
}
