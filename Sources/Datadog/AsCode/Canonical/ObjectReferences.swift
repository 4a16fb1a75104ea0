// What objects say of other objects: by our names in definitions, by Datadog's numbers once they are there.

import Foundation

/// A place in an object that names another one: `burn_rate("slo:availability")`, `$requests-failing && …`, `"slo_id": "slo:cost"`,
/// `"monitor_ids": ["monitor:heartbeat"]`, `"alert_id": "monitor:heartbeat"`.
package enum ObjectReferences {
  /// Every object of ours that `object` names.
  package static func of(_ object: CompiledObject) -> Set<DatadogObjectID> {
    var found: Set<DatadogObjectID> = []
    _ = rewritten(object.json, kind: object.id.kind) { text in
      if let id = id(text) { found.insert(id) }
      return nil
    }
    return found
  }

  /// With Datadog's numbers in place of our names; names without a number stay.
  package static func resolved(_ json: JSONValue, kind: DatadogObjectKind, numbers: [DatadogObjectID: String]) -> JSONValue {
    rewritten(json, kind: kind) { text in id(text).flatMap { numbers[$0] } }
  }

  /// With other names of our objects.
  static func renamed(
    _ json: JSONValue, kind: DatadogObjectKind, _ name: (DatadogObjectID) -> String
  ) -> JSONValue {
    rewritten(json, kind: kind) { text in
      id(text).map { $0.kind == .slo ? "slo:\(name($0))" : "$\(name($0))" }
    }
  }

  /// With our names in place of Datadog's numbers; numbers of anything else stay.
  package static func symbolic(_ json: JSONValue, kind: DatadogObjectKind, names: [DatadogObjectKind: [String: String]])
    -> JSONValue
  {
    rewritten(json, kind: kind) { text in
      if let id = id(text) { return id.kind == .slo ? "slo:\(id.name)" : "$\(id.name)" }
      // A number is of the kind that stands in such a place; hashes of SLOs and numbers of monitors cannot be confused.
      if let name = names[.slo]?[text] { return "slo:\(name)" }
      if let name = names[.monitor]?[text] { return "$\(name)" }
      return nil
    }
  }

  private static func id(_ text: String) -> DatadogObjectID? {
    if text.hasPrefix("slo:") { return DatadogObjectID(.slo, String(text.dropFirst(4))) }
    if text.hasPrefix("monitor:") { return DatadogObjectID(.monitor, String(text.dropFirst(8))) }
    if text.hasPrefix("$"), text.count > 1 { return DatadogObjectID(.monitor, String(text.dropFirst())) }
    return nil
  }

  // MARK: Places

  private static let idKeys: Set<String> = ["slo_id", "alert_id", "monitor_id"]
  private static let idListKeys: Set<String> = ["monitor_ids", "slo_ids", "alert_ids"]

  /// Gives every reference to `replace`, which says what stands there instead, or `nil` to leave it.
  private static func rewritten(
    _ json: JSONValue, kind: DatadogObjectKind, _ replace: (String) -> String?
  ) -> JSONValue {
    switch kind {
    case .monitor:
      guard case .object(var members) = json, let query = members["query"]?.text else { return json }
      switch members["type"]?.text {
      case "slo alert": members["query"] = .string(quoted(query, replace))
      case "composite": members["query"] = .string(words(query, replace))
      default: break
      }
      return .object(members)
    case .slo, .dashboard: return walked(json, replace)
    // These name monitors by their tags.
    case .downtime, .service: return json
    }
  }

  private static func walked(_ json: JSONValue, _ replace: (String) -> String?) -> JSONValue {
    switch json {
    case .array(let list): return .array(list.map { walked($0, replace) })
    case .object(let members):
      var result: [String: JSONValue] = [:]
      for (key, value) in members {
        if idKeys.contains(key) {
          result[key] = single(value, replace, asNumber: false)
        } else if idListKeys.contains(key), case .array(let list) = value {
          result[key] = .array(list.map { single($0, replace, asNumber: key == "monitor_ids") })
        } else {
          result[key] = walked(value, replace)
        }
      }
      return .object(result)
    case .null, .bool, .number, .string: return json
    }
  }

  private static func single(_ value: JSONValue, _ replace: (String) -> String?, asNumber: Bool) -> JSONValue {
    guard let text = value.text ?? value.double.flatMap({ Int64(exactly: $0) }).map(String.init), let other = replace(text) else {
      return value
    }
    // Datadog's lists of monitors hold numbers, its other places texts.
    return asNumber ? Double(other).map(JSONValue.number) ?? .string(other) : .string(other)
  }

  /// What stands between the first quotes of a call: `burn_rate("…")`.
  private static func quoted(_ query: String, _ replace: (String) -> String?) -> String {
    guard let start = query.range(of: "(\"")?.upperBound, let end = query[start...].firstIndex(of: "\""),
      let other = replace(String(query[start..<end]))
    else { return query }
    return query.replacingCharacters(in: start..<end, with: other)
  }

  /// Whole words only: names have digits too.
  private static func words(_ query: String, _ replace: (String) -> String?) -> String {
    var (text, word) = ("", "")
    for character in query + " " {
      if character.isLetter || character.isNumber || "$_-./".contains(character) {
        word.append(character)
      } else {
        if !word.isEmpty { text += replace(word) ?? word }
        word = ""
        text.append(character)
      }
    }
    return text.trimmed
  }
}

/// Turns the numbers that Datadog gave into the names that our definitions use.
package struct ReferenceNames: Sendable {
  private var names: [DatadogObjectKind: [String: String]] = [:]

  /// - Parameter others: numbers that count where the first ones say nothing.
  package init(numbers: [DatadogObjectID: String], and others: [DatadogObjectID: String] = [:]) {
    for (id, number) in others { names[id.kind, default: [:]][number] = id.name }
    for (id, number) in numbers { names[id.kind, default: [:]][number] = id.name }
  }

  package func symbolic(_ object: JSONValue, kind: DatadogObjectKind) -> JSONValue {
    ObjectReferences.symbolic(object, kind: kind, names: names)
  }
}
