// Durations in logarithmic buckets of a tenth of a percent: any number of samples in fixed memory.

struct Histogram {
  private static let subBucketBits = 10
  private static let subBuckets = 1 << subBucketBits
  /// 2^40 ns are 18 minutes; longer durations count as that.
  private static let largest: UInt64 = 1 << 40

  private var counts = [UInt32](repeating: 0, count: 32 * subBuckets)
  private(set) var count = 0
  private(set) var maximum: UInt64 = 0

  mutating func record(_ nanoseconds: UInt64) {
    counts[Self.index(min(nanoseconds, Self.largest))] += 1
    count += 1
    maximum = max(maximum, nanoseconds)
  }

  /// The value below which this share of the samples lies, in nanoseconds; `nil` without samples.
  func quantile(_ share: Double) -> UInt64? {
    guard count > 0 else { return nil }
    let rank = max(1, Int((Double(count) * share).rounded(.up)))
    var seen = 0
    for index in counts.indices {
      seen += Int(counts[index])
      if seen >= rank { return min(Self.middle(of: index), maximum) }
    }
    return maximum
  }

  private static func index(_ value: UInt64) -> Int {
    if value < UInt64(2 * subBuckets) { return Int(value) }
    let shift = 63 - value.leadingZeroBitCount - subBucketBits
    return (shift << subBucketBits) + Int(value >> UInt64(shift))
  }

  private static func middle(of index: Int) -> UInt64 {
    if index < 2 * subBuckets { return UInt64(index) }
    let shift = (index >> subBucketBits) - 1
    let base = UInt64(index - (shift << subBucketBits)) << UInt64(shift)
    return base + (1 << UInt64(shift)) / 2
  }
}
