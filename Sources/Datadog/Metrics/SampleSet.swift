// Samples of one distribution in one interval, in bounded memory and with their number kept.

import LLMMetrics

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Exact up to `exactLimit` samples; beyond that a sketch, which keeps number, smallest and largest and has every other value
/// within 1 %. The intake takes plain values only, so a value that came a hundred times is written a hundred times.
struct SampleSet: Sendable {
  static let exactLimit = 128
  /// Values in one point: 2,000 a second for one series. Beyond that each is written as often as its share of them, so
  /// percentiles stay, and how many are missing is said.
  static let writtenLimit = 20_000

  private var exact: [Double] = []
  private var sketch: QuantileSketch?

  var count: Int { sketch.map { Int($0.count) } ?? exact.count }

  /// False for what no distribution of ours has: a negative value, or none.
  @inline(__always)
  mutating func add(_ value: Double) -> Bool {
    guard value.isFinite, value >= 0 else { return false }
    if sketch != nil {
      sketch?.add(value)
    } else {
      exact.append(value)
      if exact.count > Self.exactLimit { fold() }
    }
    return true
  }

  mutating func merge(_ other: SampleSet) {
    if let theirs = other.sketch {
      fold()
      sketch?.merge(theirs)
    } else {
      for value in other.exact { _ = add(value) }
    }
  }

  private mutating func fold() {
    guard sketch == nil else { return }
    var sketch = QuantileSketch()
    for value in exact { sketch.add(value) }
    exact = []
    self.sketch = sketch
  }

  /// As JSON numbers, and how many samples are missing in them.
  func written(limit: Int = Self.writtenLimit) -> (values: [String], missing: Int) {
    guard let sketch else { return (exact.map(\.description), 0) }
    let total = Int(sketch.count)
    let wanted = min(total, limit)
    var values: [String] = []
    values.reserveCapacity(wanted)
    var seen = 0
    func write(_ value: String, _ count: Int64) {
      seen += Int(count)
      // The share of everything up to here, so that rounding does not add up.
      let end = Int((Double(seen) / Double(total) * Double(wanted)).rounded())
      if end > values.count { values.append(contentsOf: repeatElement(value, count: end - values.count)) }
    }
    if sketch.zeroCount > 0 { write("0", sketch.zeroCount) }
    let gamma = (1 + QuantileSketch.accuracy) / (1 - QuantileSketch.accuracy)
    for bucket in sketch.buckets {
      let middle = 2 * pow(gamma, Double(bucket.index)) / (gamma + 1)
      write(min(max(Self.short(middle), sketch.minimum), sketch.maximum).description, bucket.count)
    }
    if wanted >= 2 {
      values[0] = sketch.minimum.description
      values[wanted - 1] = sketch.maximum.description
    }
    return (values, total - wanted)
  }

  /// Five digits: a hundredth of what the sketch knows.
  private static func short(_ value: Double) -> Double {
    let scale = pow(10, 4 - floor(log10(value)))
    let rounded = (value * scale).rounded() / scale
    return rounded.isFinite && rounded > 0 ? rounded : value
  }
}
