// What Datadog does to downtimes and entries of the service catalogue that it stores.

import LLMTelemetry

extension CanonicalForm {
  private static let downtimeDefaults: [String: JSONValue] = [
    "message": .string(""), "display_timezone": .string("UTC"), "mute_first_recovery_notification": .bool(false),
    "notify_end_types": .strings(["expired"]), "notify_end_states": .strings(["alert", "no data", "warn"]),
  ]

  /// Wrapped in `data` or not: what is left is the attributes.
  static func downtime(_ members: inout [String: JSONValue]) {
    guard case .object(var attributes)? = members["data"]?["attributes"] ?? members["attributes"] else { return }
    let created = attributes["created"]?.text.flatMap(Timestamp.init(rfc3339:))
    for key in ["created", "modified", "canceled", "status"] { attributes[key] = nil }
    normalise("message", in: &attributes)
    for key in ["notify_end_types", "notify_end_states"] {
      if let list = attributes[key]?.list?.compactMap(\.text) { attributes[key] = .strings(list.sorted()) }
    }
    if case .object(var schedule)? = attributes["schedule"] {
      schedule["current_downtime"] = nil
      for key in ["start", "end"] {
        guard let time = schedule[key]?.text.flatMap(Timestamp.init(rfc3339:)) else { continue }
        schedule[key] = .number(Double(time.unixSeconds))
        // Without a start it starts when it is made, which Datadog then writes down.
        if key == "start", let created, abs(created.unixSeconds - time.unixSeconds) < 60 { schedule[key] = nil }
      }
      attributes["schedule"] = schedule.isEmpty ? nil : .object(schedule)
    }
    if case .object(var identifier)? = attributes["monitor_identifier"],
      let tags = identifier["monitor_tags"]?.list?.compactMap(\.text)
    {
      identifier["monitor_tags"] = .strings(Set(tags).sorted())
      attributes["monitor_identifier"] = .object(identifier)
    }
    remove(downtimeDefaults, from: &attributes)
    members = ["attributes": .object(attributes), "type": .string("downtime")]
  }

  static func service(_ members: inout [String: JSONValue]) {
    guard case .object(var metadata)? = members["metadata"] else { return }
    for key in ["id", "managed"] { metadata[key] = nil }
    if metadata["namespace"] == .string("default") { metadata["namespace"] = nil }
    sortTags(&metadata)
    for (key, value) in metadata where value == .array([]) { metadata[key] = nil }
    members["metadata"] = .object(metadata)
  }
}
