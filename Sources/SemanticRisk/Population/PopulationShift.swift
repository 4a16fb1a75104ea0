// Notices that the scores of a stream moved: what pages, where a single score never does.

/// A clipped CUSUM on the raw score of one stream (model, prompt version, tenant, route). The stream's own first scores are its
/// baseline; the threshold comes from resampling them to a stated rate of false alarms. Pure: the same scores and seed give the
/// same alarms.
package struct PopulationShift: Sendable, Codable {
  package struct Settings: Sendable, Equatable, Codable {
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
  package struct Calibration: Sendable, Equatable, Codable {
    package var median: Double
    package var scale: Double
    package var clip: Double
    /// Mean and spread of the clipped, standardised scores.
    package var mean: Double
    package var deviation: Double
    /// Added for every response before a rise counts.
    package var reference: Double
    package var threshold: Double
    /// How fast false alarms become rare with the height: e-folds for each unit of the sum.
    package var slope: Double
    /// Responses between false alarms that the threshold stands for.
    package var runLength: Double
    /// How far the mean rises in the shift that is looked for, and the spread of the scores then.
    package var expectedRise: Double
    package var expectedDeviation: Double
    /// Scores it was learned from.
    package var count: Int
  }

  package enum State: Sendable, Equatable, Codable {
    case learning(of: Int)
    case watching
    /// The sum crossed the threshold with this many responses since it last was zero.
    case shifted(responses: Int)
  }

  package var settings: Settings
  package private(set) var calibration: Calibration?
  package private(set) var sum = 0.0
  package private(set) var state: State
  package private(set) var responses = 0
  /// What is added to the threshold because other streams share the false alarms, see `share(among:)`.
  package private(set) var supplement = 0.0
  /// Scores in steps of 1/65,535: half the memory of a learning stream.
  private var baseline: [UInt16] = []
  package private(set) var sinceZero = 0

  package init(settings: Settings = Settings()) {
    self.settings = settings
    state = .learning(of: settings.baseline)
  }

  /// Watches at once, with what another stream has learned: a new prompt version is held to the one before it.
  package init(settings: Settings, calibration: Calibration) {
    self.settings = settings
    self.calibration = calibration
    state = .watching
  }

  /// Scores the baseline has, while it is learned.
  package var learned: Int { calibration == nil ? baseline.count : settings.baseline }

  /// The height at which there is an alarm; `nil` while learning.
  package var threshold: Double? { calibration.map { max(1, $0.threshold + supplement) } }

  /// Each of `count` streams gets an equal part of the false alarms; with `falseAlarmsPerWeek`, of another number than was learned with.
  package mutating func share(among count: Int, falseAlarmsPerWeek: Double? = nil) {
    guard let calibration else { return }
    let parts = Double(max(1, count)) / Double(max(1, settings.streams))
    let fewer = settings.falseAlarmsPerWeek / max(1e-6, falseAlarmsPerWeek ?? settings.falseAlarmsPerWeek)
    supplement = Logistic.logarithm(parts * fewer) / calibration.slope
  }

  /// The alarm stays until `acknowledge`, or until the sum has gone back to zero. The sum never rises beyond half as much again as the
  /// threshold: otherwise a shift that is over would be over for us only after as long again.
  @discardableResult
  package mutating func add(_ score: Double) -> State {
    guard score.isFinite else { return state }
    responses += 1
    guard let calibration else {
      baseline.append(UInt16((min(1, max(0, score)) * 65_535).rounded()))
      if baseline.count >= settings.baseline {
        self.calibration = Self.calibrate(baseline.map { Float($0) / 65_535 }, settings: settings)
        baseline = []
        state = .watching
      }
      return state
    }
    let threshold = max(1, calibration.threshold + supplement)
    sum = min(1.5 * threshold, max(0, sum + Self.standardised(score, calibration) - calibration.reference))
    sinceZero = sum > 0 ? sinceZero + 1 : 0
    if sum > threshold {
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
    // Where nearly all scores are the same, the percentile would clip every other one to it, and no rise would ever be seen.
    let clip = max(quantile(settings.clipQuantile), median + leastRise)
    let clipped = scores.map { min(Double($0), clip) }
    let count = Double(max(1, clipped.count))
    let mean = clipped.reduce(0, +) / count
    let variance = clipped.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
    // A stream that always says the same still gets a scale, so that anything else is a rise.
    let deviation = max(leastRise / 5, variance.squareRoot())
    let standard = clipped.map { ($0 - mean) / deviation }
    var calibration = Calibration(
      median: median, scale: quantile(0.75) - quantile(0.25), clip: clip, mean: mean, deviation: deviation,
      reference: reference(standard.sorted(), settings: settings), threshold: 0, slope: 1, runLength: runLength(settings),
      expectedRise: 0, expectedDeviation: 1, count: scores.count)
    (calibration.expectedRise, calibration.expectedDeviation) = shifted(standard.sorted(), settings: settings)
    let height = height(
      standard, highest: (clip - mean) / deviation, reference: calibration.reference, settings: settings)
    calibration.threshold = height.threshold
    calibration.slope = height.slope
    return calibration
  }

  /// A score this far above the median counts in full, however narrow the baseline is.
  private static let leastRise = 0.1

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

  /// The sum that resampled baselines cross once in the wanted number of responses, and how fast that number grows with the height.
  ///
  /// The time to a false alarm grows exponentially with the threshold, so short simulated runs at lower thresholds give the line
  /// which is followed to the wanted length. `highest` is the standardised score at the clip. How many of those there are is the baseline's least certain
  /// figure, and what some thousand responses did not show may be there all the same: it is resampled with two more than it has, and one
  /// standard error more.
  private static func height(
    _ standard: [Double], highest: Double, reference: Double, settings: Settings
  ) -> (threshold: Double, slope: Double) {
    // Of baselines that show next to nothing: four of the highest scores close together, and each more is twice as rare at least.
    let sparse = (threshold: max(20, 4 * highest), slope: min(0.5, 2 / max(1, highest)))
    guard standard.count > 20 else { return sparse }
    let seen = Double(standard.count { $0 >= highest })
    let standard = standard + Array(repeating: highest, count: 2 + Int(seen.squareRoot()))
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
    guard peaks.count > 500 else { return (max(sparse.threshold, 1.5 * (peaks.max() ?? 0)), sparse.slope) }
    peaks.sort()
    // Excursions are independent, and how many of them pass a height falls exponentially: two heights give the slope.
    let (low, high) = (0.98, 0.9985)
    let first = peaks[Int(low * Double(peaks.count))]
    let second = peaks[min(peaks.count - 2, Int(high * Double(peaks.count)))]
    let slope = (Logistic.logarithm(1 - low) - Logistic.logarithm(1 - high)) / max(1e-6, second - first)
    let wanted = Double(draws) / Double(peaks.count) / runLength(settings)
    return (max(first, second + (Logistic.logarithm(1 - high) - Logistic.logarithm(wanted)) / slope), slope)
  }

  /// What the scores would be like in the shift that is looked for. Risky answers are not known, but how well a scorer ranks is: theirs
  /// are the baseline's scores whose ranks' log-odds are higher by as much as gives an AUROC of 0.82 against the baseline, some of which
  /// is risky itself.
  private static func shifted(_ sorted: [Double], settings: Settings) -> (rise: Double, deviation: Double) {
    guard sorted.count > 20 else { return (0, 1) }
    let points = 1_000
    var sum = 0.0
    var squares = 0.0
    for point in 0..<points {
      let rank = (Double(point) + 0.5) / Double(points)
      let risky = Logistic.probability(Logistic.logarithm(rank / (1 - rank)) + riskyRise)
      let score = sorted[min(sorted.count - 1, Int(risky * Double(sorted.count)))]
      sum += score
      squares += score * score
    }
    let growth = max(0.02, (settings.shiftedShare - settings.healthyShare) / max(0.05, 1 - settings.healthyShare))
    let rise = growth * sum / Double(points)
    return (rise, max(0.01, 1 - growth + growth * squares / Double(points) - rise * rise).squareRoot())
  }

  /// AUROC = x (x - 1 - c) / (x - 1)² with x = e to the power of c. Better scorers find sooner than is promised, worse ones later.
  private static let riskyRise = 2.25

  /// Responses until an alarm when the mean rises by `shift` standard deviations and the scores spread by `deviation`, by Siegmund's
  /// formula; nil while learning. The baseline's mean has an error, which costs more when it is too high than it gains when too low, so
  /// both are weighed.
  package func expectedDelay(shift: Double, deviation: Double = 1) -> Double? {
    guard let calibration else { return nil }
    let height = max(1, calibration.threshold + supplement) / deviation + 1.166
    let error = 1 / Double(max(1, calibration.count)).squareRoot()
    let delays = [shift - error, shift + error].map { shift in
      let drift = (shift - calibration.reference) / deviation
      guard abs(drift) > 1e-4 else { return height * height }
      return (Logistic.exponential(-2 * drift * height) + 2 * drift * height - 1) / (2 * drift * drift)
    }
    return (delays[0] + delays[1]) / 2
  }

  /// The same for the shift that is looked for: a share of risky answers that grows from the settings' healthy to their shifted one.
  package var expectedDelay: Double? {
    calibration.flatMap { expectedDelay(shift: $0.expectedRise, deviation: $0.expectedDeviation) }
  }
}
