// What Datadog does to a dashboard that it stores.

extension CanonicalForm {
  private static let readOnly: Set<String> = [
    "id", "url", "created_at", "modified_at", "author_handle", "author_name", "author_info", "deleted_at", "experience_type",
  ]

  private static let defaults: [String: JSONValue] = [
    "description": .string(""), "notify_list": .array([]), "restricted_roles": .array([]), "template_variables": .array([]),
    "template_variable_presets": .array([]), "is_read_only": .bool(false), "widgets": .array([]),
  ]

  static func dashboard(_ members: inout [String: JSONValue]) {
    for key in readOnly { members[key] = nil }
    for key in ["title", "description"] { normalise(key, in: &members) }
    sortTags(&members)
    remove(defaults, from: &members)
    if let widgets = members["widgets"] { members["widgets"] = withoutNumbers(widgets) }
  }

  /// Datadog numbers widgets, those inside groups too. An id elsewhere is somebody's own.
  private static func withoutNumbers(_ value: JSONValue) -> JSONValue {
    switch value {
    case .array(let list): return .array(list.map(withoutNumbers))
    case .object(var members):
      if members["definition"] != nil { members["id"] = nil }
      return .object(members.mapValues(withoutNumbers))
    case .null, .bool, .number, .string: return value
    }
  }
}
