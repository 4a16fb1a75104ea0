// Folds measurements into 10 s rollups by the time their span ended, and hands out those no more spans are expected for.

import LLMTelemetry

/// Open rollups of one process. A span that comes after its interval was handed out opens a second, partial rollup of the
/// same interval; whoever stores rollups merges them, so nothing is lost and nothing is held back for stragglers.
package struct RollupFold: Sendable {
  /// How long after an interval's end its rollup stays open: spans travel through a queue.
  package static let lateness: Duration = .seconds(2)
  /// Spans with wrong clocks could open any number of intervals; past this many, all are handed out.
  package static let openIntervalLimit = 360
  /// Intervals that may have a place for every series there is; those opened beyond hold only what they have seen.
  private static let numberedIntervalLimit = 8
  private static let width = Rollup.width.wholeNanoseconds

  private var open: [Timestamp: Interval] = [:]
  /// Of the generation the numbers in `open` belong to.
  private var series: [MeasurementBatch.Series] = []
  private var generation: UInt64 = 0

  package init() {}

  package mutating func add(_ batch: MeasurementBatch) {
    if batch.generation != generation {
      for start in open.keys { open[start]?.nameEverything(series) }
      series.removeAll(keepingCapacity: true)
      generation = batch.generation
    }
    series.append(contentsOf: batch.series.dropFirst(series.count))

    var first = 0
    while first < batch.spans.count {
      // Neighbours mostly belong to the same interval, which leaves the table once for all of them.
      let start = batch.spans[first].endedAt.floored(to: Rollup.width)
      var last = first
      while last + 1 < batch.spans.count {
        let distance = batch.spans[last + 1].endedAt.unixNanoseconds.subtractingReportingOverflow(start.unixNanoseconds)
        guard !distance.overflow, distance.partialValue >= 0, distance.partialValue < Self.width else { break }
        last += 1
      }
      var interval = open.removeValue(forKey: start) ?? Interval()
      interval.makeRoom(for: series.count)
      let begin = first == 0 ? 0 : batch.spans[first - 1].end
      for value in batch.values[begin..<batch.spans[last].end] { interval.add(value) }
      if open.count >= Self.numberedIntervalLimit { interval.nameEverything(series) }
      open[start] = interval
      first = last + 1
    }
  }

  /// Adds values that come from no span, at the time they were taken.
  package mutating func add(_ measurements: [MetricMeasurement], at time: Timestamp) {
    let start = time.floored(to: Rollup.width)
    for measurement in measurements {
      open[start, default: Interval()].named[measurement.seriesKey, default: .empty(for: measurement.value)].add(
        measurement.value)
    }
  }

  /// Removes and returns the rollups that are over at `now`, oldest first.
  package mutating func closed(now: Timestamp) -> [Rollup] {
    guard open.count <= Self.openIntervalLimit else { return flush() }
    let edge = now - Self.lateness - Rollup.width
    return take { $0 <= edge }
  }

  /// Removes and returns everything, finished or not: the last word before a shutdown.
  package mutating func flush() -> [Rollup] { take { _ in true } }

  private mutating func take(where isWanted: (Timestamp) -> Bool) -> [Rollup] {
    open.keys.filter(isWanted).sorted().compactMap { start in
      guard var interval = open.removeValue(forKey: start) else { return nil }
      interval.nameEverything(series)
      return Rollup(start: start, series: interval.named)
    }
  }
}

/// One open interval: sums by number of the series, until they get their names.
private struct Interval: Sendable {
  private struct Sum: Sendable {
    var count: Int64 = 0
    /// Place in `sketches`; for a count 0, and -1 before the first value.
    var sketch: Int32 = -1
  }

  var named: [SeriesKey: Aggregate] = [:]
  private var sums: [Sum] = []
  private var sketches: [QuantileSketch] = []

  mutating func makeRoom(for seriesCount: Int) {
    if sums.count < seriesCount { sums.append(contentsOf: repeatElement(Sum(), count: seriesCount - sums.count)) }
  }

  @inline(__always)
  mutating func add(_ value: MeasurementBatch.Value) {
    let number = Int(value.series)
    if value.isSample {
      if sums[number].sketch < 0 {
        sums[number].sketch = Int32(sketches.count)
        sketches.append(QuantileSketch())
      }
      sketches[Int(sums[number].sketch)].add(value.sample)
    } else {
      sums[number].sketch = 0
      sums[number].count = sums[number].count.addingSaturated(value.count)
    }
  }

  mutating func nameEverything(_ series: [MeasurementBatch.Series]) {
    for (sum, series) in zip(sums, series) where sum.sketch >= 0 {
      let aggregate: Aggregate =
        switch series.definition.type {
        case .count: .count(sum.count)
        case .distribution, .gauge: .sketch(sketches[Int(sum.sketch)])
        }
      let key = series.key
      if named[key]?.merge(aggregate) == nil { named[key] = aggregate }
    }
    sums.removeAll()
    sketches.removeAll()
  }
}
