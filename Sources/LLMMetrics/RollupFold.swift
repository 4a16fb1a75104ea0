// Folds measurements into 10 s rollups by the time their span ended, and hands out those no more spans are expected for.

import LLMTelemetry

/// Open rollups of one process. A span that comes after its interval was handed out opens a second, partial rollup of the
/// same interval; whoever stores rollups merges them, so nothing is lost and nothing is held back for stragglers.
package struct RollupFold: Sendable {
  /// How long after an interval's end its rollup stays open: spans travel through a queue.
  package static let lateness: Duration = .seconds(2)
  /// Spans with wrong clocks could open any number of intervals; past this many, all are handed out.
  package static let openIntervalLimit = 360

  private var open: [Timestamp: Rollup] = [:]

  package init() {}

  package mutating func add(_ measurements: [MetricMeasurement], endedAt end: Timestamp) {
    let start = end.floored(to: Rollup.width)
    for measurement in measurements {
      open[start, default: Rollup(start: start)].series[measurement.seriesKey, default: .empty(for: measurement.value)].add(
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
    open.keys.filter(isWanted).sorted().compactMap { open.removeValue(forKey: $0) }
  }
}
