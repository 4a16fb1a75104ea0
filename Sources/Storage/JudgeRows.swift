// The judge's verdicts beside the always-on scores of the same answers: appended one by one, read at a start.

import GRDB
import LLMTelemetry

package struct JudgeRow: Sendable, Equatable {
  /// When the judged exchange began.
  package var at: Timestamp
  package var trace: TraceID
  package var span: SpanID
  package var scorer: RiskScorer
  /// The model that judged, and the version of the question: verdicts of another judge do not mix with its own.
  package var judge: String
  /// The always-on score, and the judge's; 0 to 1.
  package var score: Double
  package var judgeScore: Double
  /// In the judge's words, redacted; empty when it gave none, or when it has been forgotten with captured content.
  package var reason: String

  package init(
    at: Timestamp, trace: TraceID, span: SpanID, scorer: RiskScorer, judge: String, score: Double, judgeScore: Double,
    reason: String
  ) {
    self.at = at
    self.trace = trace
    self.span = span
    self.scorer = scorer
    self.judge = judge
    self.score = score
    self.judgeScore = judgeScore
    self.reason = reason
  }
}

extension TelemetryStore {
  package func append(verdict row: JudgeRow) throws {
    try pool.write { db in
      try db.cachedStatement(
        sql: """
          INSERT INTO judge_verdicts (at, trace, span, scorer, judge, score, judge_score, reason)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?)
          """
      ).execute(arguments: [
        row.at.unixNanoseconds, row.trace.description, row.span.description, row.scorer.rawValue, row.judge, row.score,
        row.judgeScore, row.reason,
      ])
    }
  }

  /// The last `limit` verdicts of one judge on one scorer, oldest first.
  package func verdicts(of judge: String, on scorer: RiskScorer, limit: Int) throws -> [JudgeRow] {
    let rows = try pool.read {
      try Row.fetchAll(
        $0, sql: "SELECT * FROM judge_verdicts WHERE judge = ? AND scorer = ? ORDER BY id DESC LIMIT ?",
        arguments: [judge, scorer.rawValue, limit])
    }
    return rows.reversed().compactMap { row in
      guard let trace = TraceID(hexadecimal: row["trace"] as String), let span = SpanID(hexadecimal: row["span"] as String) else {
        return nil
      }
      return JudgeRow(
        at: Timestamp(unixNanoseconds: row["at"]), trace: trace, span: span, scorer: scorer, judge: judge, score: row["score"],
        judgeScore: row["judge_score"], reason: row["reason"])
    }
  }
}
