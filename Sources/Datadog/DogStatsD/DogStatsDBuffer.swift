// Adds up counts, keeps the last of a gauge and gathers samples between two flushes, then packs them into as few datagrams as
// fit.

import LLMMetrics
import LLMTelemetry

/// Measurements in, datagrams out. Never larger than its limits, because whoever adds flushes when told that it is full.
struct DogStatsDBuffer {
  private struct Slot {
    let type: MetricType
    let unit: MetricUnit
    let name: [UInt8]
    /// Everything after the values.
    let suffix: [UInt8]
    /// The share of samples that is kept, of all 64-bit numbers.
    let kept: UInt64
    var count: Int64 = 0
    var gauge = 0.0
    var samples: [Double] = []
  }

  /// Series or samples from which a flush is due: a few hundred kilobytes.
  static let fullness = 4096

  private let constantTags: TagSet
  private let rates: [String: Double]
  private let origin: String
  private var packer: DatagramPacker
  private var table = SeriesTable<Slot>()
  private var sampleCount = 0
  private var random: any RandomNumberGenerator
  /// Values taken so far, those that sampling left out included.
  private(set) var accepted = 0
  /// Values that are no number.
  private var invalid = 0

  /// - Parameter rates: the share of samples to keep, by the name of the distribution; without one every sample is kept.
  init(
    constantTags: TagSet, datagramLimit: Int, rates: [String: Double] = [:], origin: String = "",
    random: any RandomNumberGenerator = SystemRandomNumberGenerator()
  ) {
    self.constantTags = constantTags
    self.rates = rates
    self.origin = origin
    self.random = random
    packer = DatagramPacker(limit: datagramLimit)
  }

  var isFull: Bool { table.usedCount >= Self.fullness || sampleCount >= Self.fullness }

  /// - Parameter time: Unix seconds, for a count or a gauge of another time than now. Samples are always of now.
  mutating func add(_ measurement: MetricMeasurement, time: Int64? = nil) {
    let definition = measurement.definition
    let time = definition.type == .distribution ? nil : time.map { max(1, $0) }
    let key = measurement.seriesKey
    let place =
      table.place(of: key, time: time)
      ?? table.insert(slot(definition, measurement.tags, time: time), key: key, time: time)
    switch (measurement.value, definition.type) {
    case (.count(let count), .count): add(count, at: place)
    case (.sample(let value), .distribution): add(sample: value, at: place)
    case (.sample(let value), .gauge), (.gauge(let value), .gauge): set(value, at: place)
    // A value of another kind than its metric is a mistake of ours; sent as what it is not, it would spoil the series.
    default: invalid += 1
    }
  }

  /// To be called before values of `batch` are added. A series that changes its number between two flushes has two lines then,
  /// which the Agent adds up.
  mutating func prepare(for batch: MeasurementBatch) { table.prepare(for: batch) }

  @inline(__always)
  mutating func add(_ value: MeasurementBatch.Value, of batch: MeasurementBatch) {
    let place = table.place(of: value.series) ?? newPlace(value.series, of: batch)
    if value.isSample {
      add(sample: value.sample, at: place)
    } else {
      add(value.count, at: place)
    }
  }

  private mutating func newPlace(_ number: Int32, of batch: MeasurementBatch) -> Int {
    let series = batch.series[Int(number)]
    return table.insert(slot(series.definition, series.tags), number: number)
  }

  private func slot(_ definition: MetricDefinition, _ tags: TagSet, time: Int64? = nil) -> Slot {
    let rate = definition.type == .distribution ? rates[definition.name] ?? 1 : 1
    let suffix = DogStatsDLine.suffix(definition, tags: tags, constantTags: constantTags, rate: rate, origin: origin, time: time)
    return Slot(
      type: definition.type, unit: definition.unit, name: Array(definition.name.utf8), suffix: Array(suffix.utf8),
      kept: rate < 1 ? UInt64(rate * 0x1p64) : .max)
  }

  @inline(__always)
  private mutating func add(_ count: Int64, at place: Int) {
    accepted += 1
    table.use(place) { $0.count = $0.count.addingSaturated(count) }
  }

  private mutating func set(_ value: Double, at place: Int) {
    guard value.isFinite else {
      invalid += 1
      return
    }
    accepted += 1
    table.use(place) { $0.gauge = value }
  }

  @inline(__always)
  private mutating func add(sample: Double, at place: Int) {
    // The Agent reads "nan" and "inf" as numbers, and they poison a whole distribution.
    guard sample.isFinite else {
      invalid += 1
      return
    }
    accepted += 1
    var isKept = true
    table.use(place) { slot in
      if slot.kept != .max { isKept = random.next() < slot.kept }
      if isKept { slot.samples.append(sample) }
    }
    if isKept { sampleCount += 1 }
  }

  mutating func takeInvalid() -> Int {
    defer { invalid = 0 }
    return invalid
  }

  /// Empties the buffer. `oversized` counts lines no datagram can hold, which only absurdly long tags make.
  mutating func drain() -> (datagrams: [[UInt8]], oversized: Int) {
    var packer = packer
    table.drain { slot in
      switch slot.type {
      case .count: packer.append(slot.name, value: DogStatsDLine.count(slot.count, unit: slot.unit), slot.suffix)
      case .gauge: packer.append(slot.name, value: DogStatsDLine.sample(slot.gauge), slot.suffix)
      case .distribution: packer.append(slot.name, samples: slot.samples, slot.suffix)
      }
      slot.count = 0
      slot.samples.removeAll(keepingCapacity: true)
    }
    sampleCount = 0
    return packer.finish()
  }
}
