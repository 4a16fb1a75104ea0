// A quantile sketch as bytes: a version, the exact figures, then buckets in order as differences, most of them two bytes.

import Foundation
import LLMMetrics

enum SketchBlob {
  private static let version: UInt8 = 1

  static func encode(_ sketch: QuantileSketch) -> Data {
    var bytes: [UInt8] = [version]
    let buckets = sketch.buckets
    bytes.reserveCapacity(40 + buckets.count * 3)
    for value in [sketch.sum, sketch.minimum, sketch.maximum] {
      withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
    }
    append(UInt64(sketch.zeroCount), to: &bytes)
    append(UInt64(buckets.count), to: &bytes)
    var previous: Int64 = 0
    for bucket in buckets {
      let difference = Int64(bucket.index) - previous
      append(UInt64(bitPattern: (difference << 1) ^ (difference >> 63)), to: &bytes)
      append(UInt64(bucket.count), to: &bytes)
      previous = Int64(bucket.index)
    }
    return Data(bytes)
  }

  /// `nil` for bytes that no `encode` wrote.
  static func decode(_ data: Data) -> QuantileSketch? {
    var reader = Reader(bytes: Array(data))
    guard reader.byte() == version, let sum = reader.double(), let minimum = reader.double(), let maximum = reader.double(),
      let zeroCount = reader.number().flatMap(Int64.init(exactly:)), let bucketCount = reader.number(),
      bucketCount <= UInt64(data.count)
    else { return nil }
    var buckets: [QuantileSketch.Bucket] = []
    buckets.reserveCapacity(Int(bucketCount))
    var index: Int64 = 0
    for _ in 0..<bucketCount {
      guard let zigzag = reader.number(), let count = reader.number().flatMap(Int64.init(exactly:)) else { return nil }
      index &+= Int64(bitPattern: zigzag >> 1) ^ -Int64(bitPattern: zigzag & 1)
      guard let key = Int32(exactly: index) else { return nil }
      buckets.append(QuantileSketch.Bucket(index: key, count: count))
    }
    guard reader.isAtEnd else { return nil }
    return QuantileSketch(buckets: buckets, zeroCount: zeroCount, sum: sum, minimum: minimum, maximum: maximum)
  }

  /// LEB128.
  private static func append(_ value: UInt64, to bytes: inout [UInt8]) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  private struct Reader {
    let bytes: [UInt8]
    var position = 0

    var isAtEnd: Bool { position == bytes.count }

    mutating func byte() -> UInt8? {
      guard position < bytes.count else { return nil }
      defer { position += 1 }
      return bytes[position]
    }

    mutating func double() -> Double? {
      guard position + 8 <= bytes.count else { return nil }
      defer { position += 8 }
      return Double(bitPattern: (0..<8).reduce(0) { $0 | UInt64(bytes[position + $1]) << (8 * UInt64($1)) })
    }

    mutating func number() -> UInt64? {
      var value: UInt64 = 0
      for shift in stride(from: UInt64(0), to: 64, by: 7) {
        guard let next = byte() else { return nil }
        value |= UInt64(next & 0x7f) << shift
        if next < 0x80 { return value }
      }
      return nil
    }
  }
}
