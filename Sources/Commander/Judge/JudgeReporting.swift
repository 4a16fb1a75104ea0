// The judge as the console shows it.

import Console
import LLMMetrics
import LLMTelemetry
import SemanticRisk
import Storage

extension JudgeReport {
  init(_ settings: JudgeSettings, _ memory: JudgeMemory, cost: Cost) {
    self.init(
      model: settings.model, key: settings.key, share: settings.sample.share, perMinute: settings.perMinute,
      leastVerdicts: JudgeAgreement.leastPairs, leastOfEachKind: JudgeAgreement.leastOfEachKind, window: JudgeAgreement.window,
      comparisons: settings.scorers.compactMap { scorer in memory.agreements[scorer].map { Comparison(scorer, $0) } },
      disagreements: memory.disagreements.map { row in
        Disagreement(
          at: row.at, trace: row.trace.description, scorer: row.scorer, score: row.score, judgeScore: row.judgeScore,
          reason: row.reason)
      },
      verdicts: memory.verdicts,
      unanswered: memory.unanswered.sorted { ($1.value, $0.key.rawValue) < ($0.value, $1.key.rawValue) }.map {
        Unanswered(reason: $0.key.rawValue, words: $0.key.words, count: $0.value)
      },
      problem: memory.problem, pausedUntil: memory.pausedUntil, cost: cost)
  }
}

extension JudgeReport.Comparison {
  fileprivate init(_ scorer: RiskScorer, _ agreement: JudgeAgreement) {
    self.init(
      scorer: scorer, verdicts: agreement.pairs.count, since: agreement.pairs.first?.at, threshold: agreement.threshold,
      bothRisky: agreement.count(.bothRisky), bothFine: agreement.count(.bothFine), onlyScore: agreement.count(.onlyScore),
      onlyJudge: agreement.count(.onlyJudge), agreement: agreement.agreement, agreementInterval: agreement.agreementInterval,
      kappa: agreement.kappa, areaUnderCurve: agreement.areaUnderCurve)
  }
}

extension JudgeReport.Cost {
  /// What rollups say of the last 24 hours. Throws `StorageError`.
  init(_ store: TelemetryStore, at now: Timestamp) throws {
    func sum(_ metric: MetricDefinition) throws -> Int64 {
      try store.read(SeriesQuery(metric: metric.name, range: now - .seconds(86_400)..<now + .seconds(1))).reduce(0) {
        sum, group in
        if case .count(let count) = group.total { sum + count } else { sum }
      }
    }
    self.init(
      known: Nanodollars(try sum(MetricCatalogue.judgeCost)), unknownCalls: Int(try sum(MetricCatalogue.judgeCostUnknown)))
  }
}
