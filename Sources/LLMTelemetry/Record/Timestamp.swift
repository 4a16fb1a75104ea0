// A point in time, in whole nanoseconds since the Unix epoch, and the conversions every wire format needs.
// Foundation's Date is a Double: it loses nanoseconds, and durations must never pass through a bare Double.

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A point in time: nanoseconds since 1970-01-01T00:00:00Z, UTC, without leap seconds (as Unix time counts).
public struct Timestamp: Hashable, Comparable, Sendable, Codable {
  public var unixNanoseconds: Int64

  public init(unixNanoseconds: Int64) { self.unixNanoseconds = unixNanoseconds }
  public init(unixSeconds: Int64) { self.unixNanoseconds = unixSeconds * 1_000_000_000 }

  /// The wall clock now (`clock_gettime(CLOCK_REALTIME)`, about 20 ns through the vDSO).
  public static func now() -> Timestamp {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(unixNanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
  }

  public var unixSeconds: Int64 { unixNanoseconds.flooredQuotient(1_000_000_000) }

  /// The start of the interval of `width` that holds this time; widths are whole nanoseconds.
  public func floored(to width: Duration) -> Timestamp {
    let nanoseconds = width.wholeNanoseconds
    return Timestamp(unixNanoseconds: unixNanoseconds.flooredQuotient(nanoseconds) * nanoseconds)
  }

  public static func < (left: Timestamp, right: Timestamp) -> Bool { left.unixNanoseconds < right.unixNanoseconds }
  public static func + (left: Timestamp, right: Duration) -> Timestamp {
    Timestamp(unixNanoseconds: left.unixNanoseconds.addingSaturated(right.wholeNanoseconds))
  }
  public static func - (left: Timestamp, right: Duration) -> Timestamp {
    Timestamp(unixNanoseconds: left.unixNanoseconds.subtractingSaturated(right.wholeNanoseconds))
  }
  public static func - (left: Timestamp, right: Timestamp) -> Duration {
    .nanoseconds(left.unixNanoseconds.subtractingSaturated(right.unixNanoseconds))
  }

  public init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    guard let parsed = Timestamp(rfc3339: text) else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "not an RFC 3339 UTC time: \(text)"))
    }
    self = parsed
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(rfc3339)
  }
}

extension Timestamp {
  /// RFC 3339 in UTC with the shortest of 0, 3 or 9 fraction digits that loses nothing: `2026-11-01T00:00:00.123Z`.
  public var rfc3339: String {
    let seconds = unixSeconds
    let fraction = unixNanoseconds - seconds * 1_000_000_000
    let (year, month, day) = Self.civil(days: seconds.flooredQuotient(86_400))
    let secondOfDay = seconds - seconds.flooredQuotient(86_400) * 86_400
    var text = "\(Self.padded(year, 4))-\(Self.padded(month, 2))-\(Self.padded(day, 2))T"
    text += "\(Self.padded(secondOfDay / 3600, 2)):\(Self.padded(secondOfDay / 60 % 60, 2)):\(Self.padded(secondOfDay % 60, 2))"
    if fraction % 1_000_000 != 0 {
      text += "." + Self.padded(fraction, 9)
    } else if fraction != 0 {
      text += "." + Self.padded(fraction / 1_000_000, 3)
    }
    return text + "Z"
  }

  /// RFC 3339 in UTC cut to whole seconds, for tables that people read: `2026-11-01T00:00:00Z`.
  public var rfc3339Seconds: String { String(rfc3339.prefix(19)) + "Z" }

  /// `HH:MM:SS` in UTC, as the console and the CLI print times of today.
  public var timeOfDay: String { String(rfc3339.dropFirst(11).prefix(8)) }

  /// Parses `YYYY-MM-DDTHH:MM:SS[.fraction](Z|±HH:MM)`; `nil` for anything else. Digits past nanoseconds are dropped.
  public init?(rfc3339 text: String) {
    let bytes = Array(text.utf8)
    func number(_ range: Range<Int>) -> Int64? {
      guard range.upperBound <= bytes.count else { return nil }
      var value: Int64 = 0
      for byte in bytes[range] {
        guard byte >= 48, byte <= 57 else { return nil }
        value = value * 10 + Int64(byte - 48)
      }
      return value
    }
    guard bytes.count >= 20, bytes[4] == 45, bytes[7] == 45, bytes[10] == 84 || bytes[10] == 116 || bytes[10] == 32,
      bytes[13] == 58, bytes[16] == 58,
      let year = number(0..<4), let month = number(5..<7), let day = number(8..<10), let hour = number(11..<13),
      let minute = number(14..<16), let second = number(17..<19),
      (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second < 61
    else { return nil }
    var index = 19
    var fraction: Int64 = 0
    if bytes[index] == 46 {
      index += 1
      var scale: Int64 = 100_000_000
      let first = index
      while index < bytes.count, bytes[index] >= 48, bytes[index] <= 57 {
        fraction += Int64(bytes[index] - 48) * scale
        scale /= 10
        index += 1
      }
      guard index > first else { return nil }
    }
    guard index < bytes.count else { return nil }
    var offset: Int64 = 0
    switch bytes[index] {
    case 90, 122:
      guard index + 1 == bytes.count else { return nil }
    case 43, 45:
      guard index + 6 == bytes.count, bytes[index + 3] == 58, let hours = number(index + 1..<index + 3),
        let minutes = number(index + 4..<index + 6)
      else { return nil }
      offset = (hours * 3600 + minutes * 60) * (bytes[index] == 43 ? 1 : -1)
    default: return nil
    }
    let seconds = Self.days(year: year, month: month, day: day) * 86_400 + hour * 3600 + minute * 60 + second - offset
    self.init(unixNanoseconds: seconds * 1_000_000_000 + fraction)
  }

  private static func padded(_ value: Int64, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }

  // Civil-calendar arithmetic on a year that starts in March, so that the leap day is the last day of the year
  // (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms").
  private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
    let shifted = month <= 2 ? year - 1 : year
    let era = shifted.flooredQuotient(400)
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  private static func civil(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let shifted = days + 719_468
    let era = shifted.flooredQuotient(146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthIndex = (5 * dayOfYear + 2) / 153
    let month = monthIndex < 10 ? monthIndex + 3 : monthIndex - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthIndex + 2) / 5 + 1)
  }
}

extension Duration {
  /// Whole nanoseconds; what is finer is dropped. Overflows after 292 years, which no span lasts.
  public var wholeNanoseconds: Int64 {
    // One 128-by-64-bit division; `components` takes several of 128 by 128 bits, and this is asked for at every span.
    let attoseconds = attoseconds
    let magnitude = attoseconds.magnitude
    let nanoseconds = UInt64(1_000_000_000).dividingFullWidth(
      (high: UInt64(magnitude >> 64), low: UInt64(truncatingIfNeeded: magnitude))
    ).quotient
    return attoseconds < 0 ? Int64(bitPattern: 0 &- nanoseconds) : Int64(nanoseconds)
  }

  /// Seconds as a floating-point number, for display and for wire formats that want one.
  public var inSeconds: Double { Double(wholeNanoseconds) / 1e9 }
}

extension Int64 {
  func flooredQuotient(_ divisor: Int64) -> Int64 {
    let quotient = self / divisor
    return self % divisor < 0 ? quotient - 1 : quotient
  }
}
