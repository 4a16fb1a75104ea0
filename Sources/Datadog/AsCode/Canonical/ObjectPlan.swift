// What would have to happen to objects in Datadog for them to be as we want them: decided without network, from what is there.

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
    /// What somebody changed in Datadog since it was last applied.
    package var drift: [Change] = []
    /// It was applied, and is not there any more.
    package var vanished = false
    /// What Datadog calls it, where it is there.
    package var number: String?
    /// The canonical form that the decision is about.
    package var before: JSONValue?
  }

  /// SLOs, then monitors, then dashboards, each by name.
  package let steps: [Step]
  /// Objects that are not ours, which nothing ever touches.
  package let foreign: Int
  /// Identities that more than one object has; nothing is decided about them.
  package let ambiguous: [DatadogObjectID]
  /// What Datadog calls our objects, those that are no longer wanted too.
  package let numbers: [DatadogObjectID: String]

  /// - Parameters:
  ///   - saved: objects as an export wrote them, or as Datadog's API gave them.
  ///   - pruning: whether what is ours and no longer wanted is to be deleted.
  ///   - pack: whose objects are meant; those of other packs are not ours.
  package init(wanted: [CompiledObject], saved: [JSONValue], pruning: Bool = false, pack: String? = nil) {
    self.init(
      wanted: wanted, present: saved.map { (DatadogIdentity.id(of: $0), StoredObject.number(of: $0), $0) }, state: nil,
      pruning: pruning, pack: pack)
  }

  /// - Parameter state: what was last applied; without it nothing is known of drift.
  package init(
    wanted: [CompiledObject], live: [StoredObject], state: ApplyState?, pruning: Bool = false, pack: String? = nil
  ) {
    self.init(wanted: wanted, present: live.map { ($0.id, $0.number, $0.json) }, state: state, pruning: pruning, pack: pack)
  }

  private init(
    wanted: [CompiledObject], present all: [(id: DatadogObjectID?, number: String?, json: JSONValue)], state: ApplyState?,
    pruning: Bool, pack: String?
  ) {
    var present: [DatadogObjectID: (number: String?, json: JSONValue)] = [:]
    var ambiguous: Set<DatadogObjectID> = []
    var foreign = 0
    for object in all {
      guard let id = object.id, id.pack == pack else {
        foreign += 1
        continue
      }
      if present.updateValue((object.number, object.json), forKey: id) != nil { ambiguous.insert(id) }
    }
    let numbers = present.compactMapValues(\.number)
    let names = ReferenceNames(numbers: numbers)
    // What names an object that went is as it was applied, though it has to change.
    let oldNames = ReferenceNames(numbers: numbers, and: state?.numbers ?? [:])
    func form(_ json: JSONValue, _ kind: DatadogObjectKind, _ names: ReferenceNames) -> JSONValue {
      CanonicalForm.of(names.symbolic(json, kind: kind), kind: kind)
    }
    func drift(_ id: DatadogObjectID, _ json: JSONValue) -> [Change] {
      guard let kept = state?.entries[id]?.kept else { return [] }
      return ObjectChanges.between(kept, form(json, id.kind, oldNames))
    }
    var steps: [Step] = []
    for object in wanted where !ambiguous.contains(object.id) {
      let (id, entry) = (object.id, state?.entries[object.id])
      guard let found = present[id] else {
        steps.append(Step(id: id, action: .create, changes: [], vanished: entry != nil))
        continue
      }
      let (before, after) = (form(found.json, id.kind, names), form(object.json, id.kind, names))
      // Datadog may keep something otherwise than it was sent. Sent again it would be no different.
      let isAsApplied = entry.map { $0.kept == before && $0.sent == after } ?? false
      let changes = isAsApplied ? [] : ObjectChanges.between(before, after)
      steps.append(
        Step(
          id: id, action: changes.isEmpty ? .unchanged : .update, changes: changes,
          drift: changes.isEmpty ? [] : drift(id, found.json), number: found.number, before: before))
    }
    if pruning {
      let kept = Set(wanted.map(\.id))
      steps += present.filter {
        !kept.contains($0.key) && !ambiguous.contains($0.key) && DatadogIdentity.isOwned($0.value.json, as: $0.key.kind)
      }
      .map { id, found in
        Step(
          id: id, action: .delete, changes: [], drift: drift(id, found.json), number: found.number,
          before: form(found.json, id.kind, names))
      }
    }
    self.steps = steps.sorted { $0.id < $1.id }
    self.foreign = foreign
    self.numbers = numbers
    self.ambiguous = ambiguous.sorted()
  }

  package func count(_ action: Action) -> Int { steps.count { $0.action == action } }

  package var isEmpty: Bool { steps.allSatisfy { $0.action == .unchanged } && ambiguous.isEmpty }

  /// Those that somebody changed in Datadog, and that would be changed or deleted here.
  package var drifted: [Step] { steps.filter { !$0.drift.isEmpty } }
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
