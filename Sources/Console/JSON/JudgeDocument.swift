// The judge as JSON: its agreement with the always-on scores, and what it costs.

import LLMTelemetry

struct JudgeDocument: Encodable {
  struct Comparison: Encodable {
    let scorer: RiskScorer
    let verdicts: Int
    let since: Timestamp?
    let threshold: Double
    let bothRisky, bothFine, onlyScore, onlyJudge: Int
    /// False while there are too few verdicts; then the figures below are missing.
    let isEnough: Bool
    let agreement: Double?
    /// Two ends, 95 %.
    let agreementInterval: [Double]?
    let kappa: Double?
    let areaUnderCurve: Double?
  }

  struct Disagreement: Encodable {
    let at: Timestamp
    let trace: String
    let scorer: RiskScorer
    let score: Double
    let judgeScore: Double
    let reason: String
  }

  let at: Timestamp
  /// False without the section `judge`; then everything below is missing.
  let isConfigured: Bool
  let model: String?
  let key: String?
  let share: Double?
  let perMinute: Int?
  let leastVerdicts: Int?
  let leastOfEachKind: Int?
  let window: Int?
  let comparisons: [Comparison]?
  let disagreements: [Disagreement]?
  let verdictsSinceStart: Int?
  /// By reason, since the start.
  let unanswered: [String: Int]?
  let problem: String?
  let pausedUntil: Timestamp?
  let costLastDayUSD: String?
  let unknownCostCallsLastDay: Int?

  init(_ report: JudgeReport?, at now: Timestamp) {
    at = now
    isConfigured = report != nil
    model = report?.model
    key = report?.key
    share = report?.share
    perMinute = report?.perMinute
    leastVerdicts = report?.leastVerdicts
    leastOfEachKind = report?.leastOfEachKind
    window = report?.window
    comparisons = report?.comparisons.map { comparison in
      Comparison(
        scorer: comparison.scorer, verdicts: comparison.verdicts, since: comparison.since, threshold: comparison.threshold,
        bothRisky: comparison.bothRisky, bothFine: comparison.bothFine, onlyScore: comparison.onlyScore,
        onlyJudge: comparison.onlyJudge, isEnough: comparison.agreement != nil, agreement: comparison.agreement,
        agreementInterval: comparison.agreementInterval.map { [$0.lowerBound, $0.upperBound] }, kappa: comparison.kappa,
        areaUnderCurve: comparison.areaUnderCurve)
    }
    disagreements = report?.disagreements.map {
      Disagreement(
        at: $0.at, trace: $0.trace, scorer: $0.scorer, score: $0.score, judgeScore: $0.judgeScore, reason: $0.reason)
    }
    verdictsSinceStart = report?.verdicts
    unanswered = report.map { report in
      Dictionary(report.unanswered.map { ($0.reason, $0.count) }) { first, _ in first }
    }
    problem = report?.problem
    pausedUntil = report?.pausedUntil
    costLastDayUSD = report?.cost.known.decimalDollars
    unknownCostCallsLastDay = report?.cost.unknownCalls
  }
}
