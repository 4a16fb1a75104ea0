// Which of our objects a Datadog object is, whatever number Datadog gave it.

package enum DatadogIdentity {
  /// What a dashboard's description ends with.
  static func line(_ name: String) -> String { "\(CompileSettings.identityKey):\(name)" }

  /// The kind by its form; `nil` for what is none of the three.
  package static func kind(of object: JSONValue) -> DatadogObjectKind? {
    var found = DatadogLint.Objects()
    found.add(object)
    if found.monitors.first == object { return .monitor }
    if found.objectives.first == object { return .slo }
    return found.dashboards.first == object ? .dashboard : nil
  }

  /// `nil` for an object that is not ours.
  package static func id(of object: JSONValue) -> DatadogObjectID? {
    guard let kind = kind(of: object) else { return nil }
    let places: [String] =
      switch kind {
      case .monitor, .slo: object["tags"]?.list?.compactMap(\.text) ?? []
      case .dashboard: object["description"]?.text?.split(whereSeparator: \.isNewline).map { String($0).trimmed } ?? []
      }
    let start = "\(CompileSettings.identityKey):"
    guard let place = places.last(where: { $0.hasPrefix(start) && $0.count > start.count }) else { return nil }
    return DatadogObjectID(kind, String(place.dropFirst(start.count)))
  }
}
