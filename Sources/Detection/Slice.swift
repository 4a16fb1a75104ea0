// A slice of the traffic: its conditions, and what is kept of it beside its evidence.

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
    for place in 0..<8 where values[place] != 0 && other.values[place] != 0 && values[place] != other.values[place] {
      return true
    }
    return false
  }
}

/// One slice and what is kept of it beside its evidence.
struct Slice {
  let key: SliceKey
  let level: Int
  /// True when the running bucket has a span of it.
  var isTouched = false
  /// Latencies of the running bucket.
  var pull = SIMD2<Float>(repeating: 0)
  var weight = SIMD2<Float>(repeating: 0)
  /// Latencies of the last minutes, for the comparison with the rest.
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

  /// The last minutes' latencies, faded to this bucket, and the running one's.
  mutating func bringRecent(to bucket: Int32) {
    if bucket > recentBucket {
      var factor: Float = 1
      for _ in 0..<min(40, bucket - recentBucket) { factor *= 0.7 }
      recentPull *= factor
      recentWeight *= factor
      recentBucket = bucket
    }
    recentPull += pull
    recentWeight += weight
  }

  /// The evidence of the bucket's latencies: against the rest of the traffic, whose drift is not this slice's; all traffic against
  /// its own past.
  func drifting(_ lane: Int, all: (pull: SIMD2<Float>, weight: SIMD2<Float>)) -> (mild: Float, strong: Float) {
    guard weight[lane] > 0 else { return (0, 0) }
    var shift = Alternatives.mild[lane]
    var excess = pull[lane]
    var trust: Float = 1
    if key.isEverything {
      shift *= Alternatives.globalShift
    } else {
      let rest = all.weight[lane] - recentWeight[lane]
      // About ten requests' worth.
      guard rest > 100 else { return (0, 0) }
      excess -= (all.pull[lane] - recentPull[lane]) / rest * weight[lane]
      // What the rest's level is uncertain by, this slice's excess is as well.
      trust = rest / (rest + recentWeight[lane])
    }
    let high = shift * Alternatives.strongShift
    return (
      trust * (shift * excess - shift * shift / 2 * weight[lane]), trust * (high * excess - high * high / 2 * weight[lane])
    )
  }

  mutating func endBucket() {
    pull = SIMD2(repeating: 0)
    weight = SIMD2(repeating: 0)
    isTouched = false
  }
}
