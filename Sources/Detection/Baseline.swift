// What is normal: event rates and measure levels of each leaf, shrunk to its route and model, and those to all traffic.

/// Event counts and measure sums, forgotten with a half-life of a day.
struct LaneHistory {
  var trials = SIMD16<Float>(repeating: 0)
  var events = SIMD16<Float>(repeating: 0)
  var count = Measures(repeating: 0)
  /// Of the differences to the level of the family when each was folded; of the measures themselves for a family.
  var sum = Measures(repeating: 0)

  mutating func fade(_ factor: Float) {
    trials *= factor
    events *= factor
    count *= factor
    sum *= factor
  }
}

/// A route with a model: levels of measures are learned here first, since a new tenant or region inherits them.
struct Family {
  var history = LaneHistory()
  var squares = Measures(repeating: 0)
  var squareCount = Measures(repeating: 0)
  /// Latency by length of the answer.
  var latencySum = SIMD32<Float>(repeating: 0)
  var latencyCount = SIMD32<Float>(repeating: 0)

  func level(_ lengthClass: UInt8) -> Measures {
    var level = history.sum / pointwiseMax(history.count, Measures(repeating: 1))
    let place = Int(lengthClass)
    level[0] = (latencySum[place] + 3 * level[0]) / (latencyCount[place] + 3)
    return level
  }
}

/// Everything of a leaf but its prompt version, so that a new version is judged by what its prompt did before.
struct BaseLeaf {
  let family: Int
  var history = LaneHistory()
  /// Spans folded since the tables below were made.
  var news: Float = .infinity
  var total: Float = 0

  // Tables for the evidence of one span.
  var rate = SIMD16<Float>(repeating: 0.002)
  var offset = Measures(repeating: 0)
  /// One over the variance; 0 while too little is known.
  var weight = Measures(repeating: 0)
}

/// The baselines of all leaves.
struct BaselineTable {
  private(set) var families: [Family] = []
  /// For each leaf what a trial without event says in each lane, for the mild and the strong alternative (negative), and what an
  /// event adds to either.
  private var words: [Float] = []
  private(set) var bases: [BaseLeaf] = []
  private var total = LaneHistory()
  private var familyNumbers: [LeafKey: Int] = [:]
  private var baseNumbers: [LeafKey: Int] = [:]

  /// Events rarer than this are not told apart from it: one or two of them never are an incident.
  private static let rarest: Float = 0.002
  private static let expected: [Float] = [
    0.004, 0.004, 0.004, 0.003, 0.01, 0.004, 0.015, 0.05, 0.015, 0.004, 0.004, 0.004, 0.004, 0.02, 0.4, 0.01,
  ]
  private static let prior = SIMD16<Float>(expected)
  private static let priorTrials: Float = 50
  private static let familyTrials: Float = 400
  private static let leafTrials: Float = 300
  private static let leafMeasures: Float = 60
  /// A measure counts as known from here on.
  private static let enoughMeasures: Float = 40

  mutating func base(of key: LeafKey) -> Int {
    var key = key
    key[CauseDimension.promptVersion.rawValue] = 0
    if let number = baseNumbers[key] { return number }
    var familyKey = LeafKey(repeating: 0)
    for dimension in [CauseDimension.model, .route, .prompt] { familyKey[dimension.rawValue] = key[dimension.rawValue] }
    let family: Int
    if let number = familyNumbers[familyKey] {
      family = number
    } else {
      family = families.count
      families.append(Family())
      familyNumbers[familyKey] = family
    }
    baseNumbers[key] = bases.count
    bases.append(BaseLeaf(family: family))
    words += Array(repeating: 0, count: 4 * DetectionSignal.eventCount)
    refresh(bases.count - 1)
    return bases.count - 1
  }

  /// Adds a span to what is normal; `lanes` leaves out what an open incident touches.
  mutating func fold(_ span: DetectionSpan, base: Int, lanes: UInt32) {
    let trials = Self.ones(span.trials & lanes)
    let events = Self.ones(span.events & span.trials & lanes)
    total.trials += trials
    total.events += events
    let family = bases[base].family
    bases[base].history.trials += trials
    bases[base].history.events += events
    families[family].history.trials += trials
    families[family].history.events += events
    bases[base].news += 1
    bases[base].total += 1

    let known = (span.measures .== span.measures) .& Self.measureMask(lanes)
    let measures = span.measures.replacing(with: 0, where: .!known)
    let one = Measures(repeating: 0).replacing(with: 1, where: known)
    let level = families[family].level(span.lengthClass)
    var difference = (measures - level).replacing(with: 0, where: .!known)
    let count = families[family].squareCount
    let isKnown = count .> 100
    let limit = (families[family].squares / pointwiseMax(count, Measures(repeating: 1)) * 16).squareRoot()
    difference = difference.replacing(with: pointwiseMin(pointwiseMax(difference, -limit), limit), where: isKnown)
    let isSettled = (families[family].history.count .> 20) .& known
    bases[base].history.count += one.replacing(with: 0, where: .!isSettled)
    bases[base].history.sum += difference.replacing(with: 0, where: .!isSettled)
    families[family].squares += (difference * difference).replacing(with: 0, where: .!isSettled)
    families[family].squareCount += one.replacing(with: 0, where: .!isSettled)
    families[family].history.count += one
    families[family].history.sum += measures
    if known[0] {
      families[family].latencySum[Int(span.lengthClass)] += measures[0]
      families[family].latencyCount[Int(span.lengthClass)] += 1
    }
    if bases[base].news > max(20, bases[base].total * 0.06) { refresh(base) }
  }

  /// To be called once an hour.
  mutating func fade() {
    let factor: Float = 0.971_5
    total.fade(factor)
    for index in families.indices {
      families[index].history.fade(factor)
      families[index].squares *= factor
      families[index].squareCount *= factor
      families[index].latencySum *= factor
      families[index].latencyCount *= factor
    }
    for index in bases.indices {
      bases[index].history.fade(factor)
      bases[index].total *= factor
    }
  }

  mutating func refreshAll() {
    for index in bases.indices { refresh(index) }
  }

  /// Makes the tables of a leaf from the histories.
  mutating func refresh(_ base: Int) {
    let family = families[bases[base].family]
    let history = bases[base].history
    let all = (total.events + Self.prior * Self.priorTrials) / (total.trials + Self.priorTrials)
    let ofFamily = (family.history.events + all * Self.familyTrials) / (family.history.trials + Self.familyTrials)
    var rate = (history.events + ofFamily * Self.leafTrials) / (history.trials + Self.leafTrials)
    // What is known from few trials may be more by a standard error, and no rate is the same every day.
    rate = rate * 1.1 + (rate * (1 - rate) / (family.history.trials + Self.familyTrials)).squareRoot()
    rate.clamp(lowerBound: SIMD16(repeating: Self.rarest), upperBound: SIMD16(repeating: 0.97))
    bases[base].rate = rate
    for lane in 0..<16 {
      let (mild, strong) = Alternatives.rates(rate[lane])
      let quietMild = ((1 - mild) / (1 - rate[lane])).logarithm
      let quietStrong = ((1 - strong) / (1 - rate[lane])).logarithm
      let first = base * 64 + lane
      words[first] = quietMild
      words[first + 16] = quietStrong
      words[first + 32] = (mild / rate[lane]).logarithm - quietMild
      words[first + 48] = (strong / rate[lane]).logarithm - quietStrong
    }
    bases[base].offset = history.sum / (history.count + Self.leafMeasures)
    let variance = pointwiseMax(
      (family.squares + 0.02) / pointwiseMax(family.squareCount, Measures(repeating: 1)), Measures(repeating: 0.01))
    bases[base].weight = (1 / variance).replacing(with: 0, where: family.squareCount .< Self.enoughMeasures)
    bases[base].news = 0
  }

  /// Writes what a span's events say, lane by lane: mild, strong, support.
  @inline(__always)
  func fill(_ target: UnsafeMutableBufferPointer<Float>, base: Int, trials: UInt32, events: UInt32) {
    let lanes = EvidenceTable.lanes
    words.withUnsafeBufferPointer { words in
      guard let source = words.baseAddress.map({ $0 + base * 64 }), let target = target.baseAddress else { return }
      for lane in 0..<DetectionSignal.eventCount {
        let isTrial: Float = trials & (1 << UInt32(lane)) != 0 ? 1 : 0
        target[lane] = source[lane] * isTrial
        target[lanes + lane] = source[16 + lane] * isTrial
        target[2 * lanes + lane] = 0
      }
      var left = events
      while left != 0 {
        let lane = left.trailingZeroBitCount
        target[lane] += source[32 + lane]
        target[lanes + lane] += source[48 + lane]
        target[2 * lanes + lane] = 1
        left &= left - 1
      }
    }
  }

  /// How far a span's measures are from normal, times the weight, and the weight.
  @inline(__always)
  func measured(_ span: DetectionSpan, base: Int) -> (pull: Measures, weight: Measures) {
    let leaf = bases[base]
    let known = span.measures .== span.measures
    let weight = leaf.weight.replacing(with: 0, where: .!known)
    let difference = (span.measures - families[leaf.family].level(span.lengthClass) - leaf.offset).replacing(
      with: 0, where: .!known)
    // Three standard deviations: one strange request is not evidence for many.
    let scaled = difference * weight
    let limit = 3 * weight.squareRoot()
    return (pointwiseMin(pointwiseMax(scaled, -limit), limit), weight)
  }

  /// Ones where a bit is set.
  @inline(__always)
  static func ones(_ bits: UInt32) -> SIMD16<Float> {
    let places = SIMD16<UInt32>(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768)
    return SIMD16<Float>(repeating: 0).replacing(with: 1, where: (places & bits) .!= 0)
  }

  private static func measureMask(_ lanes: UInt32) -> SIMDMask<SIMD8<Int32>> {
    var mask = SIMDMask<SIMD8<Int32>>(repeating: true)
    let bits = lanes >> UInt32(DetectionSignal.eventCount)
    if bits & 0xff != 0xff { for lane in 0..<8 { mask[lane] = bits & (1 << UInt32(lane)) != 0 } }
    return mask
  }
}

/// What an incident is taken to look like when evidence is weighed: something mild, and something strong.
enum Alternatives {
  /// The rates of an event that is normal at `rate`.
  static func rates(_ rate: Float) -> (mild: Float, strong: Float) {
    func odds(_ ratio: Float) -> Float { ratio * rate / (1 - rate + ratio * rate) }
    return (max(odds(2.4), min(rate + 0.025, 0.985)), max(odds(8), min(rate + 0.15, 0.99)))
  }

  static let strongShift: Float = 2.5
  /// All traffic together drifts, and needs more.
  static let globalShift: Float = 2.2

  static let tolerance = Measures((0..<8).map { (DetectionSignal(rawValue: 16 + $0) ?? .cost).tolerance })
  static let mild = Measures((0..<8).map { (DetectionSignal(rawValue: 16 + $0) ?? .cost).shift })
}
