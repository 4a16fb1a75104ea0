// Adds up counts and gathers samples between two flushes, then packs them into as few datagrams as fit.

import LLMMetrics

/// Pure: measurements in, datagrams out. Never larger than its limits, because whoever adds flushes when told that it is full.
struct DogStatsDBuffer {
  private struct Entry {
    let definition: MetricDefinition
    let tags: TagSet
    var count: Int64 = 0
    var samples: [Double] = []
  }

  /// Series or samples from which a flush is due: a few hundred kilobytes.
  static let fullness = 4096

  private let constantTags: TagSet
  private let datagramLimit: Int
  private var places: [SeriesKey: Int] = [:]
  /// In the order the series first came.
  private var entries: [Entry] = []
  private var sampleCount = 0

  init(constantTags: TagSet, datagramLimit: Int) {
    self.constantTags = constantTags
    self.datagramLimit = datagramLimit
  }

  var isFull: Bool { entries.count >= Self.fullness || sampleCount >= Self.fullness }

  mutating func add(_ measurement: MetricMeasurement) {
    let place = places[measurement.seriesKey] ?? entries.count
    if place == entries.count {
      places[measurement.seriesKey] = place
      entries.append(Entry(definition: measurement.definition, tags: measurement.tags))
    }
    switch measurement.value {
    case .count(let count):
      let (sum, overflow) = entries[place].count.addingReportingOverflow(count)
      entries[place].count = overflow ? .max : sum
    case .sample(let sample):
      // The Agent reads "nan" and "inf" as numbers, and they poison a whole distribution.
      guard sample.isFinite else { return }
      entries[place].samples.append(sample)
      sampleCount += 1
    }
  }

  /// Empties the buffer. `oversized` counts lines no datagram can hold, which only absurdly long tags make.
  mutating func drain() -> (datagrams: [[UInt8]], oversized: Int) {
    var packer = Packer(limit: datagramLimit)
    for entry in entries {
      let suffix = DogStatsDLine.suffix(entry.definition, tags: entry.tags, constantTags: constantTags)
      switch entry.definition.type {
      case .count:
        packer.append("\(entry.definition.name):\(DogStatsDLine.count(entry.count, unit: entry.definition.unit))\(suffix)")
      case .distribution:
        for values in packed(entry.samples, besides: entry.definition.name.utf8.count + suffix.utf8.count) {
          packer.append("\(entry.definition.name)\(values)\(suffix)")
        }
      }
    }
    entries.removeAll(keepingCapacity: true)
    places.removeAll(keepingCapacity: true)
    sampleCount = 0
    return packer.finish()
  }

  /// `:v1:v2…` in pieces that leave room for `other` bytes of the line.
  private func packed(_ samples: [Double], besides other: Int) -> [String] {
    var pieces: [String] = []
    var current = ""
    for sample in samples {
      let value = ":" + DogStatsDLine.sample(sample)
      if !current.isEmpty, other + current.utf8.count + value.utf8.count > datagramLimit - 1 {
        pieces.append(current)
        current = ""
      }
      current += value
    }
    if !current.isEmpty { pieces.append(current) }
    return pieces
  }
}

/// Lines, each with its newline as the Python client sends them, in datagrams of at most `limit` bytes.
private struct Packer {
  let limit: Int
  private var datagrams: [[UInt8]] = []
  private var current: [UInt8] = []
  private var oversized = 0

  init(limit: Int) { self.limit = limit }

  mutating func append(_ line: String) {
    let size = line.utf8.count + 1
    guard size <= limit else {
      oversized += 1
      return
    }
    if current.count + size > limit {
      datagrams.append(current)
      current = []
    }
    current += line.utf8
    current.append(UInt8(ascii: "\n"))
  }

  mutating func finish() -> (datagrams: [[UInt8]], oversized: Int) {
    if !current.isEmpty { datagrams.append(current) }
    current = []
    return (datagrams, oversized)
  }
}
