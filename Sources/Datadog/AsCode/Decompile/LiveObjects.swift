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

  /// The downtimes of a monitor's mutes.
  func mutes(of name: String) -> [JSONValue] {
    let tag = JSONValue.string("\(CompileSettings.identityKey):\(name)")
    return ours.filter { id, json in
      id.kind == .downtime && DowntimeText.isMute(id.name, of: name)
        && json["attributes"]?["monitor_identifier"]?["monitor_tags"] == .array([tag])
    }.sorted { $0.key < $1.key }.map(\.value)
  }

  /// Whether it is a definition's own monitor, and not a part of one or of an SLO.
  func isWhole(_ json: JSONValue) -> Bool {
    if json["tags"]?.list?.contains(where: { $0.text?.hasPrefix("commander_part:") == true }) == true { return false }
    guard json["type"]?.text == "slo alert", let name = DatadogIdentity.id(of: json, as: .monitor)?.name else { return true }
    return !ours.keys.contains { $0.kind == .slo && isBurn(name, json, on: $0.name) }
  }

  /// The burn-rate monitors that an SLO brings with it; others may watch it too.
  func burns(on objective: String) -> [(id: DatadogObjectID, json: JSONValue)] {
    ours.filter { $0.key.kind == .monitor && isBurn($0.key.name, $0.value, on: objective) }
      .sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  private func isBurn(_ name: String, _ json: JSONValue, on objective: String) -> Bool {
    name.hasPrefix("slo-\(objective)-burn-") && json["query"]?.text?.hasPrefix("burn_rate(\"slo:\(objective)\")") == true
  }

  /// What a composite combines in names of definitions: a signal and its gate are the monitor that they are parts of.
  func combination(_ expression: CompositeExpression) throws(Unsayable) -> CompositeExpression {
    switch expression {
    case .monitor(let reference):
      guard reference.hasPrefix("$") else {
        throw Unsayable("it combines monitor \(reference), which is not one of the definitions")
      }
      return .monitor(String(reference.dropFirst()))
    case .not(let inner): return .not(try combination(inner))
    case .or(let left, let right): return .or(try combination(left), try combination(right))
    case .and(.monitor(let signal), .monitor(let gate)) where signal.hasPrefix("$") && signal.hasSuffix("-signal"):
      let whole = String(signal.dropFirst().dropLast("-signal".count))
      if ours[.init(.monitor, whole)]?["query"]?.text == "\(signal) && \(gate)" { return .monitor(whole) }
      return .and(try combination(.monitor(signal)), try combination(.monitor(gate)))
    case .and(let left, let right): return .and(try combination(left), try combination(right))
    }
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
