// Which of our objects a Datadog object is, whatever number Datadog gave it.

package enum DatadogIdentity {
  /// What a dashboard's description ends with.
  static func line(_ name: String) -> String { "\(CompileSettings.identityKey):\(name)" }

  /// The kind by its form; `nil` for what is none of them.
  package static func kind(of object: JSONValue) -> DatadogObjectKind? {
    if DowntimeText.attributes(of: object) != nil { return .downtime }
    if ServiceCompiler.isService(object) { return .service }
    var found = DatadogLint.Objects()
    found.add(object)
    if found.monitors.first == object { return .monitor }
    if found.objectives.first == object { return .slo }
    return found.dashboards.first == object ? .dashboard : nil
  }

  /// `nil` for an object that is not ours.
  package static func id(of object: JSONValue) -> DatadogObjectID? {
    kind(of: object).flatMap { id(of: object, as: $0) }
  }

  /// Of an object whose kind is known, such as a line of a list, which may lack what its form would tell it by.
  package static func id(of object: JSONValue, as kind: DatadogObjectKind) -> DatadogObjectID? {
    let places: [String] =
      switch kind {
      case .monitor, .slo: object["tags"]?.list?.compactMap(\.text) ?? []
      case .dashboard: lines(object["description"])
      case .downtime: lines(DowntimeText.attributes(of: object)?["message"])
      case .service: object["metadata"]?["tags"]?.list?.compactMap(\.text) ?? []
      }
    let start = "\(CompileSettings.identityKey):"
    let names = Set(places.filter { $0.hasPrefix(start) && $0.count > start.count }.map { String($0.dropFirst(start.count)) })
    // Two identities are none.
    guard let name = names.first, names.count == 1 else { return nil }
    return DatadogObjectID(kind, name)
  }

  private static func lines(_ text: JSONValue?) -> [String] {
    text?.text?.split(whereSeparator: \.isNewline).map { String($0).trimmed } ?? []
  }

  /// Whether it may be deleted: it has an identity, and nobody took the mark of this product from it.
  package static func isOwned(_ object: JSONValue) -> Bool {
    kind(of: object).map { isOwned(object, as: $0) } ?? false
  }

  package static func isOwned(_ object: JSONValue, as kind: DatadogObjectKind) -> Bool {
    guard id(of: object, as: kind) != nil else { return false }
    // These take no tags of ours; the identity itself is the mark.
    if kind == .dashboard || kind == .downtime { return true }
    let tags = kind == .service ? object["metadata"]?["tags"] : object["tags"]
    return tags?.list?.contains(.string(CompileSettings.ownership)) == true
  }
}
