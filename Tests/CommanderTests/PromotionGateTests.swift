// What a version needs before users get it, at every road of a whole commander: a passed replay of exactly this version, or a reason.

import AsyncHTTPClient
import Commander
import Foundation
import Incidents
import LLMMetrics
import LLMTelemetry
import NIOCore
import Remediation
import Storage
import StrictYAML
import Testing

@Suite struct PromotionGateTests {
  private struct Place {
    let folder = FileManager.default.temporaryDirectory.appending(path: "commander-\(UUID().uuidString)").path

    init() throws {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      try Data("set".utf8).write(to: URL(fileURLWithPath: set))
    }

    var set: String { folder + "/INC-1.jsonl" }
    func remove() { try? FileManager.default.removeItem(atPath: folder) }

    func yaml(_ gate: String = "", slos: String = "[]") -> String {
      """
      store: \(folder)
      gateway: {listen: "127.0.0.1:0"}
      console: {listen: "127.0.0.1:0"}
      keys: []
      providers: []
      routes: []
      slos: \(slos)
      prompts:
        - name: rag-answer
          production: "42"
          versions: {"42": Cite., "43": Be bold., "44": Be brief.}
          require_replay: {set: \(set)\(gate)}

      """
    }
  }

  private func post(
    _ path: String, _ body: String, to server: CommanderServer
  ) async throws -> (status: UInt, text: String) {
    var request = HTTPClientRequest(url: "http://\(try await server.consoleAddress())/api/prompts/rag-answer/\(path)")
    request.method = .POST
    request.headers = ["content-type": "application/json"]
    request.body = .bytes(ByteBuffer(string: body))
    let response = try await HTTPClient.shared.execute(request, timeout: .seconds(10))
    return (response.status.code, String(buffer: try await response.body.collect(upTo: 1 << 20)))
  }

  private func result(
    _ place: Place, set: String? = nil, badNow: Int = 1, verdict: String = "better", allowance: Int = 0, ignored: String = ""
  ) -> String {
    """
    {"actor":"dana","result":{"set":"\(set ?? RegressionSet.digest(of: Data("set".utf8)))","name":"INC-1.jsonl","requests":40,"unanswered":0,"badThen":12,\
    "badNow":\(badNow),"verdict":"\(verdict)","allowance":\(allowance),"ignored":[\(ignored)]}}
    """
  }

  private func production(_ server: CommanderServer) async -> String? {
    await server.center.registry.prompts.first?.production
  }

  @Test(.timeLimit(.minutes(2)))
  func withoutAPassedReplayOfThatVersionEveryRoadIsClosed() async throws {
    let place = try Place()
    defer { place.remove() }
    let gate = ", at_most: 0.05, ignore: [refusal]"
    try await NotificationStoryTests.running(place.yaml(gate)) {
      (server: CommanderServer) async throws -> Void in
      for (path, body) in [
        ("promote", #"{"version":"43"}"#), ("canary", #"{"version":"43","share":"10%"}"#),
        ("promote", #"{"version":"43","evidence":"it was fine"}"#), ("promote", #"{"version":"43","overrideFreeze":"why not"}"#),
      ] {
        let refused = try await post(path, body, to: server)
        #expect(refused.status == 409 && refused.text.contains("version 43 of rag-answer needs a passed replay"), "\(refused)")
        #expect(refused.text.contains("it was not replayed with") && refused.text.contains("--require-replay"))
      }
      await #expect(throws: CommandRefusal.self) {
        try await server.center.promote(prompt: "rag-answer", version: "43", actor: "dana", now: .now())
      }
      // Another version's, another set's, one that failed, one that closed an eye: none of them is it.
      for (version, body, why) in [
        ("44", result(place), "it was not replayed"),
        ("43", result(place, set: String(repeating: "0", count: 64)), "it was not replayed"),
        ("43", result(place, badNow: 13, verdict: "worse"), "its replay was not passed: INC-1.jsonl: worse"),
        ("43", result(place, badNow: 3), "at most 5 % may be"), ("43", result(place, verdict: "undecided"), "undecided"),
        ("43", result(place, allowance: 2), "let 2 answers get worse, and 0 are allowed"),
        ("43", result(place, ignored: #""ungrounded""#), "did not count ungrounded"),
      ] {
        #expect(try await post("versions/\(version)/replays", body, to: server).status == 200)
        let refused = try await post("promote", #"{"version":"43"}"#, to: server)
        #expect(refused.status == 409 && refused.text.contains(why), "\(why): \(refused.text)")
      }
      #expect(await production(server) == "42")
      #expect(try await post("versions/43/replays", result(place, ignored: #""refusal""#), to: server).status == 200)
      #expect(try await post("canary", #"{"version":"43","share":"10%"}"#, to: server).status == 200)
      #expect(try await post("promote", #"{"version":"43"}"#, to: server).status == 200)
      #expect(await production(server) == "43")
      // Back is never held up, nor are other labels.
      #expect(try await post("promote", #"{"version":"44","label":"staging"}"#, to: server).status == 200)
      #expect(try await post("rollback", "{}", to: server).status == 200)
    }
    // After a restart the ledger says what was passed.
    try await NotificationStoryTests.running(place.yaml(gate)) { (server: CommanderServer) async throws -> Void in
      let answer = try await post("canary", #"{"version":"43","share":"50%"}"#, to: server)
      #expect(answer.status == 200)
    }
    // The set became another one: what was passed before is another question's answer.
    try Data("another set".utf8).write(to: URL(fileURLWithPath: place.set))
    try await NotificationStoryTests.running(place.yaml(gate)) { (server: CommanderServer) async throws -> Void in
      let answer = try await post("canary", #"{"version":"43","share":"90%"}"#, to: server)
      #expect(answer.status == 409 && answer.text.contains("it was not replayed"))
    }
  }

  @Test(.timeLimit(.minutes(2)))
  func aPersonMayOverrideWithAReasonWhereThatIsAllowed() async throws {
    let place = try Place()
    defer { place.remove() }
    try await NotificationStoryTests.running(place.yaml(", override: never")) { (server: CommanderServer) async throws -> Void in
      let refused = try await post("promote", #"{"version":"43","actor":"dana","overrideReplay":"in a hurry"}"#, to: server)
      #expect(refused.status == 409 && refused.text.contains("override: never"))
      let closed = try await post("promote", #"{"version":"43"}"#, to: server)
      #expect(closed.status == 409 && !closed.text.contains("--override-replay"))
    }
    try await NotificationStoryTests.running(place.yaml()) { (server: CommanderServer) async throws -> Void in
      #expect(try await post("promote", #"{"version":"43"}"#, to: server).text.contains("--override-replay REASON"))
      #expect(try await post("promote", #"{"version":"43","overrideReplay":"  "}"#, to: server).status == 409)
      #expect(
        try await post("promote", #"{"version":"43","actor":"dana","overrideReplay":"security fix"}"#, to: server).status == 200)
      #expect(await production(server) == "43")
    }
    let records = try Ledger(path: place.folder + "/ledger.sqlite").entries().compactMap { entry in
      if case .promotion(let record) = entry { record } else { nil }
    }
    guard records.count == 1, case .replayOverridden(let override) = records[0].event else {
      Issue.record("not one override: \(records)")
      return
    }
    #expect(records[0].actor == "dana" && records[0].version == "43" && override.reason == "security fix")
    #expect(override.missing.hasPrefix("it was not replayed with"))
  }

  /// The same roads, closed by a budget: here nobody asks for a replay, and there is nothing left of the objective's.
  @Test(.timeLimit(.minutes(2)))
  func aSpentErrorBudgetClosesTheRoadsToo() async throws {
    let place = try Place()
    defer { place.remove() }
    let slos =
      "[{name: availability, title: Requests succeed, meaning: x, bad: {metric: llm.errors}, of: {metric: llm.requests}, target: 99, timeframe: 7d, when_spent: freeze_promotions}]"
    let yaml = place.yaml(slos: slos).replacing("    require_replay: {set: \(place.set)}\n", with: "")
    let at = Timestamp.now().floored(to: Rollup.width) - .seconds(600)
    let store = try TelemetryStore(path: place.folder + "/telemetry.sqlite")
    try store.append(rollups: [
      Rollup(
        start: at,
        series: [
          SeriesKey(metric: MetricCatalogue.requests.name, tags: TagSet(["route": "answer"])): .count(1_000),
          SeriesKey(metric: MetricCatalogue.errors.name, tags: TagSet(["route": "answer"])): .count(100),
        ])
    ])
    try await NotificationStoryTests.running(yaml) { (server: CommanderServer) async throws -> Void in
      for (path, body) in [("promote", #"{"version":"43"}"#), ("canary", #"{"version":"43","share":"10%"}"#)] {
        let refused = try await post(path, body, to: server)
        #expect(
          refused.status == 409 && refused.text.contains("promotions are frozen while an error budget is spent"), "\(refused)")
      }
      let body = #"{"version":"43","actor":"dana","overrideFreeze":"security fix"}"#
      #expect(try await post("promote", body, to: server).status == 200)
      #expect(try await post("rollback", "{}", to: server).status == 200, "rolling back is never frozen")
    }
  }
}
