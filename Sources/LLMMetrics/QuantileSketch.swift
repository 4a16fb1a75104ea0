// A mergeable quantile sketch with a guaranteed relative error (DDSketch; Masson, Rim, Lee, VLDB 2019).

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Counts of values in logarithmic buckets: every quantile is within 1 % of a true value, and sketches merge by adding.
/// Datadog's distributions use the same sketch server-side, so local and Datadog quantiles agree.
package struct QuantileSketch: Sendable {
  /// One bucket that is not empty; it holds values in (gamma^(index-1), gamma^index].
  package struct Bucket: Hashable, Sendable {
    package let index: Int32
    package let count: Int64
    package init(index: Int32, count: Int64) {
      self.index = index
      self.count = count
    }
  }

  /// Relative accuracy.
  package static let accuracy = 0.01
  private static let gamma = (1 + accuracy) / (1 - accuracy)
  /// The logarithm of gamma, written out because a stored global would be looked up at every value.
  static var logGamma: Double { 0.020000666706669435 }
  /// Values at or below this count as zero.
  package static let smallest = 1e-9
  /// The buckets of `smallest` and of the largest finite number: no value falls outside.
  static let indices: ClosedRange<Int32> = -1037...35_490
  /// Buckets are made this many at once, so that neighbours seldom make the array grow.
  private static let step: Int32 = 64

  /// Counts of the buckets from `first` on, without gaps: a dictionary would cost several times as much for every value.
  private var counts: [Int64] = []
  private var first: Int32 = 0
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
      add(added, toBucket: Self.bucket(of: value))
    }
    count += added
    sum += value * Double(added)
    minimum = min(minimum, value)
    maximum = max(maximum, value)
    return true
  }

  package mutating func merge(_ other: QuantileSketch) {
    for bucket in other.buckets { add(bucket.count, toBucket: bucket.index) }
    zeroCount += other.zeroCount
    count += other.count
    sum += other.sum
    minimum = min(minimum, other.minimum)
    maximum = max(maximum, other.maximum)
  }

  /// Adds what a packed sketch holds.
  mutating func merge(_ other: PackedSketch) {
    for bucket in other.buckets { add(bucket.count, toBucket: bucket.index) }
    zeroCount += other.zeroCount
    count += other.count
    sum += other.sum
    minimum = min(minimum, other.minimum)
    maximum = max(maximum, other.maximum)
  }

  /// The buckets that are not empty, in ascending order.
  package var buckets: [Bucket] {
    counts.indices.compactMap { counts[$0] == 0 ? nil : Bucket(index: first + Int32($0), count: counts[$0]) }
  }

  /// The value at `quantile` in 0...1, within 1 %; `nil` when empty.
  package func quantile(_ quantile: Double) -> Double? {
    guard count > 0 else { return nil }
    let rank = max(0, min(1, quantile)) * Double(count - 1)
    var seen = Double(zeroCount)
    if seen > rank { return max(0, minimum) }
    for place in counts.indices where counts[place] != 0 {
      seen += Double(counts[place])
      if seen > rank {
        let value = 2 * pow(Self.gamma, Double(first + Int32(place))) / (Self.gamma + 1)
        return Swift.min(Swift.max(value, minimum), maximum)
      }
    }
    return maximum
  }

  /// How many values were above `threshold`, to the bucket's accuracy.
  package func count(above threshold: Double) -> Int64 {
    guard threshold > Self.smallest else { return threshold < 0 ? count : count - zeroCount }
    guard threshold.isFinite else { return 0 }
    let limit = Self.bucket(of: threshold)
    return counts.indices.reduce(0) { first + Int32($1) > limit ? $0 + counts[$1] : $0 }
  }

  /// Rebuilds a sketch from stored parts; `nil` when the parts contradict each other.
  package init?(buckets: [Bucket], zeroCount: Int64, sum: Double, minimum: Double, maximum: Double) {
    guard zeroCount >= 0, sum.isFinite else { return nil }
    var total = zeroCount
    for bucket in buckets {
      let (next, overflow) = total.addingReportingOverflow(bucket.count)
      guard bucket.count > 0, !overflow, Self.indices.contains(bucket.index) else { return nil }
      total = next
      add(bucket.count, toBucket: bucket.index)
    }
    guard total == 0 || minimum <= maximum else { return nil }
    self.zeroCount = zeroCount
    self.count = total
    self.sum = sum
    self.minimum = minimum
    self.maximum = maximum
  }

  /// Of a finite value above `smallest`.
  static func bucket(of value: Double) -> Int32 { Int32((log(value) / logGamma).rounded(.up)) }

  @inline(__always)
  private mutating func add(_ added: Int64, toBucket index: Int32) {
    let place = Int(index) - Int(first)
    if place >= 0, place < counts.count {
      counts[place] += added
    } else {
      makeRoom(for: index)
      counts[Int(index - first)] += added
    }
  }

  private mutating func makeRoom(for index: Int32) {
    let start = (index >> 6) * Self.step
    if counts.isEmpty {
      first = start
      counts = Array(repeating: 0, count: Int(Self.step))
    } else if start < first {
      counts.insert(contentsOf: repeatElement(0, count: Int(first - start)), at: 0)
      first = start
    } else {
      counts.append(contentsOf: repeatElement(0, count: Int(start + Self.step - first) - counts.count))
    }
  }
}

/// Equal when they hold the same values, however much room each has made.
extension QuantileSketch: Hashable {
  package static func == (left: QuantileSketch, right: QuantileSketch) -> Bool {
    left.zeroCount == right.zeroCount && left.count == right.count && left.sum == right.sum && left.minimum == right.minimum
      && left.maximum == right.maximum && left.buckets == right.buckets
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(zeroCount)
    hasher.combine(count)
    hasher.combine(sum)
    hasher.combine(buckets)
  }
}
