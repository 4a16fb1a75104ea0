// The learning loop apart from its effects: which requests are frozen, how they are asked again, and what the answers are worth.

import Commander
import Foundation
import LLMTelemetry
import SemanticRisk
import Testing

@Suite struct RegressionSetTests {
  static func span(
    _ number: UInt64, text: String? = "What is the notice period?", ungrounded: Double? = 0.9, error: ErrorClass? = nil,
    seconds: Int64 = 1
  ) throws -> LLMSpan {
    var span = LLMSpan(
      traceID: try #require(TraceID(high: 7, low: number)), spanID: try #require(SpanID(bits: number)), kind: .llm, name: "chat",
      start: Timestamp(unixSeconds: 1_793_491_200 + Int64(number)), duration: .seconds(seconds))
    span.dimensions.model = "gpt-4.1"
    span.dimensions.prompt = "rag-answer"
    span.dimensions.promptVersion = "43"
    span.risk.ungrounded = ungrounded
    if let error { span.outcome = .failed(error, message: "no") }
    if let text {
      span.content = SpanContent(
        input: [ContentMessage(role: "user", text: text)], output: error == nil ? "Two years." : "")
    }
    return span
  }

  @Test func failedAndFlaggedRequestsAreTakenWorstFirstAndOnce() throws {
    let spans = [
      try Self.span(1, text: "a", ungrounded: 0.6), try Self.span(2, text: "b", ungrounded: 0.1),
      try Self.span(3, text: "c", ungrounded: nil, error: .rateLimited), try Self.span(4, text: "a", ungrounded: 0.9),
      try Self.span(5, text: nil, ungrounded: 0.9),
      try Self.span(6, text: "hash:0123456789abcdef0123456789abcdef bytes:12", ungrounded: 0.9),
    ]
    let selection = RegressionSelection(spans, limit: 10)
    #expect(selection.requests.map { $0.messages[0].text } == ["c", "a"])
    #expect(selection.requests[0].error == "rate_limited" && selection.requests[1].recorded["ungrounded"] == 0.9)
    #expect(selection.leftOut.unaffected == 1 && selection.leftOut.repeated == 1)
    #expect(selection.leftOut.withoutText == 1 && selection.leftOut.hashed == 1)
    #expect(RegressionSelection(spans.reversed(), limit: 10) == selection, "whatever the order of the store")
    #expect(RegressionSelection(spans, limit: 1).leftOut.beyondLimit == 1)
  }

  @Test func anIncidentOfLatencyIsWhatTookLongest() throws {
    let spans = [
      try Self.span(1, text: "fast", ungrounded: 0, seconds: 1), try Self.span(2, text: "slow", ungrounded: 0, seconds: 9),
    ]
    #expect(RegressionSelection(spans, limit: 1).requests.map { $0.messages[0].text } == ["slow"])
    #expect(RegressionSelection([], limit: 1).requests.isEmpty)
  }

  @Test func aSetReadsBackAndNamesTheLineThatIsNone() throws {
    let set = RegressionSet(origin: nil, requests: RegressionSelection([try Self.span(1)], limit: 9).requests)
    let text = try set.text()
    #expect(try RegressionSet(text: text) == set)
    let byHand = #"{"id":"1","messages":[{"role":"user","text":"Hello"}]}"#
    #expect(try RegressionSet(text: byHand).requests[0].answer == "")
    for (bad, words) in [
      (text + "{}\n", "line 2: no request"), (text + text, "line 2: the id"), ("", "there is no request"),
    ] {
      let error = #expect(throws: RegressionSet.Malformed.self) { try RegressionSet(text: bad) }
      #expect(error?.description.hasPrefix(words) == true)
    }
  }
}

@Suite struct ReplayRequestTests {
  static let frozen = FrozenRequest(
    id: "1", at: Timestamp(unixSeconds: 0), model: "gpt-4.1", prompt: "rag-answer", promptVersion: "43",
    messages: [
      ContentMessage(role: "system", text: "Be \"brief\"."), ContentMessage(role: "user", text: "Notice?"),
      ContentMessage(role: "tool", text: "30 days"),
    ], answer: "Two years.")

  @Test func anotherVersionTakesTheInstructionsPlace() throws {
    let request = try ReplayRequest(Self.frozen, ReplayChange(version: "44"))
    #expect(request.headers["x-commander-prompt"] == "rag-answer" && request.headers["x-commander-prompt-version"] == "44")
    #expect(request.replacesInstruction)
    #expect(
      request.body
        == #"{"messages":[{"content":"Notice?","role":"user"},{"content":"30 days","role":"user"}],"model":"gpt-4.1"}"#)
  }

  @Test func anotherModelKeepsVersionAndInstruction() throws {
    let request = try ReplayRequest(Self.frozen, ReplayChange(model: "other"))
    #expect(request.headers["x-commander-prompt-version"] == "43" && !request.replacesInstruction)
    #expect(request.body.contains(#""model":"other""#) && request.body.contains(#"Be \"brief\"."#))
    #expect(request.headers["authorization"] == nil, "the key is no part of what is asked")
    #expect(request.headers["cache-control"] == "no-store", "an answer of the gateway's cache would say nothing of the version")
  }

  @Test func whatCannotBeAskedSaysWhy() {
    var nameless = Self.frozen
    nameless.prompt = nil
    var modelless = Self.frozen
    modelless.model = nil
    var empty = Self.frozen
    empty.messages.removeLast(2)
    for (request, change) in [
      (nameless, ReplayChange(version: "44")), (modelless, ReplayChange(version: "44")), (empty, ReplayChange(model: "m")),
    ] {
      #expect(throws: ReplayRequest.Impossible.self) { try ReplayRequest(request, change) }
    }
  }

  @Test func answersAreToldFromFailuresAndFromAReplayThatDoesNotWork() {
    func outcome(_ status: Int, _ body: String) -> ReplayOutcome { ReplayOutcome(status: status, body: Data(body.utf8)) }
    #expect(outcome(200, #"{"choices":[{"message":{"content":"Yes."}}]}"#) == .answered("Yes."))
    #expect(outcome(200, #"{"choices":[{"message":{"content":null}}]}"#) == .answered(""))
    #expect(outcome(400, #"{"error":{"message":"no version 44"}}"#) == .failed("400: no version 44"))
    let used = ReplayOutcome(
      status: 200, body: Data(#"{"choices":[{"message":{"content":"Yes."}}]}"#.utf8), versionAsked: "44", versionUsed: "42")
    guard case .unanswered(let reason) = used else {
      Issue.record("an override answered with another version")
      return
    }
    #expect(reason.contains("version 42 in place of 44"))
    for (status, body) in [(429, "{}"), (503, ""), (401, "{}"), (200, "<html>")] {
      guard case .unanswered = outcome(status, body) else {
        Issue.record("\(status) says nothing about the candidate")
        continue
      }
    }
  }
}

@Suite struct ReplayReportTests {
  static func answer(_ ungrounded: Double?, refusal: Double = 0) -> JudgedAnswer {
    var scores = RiskScores(ungrounded: ungrounded)
    scores[.refusal] = refusal
    return JudgedAnswer(scores: scores)
  }

  static func item(_ id: Int, _ before: JudgedAnswer, _ now: JudgedAnswer, unanswered: Bool = false) -> ReplayReport.Item {
    .init(id: "\(id)", before: before, now: now, isUnanswered: unanswered)
  }

  static func report(
    _ items: [ReplayReport.Item], ignored: Set<RiskScorer> = [], allowance: Int = 0, mostBad: Double? = nil
  ) -> ReplayReport {
    ReplayReport(set: "s", change: "c", items: items, ignored: ignored, allowance: allowance, mostBad: mostBad)
  }

  @Test func betterSameAndWorse() {
    let (good, bad) = (Self.answer(0.1), Self.answer(0.9))
    let repaired = Self.report([Self.item(1, bad, good), Self.item(2, bad, good), Self.item(3, good, good)])
    #expect(repaired.verdict == .better && repaired.repaired == 2 && repaired.passesGate)
    let still = Self.report([Self.item(1, bad, bad), Self.item(2, bad, bad)])
    #expect(still.verdict == .same && !still.passesGate, "as bad as the incident is no reason to promote")
    #expect(Self.report([Self.item(1, good, good)]).passesGate)
    let broken = Self.report([Self.item(1, good, bad), Self.item(2, bad, bad)])
    #expect(broken.verdict == .worse && !broken.passesGate)
    #expect(Self.report([Self.item(1, good, bad), Self.item(2, bad, bad)], allowance: 1).verdict == .same)
  }

  @Test func oneFaultTradedForAnotherIsWorse() {
    let items = (1...4).map { Self.item($0, Self.answer(0.9), Self.answer(0.1, refusal: $0 == 1 ? 0.9 : 0)) }
    #expect(Self.report(items).verdict == .worse)
    #expect(Self.report(items, ignored: [.refusal]).verdict == .better)
  }

  @Test func anAnswerWhereThereWasNoneIsRepairedAndTheOtherWayRoundWorse() {
    let (none, good, bad) = (JudgedAnswer(failure: "rate_limited"), Self.answer(0.1), Self.answer(0.9))
    #expect(Self.report([Self.item(1, none, good)]).verdict == .better)
    #expect(Self.report([Self.item(1, good, none)]).verdict == .worse)
    // Another kind of bad, and the scorer has nothing to compare with: both are bad.
    let report = Self.report([Self.item(1, none, bad)])
    #expect(report.verdict == .same && report.badNow == 1 && !report.passesGate)
  }

  @Test func whatOnlyOneOfTwoAnswersIsScoredByDoesNotCompareThem() {
    let report = Self.report([Self.item(1, Self.answer(nil), Self.answer(0.9))])
    #expect(report.verdict == .same && report.regressed == 0)
    #expect(!report.lines.contains { $0.scorer == "ungrounded" })
  }

  @Test func aReplayThatDidNotWorkDecidesNothing() {
    let (good, bad) = (Self.answer(0.1), Self.answer(0.9))
    let lost = Self.item(1, bad, JudgedAnswer(failure: "503"), unanswered: true)
    #expect(Self.report([lost]).verdict == .undecided)
    #expect(Self.report([]).verdict == .undecided)
    let few = (2...9).map { Self.item($0, bad, good) }
    #expect(Self.report([lost] + few).verdict == .better)
    #expect(Self.report([lost, Self.item(10, bad, good)]).verdict == .undecided)
  }

  @Test func aShareOfBadAnswersMayBeRefused() {
    let (good, bad) = (Self.answer(0.1), Self.answer(0.9))
    let items = [Self.item(1, bad, good), Self.item(2, bad, bad)]
    #expect(Self.report(items).passesGate)
    #expect(!Self.report(items, mostBad: 0.4).passesGate)
    #expect(Self.report(items, mostBad: 0.5).passesGate)
  }

  @Test func theScorersOfLiveTrafficJudgeBothAnswers() {
    let request = FrozenRequest(
      id: "1", at: Timestamp(unixSeconds: 0), model: "m",
      messages: [
        ContentMessage(role: "system", text: "The notice period is thirty days for every employee. Written notice is required."),
        ContentMessage(role: "user", text: "How long is the notice period?"),
      ], answer: "The notice period is two hundred years, and the moon pays a bonus of ninety million dollars to dolphins.")
    let good = ReplayScoring.now(
      request, .answered("The notice period is thirty days for every employee, and written notice is required."), .shared)
    let (before, now) = (good.before.scores[.ungrounded] ?? -1, good.now.scores[.ungrounded] ?? -1)
    #expect(before > now && now >= 0, "\(before) then, \(now) now")
    #expect(ReplayScoring.now(request, .unanswered("503"), .shared).isUnanswered)
  }
}
