// Where the query's value is going: a line through its past that a few wild points do not bend.

import LLMMetrics
import LLMTelemetry

package struct ForecastFinding: Hashable, Sendable {
  /// The fitted value now.
  package let present: Double
  /// Per second.
  package let slope: Double
  package let horizon: Duration
  /// When the fit reaches the critical value, if it does within the horizon.
  package let crossesAt: Timestamp?
  package let points: Int
}

extension EvaluationRun {
  static let leastForecastPoints = 6
  /// Pairs of points grow with the square of this.
  private static let forecastPoints: Int64 = 120

  func forecast(_ settings: ForecastSettings) throws -> [Evaluation] {
    let width = Rollup.width.wholeNanoseconds
    let length = definition.window.wholeNanoseconds
    let step = Duration.nanoseconds(max(width, (length / Self.forecastPoints + width - 1) / width * width))
    let last = end.floored(to: step)
    let range = (end - definition.window).floored(to: step)..<last
    let series = range.isEmpty ? [] : try steps(in: range, of: step)
    return try all(try readings(in: window)).map { reading in
      let points = series.compactMap { entry -> Robust.Point? in
        guard let group = entry.groups.first(where: { $0.tags == reading.tags }), let value = group.value,
          group.requests >= 1
        else { return nil }
        return Robust.Point(time: (entry.start - end).inSeconds + step.inSeconds / 2, value: value)
      }
      guard reading.value != nil || !points.isEmpty else { return judge(reading, value: nil) }
      guard points.count >= Self.leastForecastPoints,
        let line = Robust.line(points, season: settings.season?.inSeconds)
      else {
        return evaluation(
          reading.tags, value: nil, reading.requests, .quiet, .tooFewPoints(points.count, needed: Self.leastForecastPoints))
      }
      let horizon = settings.horizon.inSeconds
      let value = line.value(at: horizon)
      return judge(
        reading, value: value,
        finding: .forecast(
          ForecastFinding(
            present: line.value(at: 0), slope: line.slope, horizon: settings.horizon,
            crossesAt: crossing(of: line, within: horizon), points: points.count)))
    }
  }

  /// The first of many looks ahead at which the threshold is breached.
  private func crossing(of line: Robust.Line, within horizon: Double) -> Timestamp? {
    let looks = 240
    let found = (0...looks).first { definition.threshold.isBreached(by: line.value(at: horizon * Double($0) / Double(looks))) }
    guard let found else { return nil }
    // Between the look before and this one the fit is a straight line.
    var (early, late) = (horizon * Double(max(0, found - 1)) / Double(looks), horizon * Double(found) / Double(looks))
    for _ in 0..<30 {
      let middle = (early + late) / 2
      if definition.threshold.isBreached(by: line.value(at: middle)) { late = middle } else { early = middle }
    }
    return end + .milliseconds(Int64(late * 1_000))
  }
}

extension Robust {
  struct Point {
    /// Seconds, negative in the past.
    let time: Double
    let value: Double
  }

  /// A straight line, and above it what repeats with each season.
  struct Line {
    let slope: Double
    let level: Double
    /// By place in the season; empty without one.
    let seasonal: [Double]
    let season: Double

    func value(at time: Double) -> Double {
      guard !seasonal.isEmpty else { return level + slope * time }
      return level + slope * time + seasonal[Robust.place(of: time, in: season, of: seasonal.count)]
    }
  }

  /// Theil's line: the median slope of all pairs, through the median rest. With a season only pairs at the same place in it are
  /// compared (Hirsch, Slack, Smith 1982), so that the season is not taken for a trend; too few of them, and there is none.
  static func line(_ points: [Point], season: Double? = nil) -> Line? {
    guard points.count >= 2, let first = points.first, let last = points.last else { return nil }
    if let season, season > 0, last.time - first.time >= 2 * season * 0.95 {
      let places = 24
      let grouped = Dictionary(grouping: points) { place(of: $0.time, in: season, of: places) }
      let slopes = grouped.values.flatMap { group in Robust.slopes(group, leastDistance: season / 2) }
      if let slope = median(slopes), slopes.count >= places / 2 {
        let level = median(points.map { $0.value - slope * $0.time }) ?? 0
        let seasonal = (0..<places).map { place in
          median((grouped[place] ?? []).map { $0.value - slope * $0.time - level }) ?? 0
        }
        return Line(slope: slope, level: level, seasonal: seasonal, season: season)
      }
    }
    guard let slope = median(slopes(points, leastDistance: 0)) else { return nil }
    return Line(slope: slope, level: median(points.map { $0.value - slope * $0.time }) ?? 0, seasonal: [], season: 0)
  }

  private static func slopes(_ points: [Point], leastDistance: Double) -> [Double] {
    var slopes: [Double] = []
    slopes.reserveCapacity(points.count * (points.count - 1) / 2)
    for (index, one) in points.enumerated() {
      for other in points[(index + 1)...] where other.time - one.time > leastDistance {
        slopes.append((other.value - one.value) / (other.time - one.time))
      }
    }
    return slopes
  }

  static func place(of time: Double, in season: Double, of places: Int) -> Int {
    let turns = time / season
    return min(places - 1, max(0, Int((turns - turns.rounded(.down)) * Double(places))))
  }
}
