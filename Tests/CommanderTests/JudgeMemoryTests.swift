// What the judge remembers and what it makes of the gateway's answers, without a network and with the test's clock.

import Foundation
import LLMMetrics
import LLMTelemetry
import Redaction
import SemanticRisk
import Storage
import Synchronization
import Testing

@testable import Commander

@Suite struct JudgeReplyTests {
  private func reply(_ status: Int, _ body: String, retryAfter: Duration? = nil) -> JudgeReply {
    JudgeClient.reply(ChatReply(status: status, body: Data(body.utf8)), retryAfter: retryAfter)
  }

  private func obstacle(_ reply: JudgeReply) -> JudgeObstacle? {
    if case .none(let obstacle, _, _) = reply { obstacle } else { nil }
  }

  @Test func anAnswerIsAVerdictOrCountedAsWhatItIs() {
    let content = #"{"choices":[{"message":{"content":"{\"score\":1,\"reason\":\"Ask jane.doe@example.com.\"}"}}]}"#
    // A judge that puts together what was taken out is redacted too.
    #expect(reply(200, content) == .verdict(JudgeVerdict(score: 1, reason: "Ask [email].")))
    #expect(obstacle(reply(200, #"{"choices":[{"message":{"content":"It is fine."}}]}"#)) == .unparseable)
    #expect(obstacle(reply(200, "<html>")) == .unparseable)
    #expect(obstacle(reply(400, #"{"error":{"message":"no temperature","code":"unsupported_value"}}"#)) == .refused)
    #expect(obstacle(reply(401, #"{"error":{"message":"no key","code":"auth"}}"#)) == .refused)
    #expect(obstacle(reply(503, "down")) == .providerError)
    // A provider's own limit is no budget: its message is told, and the next answer is tried.
    #expect(obstacle(reply(429, #"{"error":{"message":"slow down","code":"rate_limit_exceeded"}}"#)) == .providerError)
    let spent = #"{"error":{"message":"budget \"judge\" of key judge is used up","code":"quota_exhausted"}}"#
    #expect(
      reply(429, spent, retryAfter: .seconds(7))
        == .none(.budget, message: "429: budget \"judge\" of key judge is used up", retryAfter: .seconds(7)))
  }
}

@Suite struct JudgeMemoryTests {
  private let now = Timestamp(unixSeconds: 1_764_000_000)

  private func row(score: Double, judge: Double, at: Timestamp? = nil) -> JudgeRow {
    JudgeRow(
      at: at ?? now, trace: .random(), span: .random(), scorer: .ungrounded, judge: "j", score: score, judgeScore: judge,
      reason: "because")
  }

  @Test func aSpentBudgetPausesUntilItsTimeAndNotForever() {
    var memory = JudgeMemory(scorers: [.ungrounded])
    memory.note(.budget, message: "429: used up", retryAfter: .seconds(86_400), at: now)
    #expect(memory.pausedUntil == now + .seconds(3_600) && memory.problem == "429: used up")
    let early = memory.admits(at: now + .seconds(3_599), perMinute: 600)
    let later = memory.admits(at: now + .seconds(3_600), perMinute: 600)
    #expect(!early && later && memory.pausedUntil == nil)
    memory.note(.budget, message: "429", retryAfter: .seconds(1), at: now)
    #expect(memory.pausedUntil == now + .seconds(60))
    #expect(memory.unanswered == [.budget: 2, .paused: 1])
    // Other failures do not pause.
    var other = JudgeMemory(scorers: [.ungrounded])
    other.note(.providerError, message: "503", retryAfter: .seconds(600), at: now)
    let isAdmitted = other.admits(at: now, perMinute: 600)
    #expect(isAdmitted)
    other.add(row(score: 0.1, judge: 0))
    #expect(other.problem == nil)
  }

  @Test func theRateHoldsWhateverTheTraffic() {
    var memory = JudgeMemory(scorers: [.ungrounded])
    let admitted = (0..<6_000).count { memory.admits(at: now + .milliseconds($0 * 100), perMinute: 12) }
    // Ten minutes, and the sixth of a minute that may come at once.
    #expect((120...122).contains(admitted), "\(admitted)")
    #expect(memory.unanswered[.perMinute] == 6_000 - admitted)
  }

  @Test func metricsAreToldOnceAndAgreementOnlyWhenThereIsEnough() {
    var memory = JudgeMemory(scorers: [.ungrounded])
    for _ in 0..<29 { memory.add(row(score: 0.9, judge: 1)) }
    memory.note(.queueFull)
    let first = memory.takeMeasurements()
    #expect(first.contains(.judgeVerdicts(.ungrounded, verdict: "both_risky", count: 29)))
    #expect(first.contains(.judgeUnanswered(reason: "queue_full", count: 1)) && first.count == 2)
    memory.add(row(score: 0.1, judge: 1))
    let second = memory.takeMeasurements()
    #expect(
      second.contains(.judgeVerdicts(.ungrounded, verdict: "only_judge", count: 1))
        && second.contains(.judgeAgreement(.ungrounded, share: 29.0 / 30)) && second.count == 2, "\(second)")
    let third = memory.takeMeasurements()
    #expect(third == [.judgeAgreement(.ungrounded, share: 29.0 / 30)])
  }

  @Test func anotherStartKnowsWhatTheLastOneLearned() {
    var memory = JudgeMemory(scorers: [.ungrounded])
    memory.restore((0..<60).map { row(score: 0.9, judge: $0 % 2 == 0 ? 1 : 0, at: now + .seconds($0)) })
    #expect(memory.agreements[.ungrounded]?.agreement == 0.5 && memory.verdicts == 0)
    #expect(memory.disagreements.count == JudgeMemory.disagreementLimit)
    #expect(memory.disagreements.first?.at == now + .seconds(59))
    // They were counted then.
    let measurements = memory.takeMeasurements()
    #expect(
      measurements == [.judgeAgreement(.ungrounded, share: 0.5), .judgeRanking(.ungrounded, areaUnderCurve: 0.5)])
  }
}

@Suite struct JudgeWatchTests {
  private let now = Timestamp(unixSeconds: 1_764_000_000)

  private func watch(_ capture: CapturePolicy = CapturePolicy(.redacted), perMinute: Int = 600) -> JudgeWatch {
    JudgeWatch(
      settings: JudgeSettings(
        model: "m", key: "judge", secret: "s", sample: JudgeSample(share: 1), perMinute: perMinute, scorers: [.ungrounded]),
      capture: capture, now: { [now] in now })
  }

  private func span(route: String = "chat", answer: String = "so it is", _ change: (inout LLMSpan) -> Void = { _ in }) -> LLMSpan
  {
    var span = LLMSpan(
      traceID: .random(), spanID: .random(), kind: .llm, name: "chat", start: now - .seconds(2), duration: .seconds(1))
    span.dimensions.route = route
    span.risk[.ungrounded] = 0.7
    span.content = SpanContent(input: [ContentMessage(role: "user", text: "is it so, jane.doe@example.com?")], output: answer)
    change(&span)
    return span
  }

  /// The judge asks about everything it was given, and then ends.
  private func asked(_ watch: JudgeWatch, about spans: [LLMSpan], expecting count: Int) async -> [String] {
    watch.observe(spans)
    let texts = Mutex<[String]>([])
    let (arrivals, arrived) = AsyncStream.makeStream(of: Void.self)
    let running = Task {
      await watch.run(
        ask: { messages in
          texts.withLock { $0.append(messages.map(\.text).joined()) }
          return .verdict(JudgeVerdict(score: 0, reason: ""))
        }, keep: { _ in arrived.yield() })
    }
    var arrival = arrivals.makeAsyncIterator()
    for _ in 0..<count { await arrival.next() }
    running.cancel()
    await running.value
    return texts.withLock { $0 }
  }

  @Test func onlyScoredAnswersOfTrafficWithReadableTextsAreChosen() async {
    let policy = CapturePolicy(.redacted, byRoute: ["closed": .off, "hidden": .hashed])
    let texts = await asked(
      watch(policy),
      about: [
        span(answer: "chosen"), span(route: "closed"), span(route: "hidden"), span { $0.isOfJudge = true },
        span { $0.accountsForExchange = false }, span { $0.risk = RiskScores() },
        span { $0.outcome = .failed(.timeout, message: "") },
        span { $0.content = nil }, span { $0.kind = .tool }, span { $0.attempts = 0 }, span(answer: ""),
        span { $0.start = $0.start - .seconds(7_200) },
      ], expecting: 1)
    #expect(texts.count == 1 && texts.first?.contains("chosen") == true, "\(texts)")
  }

  /// What a route keeps in full for its owner is not for the company behind the judge.
  @Test func personalDataIsTakenOutOfTextsThatAreCapturedInFull() async {
    let texts = await asked(watch(CapturePolicy(.full)), about: [span()], expecting: 1)
    #expect(texts.first?.contains("[email]") == true && texts.first?.contains("jane.doe") == false, "\(texts)")
  }

  @Test func whatIsTooMuchIsCountedAndNeverWaitedFor() {
    let watch = watch()
    watch.observe([span(answer: String(repeating: "a", count: JudgeQuestion.characterLimit))])
    // A hundred may come at once, and fewer may wait.
    watch.observe((0..<101).map { _ in span() })
    let report = watch.report(cost: .init())
    let counts = Dictionary(uniqueKeysWithValues: report.unanswered.map { ($0.reason, $0.count) })
    #expect(counts == ["too_long": 1, "queue_full": 100 - JudgeWatch.queueLimit, "per_minute": 1], "\(counts)")
  }
}
