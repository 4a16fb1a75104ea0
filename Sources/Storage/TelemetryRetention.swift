// Forgets telemetry by age, a bounded batch at a time, without loading a row.

import GRDB
import LLMTelemetry

extension TelemetryStore {
  package struct Deleted: Equatable, Sendable {
    package var spans = 0
    package var contents = 0
    package var points = 0
    package var series = 0
  }

  /// Deletes spans and points that start before `edge`, and series left without points. Between batches other writers get
  /// their turn.
  package func deleteOlder(than edge: Timestamp, batch: Int = 5000) throws -> Deleted {
    var deleted = Deleted()
    // Content never outlives its span.
    deleted.contents = try deleteContent(olderThan: edge, batch: batch)
    deleted.spans = try deleteInBatches(
      "DELETE FROM spans WHERE sequence IN (SELECT sequence FROM spans WHERE start < ? LIMIT ?)", edge, batch)
    _ = try deleteInBatches(
      "DELETE FROM judge_verdicts WHERE id IN (SELECT id FROM judge_verdicts WHERE at < ? LIMIT ?)", edge, batch)
    if deleted.spans > 0 { try pool.write(TraceBlocks.deleteEmpty) }
    deleted.points = try deleteInBatches(
      "DELETE FROM points WHERE (series, start) IN (SELECT series, start FROM points WHERE start < ? LIMIT ?)", edge, batch)
    if deleted.points > 0 { deleted.series = try deleteEmptySeries() }
    return deleted
  }

  private func deleteInBatches(_ sql: String, _ edge: Timestamp, _ batch: Int) throws -> Int {
    var total = 0
    while true {
      let count = try pool.write { db in
        try db.execute(sql: sql, arguments: [edge.unixNanoseconds, batch])
        return db.changesCount
      }
      total += count
      if count < batch { return total }
    }
  }

  private func deleteEmptySeries() throws -> Int {
    try pool.writeWithoutTransaction { db in
      var count = 0
      var remaining = SeriesIndex()
      try db.inTransaction(.immediate) {
        try db.execute(sql: "DELETE FROM series WHERE NOT EXISTS (SELECT 1 FROM points WHERE points.series = series.id)")
        count = db.changesCount
        remaining = try SeriesIndex.load(db)
        return .commit
      }
      index.withLock { [remaining] in $0 = remaining }
      return count
    }
  }
}
