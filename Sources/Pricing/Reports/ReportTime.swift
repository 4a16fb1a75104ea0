// Times as a person gives them to a report: a moment, a day, or how long ago.

import LLMTelemetry

package enum ReportTime {
  /// `2026-11-01T00:00:00Z`, `2026-11-01` (its first moment, UTC), or `30m`, `24h`, `7d` before `now`; `nil` for anything else.
  package static func parse(_ text: String, now: Timestamp) -> Timestamp? {
    if let time = Timestamp(rfc3339: text) ?? Timestamp(rfc3339: text + "T00:00:00Z") { return time }
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard let count = Int64(digits), count < 1_000_000 else { return nil }
    switch text.dropFirst(digits.count) {
    case "s": return now - .seconds(count)
    case "m": return now - .seconds(count * 60)
    case "h": return now - .seconds(count * 3600)
    case "d" where count < 36_500: return now - .seconds(count * 86_400)
    default: return nil
    }
  }
}
