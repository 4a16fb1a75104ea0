// What Datadog does to an SLO that it stores.

extension CanonicalForm {
  private static let readOnly: Set<String> = [
    "id", "created_at", "modified_at", "creator", "type_id", "monitor_tags", "overall_status", "status", "configured_alert_ids",
    "restricted_roles", "team_tags", "env_tags", "service_tags", "all_tags",
  ]

  static func objective(_ members: inout [String: JSONValue]) {
    for key in readOnly { members[key] = nil }
    for key in ["name", "description"] { normalise(key, in: &members) }
    sortTags(&members)
    remove(["description": .string(""), "monitor_ids": .array([]), "groups": .array([])], from: &members)
    let thresholds = (members["thresholds"]?.list ?? []).map(target)
    if !thresholds.isEmpty { members["thresholds"] = .array(thresholds.sorted { rank($0) < rank($1) }) }
    // The first target again, which Datadog fills in when it is the only one.
    if thresholds.count == 1, let only = thresholds.first {
      if members["timeframe"] == only["timeframe"] { members["timeframe"] = nil }
      if members["target_threshold"] == only["target"] { members["target_threshold"] = nil }
      if members["warning_threshold"] == only["warning"] { members["warning_threshold"] = nil }
    }
    guard case .object(var specification)? = members["sli_specification"] else { return }
    // Derived from the specification.
    if specification["count"] != nil { members["query"] = nil }
    if case .object(var slice)? = specification["time_slice"] {
      remove(["query_interval_seconds": .number(300)], from: &slice)
      specification["time_slice"] = .object(slice)
    }
    members["sli_specification"] = .object(specification)
  }

  private static func target(_ threshold: JSONValue) -> JSONValue {
    guard case .object(var members) = threshold else { return threshold }
    members["target_display"] = nil
    members["warning_display"] = nil
    return .object(members)
  }

  private static func rank(_ threshold: JSONValue) -> Int {
    ["7d", "30d", "90d"].firstIndex(of: threshold["timeframe"]?.text ?? "") ?? 3
  }
}
