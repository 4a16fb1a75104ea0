// Where values and times fall on a chart, and at which round values the grid has its lines.

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif
import LLMTelemetry

struct ChartScale {
  /// Height of the plot in CSS pixels; the width is the reader's.
  static let height = 140.0

  let range: Range<Timestamp>
  let top: Double
  let valueTicks: [Double]
  let timeTicks: [Timestamp]

  init(_ chart: Chart) {
    range = chart.range
    let values = chart.lines.flatMap { $0.points.map(\.value) }
    let highest = max(values.max() ?? 0, (chart.threshold ?? 0) * 1.15)
    let step = Self.roundStep(for: highest)
    let count = max(1, Int((highest / step).rounded(.up)))
    top = Double(count) * step
    valueTicks = (0...count).map { Double($0) * step }
    timeTicks = Self.timeTicks(range)
  }

  /// 0 at the left edge to 1 at the right edge; outside of it for times outside of the range.
  func x(_ time: Timestamp) -> Double {
    let width = (range.upperBound - range.lowerBound).inSeconds
    return width > 0 ? (time - range.lowerBound).inSeconds / width : 0
  }

  func y(_ value: Double) -> Double { Self.height * (1 - value / top) }

  /// 1, 2, 2.5 or 5 times a power of ten, such that at most four intervals reach `highest`.
  private static func roundStep(for highest: Double) -> Double {
    guard highest > 0, highest.isFinite else { return 1 }
    let power = pow(10, floor(log10(highest / 4)))
    for factor in [1.0, 2, 2.5, 5, 10] where highest / (factor * power) <= 4 { return factor * power }
    return 10 * power
  }

  private static func timeTicks(_ range: Range<Timestamp>) -> [Timestamp] {
    let minutes = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1_440, 10_080]
    let width = (range.upperBound - range.lowerBound).inSeconds
    let step = Duration.seconds(60 * (minutes.first { width / (Double($0) * 60) <= 5 } ?? 43_200))
    var ticks: [Timestamp] = []
    var tick = range.lowerBound.floored(to: step)
    while tick <= range.upperBound {
      if tick >= range.lowerBound { ticks.append(tick) }
      tick = tick + step
    }
    return ticks
  }
}
