// The telemetry file: spans and rollups, appended in batches, read as series and pages, forgotten by age.

import Foundation
import GRDB
import LLMMetrics
import LLMTelemetry
import Synchronization

/// SQLite in WAL mode. A power cut may lose the last moments of telemetry, never the file: that is `synchronous=NORMAL`, and
/// what must not be lost is in the `Ledger`.
package final class TelemetryStore: Sendable {
  package let path: String
  let pool: DatabasePool
  /// Changed only inside writes, after their commit, so that it never knows a series the file does not have.
  let index: Mutex<SeriesIndex>
  /// Used only inside writes.
  private let traceBlocks = Mutex(TraceBlocks())

  private let costSubjectLimit: Int

  /// Opens or creates the file at `path`; its folder must exist. Throws `StorageError`.
  /// - Parameter costSubjectLimit: combinations of tenant, feature, route, prompt version and model that costs are summed for.
  package init(path: String, costSubjectLimit: Int = 5_000) throws {
    self.path = path
    self.costSubjectLimit = costSubjectLimit
    pool = try DatabaseFile.open(path, kind: .telemetry, migrator: TelemetrySchema.migrator) {
      var configuration = $0
      // A checkpoint writes a page once however often it has changed since the last: 4,000 pages are 16 MB of log.
      configuration.prepareDatabase { db in
        try db.execute(sql: "PRAGMA wal_autocheckpoint = 4000")
        db.add(function: TraceBlocks.function)
      }
      return try DatabasePool(path: path, configuration: configuration)
    }
    index = Mutex(try pool.read(SeriesIndex.load))
  }

  package func append(spans: [LLMSpan]) throws {
    guard !spans.isEmpty else { return }
    var costs = newCostHours
    // By place: a loop over the spans would copy each.
    for index in spans.indices { costs.add(spans[index]) }
    try pool.write { [costs] db in
      let written = try SpanInsertion.insert(spans, into: db)
      try costs.write(to: db)
      try traceBlocks.withLock { try $0.append(spans, in: written, to: db) }
    }
  }

  var newCostHours: CostHours { CostHours(subjectLimit: costSubjectLimit) }

  /// Adds to what the file already has for the same series and interval.
  package func append(rollups: [Rollup]) throws {
    guard rollups.contains(where: { !$0.series.isEmpty }) else { return }
    try pool.writeWithoutTransaction { db in
      var created: [SeriesKey: Int64] = [:]
      try db.inTransaction(.immediate) {
        for rollup in rollups {
          for (key, aggregate) in rollup.series {
            let id = try index.withLock { $0.ids[key] } ?? created[key] ?? Self.create(key, in: db)
            created[key] = id
            try merge(aggregate, series: id, start: rollup.start, in: db)
          }
        }
        return .commit
      }
      index.withLock { for (key, id) in created { $0.insert(key, id: id) } }
    }
  }

  private static func create(_ key: SeriesKey, in db: Database) throws -> Int64 {
    let tags = TagText.encode(key.tags)
    // Another process may have created the series since this one started.
    try db.cachedStatement(sql: "INSERT OR IGNORE INTO series (metric, tags) VALUES (?, ?)").execute(arguments: [
      key.metric, tags,
    ])
    if db.changesCount > 0 { return db.lastInsertedRowID }
    let select = try db.cachedStatement(sql: "SELECT id FROM series WHERE metric = ? AND tags = ?")
    return try Int64.fetchOne(select, arguments: [key.metric, tags]) ?? 0
  }

  private func merge(_ aggregate: Aggregate, series: Int64, start: Timestamp, in db: Database) throws {
    switch aggregate {
    case .count(let count):
      let sql = """
        INSERT INTO points (series, start, count) VALUES (?, ?, ?)
        ON CONFLICT (series, start) DO UPDATE SET count = count + excluded.count
        """
      try db.cachedStatement(sql: sql).execute(arguments: [series, start.unixNanoseconds, count])
    case .sketch(var sketch):
      let select = try db.cachedStatement(sql: "SELECT sketch FROM points WHERE series = ? AND start = ?")
      if let stored = try Data.fetchOne(select, arguments: [series, start.unixNanoseconds]) {
        sketch.merge(try decode(stored, series: series))
      }
      let upsert = try db.cachedStatement(sql: "INSERT OR REPLACE INTO points (series, start, sketch) VALUES (?, ?, ?)")
      try upsert.execute(arguments: [series, start.unixNanoseconds, SketchBlob.encode(sketch)])
    }
  }

  private func decode(_ blob: Data, series: Int64) throws -> QuantileSketch {
    guard let sketch = SketchBlob.decode(blob) else {
      throw StorageError.damaged(path: path, detail: "sketch of series \(series)")
    }
    return sketch
  }
}

// MARK: - Reading

extension TelemetryStore {
  package var seriesCount: Int { index.withLock { $0.count } }

  /// Groups in the order of their tags; a `SeriesReader`.
  package func read(_ query: SeriesQuery) throws -> [SeriesGroup] {
    let groups = index.withLock { $0.matches(query) }
    guard !groups.isEmpty else { return [] }
    var points: [TagSet: [Timestamp: Aggregate]] = [:]
    try pool.read { db in
      for ids in groups.keys.sorted().chunked(500) {
        let sql = """
          SELECT series, start, count, sketch FROM points
          WHERE series IN (\(ids.map { _ in "?" }.joined(separator: ", "))) AND start >= ? AND start < ?
          """
        let arguments = StatementArguments(
          ids + [query.range.lowerBound.unixNanoseconds, query.range.upperBound.unixNanoseconds])
        let rows = try Row.fetchCursor(db, sql: sql, arguments: arguments)
        while let row = try rows.next() {
          guard let group = groups[row["series"]] else { continue }
          let aggregate = try aggregate(row)
          points[group, default: [:]][Timestamp(unixNanoseconds: row["start"]), default: aggregate.emptied].merge(aggregate)
        }
      }
    }
    return points.map { tags, values in
      SeriesGroup(tags: tags, points: values.sorted { $0.key < $1.key }.map { (start: $0.key, aggregate: $0.value) })
    }.sorted { TagText.encode($0.tags) < TagText.encode($1.tags) }
  }

  private func aggregate(_ row: Row) throws -> Aggregate {
    if let count = row["count"] as Int64? { return .count(count) }
    return .sketch(try decode(row["sketch"], series: row["series"]))
  }

  /// At most `limit` spans, newest first, those before `cursor` when there is one.
  package func spans(_ filter: SpanFilter = SpanFilter(), limit: Int, before cursor: SpanCursor? = nil) throws -> SpanPage {
    var (condition, arguments) = filter.condition
    if let cursor {
      condition += " AND (start, sequence) < (?, ?)"
      arguments += [cursor.start.unixNanoseconds, cursor.sequence]
    }
    arguments += [limit + 1]
    let sql = "SELECT \(SpanRow.selection) FROM \(filter.source) WHERE \(condition) ORDER BY start DESC, sequence DESC LIMIT ?"
    let rows = try pool.read { try Row.fetchAll($0, sql: sql, arguments: arguments) }
    let page = rows.prefix(limit)
    let next =
      rows.count > limit
      ? page.last.map { SpanCursor(start: Timestamp(unixNanoseconds: $0["start"]), sequence: $0["sequence"]) } : nil
    return SpanPage(spans: try page.map(span), next: next)
  }

  /// All spans of one trace, oldest first; at most `limit`, since an application chooses how many it sends.
  package func trace(_ id: TraceID, limit: Int = 1000) throws -> [LLMSpan] {
    var filter = SpanFilter()
    filter.traceID = id
    let (condition, arguments) = filter.condition
    let sql = "SELECT \(SpanRow.selection) FROM \(filter.source) WHERE \(condition) ORDER BY start, sequence LIMIT ?"
    return try pool.read { try Row.fetchAll($0, sql: sql, arguments: arguments + [limit]) }.map(span)
  }

  func span(_ row: Row) throws -> LLMSpan {
    guard let span = SpanRow.span(row) else { throw StorageError.damaged(path: path, detail: "span \(row["sequence"] as Int64)") }
    return span
  }
}

extension Aggregate {
  /// The same kind, holding nothing.
  fileprivate var emptied: Aggregate {
    switch self {
    case .count: .count(0)
    case .sketch: .sketch(QuantileSketch())
    }
  }
}

extension Array {
  /// Consecutive pieces of at most `size`.
  fileprivate func chunked(_ size: Int) -> [ArraySlice<Element>] {
    stride(from: 0, to: count, by: size).map { self[$0..<Swift.min($0 + size, count)] }
  }
}
