// Turns spans into measurements, with one look-up of a span's dimensions for all of its values.

import LLMTelemetry
import Synchronization

/// Numbers the series of spans, within the limit on series. For one batch after the other.
package struct SpanMeter: Sendable {
  /// Groups remembered: clients choose tags, so they must not be able to fill memory with them.
  static let groupLimit = 8192

  private let seed = UInt64.random(in: .min ... .max)
  private var limit: SeriesLimit
  private var generation = Self.nextGeneration()
  private var groups: [DimensionGroup] = []
  private var groupTags: [TagSet] = []
  /// Groups of one hash are a list through `next`.
  private var firstGroup: [UInt64: Int32] = [:]
  private var next: [Int32] = []
  /// Number of the series for each group and way to count; -1 before its first value.
  private var numbers: [Int32] = []
  private var series: [MeasurementBatch.Series] = []
  private var seriesNumbers: [SeriesKey: Int32] = [:]
  private var lastSeen: [Timestamp] = []

  package init(limit: SeriesLimit = SeriesLimit()) { self.limit = limit }

  /// Adds what `spans` mean to an empty `batch`.
  package mutating func measure(_ spans: [LLMSpan], into batch: inout MeasurementBatch) {
    if groups.count > Self.groupLimit { startGeneration() }
    spans.withUnsafeBufferPointer { spans in
      for index in spans.indices where SpanMeasurements.areMade(of: spans[index]) { measure(spans[index], into: &batch) }
    }
    batch.generation = generation
    batch.series = series
  }

  /// Gives the places of series back that have not been seen for long.
  package mutating func forget(now: Timestamp) {
    guard limit.isForgettingDue(now: now) else { return }
    startGeneration()
    limit.forget(now: now)
  }

  /// Different for all meters, so that one receiver may have several; 0 is the generation of no numbers.
  private static let generations = Atomic<UInt64>(0)
  private static func nextGeneration() -> UInt64 { generations.add(1, ordering: .relaxed).newValue }

  private mutating func startGeneration() {
    for (series, time) in zip(series, lastSeen) { limit.see(series.key, at: time) }
    generation = Self.nextGeneration()
    groups.removeAll(keepingCapacity: true)
    groupTags.removeAll(keepingCapacity: true)
    firstGroup.removeAll(keepingCapacity: true)
    next.removeAll(keepingCapacity: true)
    numbers.removeAll(keepingCapacity: true)
    series.removeAll(keepingCapacity: true)
    seriesNumbers.removeAll(keepingCapacity: true)
    lastSeen.removeAll(keepingCapacity: true)
  }

  private mutating func measure(_ span: borrowing LLMSpan, into batch: inout MeasurementBatch) {
    let group = group(of: span)
    let end = span.end
    SpanMeasurements.visit(span) { metric, count in
      batch.values.append(.init(series: number(metric, group, end), count: count))
    } sample: { metric, sample in
      batch.values.append(.init(series: number(metric, group, end), sample: sample))
    }
    batch.spans.append(.init(endedAt: end, end: batch.values.count))
  }

  @inline(__always)
  private mutating func number(_ metric: SpanMetric, _ group: Int, _ end: Timestamp) -> Int32 {
    let known = numbers[group * SpanMetric.allCount + metric.rawValue]
    guard known >= 0 else { return newNumber(metric, group, end) }
    if lastSeen[Int(known)] < end { lastSeen[Int(known)] = end }
    return known
  }

  private mutating func newNumber(_ metric: SpanMetric, _ group: Int, _ end: Timestamp) -> Int32 {
    let tags = metric.ownTag.map { TagSet(groupTags[group].tags + [$0]) } ?? groupTags[group]
    let key = limit.admit(SeriesKey(metric: metric.definition.name, tags: tags), at: end)
    let number = seriesNumbers[key] ?? Int32(series.count)
    if number == series.count {
      seriesNumbers[key] = number
      series.append(.init(definition: metric.definition, tags: key.tags))
      lastSeen.append(end)
    }
    numbers[group * SpanMetric.allCount + metric.rawValue] = number
    return number
  }

  private mutating func group(of span: borrowing LLMSpan) -> Int {
    let hash = DimensionGroup.hash(span, seed: seed)
    var candidate = firstGroup[hash] ?? -1
    while candidate >= 0 {
      if groups[Int(candidate)].holds(span) { return Int(candidate) }
      candidate = next[Int(candidate)]
    }
    return newGroup(span, hash)
  }

  private mutating func newGroup(_ span: LLMSpan, _ hash: UInt64) -> Int {
    let group = groups.count
    groups.append(DimensionGroup(span))
    groupTags.append(TagSet(SpanMeasurements.tags(of: span)))
    next.append(firstGroup[hash] ?? -1)
    firstGroup[hash] = Int32(group)
    numbers.append(contentsOf: repeatElement(-1, count: SpanMetric.allCount))
    return group
  }
}
