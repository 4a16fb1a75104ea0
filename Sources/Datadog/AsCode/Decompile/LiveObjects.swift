// Objects of Datadog as definitions speak of them: ours by identity, in canonical form, naming each other as we do.

import Monitors

struct LiveObjects {
  let ours: [DatadogObjectID: JSONValue]
  let foreign: [StoredObject]
  /// Which object of Datadog each of ours is.
  let keys: [DatadogObjectID: String]
  private let names: ReferenceNames

  static func key(_ object: StoredObject) -> String { "\(object.kind.rawValue) \(object.number)" }

  /// What has an identity that another one has too is nobody's.
  init(_ objects: [StoredObject]) {
    let byID = Dictionary(grouping: objects.filter { $0.id != nil }) { $0.id ?? DatadogObjectID($0.kind, "") }
    let single = byID.filter { $0.value.count == 1 }.compactMapValues(\.first)
    let names = ReferenceNames(numbers: single.mapValues(\.number))
    self.names = names
    ours = single.mapValues { CanonicalForm.of(names.symbolic($0.json, kind: $0.kind), kind: $0.kind) }
    keys = single.mapValues(Self.key)
    foreign = objects.filter { object in object.id.map { single[$0] == nil } ?? true }
  }

  func form(_ object: StoredObject) -> JSONValue {
    CanonicalForm.of(names.symbolic(object.json, kind: object.kind), kind: object.kind)
  }

  /// Whether all of these are there, just so.
  func agree(_ compiled: [CompiledObject]) -> Bool {
    !compiled.isEmpty && compiled.allSatisfy { ours[$0.id] == CanonicalForm.of($0.json, kind: $0.id.kind) }
  }

  /// Whether it is a definition's own monitor, and not a part of one or of an SLO.
  func isWhole(_ json: JSONValue) -> Bool {
    if json["tags"]?.list?.contains(where: { $0.text?.hasPrefix("commander_part:") == true }) == true { return false }
    guard json["type"]?.text == "slo alert", let query = json["query"]?.text else { return true }
    return !ours.keys.contains { $0.kind == .slo && query.contains("(\"slo:\($0.name)\")") }
  }

  /// The burn-rate monitors on an SLO.
  func burns(on name: String) -> [(id: DatadogObjectID, json: JSONValue)] {
    ours.filter { $0.key.kind == .monitor && $0.value["query"]?.text?.hasPrefix("burn_rate(\"slo:\(name)\")") == true }
      .sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  /// The query and the traffic gate of `$NAME-signal && $GATE`.
  func gatedParts(of name: String, _ json: JSONValue) -> (signal: JSONValue, gate: JSONValue)? {
    let parts = (json["query"]?.text ?? "").split(separator: " ").map(String.init)
    guard json["type"]?.text == "composite", parts.count == 3, parts[1] == "&&", parts[0] == "$\(name)-signal",
      let signal = ours[.init(.monitor, "\(name)-signal")], let gate = ours[.init(.monitor, String(parts[2].dropFirst()))]
    else { return nil }
    return (signal, gate)
  }
}
