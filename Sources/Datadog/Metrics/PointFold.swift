// Adds measurements up to one point for each series and interval, so that no two points of a series have the same time: of two
// that had, Datadog keeps the last.

import LLMMetrics
import LLMTelemetry

/// One point of one series, as it will be written.
struct MetricPoint: Sendable {
  enum Value: Sendable {
    case count(Int64)
    case gauge(Double)
    case samples(SampleSet)
  }

  let definition: MetricDefinition
  /// As Datadog stores them.
  let tags: [String]
  /// Unix seconds.
  let time: Int64
  /// Seconds the value is about.
  let seconds: Int64
  let value: Value
}

/// Why a value is in no point.
package enum MetricPointDrop: String, CaseIterable, Sendable {
  /// Not a number, or not of the metric's type.
  case invalid
  /// More series than one interval may have.
  case seriesLimit = "series_limit"
  /// More samples of one distribution in one interval than a point is given; its percentiles stand.
  case sampleLimit = "sample_limit"
  /// The program ended within the interval in which it had begun.
  case shutDown = "shut_down"
}

/// An interval's points carry its start. An interval whose time is taken — the one the program began in, which an earlier one may
/// have written to; one that comes again because the clock was put back; one that Datadog would refuse as too old or too far
/// ahead — is not written: its values wait for the next interval that is free.
struct PointFold {
  /// Seconds; what the Agent uses too.
  static let width: Int64 = 10
  /// What Datadog takes: at most this old, and at most this far ahead.
  private static let oldest: Int64 = 3600
  private static let furthest: Int64 = 600
  /// Series of one interval: the catalogue's limits are below.
  static let seriesLimit = 65_536

  private struct Slot {
    let definition: MetricDefinition
    /// As Datadog stores them.
    let tags: [String]
    var count: Int64 = 0
    var gauge = 0.0
    var samples = SampleSet()
  }

  private struct Key: Hashable {
    let name: String
    let tags: [String]
  }

  private let constantTags: TagSet
  private var table = SeriesTable<Slot>()
  private var merged: [Key: Slot] = [:]
  private var interval: Int64
  /// Start of the first interval whose values wait.
  private var waitingSince: Int64
  private var taken: TakenTimes
  private var drops: [MetricPointDrop: Int] = [:]

  /// - Parameter sentThrough: the last time an earlier program of this host may have written, where it is known; matters only
  ///   when the clock was put back in between.
  init(constantTags: TagSet, at now: Timestamp, sentThrough: Timestamp? = nil) {
    self.constantTags = constantTags
    interval = Self.start(of: now.unixSeconds)
    waitingSince = interval
    taken = TakenTimes()
    let last = max(interval, sentThrough.map { Self.start(of: $0.unixSeconds) } ?? interval)
    taken.insert(interval - Self.oldest...last, width: Self.width)
  }

  /// The latest time any point was given.
  var sentThrough: Timestamp { Timestamp(unixSeconds: taken.latest ?? interval) }

  mutating func add(_ batch: MeasurementBatch) {
    table.prepare(for: batch)
    for value in batch.values {
      let place = table.place(of: value.series) ?? newPlace(value.series, of: batch)
      if value.isSample { add(sample: value.sample, at: place) } else { add(value.count, at: place) }
      if table.usedCount >= Self.seriesLimit {
        merge()
        table.prepare(for: batch)
      }
    }
    add(batch.others)
  }

  mutating func add(_ measurements: [MetricMeasurement]) {
    for measurement in measurements {
      let key = measurement.seriesKey
      let place = table.place(of: key) ?? table.insert(slot(measurement.definition, measurement.tags), key: key)
      switch (measurement.value, measurement.definition.type) {
      case (.count(let count), .count): add(count, at: place)
      case (.sample(let value), .distribution): add(sample: value, at: place)
      case (.gauge(let value), .gauge), (.sample(let value), .gauge): set(value, at: place)
      default: drops[.invalid, default: 0] += 1
      }
      if table.usedCount >= Self.seriesLimit { merge() }
    }
  }

  /// The points of the interval that is over at `now`, if it is and its time is free.
  mutating func closed(at now: Timestamp) -> [MetricPoint] {
    let seconds = now.unixSeconds
    let current = Self.start(of: seconds)
    guard current != interval else { return [] }
    let past = interval
    interval = current
    if table.usedCount == 0, merged.isEmpty {
      waitingSince = current
      return []
    }
    let isFree = !taken.contains(past) && past >= seconds - Self.oldest + Self.width && past <= seconds + Self.furthest
    return isFree ? points(at: past) : []
  }

  /// The points of an interval that is not over: nothing is added afterwards.
  mutating func finish(at now: Timestamp) -> [MetricPoint] {
    let points = closed(at: now)
    if !taken.contains(interval) { return points + self.points(at: interval) }
    merge()
    if !merged.isEmpty { drops[.shutDown, default: 0] += merged.count }
    merged = [:]
    return points
  }

  mutating func takeDrops() -> [MetricPointDrop: Int] {
    defer { drops = [:] }
    return drops
  }

  mutating func left(out samples: Int) { drops[.sampleLimit, default: 0] += samples }

  private static func start(of seconds: Int64) -> Int64 {
    let rest = seconds % width
    return seconds - (rest < 0 ? rest + width : rest)
  }

  private mutating func points(at time: Int64) -> [MetricPoint] {
    merge()
    let seconds = max(Self.width, time + Self.width - waitingSince)
    waitingSince = time + Self.width
    guard !merged.isEmpty else { return [] }
    taken.insert(time...time, width: Self.width)
    let points = merged.map { key, slot in
      let value: MetricPoint.Value =
        switch slot.definition.type {
        case .count: .count(slot.count)
        case .gauge: .gauge(slot.gauge)
        case .distribution: .samples(slot.samples)
        }
      return MetricPoint(definition: slot.definition, tags: key.tags, time: time, seconds: seconds, value: value)
    }
    merged.removeAll(keepingCapacity: true)
    return points
  }

  /// Brings series together that are one to Datadog: by another number, by name, or by tags that differ only in what it does not
  /// keep.
  private mutating func merge() {
    var merged = merged
    self.merged = [:]
    var refused = 0
    table.drain { slot in
      let key = Key(name: slot.definition.name, tags: slot.tags)
      if var known = merged.removeValue(forKey: key) {
        known.count = known.count.addingSaturated(slot.count)
        known.gauge = slot.gauge
        known.samples.merge(slot.samples)
        merged[key] = known
      } else if merged.count < Self.seriesLimit {
        merged[key] = slot
      } else {
        refused += 1
      }
      slot.count = 0
      slot.samples = SampleSet()
    }
    if refused > 0 { drops[.seriesLimit, default: 0] += refused }
    self.merged = merged
  }

  private mutating func newPlace(_ number: Int32, of batch: MeasurementBatch) -> Int {
    let series = batch.series[Int(number)]
    return table.insert(slot(series.definition, series.tags), number: number)
  }

  private func slot(_ definition: MetricDefinition, _ tags: TagSet) -> Slot {
    Slot(definition: definition, tags: IntakeTag.all(tags, constantTags: constantTags))
  }

  @inline(__always)
  private mutating func add(_ count: Int64, at place: Int) {
    table.use(place) { $0.count = $0.count.addingSaturated(count) }
  }

  @inline(__always)
  private mutating func add(sample: Double, at place: Int) {
    var isTaken = false
    table.use(place) { isTaken = $0.samples.add(sample) }
    if !isTaken { drops[.invalid, default: 0] += 1 }
  }

  private mutating func set(_ value: Double, at place: Int) {
    guard value.isFinite else {
      drops[.invalid, default: 0] += 1
      return
    }
    table.use(place) { $0.gauge = value }
  }
}

/// Times that have points, as ranges in ascending order: a program that runs for a year has one.
struct TakenTimes: Sendable {
  /// Each putting forward of the clock leaves one behind; the oldest are forgotten.
  private static let rangeLimit = 64

  private var ranges: [ClosedRange<Int64>] = []

  var latest: Int64? { ranges.last?.upperBound }

  func contains(_ time: Int64) -> Bool { ranges.contains { $0.contains(time) } }

  /// Ranges that are at most `width` apart become one.
  mutating func insert(_ range: ClosedRange<Int64>, width: Int64) {
    var lower = range.lowerBound
    var upper = range.upperBound
    ranges.removeAll { other in
      guard other.lowerBound <= upper + width, other.upperBound >= lower - width else { return false }
      lower = min(lower, other.lowerBound)
      upper = max(upper, other.upperBound)
      return true
    }
    ranges.append(lower...upper)
    ranges.sort { $0.lowerBound < $1.lowerBound }
    if ranges.count > Self.rangeLimit { ranges.removeFirst() }
  }
}
