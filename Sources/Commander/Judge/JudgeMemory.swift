// What the judge in a running commander remembers: verdicts, disagreements, what got none, and whether it pauses. Pure; time is an argument.

import LLMMetrics
import LLMTelemetry
import SemanticRisk
import Storage

struct JudgeMemory: Sendable {
  /// The newest disagreements that a page shows.
  static let disagreementLimit = 20
  /// A budget that frees a little with every moment is not asked at every moment; one that is spent for a month may be raised tomorrow.
  static let pause = (least: Duration.seconds(60), most: Duration.seconds(3_600))

  private var gate = RateGate()
  private(set) var agreements: [RiskScorer: JudgeAgreement]
  /// Newest first.
  private(set) var disagreements: [JudgeRow] = []
  /// Since the start.
  private(set) var verdicts = 0
  private(set) var unanswered: [JudgeObstacle: Int] = [:]
  /// Why the last call that failed did; `nil` after a verdict.
  private(set) var problem: String?
  private(set) var pausedUntil: Timestamp?
  private var untold = Untold()

  /// What the metrics have not said yet.
  private struct Untold: Sendable {
    struct Verdict: Hashable {
      let scorer: RiskScorer
      let comparison: JudgeComparison
    }
    var verdicts: [Verdict: Int] = [:]
    var unanswered: [JudgeObstacle: Int] = [:]
  }

  init(scorers: [RiskScorer]) {
    agreements = Dictionary(
      scorers.map { ($0, JudgeAgreement(threshold: RiskThreshold.of($0))) }, uniquingKeysWith: { first, _ in first })
  }

  /// Whether the judge may be asked once more now; counts why not.
  mutating func admits(at now: Timestamp, perMinute: Int) -> Bool {
    if let until = pausedUntil {
      guard now >= until else {
        note(.paused)
        return false
      }
      pausedUntil = nil
    }
    guard gate.take(at: now, perMinute: perMinute) == nil else {
      note(.perMinute)
      return false
    }
    return true
  }

  mutating func note(_ obstacle: JudgeObstacle) {
    unanswered[obstacle, default: 0] += 1
    untold.unanswered[obstacle, default: 0] += 1
  }

  mutating func note(_ obstacle: JudgeObstacle, message: String, retryAfter: Duration?, at now: Timestamp) {
    note(obstacle)
    problem = message
    if obstacle == .budget {
      pausedUntil = now + min(Self.pause.most, max(Self.pause.least, retryAfter ?? Self.pause.least))
    }
  }

  mutating func add(_ row: JudgeRow) {
    verdicts += 1
    problem = nil
    let comparison = learn(row)
    untold.verdicts[.init(scorer: row.scorer, comparison: comparison), default: 0] += 1
  }

  /// - Parameter rows: of one scorer, oldest first, as an earlier start left them.
  mutating func restore(_ rows: [JudgeRow]) {
    for row in rows { learn(row) }
    disagreements.sort { $0.at > $1.at }
  }

  @discardableResult
  private mutating func learn(_ row: JudgeRow) -> JudgeComparison {
    let threshold = RiskThreshold.of(row.scorer)
    agreements[row.scorer, default: JudgeAgreement(threshold: threshold)].add(
      JudgeAgreement.Pair(at: row.at, score: row.score, judgeScore: row.judgeScore))
    let comparison = JudgeComparison(score: row.score, judgeScore: row.judgeScore, threshold: threshold)
    if !comparison.isAgreement {
      disagreements.insert(row, at: 0)
      if disagreements.count > Self.disagreementLimit { disagreements.removeLast() }
    }
    return comparison
  }

  /// Counts since the last time, and how it stands.
  mutating func takeMeasurements() -> [MetricMeasurement] {
    defer { untold = Untold() }
    var measurements = untold.verdicts.map {
      MetricMeasurement.judgeVerdicts($0.key.scorer, verdict: $0.key.comparison.rawValue, count: $0.value)
    }
    measurements += untold.unanswered.map { .judgeUnanswered(reason: $0.key.rawValue, count: $0.value) }
    for (scorer, agreement) in agreements {
      if let share = agreement.agreement { measurements.append(.judgeAgreement(scorer, share: share)) }
      if let area = agreement.areaUnderCurve { measurements.append(.judgeRanking(scorer, areaUnderCurve: area)) }
    }
    return measurements
  }
}
