// Adds up counts and gathers samples between two flushes, then packs them into as few datagrams as fit.

import LLMMetrics

/// Pure: measurements in, datagrams out. Never larger than its limits, because whoever adds flushes when told that it is full.
struct DogStatsDBuffer {
  private struct Entry {
    let definition: MetricDefinition
    let tags: TagSet
    /// Its number in `generation`; -1 for a series that came by name.
    let number: Int32
    var count: Int64 = 0
    var samples: [Double] = []
  }

  /// Series or samples from which a flush is due: a few hundred kilobytes.
  static let fullness = 4096

  private let constantTags: TagSet
  private var packer: DatagramPacker
  /// In the order the series first came.
  private var entries: [Entry] = []
  private var sampleCount = 0
  private var placesByName: [SeriesKey: Int] = [:]
  /// Place in `entries` by the number of a series; -1 for none.
  private var places: [Int32] = []
  private var generation: UInt64 = 0

  init(constantTags: TagSet, datagramLimit: Int) {
    self.constantTags = constantTags
    packer = DatagramPacker(limit: datagramLimit)
  }

  var isFull: Bool { entries.count >= Self.fullness || sampleCount >= Self.fullness }

  mutating func add(_ measurement: MetricMeasurement) {
    let place = placesByName[measurement.seriesKey] ?? entries.count
    if place == entries.count {
      placesByName[measurement.seriesKey] = place
      entries.append(Entry(definition: measurement.definition, tags: measurement.tags, number: -1))
    }
    switch measurement.value {
    case .count(let count): entries[place].count = entries[place].count.addingSaturated(count)
    case .sample(let sample): add(sample, at: place)
    }
  }

  /// To be called before values of `batch` are added. A series that changes its number between two flushes has two lines then,
  /// which the Agent adds up.
  mutating func prepare(for batch: MeasurementBatch) {
    if batch.generation != generation {
      places.removeAll(keepingCapacity: true)
      generation = batch.generation
    }
    if places.count < batch.series.count {
      places.append(contentsOf: repeatElement(-1, count: batch.series.count - places.count))
    }
  }

  @inline(__always)
  mutating func add(_ value: MeasurementBatch.Value, of batch: MeasurementBatch) {
    var place = Int(places[Int(value.series)])
    if place < 0 {
      place = entries.count
      places[Int(value.series)] = Int32(place)
      let series = batch.series[Int(value.series)]
      entries.append(Entry(definition: series.definition, tags: series.tags, number: value.series))
    }
    if value.isSample {
      add(value.sample, at: place)
    } else {
      entries[place].count = entries[place].count.addingSaturated(value.count)
    }
  }

  private mutating func add(_ sample: Double, at place: Int) {
    // The Agent reads "nan" and "inf" as numbers, and they poison a whole distribution.
    guard sample.isFinite else { return }
    entries[place].samples.append(sample)
    sampleCount += 1
  }

  /// Empties the buffer. `oversized` counts lines no datagram can hold, which only absurdly long tags make.
  mutating func drain() -> (datagrams: [[UInt8]], oversized: Int) {
    for entry in entries {
      if entry.number >= 0, Int(entry.number) < places.count { places[Int(entry.number)] = -1 }
      let suffix = DogStatsDLine.suffix(entry.definition, tags: entry.tags, constantTags: constantTags)
      switch entry.definition.type {
      case .count:
        packer.append(entry.definition.name, count: DogStatsDLine.count(entry.count, unit: entry.definition.unit), suffix)
      case .distribution: packer.append(entry.definition.name, samples: entry.samples, suffix)
      }
    }
    entries.removeAll(keepingCapacity: true)
    placesByName.removeAll(keepingCapacity: true)
    sampleCount = 0
    return packer.finish()
  }
}
