// The judge end to end: a whole server, a simulated provider, real HTTP. It asks over the gateway, and the users' figures know nothing of it.

import AsyncHTTPClient
import Foundation
import Gateway
import Hummingbird
import LLMMetrics
import LLMTelemetry
import Logging
import Monitors
import NIOCore
import Remediation
import SemanticRisk
import ServiceLifecycle
import Simulation
import Storage
import Testing

@testable import Commander

@Suite(.timeLimit(.minutes(2))) struct JudgeServerTests {
  private static let userKey = VirtualKeyHash.makeKey()
  private static let judgeKey = VirtualKeyHash.makeKey()
  private static let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  /// What the server under test is asked, and the folder it leaves.
  private struct Running {
    let server: CommanderServer
    let simulator: ProviderSimulator
    let console: String

    func ask(_ index: Int, secret: String = "") async throws {
      var request = HTTPClientRequest(url: "http://\(server.gatewayAddress)/v1/chat/completions")
      request.method = .POST
      request.headers = ["authorization": "Bearer \(JudgeServerTests.userKey)", "content-type": "application/json"]
      let evidence =
        "[1] Customers may return any unused item within 30 days of delivery for a full refund \(secret). Refunds are issued to the original payment method within 5 business days.\\nQuestion: When are refunds issued, number \(index)?"
      request.body = .bytes(
        ByteBuffer(string: #"{"model":"gpt-4o-mini","messages":[{"role":"user","content":"\#(evidence)"}]}"#))
      let response = try await HTTPClient.shared.execute(request, timeout: .seconds(20))
      _ = try await response.body.collect(upTo: 1 << 20)
      #expect(response.status == .ok)
    }

    func text(_ path: String) async throws -> String {
      let response = try await HTTPClient.shared.execute(HTTPClientRequest(url: console + path), timeout: .seconds(10))
      return String(buffer: try await response.body.collect(upTo: 4 << 20))
    }

    struct Judge: Decodable {
      struct Comparison: Decodable {
        let scorer: String
        let verdicts: Int
        let isEnough: Bool
        let onlyJudge: Int
      }
      struct Disagreement: Decodable {
        let trace, reason: String
        let score, judgeScore: Double
      }
      let isConfigured: Bool
      let verdictsSinceStart: Int?
      let unanswered: [String: Int]?
      let problem: String?
      let pausedUntil: String?
      let comparisons: [Comparison]?
      let disagreements: [Disagreement]?
    }

    func judge() async throws -> Judge {
      try JSONDecoder().decode(Judge.self, from: Data(try await text("/api/judge.json").utf8))
    }

    /// Asks until it is so; the suite's time limit ends a wait for what never comes.
    func judge(until isSo: (Judge) -> Bool) async throws -> Judge {
      while true {
        let judge = try await judge()
        if isSo(judge) { return judge }
        try await Task.sleep(for: .milliseconds(20))
      }
    }
  }

  /// What a finished run left in its store.
  private struct Left {
    let spans: [LLMSpan]
    /// Every count of the store by metric and tags, and how many samples its distributions have.
    let counts: [String: Int64]
    let bytes: String
    let cost: String
    /// Events that count for each objective.
    let objectives: [String]
  }

  private func run(
    judge: Bool, answer: String, budget: String = "{usd: 1}", capture: String = "redacted", folder existing: URL? = nil,
    _ body: (Running) async throws -> Void
  ) async throws -> Left {
    var verdict = FaultRule.Effect()
    verdict.answer = answer
    let simulator = ProviderSimulator(
      faults: [FaultRule(name: "judge", condition: .init(systemContains: "You judge one answer"), effect: verdict)])
    let (ports, listening) = AsyncStream.makeStream(of: Int.self)
    let application = simulator.application(logger: Self.silent) { listening.yield($0) }
    let simulating = Task { try await application.run() }
    defer { simulating.cancel() }
    var iterator = ports.makeAsyncIterator()
    let port = try #require(await iterator.next())
    let folder = existing ?? FileManager.default.temporaryDirectory.appending(path: "judge-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { if existing == nil { try? FileManager.default.removeItem(at: folder) } }
    let section =
      judge ? "judge: {model: gpt-4o, key: judge, secret: {environment: JUDGE_KEY}, share: 1, per_minute: 600}" : ""
    let configuration = try CommanderConfiguration.parse(
      """
      store: \(folder.path)
      capture: \(capture)
      gateway: {listen: "127.0.0.1:0"}
      console: {listen: "127.0.0.1:0"}
      keys:
        - {name: app, sha256: \(VirtualKeyHash.sha256(of: Self.userKey)), tenant: acme}
        - {name: judge, sha256: \(VirtualKeyHash.sha256(of: Self.judgeKey))}
      providers:
        - {name: openai, protocol: openai, base_url: "http://127.0.0.1:\(port)", credential: {environment: CREDENTIAL}}
      routes: [{name: chat, models: [gpt-*], provider: openai}]
      budgets: [{name: judging, scope: {key: judge}, limit: \(budget), period: day}]
      packs: [default]
      \(section)

      """, file: "c.yaml", environment: ["CREDENTIAL": "sk-simulated", "JUDGE_KEY": Self.judgeKey])
    let server = try await CommanderServer.start(configuration, logger: Self.silent)
    let services = server.serviceGroup(signals: false)
    let running = Task { try await services.run() }
    let outcome: Result<Void, any Error>
    do {
      try await body(Running(server: server, simulator: simulator, console: "http://\(try await server.consoleAddress())"))
      outcome = .success(())
    } catch { outcome = .failure(error) }
    await services.triggerGracefulShutdown()
    _ = try? await running.value
    try outcome.get()
    return try Self.left(server.store, folder, objectives: await server.center.objectives(now: .now() + .seconds(60)))
  }

  private static func left(_ store: TelemetryStore, _ folder: URL, objectives: [ObjectiveStanding]) throws -> Left {
    var counts: [String: Int64] = [:]
    let range = Timestamp.now() - .seconds(3_600)..<Timestamp.now() + .seconds(3_600)
    for metric in MetricCatalogue.all {
      let tags = metric.extraTags + (metric.hasDimensions ? Dimension.allCases.map(\.rawValue) : [])
      for group in try store.read(SeriesQuery(metric: metric.name, groupBy: tags, range: range)) {
        let name = metric.name + " " + group.tags.tags.map { "\($0.name):\($0.value)" }.joined(separator: ",")
        switch group.total {
        case .count(let count): counts[name] = count
        case .sketch(let sketch): counts[name] = sketch.count
        case nil: break
        }
      }
    }
    let bytes = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil).reduce(into: "") {
      $0 += String(decoding: try Data(contentsOf: $1), as: UTF8.self)
    }
    return Left(
      spans: try store.spans(limit: 1_000).spans, counts: counts, bytes: bytes,
      cost: try store.costs(by: [.virtualKey]).table.rows.map { $0.joined(separator: " ") }.joined(separator: "\n"),
      objectives: objectives.map { "\($0.definition.name) \($0.status.valid)" })
  }

  private static let traffic = 4

  @Test func aVerdictArrivesIsShownAndBilledAndUsersFiguresAreAsWithoutAJudge() async throws {
    let words = #"{"reason":"The document does not name <that> number.","score":0.9}"#
    let without = try await run(judge: false, answer: words) { running in
      for index in 0..<Self.traffic { try await running.ask(index, secret: "jane.doe@example.com") }
      #expect(try await !running.judge().isConfigured)
      #expect(try await !running.text("/quality").contains("id=\"judge\""))
    }
    let with = try await run(judge: true, answer: words) { running in
      for index in 0..<Self.traffic { try await running.ask(index, secret: "jane.doe@example.com") }
      let judge = try await running.judge { $0.verdictsSinceStart == Self.traffic }
      #expect(judge.comparisons?.map(\.scorer) == ["ungrounded"] && judge.comparisons?.first?.verdicts == Self.traffic)
      #expect(judge.comparisons?.first?.isEnough == false && judge.problem == nil, "\(judge)")
      #expect(judge.disagreements?.count == Self.traffic && judge.comparisons?.first?.onlyJudge == Self.traffic)
      let page = try await running.text("/quality")
      for part in [
        "Judge: too few verdicts yet.", "too few verdicts", "The document does not name &lt;that&gt; number.",
        judge.disagreements?.first?.trace ?? "?", "Where they part",
      ] { #expect(page.contains(part), "\(part)") }
      // It was asked as configured, about redacted texts.
      let calls = running.simulator.requestLog.requests.map { String(decoding: $0.body, as: UTF8.self) }
        .filter { $0.contains("You judge one answer") }
      #expect(calls.count == Self.traffic)
      for call in calls {
        #expect(call.contains(#""temperature":0"#) && call.contains(#""model":"gpt-4o""#) && call.contains("[email]"))
        #expect(!call.contains("jane.doe"))
      }
    }
    let judges = with.spans.filter(\.isOfJudge)
    #expect(judges.count == Self.traffic && with.spans.count == 2 * Self.traffic)
    #expect(judges.allSatisfy { $0.virtualKey == "judge" && $0.content == nil && $0.risk.isEmpty && $0.cost.amount != nil })
    #expect(with.spans.filter { !$0.isOfJudge }.allSatisfy { $0.content != nil && $0.risk.ungrounded != nil })
    // The same users' figures, series for series, but for those about this product itself.
    func users(_ left: Left) -> [String: Int64] {
      left.counts.filter { name, _ in
        !["llm.judge.", "llm.commander.", "llm.budget."].contains { name.hasPrefix($0) }
      }
    }
    #expect(
      with.objectives == without.objectives && with.objectives.contains { $0.hasSuffix(" \(Self.traffic).0") },
      "\(with.objectives)")
    #expect(users(with) == users(without), "\(users(with).filter { users(without)[$0.key] != $0.value })")
    #expect(users(with).contains { $0.key.hasPrefix("llm.requests ") && $0.value == Int64(Self.traffic) })
    #expect(!with.counts.contains { $0.key.contains("model:gpt-4o,") || $0.key.contains("feature:judge") })
    #expect(with.counts["llm.judge.verdicts scorer:ungrounded,verdict:only_judge"] == Int64(Self.traffic), "\(with.counts)")
    #expect(with.counts.contains { $0.key.hasPrefix("llm.judge.cost ") && $0.value > 0 })
    let billed = judges.reduce(Int64(0)) { $0 + ($1.cost.amount?.count ?? 0) }
    #expect(with.counts.filter { $0.key.hasPrefix("llm.judge.cost ") }.values.reduce(0, +) == billed)
    #expect(with.cost.contains("of which judge \(Self.traffic) ") && !without.cost.contains("judge"), "\(with.cost)")
    #expect(!with.bytes.contains(Self.judgeKey) && !with.bytes.contains("jane.doe"))
  }

  @Test func aSpentBudgetStopsTheJudgeAndItSaysSo() async throws {
    let left = try await run(judge: true, answer: #"{"score":0}"#, budget: "{requests: 2}") { running in
      for index in 0..<2 { try await running.ask(index) }
      _ = try await running.judge { $0.verdictsSinceStart == 2 }
      try await running.ask(2)
      let judge = try await running.judge { $0.unanswered?["budget"] == 1 }
      #expect(
        judge.pausedUntil != nil && judge.problem?.contains("budget \"judging\" of key judge is used up") == true, "\(judge)")
      for index in 3..<6 { try await running.ask(index) }
      _ = try await running.judge { $0.unanswered?["paused"] == 3 }
      let page = try await running.text("/quality")
      #expect(page.contains("Judge: its budget is spent.") && page.contains("Paused") && page.contains("is used up"))
    }
    let judges = left.spans.filter(\.isOfJudge)
    // Three times it was asked, and no more.
    #expect(judges.count == 3 && judges.count { $0.outcome.errorClass == .quotaExhausted } == 1)
    #expect(!left.counts.keys.contains { $0.hasPrefix("llm.errors") || $0.hasPrefix("llm.budget.") })
    #expect(left.counts["llm.judge.unanswered reason:budget"] == 1 && left.counts["llm.judge.unanswered reason:paused"] == 3)
  }

  @Test func whatIsNoVerdictIsCountedAndShown() async throws {
    let left = try await run(judge: true, answer: "It looks fine to me, 7 of 10.", capture: "full") { running in
      try await running.ask(0, secret: "jane.doe@example.com")
      let judge = try await running.judge { $0.unanswered?["unparseable"] == 1 }
      #expect(judge.verdictsSinceStart == 0 && judge.disagreements?.isEmpty == true)
      #expect(try await running.text("/quality").contains("1: the answer was no verdict"))
      let call = running.simulator.requestLog.requests.map { String(decoding: $0.body, as: UTF8.self) }
        .first { $0.contains("You judge one answer") }
      #expect(call?.contains("[email]") == true && call?.contains("jane.doe") == false)
    }
    #expect(left.counts["llm.judge.unanswered reason:unparseable"] == 1)
    #expect(!left.counts.keys.contains { $0.hasPrefix("llm.judge.verdicts") })
  }

  @Test func verdictsOutliveARestart() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "judge-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    _ = try await run(judge: true, answer: #"{"score":1,"reason":"no"}"#, folder: folder) { running in
      for index in 0..<3 { try await running.ask(index) }
      _ = try await running.judge { $0.verdictsSinceStart == 3 }
    }
    _ = try await run(judge: true, answer: #"{"score":1}"#, folder: folder) { running in
      let judge = try await running.judge()
      #expect(judge.verdictsSinceStart == 0 && judge.comparisons?.first?.verdicts == 3 && judge.disagreements?.count == 3)
    }
  }
}
