// Pulling from Datadog: what an export wrote comes back as it was, as definitions and as JSON; what cannot be said stays, with a reason.

import Foundation
import LLMMetrics
import Monitors
import Testing

@testable import Datadog

@Suite struct PullTests {
  private let settings = CompileSettings()
  private let wanted = PackCompiler().compile().objects

  private func live(_ objects: [CompiledObject], _ stub: DatadogStub = DatadogStub()) async throws -> [StoredObject] {
    let report = try await ApplyRunner(stub).apply(objects)
    #expect(report.isComplete, "\(report.results.filter { $0.outcome != .created }.map(\.line))")
    let objects = try stub.objects()
    var all: [StoredObject] = []
    for kind in DatadogObjectKind.allCases { all += try await objects.all(kind) }
    return all
  }

  private func texts(_ objects: [CompiledObject]) -> [String: String] {
    Dictionary(uniqueKeysWithValues: objects.map { (ObjectFolder.file(of: $0.id), ObjectText.text(of: $0.json)) })
  }

  @Test func exportApplyPullIsTheExport() async throws {
    let pulled = PullFolder.json(try await live(wanted), wanted: wanted)
    #expect(pulled.texts == texts(wanted))
    let export = pulled.export(present: texts(wanted))
    #expect(export.new.isEmpty && export.changed.isEmpty && export.stale.isEmpty && export.unchanged.count == wanted.count)
  }

  /// Without any knowledge of what was compiled: the definitions are read out of Datadog's JSON alone.
  @Test func definitionsAreReadFromJSONAlone() async throws {
    let decompiler = PackDecompiler(settings: settings, known: MonitorPack(monitors: []))
    let found = decompiler.decompile(try await live(wanted))
    let raw = found.raw.map { "\($0.object.title): \($0.reason)" }
    #expect(found.raw.count * 10 < wanted.count, "\(raw)")
    // Compiled again, what was said is byte for byte what was exported.
    let again = texts(PackCompiler().compile(found.pack).objects.filter { $0.id.kind != .service })
    let exported = texts(wanted)
    for (file, text) in again { #expect(exported[file] == text, "\(file)") }
    #expect(again.count + found.raw.count >= wanted.count { $0.id.kind != .service }, "\(raw)")
    #expect(Set(found.pack.objectives.map(\.name)) == Set(MonitorPack.default.objectives.map(\.name)))
    #expect(Set(found.pack.dashboards) == Set(MonitorPack.default.dashboards), "\(raw)")
  }

  /// What JSON cannot say, such as `for`, is kept from the definitions that are at hand.
  @Test func knownDefinitionsAreKept() async throws {
    let found = PackDecompiler(settings: settings).decompile(try await live(wanted))
    #expect(found.raw.isEmpty, "\(found.raw.map { "\($0.object.title): \($0.reason)" })")
    #expect(Set(found.pack.monitors) == Set(MonitorPack.default.monitors))
    #expect(Set(found.pack.objectives) == Set(MonitorPack.default.objectives))
    #expect(texts(PackCompiler().compile(found.pack).objects) == texts(wanted))
  }

  @Test func settingsAreNoPartOfDefinitions() async throws {
    var settings = settings
    settings.team = "search"
    settings.everybody = ["@slack-search"]
    settings.scope = ["env": "prod"]
    settings.runbooks = "https://runbooks.example/"
    settings.tags = ["cost_center:7"]
    let wanted = PackCompiler(settings: settings).compile().objects
    let found = PackDecompiler(settings: settings, known: MonitorPack(monitors: [])).decompile(try await live(wanted))
    #expect(found.raw.count * 10 < wanted.count, "\(found.raw.map { "\($0.object.title): \($0.reason)" })")
    for monitor in found.pack.monitors {
      #expect(
        monitor.owner == nil && monitor.runbook == nil && monitor.notify.isEmpty && monitor.tags.isEmpty,
        "\(monitor.definition.name)")
    }
  }

  /// A threshold that somebody raised in Datadog is in the definition that is pulled.
  @Test func aChangeInDatadogBecomesADefinition() async throws {
    let stub = DatadogStub()
    _ = try await live(wanted, stub)
    stub.edit(.monitor, where: { DatadogIdentity.id(of: $0)?.name == "commander-lagging" }) { members in
      members["query"] = .string((members["query"]?.text ?? "").replacing("> 30", with: "> 45"))
      var options = members["options"]?.members ?? [:]
      options["thresholds"] = .object(["critical": .number(45), "critical_recovery": .number(15)])
      members["options"] = .object(options)
      members["message"] = .string((members["message"]?.text ?? "").replacing("30 s", with: "45 s"))
    }
    let objects = try stub.objects()
    let found = PackDecompiler(settings: settings).decompile(try await objects.all(.monitor))
    let monitor = try #require(found.pack.monitors.first { $0.definition.name == "commander-lagging" })
    #expect(monitor.definition.threshold.critical == 45)
  }

  @Test func whatCannotBeSaidStaysWithAReason() async throws {
    let stub = DatadogStub()
    for (name, query, type) in [
      ("cpu", "avg(last_5m):avg:system.cpu.user{*} > 90", "query alert"),
      ("logs", #"logs("status:error").index("*").rollup("count").last("5m") > 2"#, "log alert"),
      ("weird", "sum(last_5m):sum:llm.errors{*}.as_count().rollup(sum, 60) > 3", "query alert"),
    ] {
      stub.add(.monitor, SmallPack.monitor(name, type: type, query: query, critical: 3).json)
    }
    let theirs = stub.add(
      .monitor,
      .object([
        "name": .string("Theirs"), "type": .string("query alert"),
        "query": .string("sum(last_5m):sum:llm.errors{*}.as_count() > 3"),
      ]))
    let objects = try await stub.objects().all(.monitor)
    let folder = PullFolder.definitions(objects, decompiler: PackDecompiler(settings: settings)) {
      "\($0.monitors.count) monitors\n"
    }
    #expect(folder.texts[PullFolder.packFile] == "0 monitors\n")
    let reasons = Dictionary(uniqueKeysWithValues: folder.raw.map { ($0.title, $0.reason) })
    #expect(reasons["The cpu"] == "system.cpu.user is not in the catalogue")
    #expect(reasons["The logs"]?.contains("logs") == true && reasons["The weird"]?.contains("rollup") == true)
    #expect(reasons["Theirs"]?.hasPrefix("is not ours") == true)
    #expect(folder.texts["monitors/cpu.json"] != nil)
    let file = try #require(folder.texts["monitors/other-\(StoredObject.number(of: theirs) ?? "").json"])
    #expect(file.contains("\"Theirs\""))
    // What was kept as JSON is in a plan against that folder what it was in Datadog.
    let saved = try folder.texts.filter { $0.key.hasSuffix(".json") }.values.map {
      try JSONDecoder().decode(JSONValue.self, from: Data($0.utf8))
    }
    #expect(ObjectPlan(wanted: [], saved: saved).foreign == 1)
  }

  /// With consent, somebody's monitor on our metrics becomes a definition, and it is said what changes.
  @Test func othersAreAdoptedWhenAsked() async throws {
    let stub = DatadogStub()
    stub.add(
      .monitor,
      .object([
        "name": .string("Too many errors!"), "type": .string("metric alert"),
        "message": .string("{{#is_alert}}Look at it{{/is_alert}} @slack-llm"),
        "query": .string("sum(last_5m):sum:llm.errors{env:prod} by {route}.as_count() > 3"), "tags": .strings(["env:prod"]),
        "priority": .number(2),
        "options": .object([
          "thresholds": .object(["critical": .number(3)]), "require_full_window": .bool(false), "renotify_interval": .number(120),
          "renotify_statuses": .strings(["alert"]),
        ]),
      ]))
    let objects = try await stub.objects().all(.monitor)
    let found = PackDecompiler(settings: settings, known: MonitorPack(monitors: []), adopts: true).decompile(objects)
    let monitor = try #require(found.pack.monitors.first, "\(found.raw.map(\.reason))")
    #expect(monitor.definition.name == "too-many-errors" && monitor.meaning == "Look at it" && monitor.notify == ["@slack-llm"])
    #expect(monitor.definition.query.description == #"sum(llm.errors{env="prod"})"# && monitor.definition.groupBy == ["route"])
    #expect(found.raw.isEmpty && found.notes.count == 1 && found.notes[0].contains("message, tags will differ"))
  }
}
