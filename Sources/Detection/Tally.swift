// What was seen in some spans against what was expected, for all lanes, and the likelihood ratio of it.

struct Tally {
  var trials = SIMD16<Float>(repeating: 0)
  var events = SIMD16<Float>(repeating: 0)
  var expected = SIMD16<Float>(repeating: 0)
  var pull = Measures(repeating: 0)
  var weight = Measures(repeating: 0)
  var measured = Measures(repeating: 0)
  var spans: Float = 0

  mutating func add(_ span: DetectionSpan, _ baselines: BaselineTable, base: Int) {
    let trials = BaselineTable.ones(span.trials)
    self.trials += trials
    events += BaselineTable.ones(span.events & span.trials)
    expected += trials * baselines.bases[base].rate
    let (pull, weight) = baselines.measured(span, base: base)
    self.pull += pull
    self.weight += weight
    measured += Measures(repeating: 0).replacing(with: 1, where: weight .> 0)
    spans += 1
  }

  static func += (left: inout Tally, right: Tally) {
    left.trials += right.trials
    left.events += right.events
    left.expected += right.expected
    left.pull += right.pull
    left.weight += right.weight
    left.measured += right.measured
    left.spans += right.spans
  }

  static func - (left: Tally, right: Tally) -> Tally {
    var result = left
    result.trials -= right.trials
    result.events -= right.events
    result.expected -= right.expected
    result.pull -= right.pull
    result.weight -= right.weight
    result.measured -= right.measured
    result.spans -= right.spans
    return result
  }

  /// Events or measured spans of a lane.
  func support(_ signal: DetectionSignal) -> Float {
    signal.isEvent ? events[signal.rawValue] : measured[signal.rawValue - DetectionSignal.eventCount]
  }

  /// The logarithm of how much likelier the best raised rate or level makes what was seen; 0 when nothing is raised.
  /// `rest` is the remaining traffic, which shows how far latencies drift for everybody.
  func deviance(_ signal: DetectionSignal, rest: Tally) -> Float {
    if signal.isEvent {
      let lane = signal.rawValue
      return Self.deviance(trials: trials[lane], events: events[lane], expected: expected[lane])
    }
    let lane = signal.rawValue - DetectionSignal.eventCount
    guard weight[lane] > 0 else { return 0 }
    let mean = pull[lane] / weight[lane]
    guard signal.drifts else { return mean > 0 ? mean * mean * weight[lane] / 2 : 0 }
    // The drift of healthy traffic: a standard deviation of a tenth.
    let driftVariance: Float = 0.01
    let ofAll = (pull[lane] + rest.pull[lane]) / (weight[lane] + rest.weight[lane])
    guard rest.weight[lane] > 0 else { return ofAll > 0 ? ofAll * ofAll / (2 * (driftVariance + 1 / weight[lane])) : 0 }
    let contrast = mean - rest.pull[lane] / rest.weight[lane]
    guard contrast > 0 else { return 0 }
    return contrast * contrast * weight[lane] * rest.weight[lane] / (weight[lane] + rest.weight[lane]) / 2
  }

  static func deviance(trials: Float, events: Float, expected: Float) -> Float {
    guard events > expected, trials > 0 else { return 0 }
    let rest = trials - events
    let expectedRest = max(0.01, trials - expected)
    let first = events * (events / max(1e-3, expected)).logarithm
    return max(0, first + (rest > 0 ? rest * (rest / expectedRest).logarithm : 0))
  }
}
