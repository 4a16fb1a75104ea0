// Turns objects of Datadog into a pack that compiles to the same objects, and names those that no definition says.

import LLMTelemetry
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
  /// Without the pack's name, which is no part of definitions.
  package let settings: CompileSettings
  private let pack: String?
  /// Definitions that may be what is there already: they say more than JSON can, such as `for`.
  package let known: MonitorPack
  /// Whether objects of others are said too when only their texts and tags become different.
  package let adopts: Bool
  /// Downtimes that are over by now are no part of what is there.
  package let time: Timestamp?
  /// What every compilation adds, whatever the pack.
  private let always: [DatadogObjectID: CompiledObject]

  package init(settings: CompileSettings, known: MonitorPack = .default, adopts: Bool = false, at time: Timestamp? = nil) {
    pack = settings.pack
    var settings = settings
    settings.pack = nil
    self.settings = settings
    self.known = known
    self.adopts = adopts
    self.time = time
    let added = PackCompiler(settings: settings).compile(MonitorPack(monitors: [])).objects
    always = Dictionary(added.map { ($0.id, $0) }) { first, _ in first }
  }

  /// - Parameter objects: as Datadog has them.
  package func decompile(_ objects: [StoredObject]) -> Decompilation {
    let own = objects.filter { $0.id == nil || $0.id?.pack == pack }
    let live = LiveObjects(
      own.map { object in
        pack.map { StoredObject(object.kind, number: object.number, PackMark.unmarked(object.json, kind: object.kind, pack: $0)) }
          ?? object
      })
    var draft = PackDraft(known: known)
    var reasons: [String: String] = [:]
    for object in objects where object.id != nil && object.id?.pack != pack {
      reasons[LiveObjects.key(object)] = "belongs to \(object.id?.pack.map { "the pack \($0)" } ?? "the pack without a name")"
    }
    for object in own where object.kind == .service {
      reasons[LiveObjects.key(object)] = "speaks of a whole pack, and of another one than these definitions"
    }
    for object in live.foreign where !adopts || object.kind != .monitor {
      reasons[LiveObjects.key(object)] =
        object.id == nil
        ? "is not ours: it has no \(CompileSettings.identityKey)" : "is one of several that are \(object.id?.description ?? "it")"
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
        live.agree(compile(same))
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

  /// Composites come last, since what they combine decides how they are compiled.
  private func addMonitors(_ live: LiveObjects, _ draft: inout PackDraft, _ reasons: inout [String: String]) {
    let wholes = live.ours.filter { id, json in
      id.kind == .monitor && live.isWhole(json) && always[id].map { live.agree([$0]) } != true
    }
    func isLast(_ id: DatadogObjectID) -> Bool {
      wholes[id]?["type"]?.text == "composite" && live.gatedParts(of: id.name, wholes[id] ?? .null) == nil
    }
    for id in wholes.keys.sorted(by: { (isLast($0) ? 1 : 0, $0) < (isLast($1) ? 1 : 0, $1) }) {
      do {
        if let found = try monitor(id, wholes[id] ?? .null, live, draft) { draft.monitors.append(found) }
      } catch {
        live.keys[id].map { reasons[$0] = error.description }
      }
    }
    // The query of a composite or burn rate is that of what it is made of.
    let names = Set(known.monitors.map(\.definition.name))
    for index in draft.monitors.indices where !names.contains(draft.monitors[index].definition.name) {
      if let query = draft.monitors[index].definition.impliedQuery(in: draft.pack) {
        draft.monitors[index].definition.query = query
      }
    }
  }

  /// The known definition where it is what is there; else the likeliest that compiles to it, or the first one, whose differences are
  /// then the reason.
  private func monitor(
    _ id: DatadogObjectID, _ json: JSONValue, _ live: LiveObjects, _ draft: PackDraft
  ) throws(Unsayable) -> PackedMonitor? {
    let mutes = live.mutes(of: id.name).compactMap { mute in
      DatadogIdentity.id(of: mute, as: .downtime).flatMap { DowntimeText.mute(mute, name: $0.name) }
    }
    func agrees(_ packed: PackedMonitor) -> Bool { live.agree(compile(packed, beside: draft)) }
    if let same = known.monitors.first(where: { $0.definition.name == id.name }) {
      for candidate in [same, same.muted(mutes)] where agrees(candidate) { return candidate }
    }
    let parts = live.gatedParts(of: id.name, json)
    var combination: CompositeExpression?
    if parts == nil, case .composite(let expression)? = json["query"]?.text.flatMap({ try? MonitorQueryParser.parse($0) }) {
      combination = try live.combination(expression)
    }
    let candidates = try MonitorDecompiler(settings: settings).candidates(
      json, name: id.name, signal: parts?.signal, gate: parts?.gate, combination: combination
    )
    // What a reader of the file would refuse is no definition.
    let refusals = candidates.map { $0.definition.lint().first { $0.weight == .error } }
    let sound = zip(candidates, refusals).filter { $0.1 == nil }.map(\.0)
    if sound.isEmpty, let refusal = refusals.compactMap({ $0 }).first {
      throw Unsayable("would be refused as a definition: \(refusal.message)")
    }
    // A mute that is otherwise in Datadog is no reason to give the monitor up.
    return (sound.map { $0.muted(mutes) } + sound).first(where: agrees) ?? sound.first
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
          (candidate, Self.differences(json, compile(candidate, beside: draft).first?.json ?? .null))
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
    while true {
      for (id, reason) in draft.dropUnfounded() { live.keys[id].map { reasons[$0] = reason } }
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
      // Each turn takes something out, so there is an end.
      guard !wrong.isEmpty, draft.drop(wrong) else {
        return Set(compiled.keys.filter { !wrong.contains($0) }.compactMap { live.keys[$0] }).union(draft.adopted)
      }
    }
  }

  private static func differences(_ before: JSONValue, _ after: JSONValue) -> [String] {
    let kind: DatadogObjectKind = DatadogIdentity.kind(of: after) ?? .monitor
    return ObjectChanges.between(before, CanonicalForm.of(after, kind: kind)).map(\.field)
  }

  /// What comes of the pack's own definitions, without what every compilation adds.
  private func compile(_ pack: MonitorPack) -> [CompiledObject] {
    let objects = PackCompiler(settings: settings).compile(pack).objects.filter { always[$0.id] == nil }
    return time.map { objects.withoutPast(at: $0) } ?? objects
  }

  private func compile(_ objective: SLODefinition) -> [CompiledObject] {
    compile(MonitorPack(monitors: [], objectives: [objective]))
  }

  /// What comes of one monitor, which may speak of others.
  private func compile(_ packed: PackedMonitor, beside draft: PackDraft) -> [CompiledObject] {
    let others = draft.monitors.filter { $0.definition.name != packed.definition.name }
    let pack = MonitorPack(monitors: others + [packed], objectives: draft.objectives)
    let objects = MonitorCompiler(settings: settings, pack: pack).compile(packed).objects
    return time.map { objects.withoutPast(at: $0) } ?? objects
  }
}

extension PackedMonitor {
  fileprivate func muted(_ mutes: [MuteWindow]) -> PackedMonitor {
    var muted = self
    muted.definition.mutes = mutes
    return muted
  }
}
