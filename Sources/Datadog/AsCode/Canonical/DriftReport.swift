// What differs in Datadog from what was last applied, whatever is wanted now.

package struct DriftReport: Hashable, Sendable {
  package struct Entry: Hashable, Sendable {
    package enum State: String, CaseIterable, Hashable, Sendable, Codable {
      case changed
      case deleted
      /// It bears our mark and was never applied from here.
      case unknown
      case unchanged = "no change"
    }

    package let id: DatadogObjectID
    package let state: State
    package let number: String
    /// From what was applied to what is there.
    package let changes: [ObjectPlan.Change]
  }

  package let entries: [Entry]

  /// - Parameter pack: whose objects are missed in the state; those of other packs are applied by others.
  package init(live: [StoredObject], state: ApplyState, pack: String? = nil) {
    let byNumber = Dictionary(live.map { ("\($0.kind.rawValue) \($0.number)", $0) }) { first, _ in first }
    let numbers = Dictionary(live.compactMap { object in object.id.map { ($0, object.number) } }) { first, _ in first }
    let names = ReferenceNames(numbers: numbers, and: state.numbers)
    var entries: [Entry] = []
    for (id, entry) in state.entries where id.pack == pack {
      // By its number: an identity may be what somebody took away.
      guard let object = byNumber["\(id.kind.rawValue) \(entry.number)"] else {
        entries.append(Entry(id: id, state: .deleted, number: entry.number, changes: []))
        continue
      }
      let form = CanonicalForm.of(names.symbolic(object.json, kind: id.kind), kind: id.kind)
      let changes = ObjectChanges.between(entry.kept, form)
      entries.append(Entry(id: id, state: changes.isEmpty ? .unchanged : .changed, number: entry.number, changes: changes))
    }
    for object in live {
      guard let id = object.id, id.pack == pack, state.entries[id]?.number != object.number else { continue }
      entries.append(Entry(id: id, state: .unknown, number: object.number, changes: []))
    }
    self.entries = entries.sorted { ($0.id, $0.number) < ($1.id, $1.number) }
  }

  package func count(_ state: Entry.State) -> Int { entries.count { $0.state == state } }
  package var isEmpty: Bool { entries.allSatisfy { $0.state == .unchanged } }

  package var text: String {
    var lines: [String] = []
    for entry in entries where entry.state != .unchanged {
      lines.append("\(entry.state.rawValue.padded(to: 8)) \(entry.id) (\(entry.number))")
      for change in entry.changes {
        lines.append("         \(change.field): \(PlanReport.short(change.before)) -> \(PlanReport.short(change.after))")
      }
    }
    return (lines + [sentence]).joined(separator: "\n")
  }

  package var sentence: String {
    """
    \(count(.changed)) changed in Datadog since they were applied, \(count(.deleted)) deleted, \(count(.unknown)) not known to the \
    state, \(count(.unchanged)) as applied.
    """
  }

  package var json: String {
    ObjectText.text(
      of: .object([
        "objects": .array(
          entries.map { entry in
            .object([
              "kind": .string(entry.id.kind.rawValue), "name": .string(entry.id.name), "number": .string(entry.number),
              "state": .string(entry.state.rawValue), "changes": PlanReport.json(of: entry.changes),
            ])
          }),
        "summary": .object(
          Dictionary(
            uniqueKeysWithValues: Entry.State.allCases.map { ($0.rawValue, JSONValue.number(Double(count($0)))) })),
      ]))
  }
}
