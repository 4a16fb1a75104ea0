// What the console knows of the judge: how far it agrees with the always-on scores, what it could not say, and what it costs.

import LLMTelemetry

package struct JudgeReport: Sendable, Equatable {
  /// One scorer under both.
  package struct Comparison: Sendable, Equatable {
    package var scorer: RiskScorer
    /// Of the verdicts that are looked at: the last `window`.
    package var verdicts: Int
    /// When the first of these answers was given; `nil` without one.
    package var since: Timestamp?
    /// From which score on an answer counts as risky, for both.
    package var threshold: Double
    package var bothRisky: Int
    package var bothFine: Int
    package var onlyScore: Int
    package var onlyJudge: Int
    /// Share of answers on which both say the same, with the ends of its 95 % interval; `nil` while there are too few.
    package var agreement: Double?
    package var agreementInterval: ClosedRange<Double>?
    /// Cohen's kappa; also `nil` when both always say the same one thing.
    package var kappa: Double?
    /// Area under the curve of the always-on score against the judge's verdict; `nil` while either kind of answer is rare.
    package var areaUnderCurve: Double?

    package init(
      scorer: RiskScorer, verdicts: Int, since: Timestamp?, threshold: Double, bothRisky: Int, bothFine: Int, onlyScore: Int,
      onlyJudge: Int, agreement: Double?, agreementInterval: ClosedRange<Double>?, kappa: Double?, areaUnderCurve: Double?
    ) {
      self.scorer = scorer
      self.verdicts = verdicts
      self.since = since
      self.threshold = threshold
      self.bothRisky = bothRisky
      self.bothFine = bothFine
      self.onlyScore = onlyScore
      self.onlyJudge = onlyJudge
      self.agreement = agreement
      self.agreementInterval = agreementInterval
      self.kappa = kappa
      self.areaUnderCurve = areaUnderCurve
    }
  }

  /// An answer that one of the two found risky.
  package struct Disagreement: Sendable, Equatable {
    package var at: Timestamp
    package var trace: String
    package var scorer: RiskScorer
    package var score: Double
    package var judgeScore: Double
    /// In the judge's words, redacted; empty when it gave none or they have been forgotten.
    package var reason: String

    package init(at: Timestamp, trace: String, scorer: RiskScorer, score: Double, judgeScore: Double, reason: String) {
      self.at = at
      self.trace = trace
      self.scorer = scorer
      self.score = score
      self.judgeScore = judgeScore
      self.reason = reason
    }
  }

  /// Chosen answers without a verdict, since the start.
  package struct Unanswered: Sendable, Equatable {
    /// The tag of `llm.judge.unanswered`, and the same in words.
    package var reason: String
    package var words: String
    package var count: Int

    package init(reason: String, words: String, count: Int) {
      self.reason = reason
      self.words = words
      self.count = count
    }
  }

  /// Of the judge's own calls in the last 24 hours.
  package struct Cost: Sendable, Equatable {
    package var known: Nanodollars
    /// Calls whose cost could not be told; they are not in `known`.
    package var unknownCalls: Int

    package init(known: Nanodollars = Nanodollars(0), unknownCalls: Int = 0) {
      self.known = known
      self.unknownCalls = unknownCalls
    }
  }

  package var model: String
  /// The name of its virtual key.
  package var key: String
  /// Of the scored answers whose texts are captured, above 0, at most 1.
  package var share: Double
  package var perMinute: Int
  /// Fewer verdicts are too few for a share; a ranking needs `leastOfEachKind` of risky and of fine answers.
  package var leastVerdicts: Int
  package var leastOfEachKind: Int
  package var window: Int
  package var comparisons: [Comparison]
  /// Newest first.
  package var disagreements: [Disagreement]
  /// Since the start.
  package var verdicts: Int
  /// The most frequent first.
  package var unanswered: [Unanswered]
  /// Why the last call failed; `nil` after one that did not.
  package var problem: String?
  /// While it does not ask, because its budget is spent.
  package var pausedUntil: Timestamp?
  package var cost: Cost

  package init(
    model: String, key: String, share: Double, perMinute: Int, leastVerdicts: Int, leastOfEachKind: Int, window: Int,
    comparisons: [Comparison], disagreements: [Disagreement], verdicts: Int, unanswered: [Unanswered], problem: String?,
    pausedUntil: Timestamp?, cost: Cost
  ) {
    self.model = model
    self.key = key
    self.share = share
    self.perMinute = perMinute
    self.leastVerdicts = leastVerdicts
    self.leastOfEachKind = leastOfEachKind
    self.window = window
    self.comparisons = comparisons
    self.disagreements = disagreements
    self.verdicts = verdicts
    self.unanswered = unanswered
    self.problem = problem
    self.pausedUntil = pausedUntil
    self.cost = cost
  }
}
