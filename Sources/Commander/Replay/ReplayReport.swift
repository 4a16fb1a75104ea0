// The verdict on a replay: each answer against the one that was frozen, by the same scorers on the same inputs. Pure.

import LLMMetrics
import LLMTelemetry
import Remediation
import SemanticRisk

/// One answer, judged.
package struct JudgedAnswer: Hashable, Sendable {
  package var scores = RiskScores()
  /// Why there is none.
  package var failure: String?

  package init(scores: RiskScores = RiskScores(), failure: String? = nil) {
    self.scores = scores
    self.failure = failure
  }
}

package struct ReplayReport: Sendable {
  package typealias Verdict = ReplayVerdict

  /// One request, then and now.
  package struct Item: Hashable, Sendable {
    package var id: String
    package var before: JudgedAnswer
    package var now: JudgedAnswer
    /// Asking again did not work; the item is in no figure but that of the unanswered.
    package var isUnanswered: Bool

    package init(id: String, before: JudgedAnswer, now: JudgedAnswer, isUnanswered: Bool = false) {
      self.id = id
      self.before = before
      self.now = now
      self.isUnanswered = isUnanswered
    }
  }

  /// One scorer over the answers that it scored both times.
  package struct Line: Hashable, Sendable, Encodable {
    package var scorer: String
    package var compared: Int
    package var flaggedBefore: Int
    package var flaggedNow: Int
    package var meanBefore: Double
    package var meanNow: Double
  }

  package let set: String
  package let change: String
  package let items: [Item]
  package let lines: [Line]
  package let failedBefore: Int
  package let failedNow: Int
  package let badBefore: Int
  package let badNow: Int
  package let repaired: Int
  package let regressed: Int
  package let unanswered: Int
  package let verdict: Verdict
  /// Enough to promote by: better, or as good as it can be; and no more bad answers than allowed.
  package let passesGate: Bool

  /// What judges an answer; the other scorers judge what went in, which is the same both times.
  package static let answerScorers: [RiskScorer] = [
    .ungrounded, .refusal, .promptLeak, .sensitiveData, .repetition, .malformed, .languageMismatch, .toxicity,
  ]

  /// - Parameters:
  ///   - ignored: scorers that are shown and do not count.
  ///   - allowance: how many more answers may get worse than get better before the whole is worse.
  ///   - mostBad: the share of bad answers, 0 to 1, above which a gate is not passed.
  package init(
    set: String, change: String, items: [Item], ignored: Set<RiskScorer> = [], allowance: Int = 0, mostBad: Double? = nil
  ) {
    self.set = set
    self.change = change
    self.items = items
    let judged = items.filter { !$0.isUnanswered }
    unanswered = items.count - judged.count
    lines = Self.answerScorers.compactMap { Self.line($0, judged) }
    failedBefore = judged.count { $0.before.failure != nil }
    failedNow = judged.count { $0.now.failure != nil }
    let pairs = judged.map { item in
      (before: Self.isBad(item.before, beside: item.now, ignored), now: Self.isBad(item.now, beside: item.before, ignored))
    }
    badBefore = pairs.count { $0.before }
    badNow = pairs.count { $0.now }
    repaired = pairs.count { $0.before && !$0.now }
    regressed = pairs.count { !$0.before && $0.now }
    let counted = lines.filter { line in !ignored.contains { $0.rawValue == line.scorer } }
    if judged.isEmpty || unanswered * 5 > items.count {
      verdict = .undecided
    } else if regressed > repaired + allowance || failedNow > failedBefore + allowance
      || counted.contains(where: { $0.flaggedNow > $0.flaggedBefore + allowance })
    {
      // One kind of fault traded for another is no improvement, however the sum comes out.
      verdict = .worse
    } else {
      verdict = repaired > regressed ? .better : .same
    }
    passesGate = verdict.passes(bad: badNow, of: judged.count, mostBad: mostBad)
  }

  private static func flagged(_ scorer: RiskScorer, _ score: Double) -> Bool { score >= RiskThreshold.of(scorer) }

  /// A scorer that says something about one of two answers only cannot compare them; about an answer beside none it can.
  private static func isBad(_ answer: JudgedAnswer, beside other: JudgedAnswer, _ ignored: Set<RiskScorer>) -> Bool {
    if answer.failure != nil { return true }
    return answerScorers.contains { scorer in
      guard !ignored.contains(scorer), let score = answer.scores[scorer] else { return false }
      return flagged(scorer, score) && (other.failure != nil || other.scores[scorer] != nil)
    }
  }

  private static func line(_ scorer: RiskScorer, _ items: [Item]) -> Line? {
    let pairs = items.compactMap { item in
      item.before.scores[scorer].flatMap { before in item.now.scores[scorer].map { (before: before, now: $0) } }
    }
    guard !pairs.isEmpty else { return nil }
    return Line(
      scorer: scorer.rawValue, compared: pairs.count, flaggedBefore: pairs.count { flagged(scorer, $0.before) },
      flaggedNow: pairs.count { flagged(scorer, $0.now) }, meanBefore: pairs.reduce(0) { $0 + $1.before } / Double(pairs.count),
      meanNow: pairs.reduce(0) { $0 + $1.now } / Double(pairs.count))
  }

  /// `INC-1.jsonl with version 43 of rag-answer: better. 12 of 40 bad then, 1 now: 11 repaired, 0 regressed.`
  package var sentence: String {
    let judged = items.count - unanswered
    let missing = unanswered > 0 ? " \(unanswered) of \(items.count) could not be asked." : ""
    return "\(set) \(change): \(verdict.rawValue). \(badBefore) of \(judged) bad then, \(badNow) now: "
      + "\(repaired) repaired, \(regressed) regressed.\(missing)"
  }
}

/// Scores answers of one set by what the commander scores live traffic by.
package enum ReplayScoring {
  /// The answer that was frozen. Its text is redacted, so what it had of personal data only the recorded score knows.
  package static func before(_ request: FrozenRequest, _ scoring: RiskScoring) -> JudgedAnswer {
    if let error = request.error { return JudgedAnswer(failure: error) }
    var scores = scoring.score(exchange(request, answer: request.answer), evidence: evidence(request)).scores
    for scorer in [RiskScorer.sensitiveData, .malformed] { scores[scorer] = request.recorded[scorer.rawValue] }
    return JudgedAnswer(scores: scores)
  }

  package static func now(_ request: FrozenRequest, _ outcome: ReplayOutcome, _ scoring: RiskScoring) -> ReplayReport.Item {
    let before = before(request, scoring)
    switch outcome {
    case .unanswered(let reason):
      return .init(id: request.id, before: before, now: JudgedAnswer(failure: reason), isUnanswered: true)
    case .failed(let reason): return .init(id: request.id, before: before, now: JudgedAnswer(failure: reason))
    case .answered(let answer):
      var scores = scoring.score(exchange(request, answer: answer), evidence: evidence(request)).scores
      // Whether JSON was asked for stood in the body, which is not kept.
      scores[.malformed] = nil
      return .init(id: request.id, before: before, now: JudgedAnswer(scores: scores))
    }
  }

  private static func exchange(_ request: FrozenRequest, answer: String) -> RiskExchange {
    RiskExchange(
      system: text(request.messages) { $0.role == "system" }, question: request.messages.last { $0.role == "user" }?.text ?? "",
      context: (request.documents.map(\.text) + [text(request.messages) { $0.role == "tool" }]).joined(separator: "\n\n"),
      answer: answer)
  }

  /// As for live traffic: instructions hold documents too, so evidence is everything that went in.
  private static func evidence(_ request: FrozenRequest) -> EvidenceIndex {
    let texts = request.documents.map(\.text) + [text(request.messages) { _ in true }]
    return EvidenceIndex(Array(texts.joined(separator: "\n\n").utf8))
  }

  private static func text(_ messages: [ContentMessage], where isWanted: (ContentMessage) -> Bool) -> String {
    messages.filter(isWanted).map(\.text).joined(separator: "\n\n")
  }
}
