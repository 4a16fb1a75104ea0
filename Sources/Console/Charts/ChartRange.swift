// The ranges the Now page offers, as they stand in its address.

import LLMTelemetry

enum ChartRange: String, CaseIterable {
  case quarterHour = "15m"
  case hour = "1h"
  case sixHours = "6h"
  case day = "24h"

  static let standard = ChartRange.hour

  var words: String {
    switch self {
    case .quarterHour: "15 minutes"
    case .hour: "hour"
    case .sixHours: "6 hours"
    case .day: "24 hours"
    }
  }

  var width: Duration {
    switch self {
    case .quarterHour: .seconds(900)
    case .hour: .seconds(3_600)
    case .sixHours: .seconds(21_600)
    case .day: .seconds(86_400)
    }
  }

  /// Width of one interval of the charts: about a hundred of them fill a chart, each a multiple of the rollup's.
  var step: Duration {
    switch self {
    case .quarterHour: .seconds(10)
    case .hour: .seconds(30)
    case .sixHours: .seconds(180)
    case .day: .seconds(720)
    }
  }

  /// Whole intervals only: an interval that is still filling would look like a fall.
  func range(until now: Timestamp) -> Range<Timestamp> {
    let end = now.floored(to: step)
    return end - width..<end
  }
}
