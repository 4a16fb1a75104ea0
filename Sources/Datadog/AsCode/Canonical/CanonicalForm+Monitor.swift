// What Datadog does to a monitor that it stores.

extension CanonicalForm {
  private static let readOnly: Set<String> = [
    "id", "created", "created_at", "creator", "modified", "modified_at", "modifier", "deleted", "org_id", "org_uuid", "multi",
    "overall_state", "overall_state_modified", "matching_downtimes", "state", "restricted", "run_as", "restriction_policy",
    "classification", "metadata",
  ]

  /// As recorded from answers to requests that did not say them.
  private static let defaults: [String: JSONValue] = [
    "draft_status": .string("published"), "assets": .array([]), "message": .string(""), "restricted_roles": .array([]),
    "options": .object([:]),
  ]

  private static let optionDefaults: [String: JSONValue] = [
    "notify_no_data": .bool(false), "notify_audit": .bool(false), "include_tags": .bool(true), "new_host_delay": .number(300),
    "silenced": .object([:]), "groupby_simple_monitor": .bool(false), "locked": .bool(false), "avalanche_window": .number(20),
    "on_missing_data": .string("default"), "escalation_message": .string(""), "renotify_interval": .number(0),
    "timeout_h": .number(0), "thresholds": .object([:]),
  ]

  static func monitor(_ members: inout [String: JSONValue]) {
    for key in readOnly { members[key] = nil }
    // Two names of one type; Datadog answers with either.
    if members["type"] == .string("metric alert") { members["type"] = .string("query alert") }
    for key in ["name", "message", "query"] { normalise(key, in: &members) }
    // Spaces and brackets that say nothing.
    if members["type"] == .string("composite"), let text = members["query"]?.text,
      case .composite(let expression)? = try? MonitorQueryParser.parse(text)
    {
      members["query"] = .string(expression.datadogText)
    }
    sortTags(&members)
    if case .array(let assets)? = members["assets"] { members["assets"] = .array(assets.map(asset)) }
    if case .object(var options)? = members["options"] {
      normalise("escalation_message", in: &options)
      if case .object(let thresholds)? = options["thresholds"] {
        options["thresholds"] = .object(thresholds.mapValues(threshold))
      }
      remove(optionDefaults, from: &options)
      members["options"] = .object(options)
    }
    remove(defaults, from: &members)
  }

  /// Old tools write thresholds as texts.
  private static func threshold(_ value: JSONValue) -> JSONValue {
    guard let number = value.text.flatMap({ Double($0.trimmed) }), number.isFinite else { return value }
    return .number(number)
  }

  private static func asset(_ asset: JSONValue) -> JSONValue {
    guard case .object(var members) = asset else { return asset }
    members["monitor_id"] = nil
    remove(["options": .object([:]), "template_variables": .object([:])], from: &members)
    return .object(members)
  }
}
