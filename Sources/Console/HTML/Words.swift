// Times and numbers as a person reads them on a page: UTC, a unit always, no false precision.

import LLMMetrics
import LLMTelemetry
import Monitors

extension Timestamp {
  /// `14:31`
  var hourMinute: String { String(timeOfDay.prefix(5)) }

  /// `14:31` when it is today at `now`, else `2026-11-23 14:31`.
  func short(at now: Timestamp) -> String {
    let text = rfc3339
    return text.prefix(10) == now.rfc3339.prefix(10) ? hourMinute : "\(text.prefix(10)) \(hourMinute)"
  }

  func element(at now: Timestamp) -> HTML { "<time datetime=\"\(rfc3339)\" title=\"\(rfc3339)\">\(short(at: now))</time>" }
}

enum Words {
  /// `45 s`, `12 min`, `3 h 5 min`, `2 d 4 h`: one or two units, rounded down.
  static func span(_ duration: Duration) -> String {
    let seconds = max(0, duration.wholeNanoseconds / 1_000_000_000)
    switch seconds {
    case ..<120: return "\(seconds) s"
    case ..<7_200: return "\(seconds / 60) min"
    case ..<172_800: return seconds % 3_600 < 60 ? "\(seconds / 3_600) h" : "\(seconds / 3_600) h \(seconds % 3_600 / 60) min"
    default: return seconds % 86_400 < 3_600 ? "\(seconds / 86_400) d" : "\(seconds / 86_400) d \(seconds % 86_400 / 3_600) h"
    }
  }

  /// `1 incident`, `2 incidents`
  static func count(_ count: some BinaryInteger, _ singular: String) -> String {
    "\(Figure.count(Int64(count))) \(singular)\(count == 1 ? "" : "s")"
  }

  /// `$38.20`, `$0.0042`; money below a cent keeps two significant digits.
  static func dollars(_ amount: Nanodollars) -> String {
    let dollars = amount.dollars
    let magnitude = dollars.magnitude
    let sign = dollars < 0 ? "-" : ""
    if magnitude >= 1 {
      let cents = Int64((magnitude * 100).rounded())
      let fraction = String(cents % 100)
      return "\(sign)$\(Figure.count(cents / 100)).\(fraction.count == 1 ? "0" : "")\(fraction)"
    }
    return "\(sign)$\(Figure.number(magnitude, decimals: magnitude >= 0.01 ? 3 : magnitude >= 0.0001 ? 5 : 9))"
  }

  /// The digits without a long tail: `5.4`, `0.31`, `1,240`.
  static func plain(_ value: Double) -> String {
    value.magnitude >= 1_000
      ? Figure.count(Int64(value.rounded()))
      : Figure.number(value, decimals: value.magnitude >= 100 ? 0 : value.magnitude >= 10 ? 1 : value.magnitude >= 0.1 ? 2 : 4)
  }

  /// `+58 % against`, `−12 % against`, `×12 against`, `about the same as`; `nil` where a ratio says nothing.
  static func change(from baseline: Double, to value: Double) -> String? {
    guard baseline > 0, value.isFinite else { return nil }
    let percent = (value / baseline - 1) * 100
    if percent.magnitude < 3 { return "about the same as" }
    if percent > 900 { return "×\(Figure.number(value / baseline, decimals: 0)) against" }
    return "\(percent < 0 ? "−" : "+")\(Figure.number(percent.magnitude, decimals: 0)) % against"
  }
}
