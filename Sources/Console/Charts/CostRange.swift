// The times the Cost page offers, as they stand in its address: whole intervals of UTC, the present one among them.

import LLMTelemetry

enum CostRange: String, CaseIterable {
  case today
  case week = "7d"
  case month = "30d"

  /// `Today`
  var label: String { self == .today ? "Today" : "\(rawValue.dropLast()) days" }

  /// As it follows `spent`.
  var words: String {
    switch self {
    case .today: "today (UTC)"
    case .week: "in the last 7 days"
    case .month: "in the last 30 days"
    }
  }

  /// As it follows the sum of the time before.
  var wordsBefore: String {
    switch self {
    case .today: "in the whole of yesterday"
    case .week: "in the 7 days before"
    case .month: "in the 30 days before"
    }
  }

  /// Width of a column of the chart; hours are what is stored.
  var step: Duration {
    switch self {
    case .today: .seconds(3_600)
    case .week: .seconds(21_600)
    case .month: .seconds(86_400)
    }
  }

  var stepWords: String {
    switch self {
    case .today: "per hour"
    case .week: "per 6 hours"
    case .month: "per day"
    }
  }

  func range(at now: Timestamp) -> Range<Timestamp> {
    if self == .today {
      let midnight = now.floored(to: .seconds(86_400))
      return midnight..<midnight + .seconds(86_400)
    }
    let end = now.floored(to: step) + step
    return end - .seconds(self == .week ? 604_800 : 2_592_000)..<end
  }

  /// The time of the same length before it.
  func before(at now: Timestamp) -> Range<Timestamp> {
    let range = range(at: now)
    return range.lowerBound - (range.upperBound - range.lowerBound)..<range.lowerBound
  }
}
