// Series in a table: the reader a test hands to the engine.

import LLMMetrics
import LLMTelemetry

package struct SeriesTable {
  package init() {}

  private var rows: [String: [(tags: TagSet, start: Timestamp, aggregate: Aggregate)]] = [:]

  package mutating func add(_ metric: MetricDefinition, _ tags: [String: String] = [:], at: Timestamp, _ aggregate: Aggregate) {
    rows[metric.name, default: []].append((TagSet(tags), at.floored(to: Rollup.width), aggregate))
  }

  package mutating func count(_ metric: MetricDefinition, _ tags: [String: String] = [:], at: Timestamp, _ count: Int64) {
    guard count > 0 else { return }
    add(metric, tags, at: at, .count(count))
  }

  package func read(_ query: SeriesQuery) -> [SeriesGroup] {
    var groups: [TagSet: [Timestamp: Aggregate]] = [:]
    let all = rows[query.metric] ?? []
    // Tests add rows in the order of time.
    var (first, end) = (0, all.count)
    while first < end {
      let middle = (first + end) / 2
      if all[middle].start < query.range.lowerBound { first = middle + 1 } else { end = middle }
    }
    for row in all[first...] {
      guard row.start < query.range.upperBound else { break }
      guard query.filter.allSatisfy({ row.tags[$0.key] == $0.value }) else { continue }
      let tags = TagSet(query.groupBy.compactMap { name in row.tags[name].map { .init(name: name, value: $0) } })
      if groups[tags]?[row.start] == nil {
        groups[tags, default: [:]][row.start] = row.aggregate
      } else {
        groups[tags]?[row.start]?.merge(row.aggregate)
      }
    }
    return groups.map { tags, points in
      SeriesGroup(tags: tags, points: points.sorted { $0.key < $1.key }.map { (start: $0.key, aggregate: $0.value) })
    }
  }
}

extension Timestamp {
  /// 2026-11-01T00:00:00Z plus seconds.
  package static func second(_ seconds: Int64) -> Timestamp { Timestamp(unixSeconds: 1_793_491_200 + seconds) }
}
