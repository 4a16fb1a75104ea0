// What would have to happen to objects in Datadog for them to be as we want them: decided offline, from saved objects.

package struct ObjectPlan: Hashable, Sendable {
  package enum Action: String, CaseIterable, Hashable, Sendable, Codable {
    case create, update, delete
    case unchanged = "no change"
  }

  /// One member that differs.
  package struct Change: Hashable, Sendable, Codable {
    /// `options.thresholds.critical`
    package let field: String
    /// `nil` where it is not there.
    package let before: JSONValue?
    package let after: JSONValue?
  }

  package struct Step: Hashable, Sendable {
    package let id: DatadogObjectID
    package let action: Action
    package let changes: [Change]
  }

  /// SLOs, then monitors, then dashboards, each by name.
  package let steps: [Step]
  /// Saved objects that are not ours, which nothing ever touches.
  package let foreign: Int
  /// Identities that more than one saved object has; nothing is decided about them.
  package let ambiguous: [DatadogObjectID]

  /// - Parameters:
  ///   - saved: objects as an export wrote them, or as Datadog's API gave them.
  ///   - pruning: whether what is ours and no longer wanted is to be deleted.
  package init(wanted: [CompiledObject], saved: [JSONValue], pruning: Bool = false) {
    var present: [DatadogObjectID: JSONValue] = [:]
    var ambiguous: Set<DatadogObjectID> = []
    var foreign = 0
    for object in saved {
      guard let id = DatadogIdentity.id(of: object) else {
        foreign += 1
        continue
      }
      if present.updateValue(object, forKey: id) != nil { ambiguous.insert(id) }
    }
    let names = ReferenceNames(present)
    var steps: [Step] = []
    for object in wanted where !ambiguous.contains(object.id) {
      guard let before = present[object.id] else {
        steps.append(Step(id: object.id, action: .create, changes: []))
        continue
      }
      let changes = ObjectChanges.between(
        CanonicalForm.of(names.symbolic(before), kind: object.id.kind), CanonicalForm.of(object.json, kind: object.id.kind))
      steps.append(Step(id: object.id, action: changes.isEmpty ? .unchanged : .update, changes: changes))
    }
    if pruning {
      let kept = Set(wanted.map(\.id))
      steps += present.filter { !kept.contains($0.key) && !ambiguous.contains($0.key) && DatadogIdentity.isOwned($0.value) }
        .map { Step(id: $0.key, action: .delete, changes: []) }
    }
    self.steps = steps.sorted { $0.id < $1.id }
    self.foreign = foreign
    self.ambiguous = ambiguous.sorted()
  }

  package func count(_ action: Action) -> Int { steps.count { $0.action == action } }

  package var isEmpty: Bool { steps.allSatisfy { $0.action == .unchanged } && ambiguous.isEmpty }
}

/// Turns the numbers that Datadog gave into the names that our definitions use, in queries that speak of other objects.
struct ReferenceNames {
  private var objectives: [String: String] = [:]
  private var monitors: [String: String] = [:]

  init(_ objects: [DatadogObjectID: JSONValue]) {
    for (id, object) in objects {
      switch id.kind {
      case .slo: object["id"]?.text.map { objectives[$0] = id.name }
      case .monitor: object["id"]?.double.flatMap { Int64(exactly: $0) }.map { monitors[String($0)] = id.name }
      case .dashboard, .downtime, .service: break
      }
    }
  }

  func symbolic(_ object: JSONValue) -> JSONValue {
    guard case .object(var members) = object, let type = members["type"]?.text, let query = members["query"]?.text else {
      return object
    }
    switch type {
    case "slo alert":
      for (number, name) in objectives where query.contains("(\"\(number)\")") {
        members["query"] = .string(query.replacing("(\"\(number)\")", with: "(\"slo:\(name)\")"))
      }
    case "composite":
      var text = ""
      var word = ""
      // Whole words only: names have digits too.
      for character in query + " " {
        if character.isLetter || character.isNumber || "$_-".contains(character) {
          word.append(character)
        } else {
          text += monitors[word].map { "$\($0)" } ?? word
          word = ""
          text.append(character)
        }
      }
      members["query"] = .string(text.trimmed)
    default: break
    }
    return .object(members)
  }
}

enum ObjectChanges {
  /// Leaf by leaf; lists of another length as wholes.
  static func between(_ before: JSONValue, _ after: JSONValue, at path: String = "") -> [ObjectPlan.Change] {
    if before == after { return [] }
    switch (before, after) {
    case (.object(let left), .object(let right)):
      return Set(left.keys).union(right.keys).sorted().flatMap { key -> [ObjectPlan.Change] in
        let place = path.isEmpty ? key : "\(path).\(key)"
        guard let old = left[key], let new = right[key] else {
          return [.init(field: place, before: left[key], after: right[key])]
        }
        return between(old, new, at: place)
      }
    case (.array(let left), .array(let right)) where left.count == right.count:
      return zip(left, right).enumerated().flatMap { between($0.element.0, $0.element.1, at: "\(path)[\($0.offset)]") }
    default: return [.init(field: path, before: before, after: after)]
    }
  }
}
