// Lengths of time as YAML writes them: `30s`, `5m`, `2h`, `7d`.

import LLMTelemetry

package enum DurationText {
  /// The largest unit that divides it; what is finer than a millisecond is dropped.
  package static func text(_ duration: Duration) -> String {
    let milliseconds = duration.wholeNanoseconds / 1_000_000
    for (unit, length) in [("d", Int64(86_400_000)), ("h", 3_600_000), ("m", 60_000), ("s", 1_000)]
    where milliseconds % length == 0 && (milliseconds != 0 || unit == "s") {
      return "\(milliseconds / length)\(unit)"
    }
    return "\(milliseconds)ms"
  }

  /// `nil` for what is no length of time, or one of more than ten years.
  package static func parse(_ text: some StringProtocol) -> Duration? {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    let units: [String: Int64] = ["ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000]
    guard let count = Int64(digits), count < 1_000_000_000, let unit = units[String(text.dropFirst(digits.count))],
      count <= 3_650 * 86_400_000 / unit
    else { return nil }
    return .milliseconds(count * unit)
  }
}
