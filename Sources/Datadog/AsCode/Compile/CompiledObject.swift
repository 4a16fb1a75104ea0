// One Datadog object as we want it, and what had to be said otherwise than the definition says it.

/// The kinds of objects that are kept as code, in the order in which they have to exist: burn rates name SLOs, downtimes monitors.
package enum DatadogObjectKind: String, CaseIterable, Hashable, Sendable, Codable, Comparable {
  case slo, monitor, dashboard, downtime
  /// An entry of the service catalogue.
  case service

  /// Where its files lie in an export.
  package var folder: String {
    switch self {
    case .slo: "slos"
    case .monitor: "monitors"
    case .dashboard: "dashboards"
    case .downtime: "downtimes"
    case .service: "services"
    }
  }

  private var rank: Int {
    switch self {
    case .slo: 0
    case .monitor: 1
    case .dashboard: 2
    case .downtime: 3
    case .service: 4
    }
  }

  package static func < (left: Self, right: Self) -> Bool { left.rank < right.rank }
}

/// Which object it is, in every organisation and file: Datadog's own numbers differ from one to the next.
package struct DatadogObjectID: Hashable, Sendable, Comparable, CustomStringConvertible {
  package let kind: DatadogObjectKind
  package let name: String

  package init(_ kind: DatadogObjectKind, _ name: String) {
    self.kind = kind
    self.name = name
  }

  package var description: String { "\(kind.rawValue) \(name)" }

  /// The pack that it belongs to, before the stroke of its name; `nil` for the pack without a name.
  package var pack: String? { name.firstIndex(of: "/").map { String(name[..<$0]) } }

  package static func < (left: Self, right: Self) -> Bool { (left.kind, left.name) < (right.kind, right.name) }
}

/// Something a definition says that Datadog cannot say, or not so.
package struct CompileNote: Hashable, Sendable, CustomStringConvertible {
  package enum Weight: String, CaseIterable, Hashable, Sendable, Codable {
    /// Datadog does something else that is close.
    case approximated
    /// Datadog does nothing of the kind.
    case unsaid
    /// The object cannot be written at all, and is not.
    case refused
  }

  package let object: DatadogObjectID
  package let weight: Weight
  /// The field of the definition: `for`, `traffic_gate`.
  package let field: String
  package let message: String

  package init(_ object: DatadogObjectID, _ weight: Weight, _ field: String, _ message: String) {
    self.object = object
    self.weight = weight
    self.field = field
    self.message = message
  }

  package var description: String { "\(object): \(field): \(weight.rawValue): \(message)" }
}

package struct CompiledObject: Hashable, Sendable {
  package let id: DatadogObjectID
  package let json: JSONValue

  package init(_ id: DatadogObjectID, _ json: JSONValue) {
    self.id = id
    self.json = json
  }
}

/// Everything that came of a pack.
package struct Compilation: Hashable, Sendable {
  /// By kind and name.
  package private(set) var objects: [CompiledObject] = []
  package private(set) var notes: [CompileNote] = []

  package init() {}

  package var refusals: [CompileNote] { notes.filter { $0.weight == .refused } }

  /// The same object twice is one, such as a gate that two monitors share; two of one name are refused.
  mutating func add(_ object: CompiledObject) {
    guard let present = objects.first(where: { $0.id == object.id }) else { return objects.append(object) }
    if present != object {
      add(CompileNote(object.id, .refused, "name", "another \(object.id.kind.rawValue) has this name already"))
    }
  }

  mutating func add(_ note: CompileNote) {
    if !notes.contains(note) { notes.append(note) }
  }

  mutating func add(_ other: Compilation) {
    for object in other.objects { add(object) }
    for note in other.notes { add(note) }
  }

  /// As objects of a named pack.
  func marked(by pack: String) -> Compilation {
    var marked = self
    marked.objects = objects.map { PackMark.marked($0, by: pack) }
    marked.notes = notes.map { CompileNote(PackMark.marked($0.object, by: pack), $0.weight, $0.field, $0.message) }
    return marked
  }

  func sorted() -> Compilation {
    var sorted = self
    sorted.objects.sort { $0.id < $1.id }
    sorted.notes.sort { ($0.object, $0.field, $0.message) < ($1.object, $1.field, $1.message) }
    return sorted
  }
}

extension JSONValue {
  /// An object without the members that are `nil`.
  package init(members: [String: JSONValue?]) { self = .object(members.compactMapValues { $0 }) }

  package static func strings(_ texts: [String]) -> JSONValue { .array(texts.map(JSONValue.string)) }
}
