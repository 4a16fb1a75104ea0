// What is asked of metrics and what comes back: the one shape monitors, charts, contrasts and the store share.

import LLMTelemetry

/// The tags of one series: dimensions plus the metric's own tags, as name/value pairs sorted by name.
package struct TagSet: Hashable, Sendable {
  package struct Tag: Hashable, Sendable {
    package let name: String
    package let value: String
    package init(name: String, value: String) {
      self.name = name
      self.value = value
    }
  }

  /// Sorted by name, names unique.
  package let tags: [Tag]

  package init(_ tags: [Tag]) { self.tags = tags.sorted { $0.name < $1.name } }
  package init(_ values: [String: String]) { self.init(values.map { Tag(name: $0.key, value: $0.value) }) }

  package subscript(name: String) -> String? { tags.first { $0.name == name }?.value }
  package subscript(dimension: Dimension) -> String? { self[dimension.rawValue] }
}

/// One series: a metric of the catalogue and its tags.
package struct SeriesKey: Hashable, Sendable {
  package let metric: String
  package let tags: TagSet
  package init(metric: String, tags: TagSet) {
    self.metric = metric
    self.tags = tags
  }
}

/// What a rollup holds for one series and one interval. Two aggregates of one series merge without loss.
package enum Aggregate: Hashable, Sendable {
  /// In the metric's smallest unit: nano-dollars for `llm.cost`, the thing counted for all others.
  case count(Int64)
  /// The values of a distribution, or the readings of a gauge.
  case sketch(QuantileSketch)

  /// Adds `other`; aggregates of different kinds cannot meet, since a metric has one type.
  package mutating func merge(_ other: Aggregate) {
    switch (self, other) {
    case (.count(let left), .count(let right)): self = .count(left + right)
    case (.sketch(var left), .sketch(let right)):
      left.merge(right)
      self = .sketch(left)
    default: assertionFailure("a series changed its type")
    }
  }
}

/// All series of one interval, ready to be stored or evaluated.
package struct Rollup: Sendable {
  /// Width of the finest rollup; windows of monitors are multiples of it.
  package static let width: Duration = .seconds(10)

  package let start: Timestamp
  package var series: [SeriesKey: Aggregate]

  package init(start: Timestamp, series: [SeriesKey: Aggregate] = [:]) {
    self.start = start
    self.series = series
  }
}

/// A question: one metric, kept where all `filter` tags match, grouped by tag names, over a time range.
package struct SeriesQuery: Hashable, Sendable {
  package var metric: String
  /// Tag name to wanted value.
  package var filter: [String: String]
  /// Tag names; empty means one group of everything.
  package var groupBy: [String]
  package var range: Range<Timestamp>

  package init(metric: String, filter: [String: String] = [:], groupBy: [String] = [], range: Range<Timestamp>) {
    self.metric = metric
    self.filter = filter
    self.groupBy = groupBy
    self.range = range
  }
}

/// One group of the answer. Intervals without data are absent: a gap is a gap, never a zero.
package struct SeriesGroup: Sendable {
  /// The values of `groupBy`'s tags; a tag the series lacks is absent.
  package let tags: TagSet
  /// Ordered by start; one entry per rollup interval that had data.
  package let points: [(start: Timestamp, aggregate: Aggregate)]

  package init(tags: TagSet, points: [(start: Timestamp, aggregate: Aggregate)]) {
    self.tags = tags
    self.points = points
  }

  /// Everything in the range merged into one aggregate; `nil` without points.
  package var total: Aggregate? {
    guard var result = points.first?.aggregate else { return nil }
    for point in points.dropFirst() { result.merge(point.aggregate) }
    return result
  }
}

/// Reads series; the live store, a unit test's table and recorded traffic all implement it.
package typealias SeriesReader = (SeriesQuery) throws -> [SeriesGroup]
