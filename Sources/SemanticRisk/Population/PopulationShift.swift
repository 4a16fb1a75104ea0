// Notices that the scores of a stream moved: what pages, where a single score never does.

/// A clipped CUSUM on the raw score of one stream (model, prompt version, tenant, route). The stream's own first scores are its
/// baseline; the threshold comes from resampling them to a stated rate of false alarms. Pure: the same scores and seed give the
/// same alarms.
package struct PopulationShift: Sendable {
  package struct Settings: Sendable, Equatable {
    /// Scores that make the baseline. The error of its mean is what limits small shifts: with 1,000 there are six false alarms where
    /// one is wanted, with 5,000 one.
    package var baseline = 5000
    /// Responses a stream has in a week.
    package var responsesPerWeek = 600_000
    package var falseAlarmsPerWeek = 1.0
    /// How many streams are watched; each gets a share of the false alarms.
    package var streams = 1
    /// The share of risky answers in good times and in bad: what the reference value is set half way between.
    package var healthyShare = 0.05
    package var shiftedShare = 0.20
    /// The share of the baseline below which scores are not clipped.
    package var clipQuantile = 0.98
    package var seed: UInt64 = 1

    package init() {}
  }

  /// What the baseline says.
  package struct Calibration: Sendable, Equatable {
    package var median: Double
    package var scale: Double
    package var clip: Double
    /// Mean and spread of the clipped, standardised scores.
    package var mean: Double
    package var deviation: Double
    /// Added for every response before a rise counts.
    package var reference: Double
    package var threshold: Double
    /// Responses between false alarms that the threshold stands for.
    package var runLength: Double
  }

  package enum State: Sendable, Equatable {
    case learning(of: Int)
    case watching
    /// The sum crossed the threshold with this many responses since it last was zero.
    case shifted(responses: Int)
  }

  package let settings: Settings
  package private(set) var calibration: Calibration?
  package private(set) var sum = 0.0
  package private(set) var state: State
  package private(set) var responses = 0
  private var baseline: [Float] = []
  private var sinceZero = 0

  package init(settings: Settings = Settings()) {
    self.settings = settings
    state = .learning(of: settings.baseline)
  }

  /// The alarm stays until `acknowledge`, or until the sum has gone back to zero.
  @discardableResult
  package mutating func add(_ score: Double) -> State {
    guard score.isFinite else { return state }
    responses += 1
    guard let calibration else {
      baseline.append(Float(score))
      if baseline.count >= settings.baseline {
        self.calibration = Self.calibrate(baseline, settings: settings)
        baseline = []
        state = .watching
      }
      return state
    }
    sum = max(0, sum + Self.standardised(score, calibration) - calibration.reference)
    sinceZero = sum > 0 ? sinceZero + 1 : 0
    if sum > calibration.threshold {
      if case .shifted = state {} else { state = .shifted(responses: sinceZero) }
    } else if sum == 0 {
      state = .watching
    }
    return state
  }

  /// Begins again with an empty sum, as after an incident; the baseline stays.
  package mutating func acknowledge() {
    sum = 0
    sinceZero = 0
    if calibration != nil { state = .watching }
  }

  /// Learns a new baseline, as after a release that changed the scores for good.
  package mutating func relearn() { self = PopulationShift(settings: settings) }

  @inline(__always)
  private static func standardised(_ score: Double, _ calibration: Calibration) -> Double {
    (min(score, calibration.clip) - calibration.mean) / calibration.deviation
  }
}

extension PopulationShift {
  /// Pure. `scores` are a stream's own, in any order.
  package static func calibrate(_ scores: [Float], settings: Settings) -> Calibration {
    let sorted = scores.sorted()
    func quantile(_ share: Double) -> Double {
      sorted.isEmpty ? 0 : Double(sorted[min(sorted.count - 1, Int(share * Double(sorted.count)))])
    }
    let median = quantile(0.5)
    let clip = quantile(settings.clipQuantile)
    let clipped = scores.map { min(Double($0), clip) }
    let count = Double(max(1, clipped.count))
    let mean = clipped.reduce(0, +) / count
    let variance = clipped.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
    // A stream that always says the same still gets a scale, so that anything else is a rise.
    let deviation = max(0.005, variance.squareRoot())
    let standard = clipped.map { ($0 - mean) / deviation }
    var calibration = Calibration(
      median: median, scale: quantile(0.75) - quantile(0.25), clip: clip, mean: mean, deviation: deviation,
      reference: reference(standard.sorted(), settings: settings), threshold: 0, runLength: runLength(settings))
    calibration.threshold = threshold(standard, reference: calibration.reference, settings: settings)
    return calibration
  }

  static func runLength(_ settings: Settings) -> Double {
    Double(max(1, settings.responsesPerWeek)) * Double(max(1, settings.streams)) / max(1e-6, settings.falseAlarmsPerWeek)
  }

  /// Half the shift of the mean: the share of risky answers grows, and each moves from the middle of the baseline to where its top
  /// is, since the highest scores of a baseline are mostly its risky ones.
  private static func reference(_ sorted: [Double], settings: Settings) -> Double {
    guard sorted.count > 20 else { return 0.25 }
    let top = sorted.suffix(max(10, sorted.count / 5))
    let risky = top.reduce(0, +) / Double(top.count)
    let growth = max(0.02, (settings.shiftedShare - settings.healthyShare) / max(0.05, 1 - settings.healthyShare))
    return min(0.5, max(0.05, growth * risky / 2))
  }

  /// The sum that resampled baselines cross once in the wanted number of responses.
  ///
  /// The time to a false alarm grows exponentially with the threshold, so short simulated runs at lower thresholds give the line
  /// which is followed to the wanted length.
  private static func threshold(_ standard: [Double], reference: Double, settings: Settings) -> Double {
    guard standard.count > 20 else { return 20 }
    var generator = SeededGenerator(seed: settings.seed)
    // The largest sum of every excursion above zero, over many resampled responses.
    let draws = 400_000
    var peaks: [Double] = []
    var sum = 0.0
    var peak = 0.0
    for _ in 0..<draws {
      let value = standard[Int(truncatingIfNeeded: generator.next() >> 33) % standard.count]
      sum += value - reference
      if sum <= 0 {
        if peak > 0 { peaks.append(peak) }
        sum = 0
        peak = 0
      } else {
        peak = max(peak, sum)
      }
    }
    guard peaks.count > 200 else { return 20 }
    peaks.sort()
    // Excursions are independent, and how many of them pass a height falls exponentially: two heights give the slope.
    let (low, high) = (0.98, 0.9985)
    let first = peaks[Int(low * Double(peaks.count))]
    let second = peaks[min(peaks.count - 2, Int(high * Double(peaks.count)))]
    let slope = (Logistic.logarithm(1 - low) - Logistic.logarithm(1 - high)) / max(1e-6, second - first)
    let wanted = Double(draws) / Double(peaks.count) / runLength(settings)
    return max(first, second + (Logistic.logarithm(1 - high) - Logistic.logarithm(wanted)) / slope)
  }

  /// Responses until an alarm when the mean rises by `shift` standard deviations, by Siegmund's formula; nil while learning.
  package func expectedDelay(shift: Double) -> Double? {
    guard let calibration else { return nil }
    let drift = shift - calibration.reference
    guard drift != 0 else { return (calibration.threshold + 1.166) * (calibration.threshold + 1.166) }
    let height = calibration.threshold + 1.166
    return (Logistic.exponential(-2 * drift * height) + 2 * drift * height - 1) / (2 * drift * drift)
  }

  /// The same for a share of risky answers that grows from the settings' healthy to their shifted one.
  package var expectedDelay: Double? { calibration.flatMap { expectedDelay(shift: $0.reference * 2) } }
}
