// The offline plan: what is new, what differs and where, what is as it should be, and what is not ours to touch.

import Foundation
import Testing

@testable import Datadog

@Suite struct CanonicalPlanTests {
  private let wanted = PackCompiler().compile().objects

  /// What Datadog's API would answer: numbers, defaults, the other word for the type, references by number.
  private func stored(_ objects: [CompiledObject]) -> [JSONValue] {
    let monitors = objects.filter { $0.id.kind == .monitor }
    let numbers = Dictionary(uniqueKeysWithValues: monitors.enumerated().map { ($0.element.id.name, 1_000 + $0.offset) })
    return objects.map { object in
      guard case .object(var members) = object.json else { return object.json }
      switch object.id.kind {
      case .monitor:
        members["id"] = .number(Double(numbers[object.id.name] ?? 0))
        members["overall_state"] = .string("OK")
        members["multi"] = .bool(true)
        members["tags"] = .array((members["tags"]?.list ?? []).reversed())
        if members["type"] == .string("query alert") { members["type"] = .string("metric alert") }
        if case .object(var options)? = members["options"] {
          options["new_host_delay"] = .number(300)
          options["silenced"] = .object([:])
          options["include_tags"] = nil
          members["options"] = .object(options)
        }
        var query = members["query"]?.text ?? ""
        for name in numbers.keys.sorted(by: { $0.count > $1.count }) where members["type"] == .string("composite") {
          query = query.replacing("$\(name)", with: String(numbers[name] ?? 0))
        }
        members["query"] = .string(query.replacing("\"slo:", with: "\"0f"))
      case .slo:
        members["id"] = .string("0f\(object.id.name)")
        members["created_at"] = .number(1)
      case .downtime, .service: break
      case .dashboard:
        members["id"] = .string("abc-def-ghi")
        members["url"] = .string("/dashboard/abc")
        members["template_variables"] =
          members["template_variables"]?.list?.isEmpty == true ? .null : members["template_variables"]
      case .downtime, .service: break
      }
      return .object(members)
    }
  }

  @Test func whatDatadogStoredOfOursIsNoChange() {
    let plan = ObjectPlan(wanted: wanted, saved: stored(wanted))
    #expect(plan.isEmpty && plan.steps.count == wanted.count)
    #expect(plan.steps.allSatisfy { $0.action == .unchanged }, "\(plan.steps.filter { $0.action != .unchanged })")
  }

  @Test func anExportIsNoChange() {
    #expect(ObjectPlan(wanted: wanted, saved: wanted.map(\.json)).isEmpty)
  }

  @Test func withoutAStateEverythingIsCreated() {
    let plan = ObjectPlan(wanted: wanted, saved: [])
    #expect(plan.count(.create) == wanted.count)
    // A burn rate names an SLO, which has to be there first.
    #expect(plan.steps.map(\.id.kind) == plan.steps.map(\.id.kind).sorted())
  }

  @Test func aChangeNamesItsField() throws {
    var saved = stored(wanted)
    let index = try #require(wanted.firstIndex { $0.id.name == "commander-lagging" })
    guard case .object(var members) = saved[index], case .object(var options)? = members["options"] else { return }
    options["thresholds"] = .object(["critical": .number(31), "critical_recovery": .number(15)])
    options["evaluation_delay"] = .number(60)
    members["options"] = .object(options)
    saved[index] = .object(members)
    let plan = ObjectPlan(wanted: wanted, saved: saved)
    let step = try #require(plan.steps.first { $0.action == .update })
    #expect(plan.count(.update) == 1 && step.id.name == "commander-lagging")
    #expect(
      step.changes == [
        .init(field: "options.evaluation_delay", before: .number(60), after: nil),
        .init(field: "options.thresholds.critical", before: .number(31), after: .number(30)),
      ])
  }

  @Test func onlyOursIsDeletedAndOnlyWhenAsked() throws {
    let theirs = JSONValue.object(["name": .string("theirs"), "type": .string("query alert"), "query": .string("q")])
    let less = wanted.filter { $0.id.name != "sensitive-data" }
    let saved = wanted.map(\.json) + [theirs]
    let plan = ObjectPlan(wanted: less, saved: saved)
    #expect(plan.count(.delete) == 0 && plan.foreign == 1)
    let pruning = ObjectPlan(wanted: less, saved: saved, pruning: true)
    #expect(pruning.steps.filter { $0.action == .delete }.map(\.id) == [DatadogObjectID(.monitor, "sensitive-data")])
  }

  /// Who takes our mark from a monitor keeps it.
  @Test func whatIsNoLongerOursIsNotDeleted() throws {
    let index = try #require(wanted.firstIndex { $0.id.name == "sensitive-data" })
    guard case .object(var members) = wanted[index].json else { return }
    members["tags"] = .array((members["tags"]?.list ?? []).filter { $0 != .string(CompileSettings.ownership) })
    #expect(DatadogIdentity.id(of: .object(members)) == wanted[index].id && !DatadogIdentity.isOwned(.object(members)))
    let less = wanted.filter { $0.id != wanted[index].id }
    #expect(ObjectPlan(wanted: less, saved: [.object(members)], pruning: true).count(.delete) == 0)
    // While it is wanted it is still found, and gets its mark back.
    let change = try #require(ObjectPlan(wanted: wanted, saved: [.object(members)]).steps.first { $0.action == .update })
    #expect(change.id == wanted[index].id && change.changes.map(\.field) == ["tags"])
    members["tags"] = .strings(["commander_id:one", "commander_id:two"])
    #expect(DatadogIdentity.id(of: .object(members)) == nil)
  }

  /// Somebody cloned a monitor, tags and all: nothing tells which of the two is ours.
  @Test func anIdentityGivenTwiceIsLeftAlone() {
    let plan = ObjectPlan(wanted: wanted, saved: wanted.map(\.json) + [wanted[0].json])
    #expect(plan.ambiguous == [wanted[0].id] && !plan.isEmpty)
    #expect(!plan.steps.contains { $0.id == wanted[0].id })
  }

  // MARK: Files

  @Test func unchangedFilesAreLeftAlone() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "export-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let place = ObjectFolder(path: folder.path)
    let first = ObjectFolder.export(wanted, present: try place.texts())
    #expect(first.new.count == wanted.count)
    try place.write(first, pruning: false)
    let again = ObjectFolder.export(wanted, present: try place.texts())
    #expect(again.unchanged.count == wanted.count && again.texts.isEmpty)

    let less = Array(wanted.dropFirst())
    let file = ObjectFolder.file(of: wanted[0].id)
    let stale = ObjectFolder.export(less, present: try place.texts())
    #expect(stale.stale == [file])
    try place.write(stale, pruning: false)
    #expect(try place.texts()[file] != nil)
    try place.write(stale, pruning: true)
    #expect(try place.texts()[file] == nil && place.texts().count == less.count)
    #expect(ObjectPlan(wanted: less, saved: try place.objects()).isEmpty)
  }

  /// An answer of the API may be saved as it came.
  @Test func savedAnswersMayHoldMany() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "state-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let answers: [(String, JSONValue)] = [
      ("monitors/page.json", .array(stored(wanted.filter { $0.id.kind == .monitor }))),
      ("slos/all.json", .object(["data": .array(stored(wanted.filter { $0.id.kind == .slo })), "errors": .null])),
    ]
    for (file, json) in answers {
      let place = folder.appending(path: file)
      try FileManager.default.createDirectory(at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(ObjectText.text(of: json).utf8).write(to: place)
    }
    let plan = ObjectPlan(wanted: wanted, saved: try ObjectFolder(path: folder.path).objects())
    #expect(plan.count(.unchanged) == wanted.count { $0.id.kind == .monitor || $0.id.kind == .slo })
    #expect(plan.count(.create) == wanted.count - plan.count(.unchanged) && plan.count(.update) == 0)
    try Data("{\"errors\": [\"Forbidden\"]}".utf8).write(to: folder.appending(path: "slos/all.json"))
    #expect(throws: ObjectFolder.Unreadable.self) { try ObjectFolder(path: folder.path).objects() }
  }

  /// Read again, a file is the object it was written from.
  @Test func textsAreTheObject() throws {
    for object in wanted {
      let read = try JSONDecoder().decode(JSONValue.self, from: Data(ObjectText.text(of: object.json).utf8))
      #expect(read == object.json)
    }
    let odd = JSONValue.object(["a\"\\\n\u{1}\u{7f}é🙂": .array([.null, .number(-0.5), .number(1e20), .object([:]), .array([])])])
    #expect(try JSONDecoder().decode(JSONValue.self, from: Data(ObjectText.text(of: odd).utf8)) == odd)
  }
}
