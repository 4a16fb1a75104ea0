// A slice of the traffic, and the evidence that it is not normal.

/// Dimension values a span must have to be in a slice; 0 means any.
struct SliceKey: Hashable {
  var values: LeafKey

  static let everything = SliceKey(values: LeafKey(repeating: 0))

  @inline(__always)
  func contains(_ key: LeafKey) -> Bool {
    all((values .== LeafKey(repeating: 0)) .| (values .== key))
  }

  /// How many conditions it has; a prompt and its version are one.
  var literals: Int {
    var count = 0
    for dimension in CauseDimension.allCases where values[dimension.rawValue] != 0 { count += 1 }
    let hasVersion = values[CauseDimension.promptVersion.rawValue] != 0 && values[CauseDimension.prompt.rawValue] != 0
    return hasVersion ? count - 1 : count
  }

  var isEverything: Bool { values == LeafKey(repeating: 0) }

  /// True when no span can be in both.
  func excludes(_ other: SliceKey) -> Bool {
    for place in 0..<8 where values[place] != 0 && other.values[place] != 0 && values[place] != other.values[place] { return true }
    return false
  }
}

/// The evidence of one slice, all lanes at once: two cumulated likelihood ratios that never fall below zero.
struct SliceEvidence {
  let key: SliceKey
  let level: Int
  // Of the running bucket.
  var isTouched = false
  var mild = Lanes(repeating: 0)
  var strong = Lanes(repeating: 0)
  var pull = SIMD2<Float>(repeating: 0)
  var weight = SIMD2<Float>(repeating: 0)
  // Of the buckets before.
  var mildSum = Lanes(repeating: 0)
  var strongSum = Lanes(repeating: 0)
  /// Events, or measured spans, since the sums left zero.
  var support = Lanes(repeating: 0)
  /// When the sums left zero, and when they reached a quarter of the threshold; in buckets.
  var left = SIMD32<Int32>(repeating: 0)
  var crossed = SIMD32<Int32>(repeating: -1)
  // Latencies of the last minutes, for the comparison with the rest.
  var recentPull = SIMD2<Float>(repeating: 0)
  var recentWeight = SIMD2<Float>(repeating: 0)
  var recentBucket: Int32 = 0
  /// Lanes an open incident already speaks for.
  var muted: UInt32 = 0
  /// The bucket until which a change makes trouble here likelier.
  var suspectUntil: Int32 = -1
  var firstSeen: Int32
  /// Since the last minute ended.
  var requests: Float = 0

  init(key: SliceKey, firstSeen: Int32) {
    self.key = key
    level = min(2, key.literals)
    self.firstSeen = firstSeen
  }

  /// The last minutes' latencies, faded to this bucket.
  mutating func bringRecent(to bucket: Int32) {
    guard bucket > recentBucket else { return }
    let steps = min(40, bucket - recentBucket)
    var factor: Float = 1
    for _ in 0..<steps { factor *= 0.7 }
    recentPull *= factor
    recentWeight *= factor
    recentBucket = bucket
  }

  /// Takes the running bucket into the sums. `crossing` is a quarter of the threshold.
  mutating func settle(bucket: Int32, crossing: Float, cap: Float) {
    let wasQuiet = (mildSum .<= 0) .& (strongSum .<= 0)
    let zero = Lanes(repeating: 0)
    let limit = Lanes(repeating: cap)
    mildSum = pointwiseMin(pointwiseMax(mildSum + mild, zero), limit)
    strongSum = pointwiseMin(pointwiseMax(strongSum + strong, zero), limit)
    let highest = pointwiseMax(mildSum, strongSum)
    let isQuiet = highest .<= 0
    support = support.replacing(with: 0, where: isQuiet)
    left = left.replacing(with: bucket, where: wasQuiet)
    let isBelow = highest .< crossing
    crossed = crossed.replacing(with: -1, where: isBelow)
    crossed = crossed.replacing(with: bucket, where: .!isBelow .& (crossed .< 0))
    mild = zero
    strong = zero
    pull = SIMD2(repeating: 0)
    weight = SIMD2(repeating: 0)
    isTouched = false
  }

  /// Weighs the bucket's latencies: against the rest of the traffic, whose drift is not this slice's; all traffic against its own past.
  mutating func weighDrifting(all: (pull: SIMD2<Float>, weight: SIMD2<Float>)) {
    for lane in 0..<2 where weight[lane] > 0 {
      let place = DetectionSignal.eventCount + lane
      var shift = Alternatives.mild[lane]
      var excess = pull[lane]
      var trust: Float = 1
      if key.isEverything {
        shift *= Alternatives.globalShift
      } else {
        let rest = all.weight[lane] - recentWeight[lane]
        // About ten requests' worth.
        guard rest > 100 else { continue }
        excess -= (all.pull[lane] - recentPull[lane]) / rest * weight[lane]
        // What the rest's level is uncertain by, this slice's excess is as well.
        trust = rest / (rest + recentWeight[lane])
      }
      let high = shift * Alternatives.strongShift
      mild[place] += trust * (shift * excess - shift * shift / 2 * weight[lane])
      strong[place] += trust * (high * excess - high * high / 2 * weight[lane])
    }
  }

  /// Before there is a baseline nothing is evidence.
  mutating func startOver() {
    mild = Lanes(repeating: 0)
    strong = Lanes(repeating: 0)
    support = Lanes(repeating: 0)
    pull = SIMD2(repeating: 0)
    weight = SIMD2(repeating: 0)
    isTouched = false
  }

  mutating func forget(_ lane: Int) {
    mildSum[lane] = 0
    strongSum[lane] = 0
    support[lane] = 0
    crossed[lane] = -1
  }
}
