// Trace and span ids as W3C Trace Context and Datadog both need them: 128 and 64 bits, never zero.

/// A 128-bit trace id. Datadog's decimal `x-datadog-trace-id` is `low`; `high` travels as `_dd.p.tid`.
public struct TraceID: Hashable, Sendable, CustomStringConvertible {
  public let high: UInt64
  public let low: UInt64

  /// `nil` when all bits are zero, which W3C Trace Context forbids and the Datadog Agent drops.
  public init?(high: UInt64, low: UInt64) {
    guard low != 0 || high != 0 else { return nil }
    self.high = high
    self.low = low
  }

  /// A new id in Datadog's layout: Unix seconds in the upper 32 bits, then 32 zero bits, then 64 random bits.
  public static func random(at time: Timestamp = .now()) -> TraceID {
    TraceID(randomLow: UInt64.random(in: 1...UInt64.max), seconds: UInt64(truncatingIfNeeded: time.unixSeconds))
  }

  /// The same from a generator of the caller's, which may be cheaper than the system's.
  public static func random(at time: Timestamp, using generator: inout some RandomNumberGenerator) -> TraceID {
    TraceID(
      randomLow: UInt64.random(in: 1...UInt64.max, using: &generator), seconds: UInt64(truncatingIfNeeded: time.unixSeconds))
  }

  private init(randomLow: UInt64, seconds: UInt64) {
    self.high = (seconds & 0xffff_ffff) << 32
    self.low = randomLow
  }

  /// Reads 32 (or 16: the upper half is zero) hexadecimal digits.
  public init?(hexadecimal text: some StringProtocol) {
    switch text.utf8.count {
    case 32:
      guard let high = UInt64(strictHexadecimal: text.prefix(16)), let low = UInt64(strictHexadecimal: text.suffix(16)) else {
        return nil
      }
      self.init(high: high, low: low)
    case 16:
      guard let low = UInt64(strictHexadecimal: text) else { return nil }
      self.init(high: 0, low: low)
    default: return nil
    }
  }

  public var description: String { high.sixteenHexadecimalDigits + low.sixteenHexadecimalDigits }
}

/// A 64-bit span id, never zero.
public struct SpanID: Hashable, Sendable, CustomStringConvertible {
  public let bits: UInt64

  public init?(bits: UInt64) {
    guard bits != 0 else { return nil }
    self.bits = bits
  }

  public static func random() -> SpanID { SpanID(nonZero: UInt64.random(in: 1...UInt64.max)) }

  /// The same from a generator of the caller's, which may be cheaper than the system's.
  public static func random(using generator: inout some RandomNumberGenerator) -> SpanID {
    SpanID(nonZero: UInt64.random(in: 1...UInt64.max, using: &generator))
  }

  private init(nonZero: UInt64) { self.bits = nonZero }

  /// Reads exactly 16 hexadecimal digits.
  public init?(hexadecimal text: some StringProtocol) {
    guard text.utf8.count == 16, let bits = UInt64(strictHexadecimal: text) else { return nil }
    self.init(bits: bits)
  }

  public var description: String { bits.sixteenHexadecimalDigits }
}

extension UInt64 {
  /// `UInt64(_:radix:)` takes a leading `+`; a wire id must not.
  fileprivate init?(strictHexadecimal text: some StringProtocol) {
    guard text.utf8.first != UInt8(ascii: "+"), let value = UInt64(text, radix: 16) else { return nil }
    self = value
  }

  var sixteenHexadecimalDigits: String {
    let digits = String(self, radix: 16)
    return String(repeating: "0", count: 16 - digits.utf8.count) + digits
  }
}
