// The form in which two descriptions of the same Datadog object are equal, whatever Datadog added, ordered or spelled otherwise.

import Foundation

package enum CanonicalForm {
  /// Without read-only members, server defaults and differences without meaning. Applied twice it changes nothing more.
  package static func of(_ object: JSONValue, kind: DatadogObjectKind) -> JSONValue {
    guard case .object(var members) = withoutNulls(object, at: []) else { return object }
    switch kind {
    case .monitor: monitor(&members)
    case .slo: objective(&members)
    case .dashboard: dashboard(&members)
    case .downtime: downtime(&members)
    case .service: service(&members)
    }
    return .object(members)
  }

  /// Unset and null are the same to Datadog, but for a monitor that is muted for ever.
  private static func withoutNulls(_ value: JSONValue, at path: [String]) -> JSONValue {
    switch value {
    case .array(let list): return .array(list.map { withoutNulls($0, at: path) })
    case .object(let members):
      let keepsNulls = path == ["options", "silenced"]
      var result: [String: JSONValue] = [:]
      for (key, member) in members where keepsNulls || !member.isNull { result[key] = withoutNulls(member, at: path + [key]) }
      return .object(result)
    case .null, .bool, .number, .string: return value
    }
  }

  /// Line ends as Unix has them; no spaces at the ends of lines, no empty lines at the ends of the text.
  static func text(_ text: String) -> String {
    text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map { line in
      var line = line
      while line.last?.isWhitespace == true { line.removeLast() }
      return String(line)
    }.joined(separator: "\n").trimmingCharacters(in: .whitespacesAndNewlines)
  }

  static func normalise(_ key: String, in members: inout [String: JSONValue]) {
    if case .string(let value)? = members[key] { members[key] = .string(text(value)) }
  }

  /// Tags are a set. Without any, the member may as well be missing.
  static func sortTags(_ members: inout [String: JSONValue]) {
    guard let tags = members["tags"]?.list?.compactMap(\.text) else { return }
    members["tags"] = tags.isEmpty ? nil : .strings(Set(tags).sorted())
  }

  static func remove(_ defaults: [String: JSONValue], from members: inout [String: JSONValue]) {
    for (key, value) in defaults where members[key] == value { members[key] = nil }
  }
}
