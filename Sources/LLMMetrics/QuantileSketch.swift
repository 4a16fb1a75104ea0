// A mergeable quantile sketch with a guaranteed relative error (DDSketch; Masson, Rim, Lee, VLDB 2019).

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Counts of values in logarithmic buckets: every quantile is within 1 % of a true value, and sketches merge by adding.
/// Datadog's distributions use the same sketch server-side, so local and Datadog quantiles agree.
package struct QuantileSketch: Hashable, Sendable {
  /// Relative accuracy.
  package static let accuracy = 0.01
  private static let gamma = (1 + accuracy) / (1 - accuracy)
  private static let logGamma = log(gamma)
  /// Values at or below this count as zero.
  package static let smallest = 1e-9

  /// Bucket index to count; bucket i holds values in (gamma^(i-1), gamma^i].
  package private(set) var buckets: [Int32: Int64] = [:]
  package private(set) var zeroCount: Int64 = 0
  package private(set) var count: Int64 = 0
  package private(set) var sum: Double = 0
  package private(set) var minimum: Double = .infinity
  package private(set) var maximum: Double = -.infinity

  package init() {}

  /// Adds a value that is finite and not negative; anything else is refused and false returned.
  @discardableResult
  package mutating func add(_ value: Double, count added: Int64 = 1) -> Bool {
    guard value.isFinite, value >= 0, added > 0 else { return false }
    if value <= Self.smallest {
      zeroCount += added
    } else {
      buckets[Int32((log(value) / Self.logGamma).rounded(.up)), default: 0] += added
    }
    count += added
    sum += value * Double(added)
    minimum = min(minimum, value)
    maximum = max(maximum, value)
    return true
  }

  package mutating func merge(_ other: QuantileSketch) {
    for (index, added) in other.buckets { buckets[index, default: 0] += added }
    zeroCount += other.zeroCount
    count += other.count
    sum += other.sum
    minimum = min(minimum, other.minimum)
    maximum = max(maximum, other.maximum)
  }

  /// The value at `quantile` in 0...1, within 1 %; `nil` when empty.
  package func quantile(_ quantile: Double) -> Double? {
    guard count > 0 else { return nil }
    let rank = max(0, min(1, quantile)) * Double(count - 1)
    var seen = Double(zeroCount)
    if seen > rank { return max(0, minimum) }
    for (index, count) in buckets.sorted(by: { $0.key < $1.key }) {
      seen += Double(count)
      if seen > rank {
        let value = 2 * pow(Self.gamma, Double(index)) / (Self.gamma + 1)
        return Swift.min(Swift.max(value, minimum), maximum)
      }
    }
    return maximum
  }

  /// How many values were above `threshold`, to the bucket's accuracy.
  package func count(above threshold: Double) -> Int64 {
    guard threshold > Self.smallest else { return threshold < 0 ? count : count - zeroCount }
    let limit = Int32((log(threshold) / Self.logGamma).rounded(.up))
    return buckets.reduce(0) { $1.key > limit ? $0 + $1.value : $0 }
  }

  /// Rebuilds a sketch from stored parts; `nil` when the parts contradict each other.
  package init?(buckets: [Int32: Int64], zeroCount: Int64, sum: Double, minimum: Double, maximum: Double) {
    let total = buckets.values.reduce(zeroCount, +)
    guard buckets.values.allSatisfy({ $0 > 0 }), zeroCount >= 0, sum.isFinite, total == 0 || minimum <= maximum else {
      return nil
    }
    self.buckets = buckets
    self.zeroCount = zeroCount
    self.count = total
    self.sum = sum
    self.minimum = minimum
    self.maximum = maximum
  }
}
