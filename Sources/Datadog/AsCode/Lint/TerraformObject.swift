// Datadog's objects as Terraform writes them, in state and in JSON configuration, turned into the API's own form.

enum TerraformObject {
  /// The object that a resource of this type is; `nil` for a type that is none of ours to judge.
  static func object(type: String, values: JSONValue) -> JSONValue? {
    switch type {
    case "datadog_monitor": monitor(values)
    case "datadog_service_level_objective": objective(values)
    case "datadog_dashboard": dashboard(values)
    case "datadog_dashboard_json": JSONText.value(values["dashboard"])
    case "datadog_monitor_json": JSONText.value(values["monitor"])
    default: nil
    }
  }

  // MARK: Monitors

  /// Keys of `options` that Terraform writes beside the name.
  private static let options: Set<String> = [
    "enable_logs_sample", "enable_samples", "escalation_message", "evaluation_delay", "group_retention_duration",
    "groupby_simple_monitor", "include_tags", "locked", "new_group_delay", "new_host_delay", "no_data_timeframe",
    "notification_preset_name", "notify_audit", "notify_by", "notify_no_data", "on_missing_data", "renotify_interval",
    "renotify_occurrences", "renotify_statuses", "require_full_window", "timeout_h",
  ]

  private static func monitor(_ values: JSONValue) -> JSONValue? {
    guard let members = values.members, members["query"] != nil || members["type"] != nil else { return nil }
    var monitor: [String: JSONValue] = [:]
    var options: [String: JSONValue] = [:]
    for (key, value) in members where !isUnset(value) {
      switch key {
      case "name", "type", "query", "message", "tags", "draft_status": monitor[key] = value
      case "priority": monitor[key] = number(value)
      case "monitor_thresholds", "thresholds":
        if let thresholds = block(value)?.members { options["thresholds"] = .object(numbers(thresholds)) }
      case "monitor_threshold_windows":
        if let windows = block(value)?.members { options["threshold_windows"] = .object(windows.filter { !isUnset($0.value) }) }
      case "variables": options["variables"] = variables(value)
      default: if Self.options.contains(key) { options[key] = value }
      }
    }
    // What Terraform leaves at its zero was not written.
    for key in ["evaluation_delay", "no_data_timeframe", "renotify_interval", "timeout_h"] where options[key] == .number(0) {
      options[key] = nil
    }
    monitor["options"] = .object(options)
    return .object(monitor)
  }

  /// The variables of a formula, a block for each source.
  private static func variables(_ value: JSONValue) -> JSONValue {
    var result: [JSONValue] = []
    for (kind, queries) in block(value)?.members ?? [:] {
      for query in queries.list ?? [queries] {
        guard var members = query.members else { continue }
        if members["data_source"] == nil {
          members["data_source"] = .string(
            kind == "cloud_cost_query" ? "cloud_cost" : kind == "metric_query" ? "metrics" : "events")
        }
        result.append(.object(members))
      }
    }
    return .array(result)
  }

  // MARK: Objectives

  private static func objective(_ values: JSONValue) -> JSONValue? {
    guard var members = values.members else { return nil }
    members = members.filter { !isUnset($0.value) }
    if let query = block(members["query"]) { members["query"] = query }
    if let specification = block(members["sli_specification"]) { members["sli_specification"] = unfolded(specification) }
    members["thresholds"] = .array(
      (members["thresholds"]?.list ?? [members["thresholds"]].compactMap { $0 }).map { threshold in
        var own = numbers(threshold.members ?? [:], "target", "warning")
        // Terraform's zero for a warning that nobody wrote.
        if own["warning"] == .number(0) { own["warning"] = nil }
        return .object(own)
      })
    for key in ["force_delete", "validate", "restricted_roles", "timeframe", "target_threshold", "warning_threshold"] {
      members[key] = nil
    }
    return .object(members)
  }

  // MARK: Dashboards

  private static func dashboard(_ values: JSONValue) -> JSONValue? {
    guard let title = values["title"] else { return nil }
    let variables = (values["template_variable"]?.list ?? []).filter { $0["name"] != nil }
    return .object([
      "title": title, "layout_type": values["layout_type"] ?? .string("ordered"),
      "widgets": .array((values["widget"]?.list ?? [values["widget"]].compactMap { $0 }).map(widget)),
      "template_variables": .array(variables),
    ])
  }

  /// `{timeseries_definition: [{request: […]}]}` is `{definition: {type: timeseries, requests: […]}}`.
  private static func widget(_ value: JSONValue) -> JSONValue {
    for (key, content) in value.members ?? [:] where key.hasSuffix("_definition") {
      guard let definition = block(content)?.members else { continue }
      var members: [String: JSONValue] = ["type": .string(String(key.dropLast("_definition".count)))]
      for (key, value) in definition where !isUnset(value) {
        switch key {
        case "request": members["requests"] = .array((value.list ?? [value]).map(request))
        case "widget": members["widgets"] = .array((value.list ?? [value]).map(widget))
        default: members[key] = value
        }
      }
      return .object(["definition": .object(members)])
    }
    return .object(["definition": .object([:])])
  }

  private static func request(_ value: JSONValue) -> JSONValue {
    var members = (value.members ?? [:]).filter { !isUnset($0.value) }
    if let queries = members.removeValue(forKey: "query") {
      members["queries"] = .array(
        (queries.list ?? [queries]).flatMap { query -> [JSONValue] in
          (query.members ?? [:]).flatMap { kind, content -> [JSONValue] in
            (content.list ?? [content]).filter { !isUnset($0) }.map { part in
              var own = part.members ?? [:]
              if kind == "metric_query", own["data_source"].map(isUnset) ?? true { own["data_source"] = .string("metrics") }
              return .object(own)
            }
          }
        })
    }
    if let formulas = members.removeValue(forKey: "formula") {
      members["formulas"] = .array(
        (formulas.list ?? [formulas]).map { .object(["formula": $0["formula_expression"] ?? $0["formula"] ?? .string("")]) })
    }
    return .object(members)
  }

  // MARK: Blocks

  /// A block is a list of one in state, and an object in configuration.
  private static func block(_ value: JSONValue?) -> JSONValue? {
    guard let value else { return nil }
    if let list = value.list { return list.first }
    return value.members == nil ? nil : value
  }

  /// Every list of one object in it as that object, where the API has no list.
  private static func unfolded(_ value: JSONValue) -> JSONValue {
    let lists: Set<String> = ["formulas", "queries"]
    var members: [String: JSONValue] = [:]
    for (key, inner) in value.members ?? [:] where !isUnset(inner) {
      let name = ["formula": "formulas", "query": "query"][key] ?? key
      if name == "formulas" || lists.contains(key) {
        members[name] = .array(
          (inner.list ?? [inner]).map { $0.members == nil ? $0 : .object(["formula": $0["formula_expression"] ?? .string("")]) })
      } else if inner.members != nil || inner.list?.first?.members != nil {
        members[name] = block(inner).map(unfolded)
      } else {
        members[name] = inner
      }
    }
    if let query = members["metric_query"] {
      members["metric_query"] = nil
      var own = query.members ?? [:]
      own["data_source"] = own["data_source"] ?? .string("metrics")
      members["queries"] = .array([.object(own)])
    }
    return .object(members)
  }

  private static func isUnset(_ value: JSONValue) -> Bool {
    value.isNull || value.text?.isEmpty == true || value.list?.isEmpty == true
  }

  private static func number(_ value: JSONValue) -> JSONValue { value.text.flatMap { Double($0) }.map(JSONValue.number) ?? value }

  private static func numbers(_ members: [String: JSONValue], _ keys: String...) -> [String: JSONValue] {
    var result: [String: JSONValue] = [:]
    for (key, value) in members where !isUnset(value) { result[key] = keys.isEmpty || keys.contains(key) ? number(value) : value }
    return result
  }
}
