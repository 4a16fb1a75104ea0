// Stored spans once more in the order of their time, for what learns from them: a started detector, a backtest on the store.

import GRDB
import LLMTelemetry

extension TelemetryStore {
  /// Spans in pages of this many: a reader holds the file's old pages for as long as it reads.
  private static let replayPage = 2_000

  /// Calls `body` with the spans that began in `range`, oldest first, without holding more than one page. The judge's are left out: they
  /// are no traffic.
  package func replay(_ range: Range<Timestamp>, _ body: (LLMSpan) throws -> Void) throws {
    var cursor = SpanCursor(start: range.lowerBound, sequence: .min)
    while true {
      let page = try replayPage(after: cursor, before: range.upperBound)
      for span in page.spans { try body(span) }
      guard let next = page.next else { return }
      cursor = next
    }
  }

  private func replayPage(after cursor: SpanCursor, before end: Timestamp) throws -> SpanPage {
    let sql = """
      SELECT \(SpanRow.selection) FROM spans WHERE start >= ? AND (start, sequence) > (?, ?) AND start < ?
        AND of_judge IS NULL
      ORDER BY start, sequence LIMIT ?
      """
    let arguments: StatementArguments = [
      cursor.start.unixNanoseconds, cursor.start.unixNanoseconds, cursor.sequence, end.unixNanoseconds, Self.replayPage,
    ]
    let rows = try pool.read { try Row.fetchAll($0, sql: sql, arguments: arguments) }
    let next =
      rows.count == Self.replayPage
      ? rows.last.map { SpanCursor(start: Timestamp(unixNanoseconds: $0["start"]), sequence: $0["sequence"]) } : nil
    return SpanPage(spans: try rows.map(span), next: next)
  }

  /// When the oldest and the newest stored span began; `nil` for an empty store.
  package func spanTimes() throws -> ClosedRange<Timestamp>? {
    try pool.read { db in
      guard let row = try Row.fetchOne(db, sql: "SELECT MIN(start) AS first, MAX(start) AS last FROM spans"),
        let first = row["first"] as Int64?, let last = row["last"] as Int64?
      else { return nil }
      return Timestamp(unixNanoseconds: first)...Timestamp(unixNanoseconds: last)
    }
  }
}
