// Turns spans into measurements, with one look-up of a span's dimensions for all of its values.

import LLMTelemetry
import Synchronization

/// Numbers the series of spans, within the budgets of the cardinality governor. For one batch after the other.
package struct SpanMeter: Sendable {
  /// Groups remembered: clients choose tags, so they must not be able to fill memory with them.
  static let groupLimit = 8192

  private let seed = UInt64.random(in: .min ... .max)
  private var governor: CardinalityGovernor
  private var generation = Self.nextGeneration()
  private var groups: [DimensionGroup] = []
  private var groupSpans: [Int64] = []
  private var groupRows: [Int32] = []
  /// Groups of one hash are a list through `next`.
  private var firstGroup: [UInt64: Int32] = [:]
  private var next: [Int32] = []
  /// Groups that have the same names share a row of series.
  private var rows: [TagSet: Int32] = [:]
  private var rowTags: [TagSet] = []
  /// Number of the series for each row and way to count; -1 before its first value.
  private var numbers: [Int32] = []
  private var series: [MeasurementBatch.Series] = []
  private var seriesNumbers: [SeriesKey: Int32] = [:]
  /// Values since the governor was last told.
  private var seriesValues: [Int64] = []
  private var foldedSeries: [Bool] = []
  private var foldedValues: [String: Int64] = [:]

  package init(cardinality: CardinalitySettings = CardinalitySettings()) { governor = CardinalityGovernor(cardinality) }

  /// Adds what `spans` mean to an empty `batch`.
  package mutating func measure(_ spans: [LLMSpan], into batch: inout MeasurementBatch) {
    if groups.count > Self.groupLimit {
      tellGovernor(at: governor.time)
      startGeneration()
    }
    spans.withUnsafeBufferPointer { spans in
      for index in spans.indices where SpanMeasurements.areMade(of: spans[index]) { measure(spans[index], into: &batch) }
    }
    batch.generation = generation
    batch.series = series
  }

  /// Decides again who keeps a name, when that is due. To be called often, between batches, with the present time. Returns what
  /// `takeFolded` would; nothing when no review was due.
  package mutating func review(now: Timestamp) -> [MetricMeasurement] {
    guard governor.isReviewDue(now: now) else { return [] }
    tellGovernor(at: now)
    if governor.review(now: now) { startGeneration() }
    return takeFolded()
  }

  /// Values that went into series with `other` since it was last asked, by metric.
  package mutating func takeFolded() -> [MetricMeasurement] {
    tellGovernor(at: governor.time)
    defer { foldedValues = [:] }
    return foldedValues.sorted { $0.key < $1.key }.map { metric, count in
      MetricMeasurement(MetricCatalogue.valuesFolded, tags: TagSet(["metric": metric]), value: .count(count))
    }
  }

  /// Different for all meters, so that one receiver may have several; 0 is the generation of no numbers.
  private static let generations = Atomic<UInt64>(0)
  private static func nextGeneration() -> UInt64 { generations.add(1, ordering: .relaxed).newValue }

  private mutating func startGeneration() {
    generation = Self.nextGeneration()
    groups.removeAll(keepingCapacity: true)
    groupSpans.removeAll(keepingCapacity: true)
    groupRows.removeAll(keepingCapacity: true)
    firstGroup.removeAll(keepingCapacity: true)
    next.removeAll(keepingCapacity: true)
    rows.removeAll(keepingCapacity: true)
    rowTags.removeAll(keepingCapacity: true)
    numbers.removeAll(keepingCapacity: true)
    series.removeAll(keepingCapacity: true)
    seriesNumbers.removeAll(keepingCapacity: true)
    seriesValues.removeAll(keepingCapacity: true)
    foldedSeries.removeAll(keepingCapacity: true)
  }
}

// MARK: - For each span

extension SpanMeter {
  private mutating func measure(_ span: borrowing LLMSpan, into batch: inout MeasurementBatch) {
    let group = group(of: span)
    groupSpans[group] += 1
    let row = Int(groupRows[group])
    SpanMeasurements.visit(span) { metric, count in
      batch.values.append(.init(series: number(metric, row), count: count))
    } sample: { metric, sample in
      batch.values.append(.init(series: number(metric, row), sample: sample))
    }
    batch.spans.append(.init(endedAt: span.end, end: batch.values.count))
  }

  @inline(__always)
  private mutating func number(_ metric: SpanMetric, _ row: Int) -> Int32 {
    let known = numbers[row * SpanMetric.count + metric.place]
    guard known >= 0 else { return newNumber(metric, row) }
    seriesValues[Int(known)] += 1
    return known
  }

  private mutating func newNumber(_ metric: SpanMetric, _ row: Int) -> Int32 {
    let (definition, ownTag) = SpanMetric.all[metric.place]
    let base = rowTags[row]
    let key = SeriesKey(metric: definition.name, tags: governor.admit(definition.name, base, ownTag))
    let number = seriesNumbers[key] ?? Int32(series.count)
    if number == series.count {
      seriesNumbers[key] = number
      series.append(.init(definition: definition, tags: key.tags))
      seriesValues.append(0)
      foldedSeries.append(key.tags.tags.contains { $0.value == CardinalitySettings.otherValue && Self.isFoldable($0.name) })
    }
    seriesValues[Int(number)] += 1
    numbers[row * SpanMetric.count + metric.place] = number
    return number
  }

  /// `finish_reason` has a value `other` of its own.
  private static func isFoldable(_ tag: String) -> Bool { tag != Dimension.finishReason.rawValue }

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
    groupSpans.append(0)
    let tags = governor.names(SpanMeasurements.tags(of: span))
    let row = rows[tags] ?? Int32(rowTags.count)
    if row == rowTags.count {
      rows[tags] = row
      rowTags.append(tags)
      numbers.append(contentsOf: repeatElement(-1, count: SpanMetric.count))
    }
    groupRows.append(row)
    next.append(firstGroup[hash] ?? -1)
    firstGroup[hash] = Int32(group)
    return group
  }
}

// MARK: - What the governor is told

extension SpanMeter {
  /// What was counted since the last time.
  private mutating func tellGovernor(at time: Timestamp) {
    var rowSpans = [Int64](repeating: 0, count: rowTags.count)
    for group in groups.indices where groupSpans[group] > 0 {
      governor.observe(groups[group].dimensions, spans: groupSpans[group], at: time)
      rowSpans[Int(groupRows[group])] += groupSpans[group]
      groupSpans[group] = 0
    }
    for row in rowSpans.indices where rowSpans[row] > 0 { governor.observe(combination: rowTags[row], spans: rowSpans[row]) }
    for index in series.indices where seriesValues[index] > 0 {
      governor.see(series[index].definition.name, series[index].tags, values: seriesValues[index], at: time)
      if foldedSeries[index] { foldedValues[series[index].definition.name, default: 0] += seriesValues[index] }
      seriesValues[index] = 0
    }
  }
}
