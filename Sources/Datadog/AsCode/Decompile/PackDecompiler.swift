// Turns objects of Datadog into a pack that compiles to the same objects, and names those that no definition says.

import Monitors

package struct Decompilation: Sendable {
  /// An object that stays JSON.
  package struct Raw: Hashable, Sendable {
    package let object: StoredObject
    /// What no definition says of it.
    package let reason: String
  }

  package let pack: MonitorPack
  /// The objects that the pack says.
  package let said: [StoredObject]
  package let raw: [Raw]
  /// Of adopted objects: what becomes different when they are applied.
  package let notes: [String]
}

package struct PackDecompiler: Sendable {
  package let settings: CompileSettings
  /// Definitions that may be what is there already: they say more than JSON can, such as `for`.
  package let known: MonitorPack
  /// Whether objects of others are said too when only their texts and tags become different.
  package let adopts: Bool
  /// What every compilation adds, whatever the pack.
  private let always: [DatadogObjectID: CompiledObject]

  package init(settings: CompileSettings, known: MonitorPack = .default, adopts: Bool = false) {
    self.settings = settings
    self.known = known
    self.adopts = adopts
    let added = PackCompiler(settings: settings).compile(MonitorPack(monitors: [])).objects
    always = Dictionary(added.map { ($0.id, $0) }) { first, _ in first }
  }

  /// - Parameter objects: as Datadog has them.
  package func decompile(_ objects: [StoredObject]) -> Decompilation {
    let live = LiveObjects(objects)
    var draft = PackDraft()
    var reasons: [String: String] = [:]
    for object in live.foreign where !adopts || object.kind != .monitor {
      reasons[LiveObjects.key(object)] = "is not ours: it has no \(CompileSettings.identityKey)"
    }
    addObjectives(live, &draft, &reasons)
    addMonitors(live, &draft, &reasons)
    addDashboards(live, &draft, &reasons)
    if adopts { adopt(live, &draft, &reasons) }
    var said = settle(live, &draft, &reasons)
    // Entries of the catalogue speak of the whole pack.
    let services = PackCompiler(settings: settings).compile(draft.pack).objects.filter { $0.id.kind == .service }
    said.formUnion(services.filter { live.agree([$0]) }.compactMap { live.keys[$0.id] })
    said.formUnion(always.values.filter { live.agree([$0]) }.compactMap { live.keys[$0.id] })
    var raw: [Decompilation.Raw] = []
    for object in objects where !said.contains(LiveObjects.key(object)) {
      raw.append(.init(object: object, reason: reasons[LiveObjects.key(object)] ?? "no definition says it"))
    }
    return Decompilation(
      pack: draft.pack, said: objects.filter { said.contains(LiveObjects.key($0)) }, raw: raw, notes: draft.notes)
  }

  // MARK: Candidates

  private func addObjectives(_ live: LiveObjects, _ draft: inout PackDraft, _ reasons: inout [String: String]) {
    for (id, json) in live.ours where id.kind == .slo {
      let burns = live.burns(on: id.name)
      let decompiler = SLODecompiler(settings: settings)
      if let same = known.objectives.first(where: { $0.name == id.name }),
        live.agree(compile(MonitorPack(monitors: [], objectives: [same])))
      {
        draft.objectives.append(same)
        continue
      }
      do {
        draft.objectives.append(try decompiler.candidate(json, name: id.name, burns: burns.map(\.json)))
      } catch {
        for key in [live.keys[id]] + burns.map({ live.keys[$0.id] }) { key.map { reasons[$0] = error.description } }
      }
    }
  }

  private func addMonitors(_ live: LiveObjects, _ draft: inout PackDraft, _ reasons: inout [String: String]) {
    for (id, json) in live.ours where id.kind == .monitor && live.isWhole(json) && always[id].map({ live.agree([$0]) }) != true {
      if let same = known.monitors.first(where: { $0.definition.name == id.name }),
        live.agree(compile(MonitorPack(monitors: [same])))
      {
        draft.monitors.append(same)
        continue
      }
      let parts = live.gatedParts(of: id.name, json)
      do {
        let candidates = try MonitorDecompiler(settings: settings).candidates(
          json, name: id.name, signal: parts?.signal, gate: parts?.gate)
        // The likeliest that compiles to what is there, or the first one, whose differences are then the reason.
        let best = candidates.first { live.agree(compile(MonitorPack(monitors: [$0]))) } ?? candidates.first
        if let best { draft.monitors.append(best) }
      } catch {
        live.keys[id].map { reasons[$0] = error.description }
      }
    }
  }

  private func addDashboards(_ live: LiveObjects, _ draft: inout PackDraft, _ reasons: inout [String: String]) {
    for (id, json) in live.ours where id.kind == .dashboard {
      if let same = known.dashboards.first(where: { $0.name == id.name }),
        live.agree(compile(MonitorPack(monitors: [], dashboards: [same])))
      {
        draft.dashboards.append(same)
        continue
      }
      do {
        draft.dashboards.append(try DashboardDecompiler(settings: settings).candidate(json, name: id.name))
      } catch {
        live.keys[id].map { reasons[$0] = error.description }
      }
    }
  }

  /// Others' monitors, under a name made of their title.
  private func adopt(_ live: LiveObjects, _ draft: inout PackDraft, _ reasons: inout [String: String]) {
    var names = Set(draft.monitors.map(\.definition.name))
    for object in live.foreign where object.kind == .monitor {
      let key = LiveObjects.key(object)
      let json = live.form(object)
      var name = Self.name(object.title)
      while !names.insert(name).inserted { name += "-2" }
      do {
        let candidates = try MonitorDecompiler(settings: settings).candidates(json, name: name)
        let outcomes = candidates.map { candidate in
          (candidate, Self.differences(json, compile(MonitorPack(monitors: [candidate])).first?.json ?? .null))
        }
        let texts: Set<String> = ["message", "tags", "priority"]
        func isText(_ field: String) -> Bool { texts.contains(String(field.prefix { $0 != "." && $0 != "[" })) }
        if let (candidate, fields) = outcomes.first(where: { $0.1.allSatisfy(isText) }) {
          draft.monitors.append(candidate)
          draft.adopted.insert(key)
          draft.notes.append(
            """
            monitor \(object.number) "\(object.title)" becomes \(name): \(Set(fields.map { String($0.prefix { $0 != "[" }) }).sorted().joined(separator: ", ")) \
            will differ. Give it the tag \(CompileSettings.identityKey):\(name) before applying, or a second one is made
            """)
        } else {
          reasons[key] = "a definition would change \(outcomes.first?.1.joined(separator: ", ") ?? "it")"
        }
      } catch {
        reasons[key] = error.description
      }
    }
  }

  static func name(_ title: String) -> String {
    let words = title.lowercased().split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
    let name = String(words.joined(separator: "-").prefix(60))
    return name.isEmpty ? "monitor" : name.first?.isLetter == true ? name : "monitor-\(name)"
  }

  // MARK: The test of saying

  /// Drops what does not compile to what is there, until all that is left does. Returns what is said.
  private func settle(_ live: LiveObjects, _ draft: inout PackDraft, _ reasons: inout [String: String]) -> Set<String> {
    for _ in 0..<5 {
      let compiled = Dictionary(compile(draft.pack).map { ($0.id, $0) }) { first, _ in first }
      var wrong: Set<DatadogObjectID> = []
      for object in compiled.values {
        guard let json = live.ours[object.id] else {
          // An adopted one is not there under its identity yet.
          if !draft.notes.contains(where: { $0.contains("becomes \(object.id.name):") }) { wrong.insert(object.id) }
          continue
        }
        let fields = Self.differences(json, object.json)
        if !fields.isEmpty {
          wrong.insert(object.id)
          live.keys[object.id].map { reasons[$0] = "a definition would change \(fields.prefix(6).joined(separator: ", "))" }
        }
      }
      if wrong.isEmpty {
        let ids = compiled.keys.compactMap { live.keys[$0] }
        return Set(ids).union(draft.adopted)
      }
      draft.drop(wrong)
    }
    return draft.adopted
  }

  private static func differences(_ before: JSONValue, _ after: JSONValue) -> [String] {
    let kind: DatadogObjectKind = DatadogIdentity.kind(of: after) ?? .monitor
    return ObjectChanges.between(before, CanonicalForm.of(after, kind: kind)).map(\.field)
  }

  /// What comes of the pack's own definitions, without what every compilation adds.
  private func compile(_ pack: MonitorPack) -> [CompiledObject] {
    PackCompiler(settings: settings).compile(pack).objects.filter { always[$0.id] == nil }
  }
}

/// A pack in the making.
struct PackDraft {
  var monitors: [PackedMonitor] = []
  var objectives: [SLODefinition] = []
  var dashboards: [DashboardDefinition] = []
  var adopted: Set<String> = []
  var notes: [String] = []

  var pack: MonitorPack {
    MonitorPack(
      monitors: monitors.sorted { $0.definition.name < $1.definition.name }, objectives: objectives.sorted { $0.name < $1.name },
      dashboards: dashboards.sorted { $0.name < $1.name })
  }

  /// Takes out whatever made these objects.
  mutating func drop(_ ids: Set<DatadogObjectID>) {
    func isWrong(_ kind: DatadogObjectKind, _ name: String) -> Bool { ids.contains(.init(kind, name)) }
    monitors.removeAll { packed in
      let name = packed.definition.name
      return isWrong(.monitor, name) || isWrong(.monitor, "\(name)-signal")
        || ids.contains { $0.kind == .downtime && $0.name.hasPrefix("\(name)-mute-") }
    }
    objectives.removeAll { objective in
      isWrong(.slo, objective.name)
        || ids.contains { $0.kind == .monitor && $0.name.hasPrefix("slo-\(objective.name)-burn-") }
    }
    dashboards.removeAll { isWrong(.dashboard, $0.name) }
  }
}
