// The time over which a promise is kept: the last days, or what has passed of a calendar week, month or quarter.

import LLMTelemetry

extension SLODefinition {
  package enum Timeframe: String, CaseIterable, Hashable, Sendable {
    case sevenDays = "7d"
    case thirtyDays = "30d"
    case ninetyDays = "90d"
    /// Since Monday, in UTC.
    case calendarWeek = "week"
    case calendarMonth = "month"
    case calendarQuarter = "quarter"

    /// Of a calendar period the days it has at least: a budget is never thought larger than it may be.
    package var days: Int {
      switch self {
      case .sevenDays, .calendarWeek: 7
      case .thirtyDays: 30
      case .ninetyDays, .calendarQuarter: 90
      case .calendarMonth: 28
      }
    }

    package var isCalendar: Bool { self == .calendarWeek || self == .calendarMonth || self == .calendarQuarter }

    /// What is looked at: the last days, or the calendar period so far.
    package func range(at time: Timestamp) -> Range<Timestamp> {
      let day = time.floored(to: .seconds(86_400))
      let start: Timestamp
      switch self {
      case .sevenDays, .thirtyDays, .ninetyDays: return time - .seconds(Int64(days) * 86_400)..<time
      case .calendarWeek:
        // 1970-01-01 was a Thursday.
        let weekday = (day.unixSeconds / 86_400 + 3) % 7
        start = day - .seconds(((weekday + 7) % 7) * 86_400)
      case .calendarMonth, .calendarQuarter:
        let text = day.rfc3339
        let month = Int(text.dropFirst(5).prefix(2)) ?? 1
        let first = self == .calendarMonth ? month : (month - 1) / 3 * 3 + 1
        start = Timestamp(rfc3339: "\(text.prefix(4))-\(first < 10 ? "0" : "")\(first)-01T00:00:00Z") ?? day
      }
      return min(start, time)..<time
    }
  }
}
