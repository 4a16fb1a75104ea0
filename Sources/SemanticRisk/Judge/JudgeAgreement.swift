// How far a judge and an always-on score agree: over the last verdicts, and in no number while there are too few.

import LLMTelemetry

/// Which of the two found an answer risky: the judge, the always-on score, both or neither. The raw value is the word in metrics and JSON.
package enum JudgeComparison: String, CaseIterable, Hashable, Sendable {
  case bothRisky = "both_risky"
  case bothFine = "both_fine"
  case onlyScore = "only_score"
  case onlyJudge = "only_judge"

  /// - Parameter threshold: from which score on an answer is risky, for both.
  package init(score: Double, judgeScore: Double, threshold: Double) {
    switch (score >= threshold, judgeScore >= threshold) {
    case (true, true): self = .bothRisky
    case (false, false): self = .bothFine
    case (true, false): self = .onlyScore
    case (false, true): self = .onlyJudge
    }
  }

  package var isAgreement: Bool { self == .bothRisky || self == .bothFine }
}

/// The last verdicts on one scorer.
package struct JudgeAgreement: Hashable, Sendable {
  /// One answer under both.
  package struct Pair: Hashable, Sendable {
    package var at: Timestamp
    package var score: Double
    package var judgeScore: Double

    package init(at: Timestamp, score: Double, judgeScore: Double) {
      self.at = at
      self.score = score
      self.judgeScore = judgeScore
    }
  }

  /// How many verdicts are looked at: with 500 a share is within .04 of the truth, 19 times of 20.
  package static let window = 500
  /// Below it there is no agreement to speak of: with 30 the share is within .18.
  package static let leastPairs = 30
  /// Answers of each kind a ranking needs.
  package static let leastOfEachKind = 10

  /// From which score on an answer is risky, for both.
  package let threshold: Double
  /// Oldest first.
  package private(set) var pairs: [Pair] = []

  package init(threshold: Double) { self.threshold = threshold }

  package mutating func add(_ pair: Pair) {
    pairs.append(pair)
    if pairs.count > Self.window { pairs.removeFirst(pairs.count - Self.window) }
  }

  package var isEnough: Bool { pairs.count >= Self.leastPairs }

  package func count(_ comparison: JudgeComparison) -> Int {
    pairs.count { JudgeComparison(score: $0.score, judgeScore: $0.judgeScore, threshold: threshold) == comparison }
  }

  /// Share of answers on which both say the same; `nil` while there are too few.
  package var agreement: Double? {
    guard isEnough else { return nil }
    return Double(count(.bothRisky) + count(.bothFine)) / Double(pairs.count)
  }

  /// Wilson's interval of that share, 95 %.
  package var agreementInterval: ClosedRange<Double>? {
    guard let share = agreement else { return nil }
    let count = Double(pairs.count)
    let z = 1.959964
    let middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    let half = z / (1 + z * z / count) * (share * (1 - share) / count + z * z / (4 * count * count)).squareRoot()
    return max(0, middle - half)...min(1, middle + half)
  }

  /// Cohen's kappa: agreement beyond what the two shares of risky answers give by chance; 0 is chance, 1 is perfect. `nil` while there
  /// are too few, or when both always say the same one thing.
  package var kappa: Double? {
    guard let agreement else { return nil }
    let total = Double(pairs.count)
    let byScore = Double(count(.bothRisky) + count(.onlyScore)) / total
    let byJudge = Double(count(.bothRisky) + count(.onlyJudge)) / total
    let chance = byScore * byJudge + (1 - byScore) * (1 - byJudge)
    return chance < 1 ? (agreement - chance) / (1 - chance) : nil
  }

  /// Chance that an answer the judge found risky scores higher than one it found fine; `nil` while either kind is rare. It needs no
  /// threshold of the score, so that it tells a score that ranks well and is read at the wrong threshold from one that knows nothing.
  package var areaUnderCurve: Double? {
    let labels = pairs.map { $0.judgeScore >= threshold }
    let risky = labels.count { $0 }
    guard isEnough, risky >= Self.leastOfEachKind, labels.count - risky >= Self.leastOfEachKind else { return nil }
    return RankingMetrics.areaUnderCurve(scores: pairs.map(\.score), labels: labels)
  }
}
