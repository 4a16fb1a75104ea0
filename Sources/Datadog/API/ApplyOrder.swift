// In which order objects are applied: what is named by others first, and deleted last.

package struct ApplyOrder: Sendable {
  package let objects: [CompiledObject]
  /// What each of them names.
  package let references: [DatadogObjectID: Set<DatadogObjectID>]

  /// SLOs, monitors, dashboards, each by name, but for what is named: that comes before whatever names it. Objects that name each
  /// other in a circle come last; none of them can be made.
  package init(_ wanted: [CompiledObject]) {
    let references = Dictionary(wanted.map { ($0.id, ObjectReferences.of($0)) }) { first, _ in first }
    let byID = Dictionary(wanted.map { ($0.id, $0) }) { first, _ in first }
    var order: [CompiledObject] = []
    var placed: Set<DatadogObjectID> = []
    var open: Set<DatadogObjectID> = []
    func place(_ object: CompiledObject) {
      guard !placed.contains(object.id), open.insert(object.id).inserted else { return }
      for id in (references[object.id] ?? []).sorted() { if let other = byID[id] { place(other) } }
      if placed.insert(object.id).inserted { order.append(object) }
    }
    for object in wanted.sorted(by: { $0.id < $1.id }) { place(object) }
    self.objects = order
    self.references = references
  }

  /// Dashboards, then monitors that name others, then the rest, SLOs last but for those of monitors.
  static func forDeletion(_ ids: [DatadogObjectID], references: [DatadogObjectID: Set<DatadogObjectID>]) -> [DatadogObjectID] {
    var order: [DatadogObjectID] = []
    var (placed, open): (Set<DatadogObjectID>, Set<DatadogObjectID>) = ([], [])
    let all = Set(ids)
    func place(_ id: DatadogObjectID) {
      guard !placed.contains(id), open.insert(id).inserted else { return }
      for user in all.sorted() where references[user]?.contains(id) == true { place(user) }
      if placed.insert(id).inserted { order.append(id) }
    }
    for id in ids.sorted(by: >) { place(id) }
    return order
  }
}
