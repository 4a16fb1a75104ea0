// What Datadog adds to an object that it stores, and which it refuses: each rule was recorded.

import Foundation

@testable import Datadog

extension DatadogStub {
  /// An object as an answer shows it.
  static func completed(_ kind: DatadogObjectKind, _ sent: JSONValue, number: String, _ state: inout State) -> JSONValue {
    guard case .object(var members) = state.settings.rewrite(kind, sent) else { return sent }
    let time = JSONValue.number(1_700_000_000 + state.time.rounded())
    func add(_ defaults: [String: JSONValue], to members: inout [String: JSONValue]) {
      for (key, value) in defaults where members[key] == nil { members[key] = value }
    }
    switch kind {
    case .monitor:
      // Which of the two names of one type comes back is not for the sender to say.
      let query = members["query"]?.text ?? ""
      if members["type"] == .string("metric alert") {
        members["type"] = .string("query alert")
      } else if members["type"] == .string("query alert"), query.hasPrefix("formula(") {
        members["type"] = .string("metric alert")
      }
      var options = members["options"]?.members ?? [:]
      if options["on_missing_data"] == .string("default") { options["on_missing_data"] = nil }
      options["thresholds"] = options["thresholds"]?.members.map { .object($0.filter { !$0.value.isNull }) }
      add(
        [
          "notify_no_data": .bool(false), "notify_audit": .bool(false), "include_tags": .bool(true), "silenced": .object([:]),
          "new_host_delay": .number(300), "groupby_simple_monitor": .bool(false),
        ], to: &options)
      members["options"] = .object(options)
      add(
        [
          "tags": .array([]), "message": .string(""), "priority": .null, "restricted_roles": .null, "restriction_policy": .null,
          "draft_status": .string("published"), "assets": .array([]), "deleted": .null, "overall_state_modified": .null,
        ], to: &members)
      // Tags come back in another order.
      members["tags"] = members["tags"]?.list.map { .array($0.reversed()) }
      members["id"] = .number(Double(number) ?? 0)
      members["org_id"] = .number(321_813)
      members["created"] = .string("2026-11-24T12:00:00.000000+00:00")
      members["modified"] = .string("2026-11-24T12:00:00.000000+00:00")
      members["created_at"] = time
      members["overall_state"] = .string("No Data")
      members["multi"] = .bool(query.contains(" by {") || query.contains(".by("))
    case .slo:
      let targets = members["thresholds"]?.list ?? []
      members["thresholds"] = .array(
        targets.map { target in
          guard case .object(var target) = target else { return target }
          for name in ["target", "warning"] {
            guard let value = target[name]?.double else { continue }
            target["\(name)_display"] = .string(value == value.rounded() ? "\(Int(value))." : "\(value)")
          }
          return .object(target)
        })
      if let first = targets.first {
        add(
          ["timeframe": first["timeframe"] ?? .null, "target_threshold": first["target"] ?? .null].filter { !$0.value.isNull },
          to: &members)
        if let warning = first["warning"] { add(["warning_threshold": warning], to: &members) }
      }
      if members["monitor_ids"] == .array([]) { members["monitor_ids"] = nil }
      if case .object(var specification)? = members["sli_specification"], case .object(var slice)? = specification["time_slice"] {
        add(["query_interval_seconds": .number(300)], to: &slice)
        specification["time_slice"] = .object(slice)
        members["sli_specification"] = .object(specification)
      }
      if let count = members["sli_specification"]?["count"] { members["query"] = ratio(count) }
      add(["tags": .array([]), "description": .string(""), "monitor_tags": .array([])], to: &members)
      members["id"] = .string(number)
      members["type_id"] = .number(members["type"] == .string("time_slice") ? 2 : members["type"] == .string("metric") ? 1 : 0)
      members["created_at"] = time
      members["modified_at"] = time
    case .dashboard:
      add(
        [
          "description": .null, "notify_list": .null, "template_variables": .null, "is_read_only": .bool(false),
          "restricted_roles": .array([]),
        ], to: &members)
      for key in ["template_variables", "notify_list"] where members[key] == .array([]) { members[key] = .null }
      var widget = 4_274_057_372_149_000.0
      members["widgets"] = members["widgets"].map { numbered($0, &widget) }
      members["id"] = .string(number)
      members["url"] = .string("/dashboard/\(number)/a-title")
      members["author_handle"] = .string("somebody@example.com")
      members["created_at"] = .string("2026-11-24T12:00:00.000000+00:00")
      members["modified_at"] = .string("2026-11-24T12:00:00.000000+00:00")
    case .downtime:
      var attributes = (members["data"]?["attributes"] ?? members["attributes"])?.members ?? [:]
      let now = JSONValue.string("2026-11-24T12:00:00.252025+00:00")
      add(
        [
          "mute_first_recovery_notification": .bool(false), "status": .string("active"), "created": now, "modified": now,
          "canceled": .null, "display_timezone": .string("UTC"), "notify_end_types": .strings(["expired"]),
          "notify_end_states": .strings(["no data", "warn", "alert"]),
        ], to: &attributes)
      var schedule = attributes["schedule"]?.members ?? [:]
      if schedule["start"]?.isNull != false { schedule["start"] = .string("2026-11-24T12:00:00.238403+00:00") }
      add(["end": .null], to: &schedule)
      attributes["schedule"] = .object(schedule)
      members = [
        "id": .string(number), "type": .string("downtime"), "attributes": .object(attributes),
        "relationships": .object(["monitor": .object(["data": .null])]),
      ]
    case .service: break
    }
    return .object(members)
  }

  private static func numbered(_ value: JSONValue, _ next: inout Double) -> JSONValue {
    switch value {
    case .array(let list): return .array(list.map { numbered($0, &next) })
    case .object(var members):
      for key in members.keys.sorted() { members[key] = members[key].map { numbered($0, &next) } }
      if members["definition"] != nil, members["id"] == nil {
        next += 1
        members["id"] = .number(next)
      }
      return .object(members)
    case .null, .bool, .number, .string: return value
    }
  }

  /// The old form of an SLO's query, which Datadog writes beside the new one.
  private static func ratio(_ count: JSONValue) -> JSONValue {
    func text(_ formula: JSONValue?) -> String {
      var text = formula?["formula"]?.text ?? ""
      for query in count["queries"]?.list ?? [] {
        text = text.replacing(query["name"]?.text ?? "?", with: query["query"]?.text ?? "")
      }
      return text
    }
    let good = text(count["good_events_formula"])
    let bad = text(count["bad_events_formula"])
    return .object([
      "numerator": .string(good),
      "denominator": .string(count["total_events_formula"] == nil ? "(\(good)) + (\(bad))" : text(count["total_events_formula"])),
    ])
  }

  // MARK: Refusals

  /// What Datadog says against an object, in its words.
  static func complaint(about body: JSONValue, _ kind: DatadogObjectKind, _ state: State) -> String? {
    switch kind {
    case .monitor: monitorComplaint(body, state)
    case .slo:
      if body["type"] == .string("monitor"), body["monitor_ids"]?.list?.isEmpty != false {
        "Invalid payload: must specify monitor_ids"
      } else if body["name"]?.text == nil || body["thresholds"]?.list?.isEmpty != false {
        "Invalid payload: name and thresholds are required"
      } else {
        nil
      }
    case .dashboard: dashboardComplaint(body)
    case .downtime:
      body["data"]?["attributes"]?["scope"]?.text.map { $0 == "*" || $0.contains(":") } == true
        ? nil : "All values must have a key"
    case .service: body["metadata"]?["name"]?.text == nil ? "metadata.name is required" : nil
    }
  }

  private static func monitorComplaint(_ body: JSONValue, _ state: State) -> String? {
    guard let query = body["query"]?.text, let type = body["type"]?.text else {
      return "The value provided for parameter 'query' is invalid"
    }
    if !query.contains(where: { "<>=&|(".contains($0) }) {
      return "The value provided for parameter 'query' is invalid: invalid operator specified: "
    }
    guard state.settings.checksReferences else { return nil }
    switch type {
    case "slo alert":
      let number = query.split(separator: "\"").dropFirst().first.map(String.init) ?? ""
      if !state.objects.contains(where: { $0.kind == .slo && $0.number == number }) { return "SLO \(number) not found" }
    case "composite":
      for word in words(query) where !state.objects.contains(where: { $0.kind == .monitor && $0.number == word }) {
        return "The value provided for parameter 'query' is invalid: monitor \(word) does not exist"
      }
    default: break
    }
    return nil
  }

  private static func dashboardComplaint(_ body: JSONValue) -> String? {
    for tag in body["tags"]?.list?.compactMap(\.text) ?? [] where !tag.hasPrefix("team:") {
      return "Invalid tag format. Valid tag keys are: team."
    }
    for variable in body["template_variables"]?.list ?? [] {
      if variable["default"] != nil, variable["defaults"] != nil { return "'template_variables' is invalid" }
      if variable["defaults"]?.list?.contains(.string("")) == true { return "Minimum length of parameter 'defaults' should be 1" }
    }
    for preset in body["template_variable_presets"]?.list ?? [] {
      for variable in preset["template_variables"]?.list ?? [] {
        if variable["values"] == .array([]) { return "Minimum number of elements in parameter 'values' should be 1" }
        if let name = variable["name"]?.text, let value = variable["value"]?.text, variable["values"] != nil {
          let values = (variable["values"]?.list ?? []).compactMap(\.text).map { "'\($0)'" }.joined(separator: ", ")
          return "'template_variables' value '{'name': '\(name)', 'value': '\(value)', 'values': [\(values)]}' is invalid"
        }
      }
    }
    return nil
  }
}
