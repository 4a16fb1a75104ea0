// The Quality page says first whether a stream has shifted, and teaches what to do where there is nothing to see.

import Foundation
import Hummingbird
import HummingbirdTesting
import LLMTelemetry
import Testing

@testable import Console

@Suite struct QualityPageTests {
  private static let now = Story.at("14:20:00")

  private static func stream(_ state: ShiftReport.State, tenant: String, _ change: (inout ShiftReport.Stream) -> Void = { _ in })
    -> ShiftReport.Stream
  {
    let learns = state == .learning
    var stream = ShiftReport.Stream(
      dimensions: ["model": "gpt-4o", "prompt": "rag-answer", "prompt_version": "43", "tenant": tenant, "route": "chat"],
      scorer: .indirectInjection, state: state, learned: learns ? 1_200 : 5_000, baseline: 5_000,
      baselineMean: learns ? nil : 0.212, baselineShare: learns ? nil : 0.051, presentMean: 0.318,
      presentShare: state == .shifted ? 0.214 : 0.05, sum: state == .shifted ? 48.2 : 3, threshold: learns ? nil : 40,
      expectedResponses: learns ? nil : 387, expectedTime: learns ? nil : .seconds(387),
      learningTime: learns ? .seconds(3_800) : nil,
      perSecond: 1, onset: state == .shifted ? Story.at("14:12:00") : nil, responsesSinceOnset: state == .shifted ? 412 : 0,
      lastSeen: now)
    change(&stream)
    return stream
  }

  private func page(_ report: ShiftReport?, judge: JudgeReport? = nil) -> String {
    let health = CommanderHealth(
      newestSpan: Self.now - .seconds(3), queueDepth: 0, dropped: [:], storeBytes: nil, version: "0.1.0",
      gatewayAddress: "http://127.0.0.1:8080")
    let text = QualityPage(now: Self.now, report: report, judge: judge, health: health, openIncidents: 0).page.render()
    #expect(MarkupCheck.firstProblem(in: text) == nil)
    return text
  }

  private func report(_ streams: [ShiftReport.Stream], unwatched: [String] = []) -> ShiftReport {
    ShiftReport(
      streams: streams, limit: 1_000, falseAlarmsPerWeek: 1, unwatchedScores: unwatched.count * 3, unwatched: unwatched)
  }

  @Test func aShiftIsSaidFirstWithItsNumbers() {
    let text = page(
      report([
        Self.stream(.shifted, tenant: "<acme>") { $0.heldTo = "version 42" }, Self.stream(.watching, tenant: "globex"),
        Self.stream(.learning, tenant: "umbrella"),
      ]))
    #expect(
      text.contains(
        "<h1 class=\"verdict wrong\">1 stream has shifted: indirect injection of rag-answer, version 43, gpt-4o, &lt;acme&gt;, chat.</h1>"
      ))
    for part in [
      "412 responses since", "5.1 % risky", "21.4 % risky", "held to the baseline of version 42", "48.2 of 40", "387 responses",
      "6 min at 1 a second", "1,200 of 5,000, about 63 min more", "2 streams watched, 1 learning",
    ] { #expect(text.contains(part), "\(part)") }
  }

  @Test func healthLearningAndNothingHaveTheirOwnWords() {
    #expect(page(report([Self.stream(.watching, tenant: "a")])).contains("verdict fine\">No stream has shifted.</h1>"))
    #expect(page(report([Self.stream(.learning, tenant: "a")])).contains("Baselines are being learned."))
    #expect(page(report([])).contains("No answer has been scored yet."))
    #expect(page(nil).contains("packs: [default]"))
    #expect(page(report([], unwatched: ["tenant=late"])).contains("<li>tenant=late</li>"))
  }

  @Test func aStreamWithoutTrafficPromisesNoTime() {
    let silent = Self.stream(.watching, tenant: "a") { ($0.expectedTime, $0.perSecond) = (nil, 0) }
    #expect(page(report([silent])).contains("no responses in the last hour"))
  }

  @Test func thePageAndItsJSONAreServed() async throws {
    try await Story(.healthy).application.test(.router) { client in
      let page = try await client.execute(uri: "/quality", method: .get).text
      #expect(page.contains("aria-current=\"page\">Quality</a>") && page.contains("href=\"/api/shifts.json\""))
      let json = try await client.execute(uri: "/api/shifts.json", method: .get).text
      #expect(json.contains("\"isWatching\" : false") || json.contains("\"is_watching\" : false"), "\(json)")
    }
    let data = try JSONEncoder().encode(ShiftsDocument(report([Self.stream(.shifted, tenant: "a")]), at: Self.now))
    let text = String(decoding: data, as: UTF8.self)
    #expect(text.contains("\"expectedSeconds\":387") && text.contains("\"state\":\"shifted\""))
  }

  private static func judge(_ change: (inout JudgeReport) -> Void = { _ in }) -> JudgeReport {
    var report = JudgeReport(
      model: "gpt-4.1", key: "judge", share: 0.05, perMinute: 30, leastVerdicts: 30, leastOfEachKind: 10, window: 500,
      comparisons: [
        .init(
          scorer: .ungrounded, verdicts: 212, since: Story.at("09:00:00"), threshold: 0.5, bothRisky: 31, bothFine: 150,
          onlyScore: 11, onlyJudge: 20, agreement: 0.854, agreementInterval: 0.8...0.895, kappa: 0.58, areaUnderCurve: 0.871)
      ],
      disagreements: [
        .init(
          at: Story.at("14:19:00"), trace: Story.trace, scorer: .ungrounded, score: 0.21, judgeScore: 1,
          reason: "It says \"<b>free</b>\"; no document does.")
      ],
      verdicts: 40, unanswered: [.init(reason: "unparseable", words: "the answer was no verdict", count: 3)], problem: nil,
      pausedUntil: nil, cost: .init(known: Nanodollars(12_500_000)))
    change(&report)
    return report
  }

  @Test func aJudgeIsShownWithItsNumbersItsCostAndWhereItParts() {
    // Beside every state of the streams, and never in place of it.
    for shifts in [nil, report([]), report([Self.stream(.watching, tenant: "a")])] {
      let text = page(shifts, judge: Self.judge())
      for part in [
        "Judge: agrees with the ungrounded score on 85.4 % of 212 answers.", "gpt-4.1 looks at 5 %",
        "cost $0.013 in the last 24 hours",
        "80 % to 89.5 %", "0.58", "0.871", "both 31, neither 150", "only the score 11, only the judge 20", Story.trace,
        "It says &quot;&lt;b&gt;free&lt;/b&gt;&quot;; no document does.", "3: the answer was no verdict", "/api/judge.json",
      ] { #expect(text.contains(part), "\(part)") }
    }
    #expect(!page(nil).contains("id=\"judge\""))
  }

  @Test func tooFewVerdictsAPauseAndAFailureAreSaidInWords() {
    let few = page(
      nil,
      judge: Self.judge { judge in
        judge.comparisons[0].verdicts = 12
        (judge.comparisons[0].agreement, judge.comparisons[0].agreementInterval) = (nil, nil)
        (judge.comparisons[0].kappa, judge.comparisons[0].areaUnderCurve) = (nil, nil)
        (judge.disagreements, judge.unanswered) = ([], [])
      })
    #expect(few.contains("Judge: too few verdicts yet.") && few.contains("30 are needed") && few.contains("10 risky and 10 fine"))
    #expect(!few.contains("Where they part") && !few.contains("Without a verdict"))
    let oneSided = page(nil, judge: Self.judge { $0.comparisons[0].kappa = nil })
    #expect(oneSided.contains("both always say the same"))
    let paused = page(
      nil,
      judge: Self.judge {
        $0.pausedUntil = Self.now + .seconds(600)
        $0.problem = "429: budget \"judge\" of key judge is used up"
        $0.cost.unknownCalls = 2
      })
    for part in ["Judge: its budget is spent.", "It asks again at <time", "is used up", "and what 2 calls of unknown price cost"]
    {
      #expect(paused.contains(part), "\(part)")
    }
    #expect(page(nil, judge: Self.judge { $0.problem = "503: down" }).contains("The last call failed: 503: down"))
  }

  @Test func theJudgeIsJSONToo() throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    func text(_ report: JudgeReport?) throws -> String {
      String(decoding: try encoder.encode(JudgeDocument(report, at: Self.now)), as: UTF8.self)
    }
    let judge = try text(Self.judge())
    for part in [
      "\"agreementInterval\":[0.8,0.895]", "\"isEnough\":true", "\"costLastDayUSD\":\"0.0125\"",
      "\"unanswered\":{\"unparseable\":3}",
    ] { #expect(judge.contains(part), "\(part) in \(judge)") }
    #expect(try text(nil).contains("\"isConfigured\":false") && !text(nil).contains("comparisons"))
  }
}
