// When a failure began: an alert's window reaches back into healthy time, the series tell where that ends.

import LLMMetrics
import LLMTelemetry

enum FailureStart {
  /// The step after which the rate differs most from before. `steps` are ordered; gaps are gaps.
  static func between(
    _ earliest: Timestamp, _ onset: Timestamp, end: Timestamp, steps: [(start: Timestamp, exposure: Exposure)], eventSize: Double,
    hasExposures: Bool, direction: DevianceDirection
  ) -> Timestamp {
    guard let first = steps.first?.start else { return earliest }
    func exposures(_ exposure: Exposure, from: Timestamp, to: Timestamp) -> Double {
      // Of a volume, time itself is the exposure: a total loss has no steps at all.
      hasExposures ? exposure.exposures : Double((to - from).wholeNanoseconds) / Double(Rollup.width.wholeNanoseconds)
    }
    let all = steps.reduce(into: Exposure()) { $0 += $1.exposure }
    var before = Exposure()
    var index = 0
    var best = (start: earliest, deviance: -1.0)
    var candidate = earliest
    while candidate < onset {
      while index < steps.count, steps[index].start < candidate {
        before += steps[index].exposure
        index += 1
      }
      let after = all - before
      let past = exposures(before, from: first, to: candidate)
      if past > 0 {
        let rate = (before.events / eventSize + 0.5) / (past + 1)
        let deviance = Deviance.of(after.events / eventSize, rate * exposures(after, from: candidate, to: end), direction)
        if deviance > best.deviance { best = (candidate, deviance) }
      }
      candidate = candidate + Rollup.width
    }
    return best.start
  }
}
