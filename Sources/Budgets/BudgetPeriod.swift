// When a budget's time begins and ends: calendar periods in UTC, and the steps of a rolling one.

import LLMTelemetry

extension Budget.Period {
  /// Steps in which a rolling period moves on.
  static let rollingSteps: Int64 = 60

  /// Slots that count at once. A rolling period counts its sixty full steps and the one that has begun, so that no span of
  /// its length, wherever it begins, ever holds more than the limit.
  var slotCount: Int {
    switch self {
    case .hour, .day, .week, .month: 1
    case .rolling: Int(Self.rollingSteps) + 1
    }
  }

  /// Length of one step of a rolling period in nanoseconds, rounded up; `nil` for a calendar period.
  var stepNanoseconds: Int64? {
    guard case .rolling(let length) = self else { return nil }
    return max(1, (length.wholeNanoseconds + Self.rollingSteps - 1) / Self.rollingSteps)
  }

  /// The slot that holds `time`: the whole calendar period, or one step of a rolling one.
  package func slot(at time: Timestamp) -> Range<Timestamp> {
    let nanoseconds = time.unixNanoseconds
    switch self {
    case .hour: return Self.even(nanoseconds, width: 3600 * Self.second, offset: 0)
    case .day: return Self.even(nanoseconds, width: Self.dayLength, offset: 0)
    // 1970-01-01 was a Thursday; the Monday before it is three days earlier.
    case .week: return Self.even(nanoseconds, width: 7 * Self.dayLength, offset: -3 * Self.dayLength)
    case .month: return Self.month(nanoseconds)
    case .rolling: return Self.even(nanoseconds, width: stepNanoseconds ?? 1, offset: 0)
    }
  }

  /// When what was spent in the slot that starts at `start` stops counting.
  package func expiry(ofSlotAt start: Timestamp) -> Timestamp {
    guard let step = stepNanoseconds else { return slot(at: start).upperBound }
    return Timestamp(unixNanoseconds: slot(at: start).lowerBound.unixNanoseconds + step * (Self.rollingSteps + 1))
  }

  /// The time whose spending counts at `time`.
  package func counted(at time: Timestamp) -> Range<Timestamp> {
    let slot = slot(at: time)
    guard let step = stepNanoseconds else { return slot }
    return Timestamp(unixNanoseconds: slot.lowerBound.unixNanoseconds - step * Self.rollingSteps)..<slot.upperBound
  }

  private static let second: Int64 = 1_000_000_000
  private static let dayLength: Int64 = 86_400 * second

  private static func even(_ nanoseconds: Int64, width: Int64, offset: Int64) -> Range<Timestamp> {
    let start = quotient(nanoseconds - offset, width) * width + offset
    return Timestamp(unixNanoseconds: start)..<Timestamp(unixNanoseconds: start + width)
  }

  private static func quotient(_ dividend: Int64, _ divisor: Int64) -> Int64 {
    let quotient = dividend / divisor
    return dividend % divisor < 0 ? quotient - 1 : quotient
  }

  private static func month(_ nanoseconds: Int64) -> Range<Timestamp> {
    // Counted from the era that begins on 0000-03-01, so that the leap day is the last day of its year
    // (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms").
    let shifted = quotient(nanoseconds, dayLength) + 719_468
    let era = quotient(shifted, 146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let month = (5 * dayOfYear + 2) / 153
    let yearStart = shifted - dayOfYear - 719_468
    let start = yearStart + (153 * month + 2) / 5
    // February ends with its year here, and a leap year shows only in where the next one begins.
    let end = month < 11 ? yearStart + (153 * (month + 1) + 2) / 5 : yearStart + yearLength(era * 400 + yearOfEra)
    return Timestamp(unixNanoseconds: start * dayLength)..<Timestamp(unixNanoseconds: end * dayLength)
  }

  /// Days of the year that begins in March of `year`.
  private static func yearLength(_ year: Int64) -> Int64 {
    let next = year + 1
    return next % 4 == 0 && (next % 100 != 0 || next % 400 == 0) ? 366 : 365
  }
}

extension Budget.Period: CustomStringConvertible {
  /// `day`, or `rolling 1h`.
  package var description: String {
    switch self {
    case .hour: "hour"
    case .day: "day"
    case .week: "week"
    case .month: "month"
    case .rolling(let length): "rolling \(Self.text(length))"
    }
  }

  /// In the largest unit that divides it, as configuration writes it.
  private static func text(_ length: Duration) -> String {
    let nanoseconds = length.wholeNanoseconds
    for (unit, name) in [(dayLength, "d"), (3600 * second, "h"), (60 * second, "m"), (second, "s")] where nanoseconds % unit == 0
    {
      return "\(nanoseconds / unit)\(name)"
    }
    return "\(nanoseconds / 1_000_000)ms"
  }
}
