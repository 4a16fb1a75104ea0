// One metric over a time range, read once and asked several times: totals of a part, and values per chart interval.

import LLMMetrics
import LLMTelemetry
import Monitors

struct SeriesWindow {
  /// Ordered by start; intervals without data are absent.
  let points: [(start: Timestamp, aggregate: Aggregate)]

  init(_ metric: MetricDefinition, in range: Range<Timestamp>, from source: ConsoleSource) throws {
    points = try source.readSeries(SeriesQuery(metric: metric.name, range: range)).first?.points ?? []
  }

  func total(in range: Range<Timestamp>) -> Aggregate? {
    points.lazy.filter { range.contains($0.start) }.map(\.aggregate).reduce(nil) { Self.merged($0, $1) }
  }

  /// One aggregate per interval of `step` that has data.
  func buckets(of step: Duration, in range: Range<Timestamp>) -> [Timestamp: Aggregate] {
    points.reduce(into: [:]) { buckets, point in
      guard range.contains(point.start) else { return }
      let start = point.start.floored(to: step)
      buckets[start] = Self.merged(buckets[start], point.aggregate)
    }
  }

  private static func merged(_ left: Aggregate?, _ right: Aggregate) -> Aggregate {
    guard var left else { return right }
    left.merge(right)
    return left
  }
}
