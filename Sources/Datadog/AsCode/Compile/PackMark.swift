// Whose an object is, where several packs live in one organisation: `commander_id:PACK/NAME` in place of `commander_id:NAME`.

import Monitors

/// Definitions and what is compiled from them know nothing of the pack; its name is put before theirs when they leave, and taken
/// away when they come back.
enum PackMark {
  static func isName(_ text: String) -> Bool {
    text.first?.isLetter == true && text.count <= 40
      && text.allSatisfy { $0.isASCII && ($0.isLowercase || $0.isNumber || $0 == "-" || $0 == "_") }
  }

  static func marked(_ id: DatadogObjectID, by pack: String) -> DatadogObjectID { .init(id.kind, "\(pack)/\(id.name)") }

  static func marked(_ object: CompiledObject, by pack: String) -> CompiledObject {
    CompiledObject(marked(object.id, by: pack), rewritten(object.json, kind: object.id.kind) { "\(pack)/\($0)" })
  }

  /// As a pack without a name would have it.
  static func unmarked(_ json: JSONValue, kind: DatadogObjectKind, pack: String) -> JSONValue {
    rewritten(json, kind: kind) { $0.hasPrefix("\(pack)/") ? String($0.dropFirst(pack.count + 1)) : $0 }
  }

  private static let key = "\(CompileSettings.identityKey):"

  /// Every name of an object of ours in it: identities in tags and at the ends of texts, and what it refers to.
  private static func rewritten(_ json: JSONValue, kind: DatadogObjectKind, _ rename: (String) -> String) -> JSONValue {
    func identity(_ text: String) -> String { text.hasPrefix(key) ? key + rename(String(text.dropFirst(key.count))) : text }
    func tags(_ value: JSONValue) -> JSONValue {
      value.list.map { .strings($0.map { identity($0.text ?? "") }.sorted()) } ?? value
    }
    func lines(_ value: JSONValue) -> JSONValue {
      value.text.map { text in
        .string(
          text.split(separator: "\n", omittingEmptySubsequences: false).map { identity(String($0)) }.joined(separator: "\n"))
      } ?? value
    }
    var result = ObjectReferences.renamed(json, kind: kind) { id in rename(id.name) }
    switch kind {
    case .monitor, .slo: result = result.changing(["tags"], tags)
    case .dashboard: result = result.changing(["description"], lines)
    case .downtime:
      for start in [["data", "attributes"], ["attributes"]] {
        result = result.changing(start + ["message"], lines).changing(start + ["monitor_identifier", "monitor_tags"], tags)
      }
    case .service: result = result.changing(["metadata", "tags"], tags)
    }
    return result
  }
}

extension JSONValue {
  /// With what lies at a path changed, where it is there.
  fileprivate func changing(_ path: [String], _ change: (JSONValue) -> JSONValue) -> JSONValue {
    guard let first = path.first else { return change(self) }
    guard case .object(var members) = self, let inner = members[first] else { return self }
    members[first] = inner.changing(Array(path.dropFirst()), change)
    return .object(members)
  }
}
