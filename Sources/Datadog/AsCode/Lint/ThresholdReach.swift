// Whether a value that stays within bounds can ever be beyond a threshold, or ever is not.

enum ThresholdReach {
  static func findings(
    _ bounds: ClosedRange<Double>, _ comparison: QueryComparison, _ threshold: Double
  ) -> [LintFinding] {
    let plain = DatadogMonitorLint.plain
    if isDead(bounds, comparison, threshold) {
      let range =
        bounds.upperBound.isInfinite
        ? "never below \(plain(bounds.lowerBound))" : "always \(plain(bounds.lowerBound)) to \(plain(bounds.upperBound))"
      return [
        LintFinding(
          "threshold_unreachable", .dead, at: "query",
          "\(comparison.rawValue) \(plain(threshold)) cannot happen: the value is \(range)")
      ]
    }
    guard isAlways(bounds, comparison, threshold) else { return [] }
    return [
      LintFinding(
        "always", .warning, at: "query", "every value there can be is beyond \(plain(threshold)): it fires all the time")
    ]
  }

  private static func isDead(_ bounds: ClosedRange<Double>, _ comparison: QueryComparison, _ threshold: Double) -> Bool {
    switch comparison {
    case .above: bounds.upperBound <= threshold
    case .aboveOrEqual: bounds.upperBound < threshold
    case .below: bounds.lowerBound >= threshold
    case .belowOrEqual: bounds.lowerBound > threshold
    case .equal: !bounds.contains(threshold)
    case .unequal: false
    }
  }

  static func isAlways(_ bounds: ClosedRange<Double>, _ comparison: QueryComparison, _ threshold: Double) -> Bool {
    switch comparison {
    case .above: bounds.lowerBound > threshold
    case .aboveOrEqual: bounds.lowerBound >= threshold
    case .below: bounds.upperBound < threshold
    case .belowOrEqual: bounds.upperBound <= threshold
    case .equal, .unequal: false
    }
  }
}
