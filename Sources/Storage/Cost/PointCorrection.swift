// Moves money between chart points when an exchange's cost changes.

import GRDB
import LLMMetrics
import LLMTelemetry

/// Within one transaction. A point that is not there any more is not invented.
struct PointCorrection {
  /// Looked up in the file, not in the index of this process: a running commander may have deleted a series meanwhile.
  private var found: [SeriesKey: Int64] = [:]
  private(set) var created: [SeriesKey: Int64] = [:]
  private var decreased: Set<Point> = []

  private var plain = CostMeter()

  /// The cost side of what a span means in metrics.
  private struct CostMeter {
    private var meter = SpanMeter(cardinality: .unlimited)
    private var batch = MeasurementBatch()
    private static let metrics: Set<String> = [MetricCatalogue.cost.name, MetricCatalogue.costUnknown.name]

    mutating func costs(of span: LLMSpan) -> [MetricMeasurement] {
      if span.isOfJudge { return span.accountsForExchange ? [MetricMeasurement.judgeCost(of: span)].compactMap { $0 } : [] }
      batch.removeAll()
      meter.measure([span], into: &batch)
      return batch.measurements.filter { Self.metrics.contains($0.definition.name) }
    }
  }

  private struct Point: Hashable {
    let series: Int64
    let start: Int64
  }

  /// Takes the span's stored cost out of its point and adds `cost`. False when the exchange has no point.
  mutating func move(_ span: LLMSpan, to cost: Cost, in db: Database) throws -> Bool {
    guard span.cost.amount != cost.amount || span.cost.exactness != cost.exactness else { return true }
    var repriced = span
    repriced.cost = cost
    // Spans that another span accounts for are in no chart.
    guard !plain.costs(of: span).isEmpty else { return true }
    let start = span.end.floored(to: Rollup.width).unixNanoseconds
    let before = plain.costs(of: span)
    let after = plain.costs(of: repriced)
    var chosen: Fold?
    for measurement in before {
      guard let found = try fold(of: measurement.seriesKey, at: start, in: db) else { return false }
      chosen = found
    }
    guard let fold = chosen else { return true }
    for measurement in before {
      decreased.insert(try add(-Self.count(measurement), to: fold.apply(to: measurement.seriesKey), start, in: db))
    }
    for measurement in after {
      decreased.remove(try add(Self.count(measurement), to: fold.apply(to: measurement.seriesKey), start, in: db))
    }
    return true
  }

  /// What the governor of cardinality did to the values of a span when it was counted.
  private enum Fold {
    /// These tags became `other`.
    case tags(Set<String>)
    /// The last series of a metric, in which nothing has a name.
    case everything(TagSet)

    func apply(to key: SeriesKey) -> SeriesKey {
      switch self {
      case .tags(let names):
        SeriesKey(
          metric: key.metric,
          tags: TagSet(
            key.tags.tags.map { names.contains($0.name) ? TagSet.Tag(name: $0.name, value: CardinalitySettings.otherValue) : $0 })
        )
      case .everything(let tags): SeriesKey(metric: key.metric, tags: tags)
      }
    }
  }

  /// The series with a point at `start` that a value of `key` went into: its own, else the one that folds the fewest of its tags.
  private mutating func fold(of key: SeriesKey, at start: Int64, in db: Database) throws -> Fold? {
    if try hasPoint(key, start, in: db) { return .tags([]) }
    let select = try db.cachedStatement(
      sql: "SELECT tags FROM series JOIN points ON points.series = series.id WHERE metric = ? AND start = ?")
    var best: (names: Set<String>, tags: TagSet)?
    var last: TagSet?
    for text in try String.fetchAll(select, arguments: [key.metric, start]) {
      let tags = TagText.decode(text)
      if tags.isFold(of: key.tags) {
        let names = Set(zip(tags.tags, key.tags.tags).filter { $0.value != $1.value }.map(\.0.name))
        if names.count < best?.names.count ?? .max { best = (names, tags) }
      } else if !tags.tags.isEmpty, tags.tags.allSatisfy({ $0.value == CardinalitySettings.otherValue }) {
        last = tags
      }
    }
    return best.map { .tags($0.names) } ?? last.map { .everything($0) }
  }

  /// Deletes points from which everything was taken: a gap is a gap, never a zero.
  mutating func removeEmptied(in db: Database) throws {
    let delete = try db.cachedStatement(sql: "DELETE FROM points WHERE series = ? AND start = ? AND count = 0")
    for point in decreased { try delete.execute(arguments: [point.series, point.start]) }
    decreased = []
  }

  private static func count(_ measurement: MetricMeasurement) -> Int64 {
    if case .count(let count) = measurement.value { count } else { 0 }
  }

  private mutating func hasPoint(_ key: SeriesKey, _ start: Int64, in db: Database) throws -> Bool {
    guard let series = try series(key, in: db) else { return false }
    let select = try db.cachedStatement(sql: "SELECT 1 FROM points WHERE series = ? AND start = ?")
    return try Int.fetchOne(select, arguments: [series, start]) != nil
  }

  private mutating func add(_ count: Int64, to key: SeriesKey, _ start: Int64, in db: Database) throws -> Point {
    let series = try self.series(key, in: db) ?? create(key, in: db)
    let sql = """
      INSERT INTO points (series, start, count) VALUES (?, ?, ?)
      ON CONFLICT (series, start) DO UPDATE SET count = count + excluded.count
      """
    try db.cachedStatement(sql: sql).execute(arguments: [series, start, count])
    return Point(series: series, start: start)
  }

  private mutating func series(_ key: SeriesKey, in db: Database) throws -> Int64? {
    if let id = found[key] { return id }
    let select = try db.cachedStatement(sql: "SELECT id FROM series WHERE metric = ? AND tags = ?")
    let id = try Int64.fetchOne(select, arguments: [key.metric, TagText.encode(key.tags)])
    found[key] = id
    return id
  }

  private mutating func create(_ key: SeriesKey, in db: Database) throws -> Int64 {
    try db.cachedStatement(sql: "INSERT INTO series (metric, tags) VALUES (?, ?)")
      .execute(arguments: [key.metric, TagText.encode(key.tags)])
    found[key] = db.lastInsertedRowID
    created[key] = db.lastInsertedRowID
    return db.lastInsertedRowID
  }
}
