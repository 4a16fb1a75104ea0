// What is remembered of an apply: lines that survive a cut, and what differs in Datadog from them.

import Foundation
import Testing

@testable import Datadog

@Suite struct ApplyStateTests {
  private let id = DatadogObjectID(.monitor, "plain")
  private let entry = ApplyState.Entry(number: "7", sent: .object(["a": .string("x \"\n y")]), kept: .object(["a": .number(1)]))

  private func file() -> ApplyStateFile {
    ApplyStateFile(path: FileManager.default.temporaryDirectory.appending(path: "state-\(UUID().uuidString).jsonl").path)
  }

  @Test func textsAreReadBack() throws {
    let state = ApplyState(
      site: "datadoghq.eu", entries: [id: entry, .init(.slo, "a"): .init(number: "0f", sent: .null, kept: .null)])
    #expect(try ApplyState(text: state.text, file: "f") == state)
    #expect(state.text.split(separator: "\n").count == 3)
  }

  @Test func linesThatAreAddedCount() throws {
    let file = file()
    defer { try? FileManager.default.removeItem(atPath: file.path) }
    #expect(try file.load(site: "datadoghq.com").entries.isEmpty)
    try file.write(ApplyState(site: "datadoghq.com", entries: [id: entry]))
    var changed = entry
    changed.number = "8"
    try file.append(id, changed)
    try file.append(.init(.slo, "new"), entry)
    #expect(try file.load(site: "datadoghq.com").numbers == [id: "8", .init(.slo, "new"): "7"])
    try file.append(id, nil)
    #expect(try file.load(site: "datadoghq.com").entries[id] == nil)
    // The program ended while it wrote.
    let whole = try String(contentsOfFile: file.path, encoding: .utf8)
    try Data((whole + #"{"kind":"monitor","na"#).utf8).write(to: URL(filePath: file.path))
    #expect(try file.load(site: "datadoghq.com").entries.count == 1)
    #expect(throws: ApplyState.Unreadable.self) { try file.load(site: "datadoghq.eu") }
  }

  @Test(arguments: [
    ("", "f:1: no state"), ("{}\n", "f:1: no state"),
    ("{\"commander_datadog_state\":1,\"site\":\"s\"}\nnonsense\n", "f:2: not readable; delete the line"),
  ])
  func whatIsNoStateIsSaid(text: String, words: String) {
    do {
      _ = try ApplyState(text: text, file: "f")
      Issue.record("was read")
    } catch {
      #expect(error.description.hasPrefix(words))
    }
  }

  @Test func noKeyIsRemembered() async throws {
    let runner = ApplyRunner(DatadogStub())
    try await runner.apply(SmallPack.objects)
    let text = runner.state.withLock { $0.text }
    #expect(!text.contains("key-of-tests"))
    #expect(try ApplyState(text: text, file: "f") == runner.state.withLock { $0 })
  }

  // MARK: Drift

  @Test func driftIsWhatSomebodyDid() async throws {
    let runner = ApplyRunner(DatadogStub())
    try await runner.apply(SmallPack.objects)
    func drift() async throws -> DriftReport {
      let state = runner.state.withLock { $0 }
      return DriftReport(live: try await runner.stub.objects().live(and: state), state: state)
    }
    #expect(try await drift().isEmpty)
    runner.stub.edit(.monitor, where: { DatadogIdentity.id(of: $0)?.name == "burn" }) { $0["priority"] = .number(1) }
    // Without its identity it is still what was applied.
    runner.stub.edit(.monitor, where: { DatadogIdentity.id(of: $0)?.name == "another" }) { $0["tags"] = .strings(["team:llm"]) }
    runner.stub.remove(.dashboard) { _ in true }
    runner.stub.add(.slo, SmallPack.slo("stray").json)
    let report = try await drift()
    let states = Dictionary(uniqueKeysWithValues: report.entries.map { ($0.id.name, $0.state) })
    #expect(
      states == [
        "burn": .changed, "another": .changed, "board": .deleted, "stray": .unknown, "plain": .unchanged, "both": .unchanged,
        "availability": .unchanged, "of-monitors": .unchanged,
      ])
    #expect(report.text.contains("priority: 2 -> 1"))
    #expect(report.sentence == "2 changed in Datadog since they were applied, 1 deleted, 1 not known to the state, 4 as applied.")
    let json = try JSONDecoder().decode(JSONValue.self, from: Data(report.json.utf8))
    #expect(json["summary"]?["changed"] == .number(2))
  }
}
