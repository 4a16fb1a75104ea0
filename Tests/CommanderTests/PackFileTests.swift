// Pack files: what stands on what, and every mistake at once with its place and remedy.

import Foundation
import LLMMetrics
import LLMTelemetry
import Monitors
import StrictYAML
import TestSeries
import Testing

@testable import Commander

@Suite struct PackFileTests {
  private func problems(_ text: String, file: String = "pack.yaml") -> [String] {
    do {
      _ = try PackFile.parse(text, file: file)
      return []
    } catch { return error.problems.map(\.description) }
  }

  private static let monitor = "{name: m, title: T, severity: SEV-2, query: sum(llm.errors), window: 5m, above: 5}"

  /// Text, line:column, and what the message holds.
  private static let mistakes: [(String, String, String)] = [
    ("monitor: []", "1:1", "did you mean `monitors`?"),
    (
      "monitors:\n  - {name: m, title: T, severity: SEV-2, query: sum(llm.errors), window: 5m, abov: 5}", "2:78",
      "did you mean `above`?"
    ),
    (
      "monitors:\n  - {name: m, title: T, severity: SEV-2, query: sum(llm.errors), window: 5m}", "2:5",
      "exactly one of `above` and `below`"
    ),
    ("monitors:\n  - {name: m, title: T, severity: high, query: sum(llm.errors), window: 5m, above: 1}", "2:35", "SEV-1, SEV-2"),
    (
      "monitors: [{name: m, title: T, severity: SEV-2, query: sum(llm.requests), window: 5m, above: 5, change: {shift: 1d}, absence: true}]",
      "1:12", "`change` and `absence`; keep one"
    ),
    (
      "monitors: [{name: m, title: T, severity: SEV-2, query: p95(llm.request.duration), window: 5m, above: 5, outlier: {}}]",
      "1:12", "`group_by`"
    ),
    (
      "monitors: [{name: m, title: T, severity: SEV-2, burn_rate: {slo: availabilty}, window: 1h, above: 5}]\nslos: [{name: availability, title: A, good: {metric: llm.requests}, of: {metric: llm.requests}, target: 99}]",
      "1:66", "did you mean \"availability\"?"
    ),
    ("monitors: [{name: m, title: T, severity: SEV-2, composite: a &}]", "1:60", "composite column 3"),
    (
      "monitors: [{name: m, title: T, severity: SEV-2, composite: m2 && x}, {name: m2, title: T, severity: SEV-2, query: sum(llm.errors), window: 5m, above: 5}]",
      "1:60", "no monitor \"x\""
    ),
    (
      "monitors: [{name: m, title: T, severity: SEV-2, composite: n || n}, {name: n, title: T, severity: SEV-2, composite: m || m}]",
      "1:60", "part of itself"
    ),
    (
      "monitors: [{name: m, title: T, severity: SEV-2, query: sum(llm.errors), window: 5m, above: 5, runbook: wiki}]", "1:104",
      "https://"
    ),
    (
      "monitors: [{name: m, title: T, severity: SEV-2, query: sum(llm.errors), window: 5m, above: 5, tags: [search]}]", "1:102",
      "key:value"
    ),
    (
      "monitors: [{name: m, title: T, severity: SEV-2, query: sum(llm.errors), window: 5m, above: 5, mutes: [{from: 2026-11-24T10:00:00Z, to: 2026-11-24T09:00:00Z}]}]",
      "1:103", "ends after it begins"
    ),
    ("monitors: [\(monitor), \(monitor)]", "1:96", "defined twice"),
    (
      "slos: [{name: s, title: S, target: 99, good: {metric: llm.requsts}, of: {metric: llm.requests}}]", "1:55",
      "did you mean \"llm.requests\"?"
    ),
    (
      "slos: [{name: s, title: S, target: 99, good: {metric: llm.requests, where: [{tag: rout, is: [a]}]}, of: {metric: llm.requests}}]",
      "1:83", "did you mean \"route\"?"
    ),
    (
      "slos: [{name: s, title: S, target: 99, good: {metric: llm.requests, at_most: 3}, of: {metric: llm.requests}}]", "1:78",
      "for distributions"
    ),
    ("slos: [{name: s, title: S, target: 100, slice: {query: sum(llm.cost), below: 1}}]", "1:36", "between 0 and 100"),
    ("slos: [{name: s, title: S, target: .995, slice: {query: sum(llm.cost), below: 1}}]", "1:36", "write 99.5"),
    (
      "slos: [{name: s, title: S, target: 90, slice: {query: sum(llm.cost), below: 1}, burn_rates: [{factor: 14.4, long_window: 1h, short_window: 5m, severity: SEV-2}]}]",
      "1:103", "cannot happen"
    ),
    ("slos: [{name: s, title: S, target: 99, monitors: [nothing]}]", "1:51", "no monitor \"nothing\""),
    ("slos: [{name: s, title: S, target: 99}]", "1:8", "exactly one of `good`"),
    ("dashboards: [{name: d, title: D, variables: [rout], sections: []}]", "1:46", "did you mean \"route\"?"),
    ("dashboards: [{name: d, title: D, sections: [{title: S, widgets: [{title: W}]}]}]", "1:66", "exactly one of `series`"),
    (
      "dashboards: [{name: d, title: D, sections: [{title: S, widgets: [{title: W, note: x, limit: 3}]}]}]", "1:93",
      "`limit` belongs to"
    ),
    (
      "dashboards: [{name: d, title: D, sections: [{title: S, widgets: [{title: W, top: {name: x, query: sum(llm.requests)}}]}]}]",
      "1:82", "`by`"
    ),
    (
      "dashboards: [{name: d, title: D, sections: [{title: S, widgets: [{title: W, top: {name: x, query: sum(llm.requests), by: [modell]}}]}]}]",
      "1:123", "did you mean \"model\"?"
    ),
    ("overrides: [{name: m, above: 3}]", "1:20", "no monitor \"m\" to override"),
    ("packs: [defalt]", "1:9", "did you mean `default`?"),
    ("packs: [default]\noverrides: [{name: answers-slwo, above: 3}]", "2:20", "did you mean \"answers-slow\"?"),
  ]

  @Test(arguments: mistakes.indices)
  func everyMistakeHasAPlaceAndARemedy(index: Int) {
    let (text, place, message) = Self.mistakes[index]
    let found = problems(text)
    #expect(found.contains { $0.hasPrefix("pack.yaml:\(place): ") && $0.contains(message) }, "\(found)")
  }

  @Test func allMistakesComeAtOnce() {
    let text = """
      monitors:
        - {name: a, severity: SEV-9, query: sum(llm.erors), window: 7s, above: 5, tags: [x]}
        - {name: b, title: B, severity: SEV-1, query: sum(llm.errors), window: 5m, above: x, steps: word}
      slos: [{name: s}]
      dashboards: {}
      """
    let found = problems(text)
    #expect(found.count >= 10, "\(found)")
    #expect(Set(found.map { $0.split(separator: ":")[1] }) == ["2", "3", "4", "5"])
  }

  @Test func whatKindsDoNotNeedIsLeftOut() throws {
    let pack = try PackFile.parse(
      """
      slos: [{name: up, title: Up, good: {metric: llm.requests, where: [{tag: error_class, absent: true}]}, of: {metric: llm.requests}, target: 99}]
      monitors:
        - {name: burn, title: B, severity: SEV-2, burn_rate: {slo: up}, window: 1h, above: 14.4}
        - {name: both, title: B, severity: SEV-2, composite: burn && deploys}
        - {name: deploys, title: D, severity: SEV-4, events: {kind: deploy}, window: 10m, above: 0}
      """, file: "pack.yaml")
    let burn = try #require(pack.monitors.first?.definition)
    #expect(burn.kind == .burnRate(.init(objective: "up", shortWindow: .seconds(300))))
    #expect(burn.query.description == "sum(llm.errors) / sum(llm.requests)")
    let both = pack.monitors[1].definition
    #expect(both.threshold == Threshold(.above, critical: 0.5) && both.query == burn.query)
    #expect(pack.objectives[0].burnRates == [.fast, .slow])
    #expect(pack.allMonitors.map(\.definition.name) == ["burn", "both", "deploys", "slo-up-burn-1h", "slo-up-burn-6h"])
  }

  /// By name: a whole definition replaces, an override changes what it names, and may take out.
  @Test func aPackIsChangedByName() throws {
    let pack = try PackFile.parse(
      """
      packs: [default]
      monitors:
        - {name: requests-failing, title: Own, severity: SEV-4, query: sum(llm.errors), window: 5m, above: 5}
      overrides:
        - {name: answers-slow, above: 12, recovery: 8, owner: search}
        - {name: first-token-slow, above: 3}
        - {name: tokens-slow, remove: true}
      """, file: "pack.yaml")
    let byName = Dictionary(uniqueKeysWithValues: pack.monitors.map { ($0.definition.name, $0) })
    let original = Dictionary(uniqueKeysWithValues: MonitorPack.default.monitors.map { ($0.definition.name, $0) })
    #expect(pack.monitors.count == MonitorPack.default.monitors.count - 1 && byName["tokens-slow"] == nil)
    #expect(byName["requests-failing"]?.definition.title == "Own" && byName["requests-failing"]?.meaning.isEmpty == true)
    var slow = try #require(original["answers-slow"])
    slow.definition.threshold = Threshold(.above, critical: 12, recovery: 8)
    slow.owner = "search"
    #expect(byName["answers-slow"] == slow)
    // The pack's recovery at 4 would lie above the new threshold.
    #expect(byName["first-token-slow"]?.definition.threshold == Threshold(.above, critical: 3))
    #expect(pack.objectives == MonitorPack.default.objectives && pack.dashboards == MonitorPack.default.dashboards)
  }

  @Test func packsAreFilesRelativeToTheOneThatNamesThem() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "packs-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder.appending(path: "teams"), withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    func write(_ name: String, _ text: String) throws {
      try text.write(to: folder.appending(path: name), atomically: true, encoding: .utf8)
    }
    try write("all.yaml", "packs: [teams/search.yaml]\nmonitors: [\(Self.monitor)]\n")
    try write("teams/search.yaml", "packs: [base.yaml]\nmonitors: [\(Self.monitor.replacing("name: m", with: "name: search"))]\n")
    try write("teams/base.yaml", "monitors: [\(Self.monitor.replacing("name: m", with: "name: base"))]\n")
    let path = folder.appending(path: "all.yaml").path
    #expect(try PackFile.load(path: path).monitors.map(\.definition.name) == ["base", "search", "m"])
    // A mistake in an included file is reported there; a circle is no pack.
    try write("teams/base.yaml", "packs: [../all.yaml]\nmonitors: [{name: base}]\n")
    do {
      _ = try PackFile.load(path: path)
      Issue.record("it was read")
    } catch {
      #expect(error.problems.contains { $0.file.hasSuffix("teams/base.yaml") && $0.line == 2 })
      #expect(error.problems.contains { $0.message.contains("includes itself") })
    }
  }

  /// Of a configuration only these sections are looked at, so that a pack can be tested without its credentials.
  @Test func aConfigurationIsAPackToo() throws {
    let pack = try PackFile.parse(
      "gateway: {listen: nonsense}\nplaybooks: [{name: p}]\npacks: [default]\nmonitors: [\(Self.monitor)]\n",
      file: "commander.yaml")
    #expect(pack.monitors.count == MonitorPack.default.monitors.count + 1)
    // The default pack proposes what there is.
    #expect(Set(pack.monitors.flatMap(\.definition.playbooks)).isSubset(of: ["p"]))
    #expect(
      problems("keys: []\nmonitors: [\(Self.monitor.replacing("above: 5", with: "above: 5, playbooks: [q]"))]\n").first?
        .contains("no playbook \"q\"") == true)
  }

  /// Whatever is in a file, it is read or refused in words.
  @Test(arguments: 0..<200)
  func damageIsRefusedInWords(seed: UInt64) {
    var random = SplitMix(state: seed)
    var bytes = Array(MonitorPack.default.yamlText.utf8.prefix(4_000))
    for _ in 0..<Int.random(in: 1...6, using: &random) {
      let place = Int.random(in: 0..<bytes.count, using: &random)
      switch Int.random(in: 0...2, using: &random) {
      case 0: bytes.remove(at: place)
      case 1: bytes[place] = UInt8.random(in: 9...126, using: &random)
      default: bytes.insert(contentsOf: bytes[place..<min(place + 20, bytes.count)], at: place)
      }
    }
    for problem in problems(String(decoding: bytes, as: UTF8.self)) {
      #expect(problem.count > 15 && !problem.contains("Error("), "\(problem)")
    }
  }
}
