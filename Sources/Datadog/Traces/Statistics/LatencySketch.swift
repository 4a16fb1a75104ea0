// The durations of one group of spans as the DDSketch that Datadog's backend has, written in its protobuf form.

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Counts of durations by logarithmic bins: bin `i` holds the values from gamma^(i - offset) up to gamma^(i + 1 - offset), so that
/// every quantile is within .78 % of a true value. With the backend's own gamma and offset nothing is converted there, and nothing
/// lost.
struct LatencySketch: Sendable {
  static let gamma = 1.015625
  static let offset = 1.8761281912861705
  /// As in Datadog's tracers. A wider range than this many bins (from a nanosecond to a day are 2,070) folds its lowest together.
  static let maximumBins = 2048

  private static let inverseLogGamma = 1 / log(gamma)
  /// Bins are made this many at once, so that neighbours seldom make the array grow.
  private static let step = 32

  private(set) var zeroCount: Int64 = 0
  private var counts: [Int64] = []
  /// The bin of `counts[0]`.
  private var first = 0

  /// A duration that is not positive counts as zero.
  mutating func add(nanoseconds: Int64) {
    guard nanoseconds > 0 else {
      zeroCount += 1
      return
    }
    counts[place(of: Self.bin(of: Double(nanoseconds)))] += 1
  }

  static func bin(of value: Double) -> Int { Int((log(value) * inverseLogGamma + offset).rounded(.down)) }

  private mutating func place(of bin: Int) -> Int {
    if counts.isEmpty {
      first = bin - Self.step / 2
      counts = [Int64](repeating: 0, count: Self.step)
    } else if bin < first {
      // Bins below the limit are one.
      let added = min(first - bin + Self.step, Self.maximumBins - counts.count)
      if added > 0 {
        counts.insert(contentsOf: repeatElement(0, count: added), at: 0)
        first -= added
      }
    } else if bin >= first + counts.count {
      counts.append(contentsOf: repeatElement(0, count: bin - first - counts.count + 1 + Self.step))
      let excess = counts.count - Self.maximumBins
      if excess > 0 {
        let folded = counts[..<min(excess, counts.count)].reduce(0, +)
        counts.removeFirst(excess)
        counts[0] += folded
        first += excess
      }
    }
    return max(0, bin - first)
  }

  /// The message `DDSketch`. The counts are written without a gap, since bins of one group are close to one another.
  var bytes: [UInt8] {
    var mapping: [UInt8] = [0x09]
    mapping.append(little: Self.gamma)
    mapping.append(0x11)
    mapping.append(little: Self.offset)
    var store: [UInt8] = []
    if let low = counts.firstIndex(where: { $0 > 0 }), let high = counts.lastIndex(where: { $0 > 0 }) {
      store.reserveCapacity((high - low + 1) * 8 + 16)
      store.append(0x12)
      store.append(varint: (high - low + 1) * 8)
      for count in counts[low...high] { store.append(little: Double(count)) }
      store.append(0x18)
      let offset = first + low
      // Zigzag, for a bin may be negative.
      store.append(varint: offset < 0 ? -2 * offset - 1 : 2 * offset)
    }
    var message: [UInt8] = [0x0a]
    message.append(varint: mapping.count)
    message += mapping
    message.append(0x12)
    message.append(varint: store.count)
    message += store
    // Negative values: a store without any.
    message += [0x1a, 0x00]
    if zeroCount > 0 {
      message.append(0x21)
      message.append(little: Double(zeroCount))
    }
    return message
  }
}

extension [UInt8] {
  fileprivate mutating func append(little value: Double) {
    Swift.withUnsafeBytes(of: value.bitPattern.littleEndian) { self += $0 }
  }

  fileprivate mutating func append(varint value: Int) {
    var rest = UInt64(value)
    while rest >= 0x80 {
      append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    append(UInt8(rest))
  }
}
