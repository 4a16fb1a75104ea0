// Gives stored exchanges the cost of another price book, and corrects the charts by the difference, batch by batch.

import GRDB
import LLMMetrics
import LLMTelemetry
import Pricing

extension TelemetryStore {
  /// Exchanges this young may not have reached their chart point yet: spans and rollups are written separately.
  package static let repriceMinimumAge: Duration = .seconds(60)

  /// Recomputes the cost of the exchanges that started in `range`, oldest first. Each batch is one transaction that changes
  /// spans, chart points and sums by hour together, so that an interrupted run leaves nothing half done and a second run finds the rest.
  /// Spans and points move by differences, so that a commander that writes at the same time loses nothing.
  /// - Parameter dryRun: reads and reports only.
  package func reprice(
    in range: Range<Timestamp>, by book: PriceBook, dryRun: Bool = false, batch: Int = 500,
    progress: (RepricingReport) -> Void = { _ in }
  ) throws -> RepricingReport {
    var report = RepricingReport()
    var cursor = SpanCursor(start: range.lowerBound, sequence: .min)
    while true {
      let batchReport: RepricingReport
      let next: SpanCursor?
      if dryRun {
        (batchReport, next) = try pool.read { db in
          var report = report
          let spans = try Self.page(after: cursor, until: range.upperBound, limit: batch, in: db)
          for item in spans.items { report.add(item.span, after: Repricing.cost(of: item.span, by: book)) }
          return (report, spans.next)
        }
      } else {
        (batchReport, next) = try repriceBatch(after: cursor, until: range.upperBound, by: book, limit: batch, report)
      }
      report = batchReport
      progress(report)
      guard let next else { return report }
      cursor = next
    }
  }

  private func repriceBatch(
    after cursor: SpanCursor, until end: Timestamp, by book: PriceBook, limit: Int, _ report: RepricingReport
  ) throws -> (RepricingReport, SpanCursor?) {
    var report = report
    var next: SpanCursor?
    var correction = PointCorrection()
    var hours = newCostHours
    try pool.writeWithoutTransaction { db in
      try db.inTransaction(.immediate) {
        let page = try Self.page(after: cursor, until: end, limit: limit, in: db)
        next = page.next
        let update = try db.cachedStatement(
          sql: "UPDATE spans SET cost_nanodollars = ?, cost_exactness = ?, price_version = ? WHERE sequence = ?")
        for item in page.items {
          let cost = Repricing.cost(of: item.span, by: book)
          report.add(item.span, after: cost)
          guard cost != item.span.cost else { continue }
          try update.execute(arguments: [cost.amount?.count, cost.exactness, cost.priceVersion, item.sequence])
          hours.move(item.span, to: cost)
          if try !correction.move(item.span, to: cost, in: db) { report.withoutPoint += 1 }
        }
        try correction.removeEmptied(in: db)
        try hours.write(to: db)
        return .commit
      }
    }
    let created = correction.created
    if !created.isEmpty { index.withLock { for (key, id) in created { $0.insert(key, id: id) } } }
    return (report, next)
  }

  private static func page(
    after cursor: SpanCursor, until end: Timestamp, limit: Int, in db: Database
  ) throws -> (items: [CostSpan], next: SpanCursor?) {
    let sql = """
      SELECT \(CostSpan.columns) FROM spans
      WHERE (start, sequence) > (?, ?) AND start < ? AND kind IN ('llm', 'embedding')
      ORDER BY start, sequence LIMIT ?
      """
    let rows = try Row.fetchAll(
      db, sql: sql, arguments: [cursor.start.unixNanoseconds, cursor.sequence, end.unixNanoseconds, limit])
    let next =
      rows.count == limit
      ? rows.last.map { SpanCursor(start: Timestamp(unixNanoseconds: $0["start"]), sequence: $0["sequence"]) } : nil
    return (rows.compactMap(CostSpan.init), next)
  }
}
