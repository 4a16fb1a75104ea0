// A quantile sketch that keeps only buckets that are not empty: for the many intervals of a few values each.

/// The same values and the same buckets as a `QuantileSketch`, in a tenth of the room where values are few.
struct PackedSketch: Sendable {
  /// Ascending by index.
  private(set) var buckets: [QuantileSketch.Bucket] = []
  private(set) var zeroCount: Int64 = 0
  private(set) var count: Int64 = 0
  private(set) var sum: Double = 0
  private(set) var minimum: Double = .infinity
  private(set) var maximum: Double = -.infinity

  init() {}

  init(_ sketch: QuantileSketch) {
    buckets = sketch.buckets
    zeroCount = sketch.zeroCount
    count = sketch.count
    sum = sketch.sum
    minimum = sketch.minimum
    maximum = sketch.maximum
  }

  var unpacked: QuantileSketch {
    var sketch = QuantileSketch()
    sketch.merge(self)
    return sketch
  }

  /// Refuses what a `QuantileSketch` refuses.
  mutating func add(_ value: Double) {
    guard value.isFinite, value >= 0 else { return }
    if value <= QuantileSketch.smallest {
      zeroCount += 1
    } else {
      add(1, to: QuantileSketch.bucket(of: value))
    }
    count += 1
    sum += value
    minimum = min(minimum, value)
    maximum = max(maximum, value)
  }

  mutating func merge(_ other: PackedSketch) {
    if buckets.isEmpty {
      buckets = other.buckets
    } else {
      for bucket in other.buckets { add(bucket.count, to: bucket.index) }
    }
    zeroCount += other.zeroCount
    count += other.count
    sum += other.sum
    minimum = min(minimum, other.minimum)
    maximum = max(maximum, other.maximum)
  }

  private mutating func add(_ added: Int64, to index: Int32) {
    var (low, high) = (0, buckets.count)
    while low < high {
      let middle = (low + high) / 2
      if buckets[middle].index < index { low = middle + 1 } else { high = middle }
    }
    if low < buckets.count, buckets[low].index == index {
      buckets[low] = .init(index: index, count: buckets[low].count + added)
    } else {
      if buckets.isEmpty { buckets.reserveCapacity(4) }
      buckets.insert(.init(index: index, count: added), at: low)
    }
  }
}
