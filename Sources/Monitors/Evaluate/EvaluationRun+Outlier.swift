// A group against the other groups: deviations from their median, in units of what groups usually differ by.

import LLMMetrics
import LLMTelemetry

package struct OutlierFinding: Hashable, Sendable {
  package let value: Double
  package let median: Double
  /// What one deviation is, in the query's unit.
  package let deviation: Double
  /// How many groups were compared.
  package let groups: Int
  /// The critical number of deviations.
  let limit: Double

  var band: ValueBand {
    ValueBand(
      lower: median - limit.magnitude * deviation, middle: median, upper: median + limit.magnitude * deviation)
  }
}

extension EvaluationRun {
  static let leastGroups = 3

  func outlier(_ settings: OutlierSettings) throws -> [Evaluation] {
    let readings = try all(try readings(in: window))
    let requests = readings.reduce(0) { $0 + $1.requests }
    func isCompared(_ reading: GroupReading) -> Bool {
      reading.value != nil && reading.requests >= definition.trafficGate
        && Double(reading.requests) >= settings.leastShare * Double(requests)
    }
    let values = readings.filter(isCompared).compactMap(\.value)
    let median = Robust.median(values) ?? 0
    let spread = Robust.deviation(values, from: median) ?? 0
    return readings.map { reading in
      guard let value = reading.value else { return judge(reading, value: nil) }
      guard values.count >= Self.leastGroups, isCompared(reading) else {
        return evaluation(reading.tags, value: nil, reading.requests, .quiet, .tooFewGroups(values.count))
      }
      let chance = noise(of: reading, at: median)
      let deviation = (spread * spread + chance * chance).squareRoot()
      return judge(
        reading, value: (value - median) / deviation,
        finding: .outlier(
          OutlierFinding(
            value: value, median: median, deviation: deviation, groups: values.count, limit: definition.threshold.critical)))
    }
  }

  /// What the value of a group of this size varies by from chance alone, so that agreement among the others makes no outlier of a
  /// group that is merely small. Never zero.
  private func noise(of reading: GroupReading, at center: Double) -> Double {
    let count = Double(max(1, reading.requests))
    switch definition.query.form {
    case .ratio(let numerator, let denominator) where numerator.isSubset(of: denominator):
      // The share of n of which all are alike is still known to 1/n only.
      let share = min(max(center, 1 / (reading.whole + 2)), 1 - 1 / (reading.whole + 2))
      return (share * (1 - share) / max(1, reading.whole)).squareRoot()
    case .value(let term) where term.aggregator == .sum && term.metric.unit != .dollar: return max(1, center).squareRoot()
    case .perMinute(let term) where term.metric.unit != .dollar:
      let minutes = definition.window.inSeconds / 60
      return max(1, center * minutes).squareRoot() / minutes
    case .value, .perMinute, .ratio:
      // Times and money vary about as much as they are large.
      return max(center.magnitude * max(0.02, 1 / count.squareRoot()), 1e-9)
    }
  }
}
