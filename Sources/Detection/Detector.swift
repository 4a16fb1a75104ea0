// Detection and incident grouping on the clock of the spans: counts, evidence, alarms, incidents. No I/O and no clock of its own.

import LLMTelemetry

/// How sensitive detection is. The defaults are those of the measured table in docs/backtest.md.
package struct DetectionSettings: Hashable, Sendable {
  /// False incidents in a week of healthy traffic that thresholds are made for.
  package var falseIncidentsPerWeek = 1.0
  /// How much a change makes trouble likelier in what it names, in log likelihood.
  package var changePrior: Float = 3
  package init() {}
}

package struct Detector: Sendable {
  /// Evidence is weighed twice a minute.
  static let bucketNanoseconds: Int64 = 30_000_000_000
  static let warmUpBuckets: Int32 = 120
  static let warmUpSpans = 400
  /// Half an hour: what an alarm is raised for must not have become normal before.
  static let learningDelay: Int32 = 60
  static let memoryBuckets: Int32 = 120
  static let longestIncident: Int32 = 2880
  static let leafLimit = 8192
  static let sliceLimit = 4096

  let settings: DetectionSettings
  var tables = DimensionTables()
  var baselines = BaselineTable()
  var leafs: [Leaf] = []
  var leafNumbers: [LeafKey: Int32] = [:]
  var slices: [Slice] = []
  var evidence = EvidenceTable()
  /// The evidence of one span, kept to be used again.
  private var scratch: [Float] = Array(repeating: 0, count: EvidenceTable.stride)
  var sliceNumbers: [SliceKey: Int32] = [:]
  var levelCounts = [1, 0, 0]
  var touched: [Int32] = []
  var recent = RecentSpans()
  var bucket: Int32 = -1
  var origin: Int64 = 0
  var spans = 0
  var isWarm = false
  var thresholds: [Float] = [20, 20, 20]
  var changes: [ChangeNote] = []
  var open: [OpenIncident] = []
  var closed: [OpenIncident] = []
  var alarms: [Int] = Array(repeating: 0, count: DetectionSignal.allCases.count)
  var volume = VolumeWatch()
  var loops = LoopWatch()

  package init(settings: DetectionSettings = DetectionSettings()) {
    self.settings = settings
    _ = slice(.everything)
  }

  // MARK: Input

  /// The time of the newest span, in nanoseconds since 1970; `nil` before the first.
  var now: Int64? { bucket < 0 ? nil : origin + Int64(bucket) * Self.bucketNanoseconds }

  package mutating func add(_ change: ChangeEvent) {
    advance(to: change.at.unixNanoseconds)
    let note = ChangeNote(event: change, bucket: bucket)
    changes.append(note)
    if changes.count > 256 { changes.removeFirst() }
    for index in slices.indices where note.fit(slices[index].key, tables) >= 2 {
      slices[index].suspectUntil = bucket + 120
    }
  }

  package mutating func add(_ span: LLMSpan) {
    guard let facts = SpanFacts(span, &tables) else { return }
    add(facts.span())
  }

  mutating func add(_ span: DetectionSpan) {
    advance(to: span.time)
    let number = leaf(span.key)
    spans += 1
    recent.append(.init(span: span, leaf: number, bucket: bucket))
    if recent.isFull {
      learn(upTo: bucket)
      recent.removeFirst()
    }
    let leaf = leafs[Int(number)]
    let base = leaf.base
    let (pull, weight) = baselines.measured(span, base: base)
    fill(span, base, pull, weight)
    evidence.add(scratch, to: leaf.slices)
    let drifting = SIMD2(pull[0], pull[1])
    let driftingWeight = SIMD2(weight[0], weight[1])
    for number in leaf.slices {
      let index = Int(number)
      if !slices[index].isTouched {
        slices[index].isTouched = true
        touched.append(number)
      }
      slices[index].pull += drifting
      slices[index].weight += driftingWeight
      slices[index].requests += 1
    }
    if leaf.cell >= 0 { loops.count(leaf.cell) }
  }

  /// What the span says in each lane.
  @inline(__always)
  private mutating func fill(_ span: DetectionSpan, _ base: Int, _ pull: Measures, _ weight: Measures) {
    let events = span.events & span.trials
    scratch.withUnsafeMutableBufferPointer { scratch in
      let lanes = EvidenceTable.lanes
      baselines.fill(scratch, base: base, trials: span.trials, events: events)
      // Drifting measures are weighed at the end of the bucket, against the rest of the traffic.
      for measure in 0..<DetectionSignal.measureCount {
        let lane = DetectionSignal.eventCount + measure
        let shift = measure < 2 ? 0 : Alternatives.mild[measure]
        let high = shift * Alternatives.strongShift
        let excess = pull[measure] - Alternatives.tolerance[measure] * weight[measure]
        scratch[lane] = shift * excess - shift * shift * 0.5 * weight[measure]
        scratch[lanes + lane] = high * excess - high * high * 0.5 * weight[measure]
        scratch[2 * lanes + lane] = weight[measure] > 0 ? 1 : 0
      }
    }
  }

  /// Takes the running bucket into account at the end of the recording.
  package mutating func finish() {
    guard bucket >= 0 else { return }
    closeBucket()
  }

  mutating func advance(to time: Int64) {
    if bucket < 0 {
      origin = time - time % 60_000_000_000
      bucket = 0
    }
    // A span that comes late counts now.
    let (distance, isTooFar) = time.subtractingReportingOverflow(origin)
    let place = isTooFar ? (time < origin ? 0 : Int64.max) : distance / Self.bucketNanoseconds
    // A time of centuries from now is a wrong clock.
    let target = Int32(min(max(place, Int64(bucket)), Int64(max(bucket, 1 << 27))))
    // After a day without a span nothing more can be learned from silence.
    if target - bucket > 2880 { bucket = target - 2880 }
    while bucket < target {
      closeBucket()
      bucket += 1
    }
  }

  // MARK: Slices

  mutating func leaf(_ key: LeafKey) -> Int32 {
    if let number = leafNumbers[key] { return number }
    var key = key
    if leafs.count >= Self.leafLimit {
      key[CauseDimension.tenant.rawValue] = ValueTable.other
      if let number = leafNumbers[key] { return number }
      if leafs.count >= Self.leafLimit + 256 { return 0 }
    }
    var numbers: [Int32] = [0]
    func keep(_ dimensions: [CauseDimension]) -> SliceKey? {
      var values = LeafKey(repeating: 0)
      for dimension in dimensions {
        guard key[dimension.rawValue] != 0 else { return nil }
        values[dimension.rawValue] = key[dimension.rawValue]
      }
      return SliceKey(values: values)
    }
    for dimension in CauseDimension.allCases {
      let wanted = dimension == .promptVersion ? keep([.prompt, .promptVersion]) : keep([dimension])
      if let wanted, let number = slice(wanted) { numbers.append(number) }
    }
    for pair in CauseDimension.watchedPairs {
      if let wanted = keep([pair.0, pair.1]), let number = slice(wanted) { numbers.append(number) }
    }
    let cell = keep([.tenant, .route]).map { loops.cell($0) } ?? -1
    leafs.append(Leaf(key: key, base: baselines.base(of: key), slices: numbers, cell: cell))
    leafNumbers[key] = Int32(leafs.count - 1)
    return Int32(leafs.count - 1)
  }

  @discardableResult
  mutating func slice(_ key: SliceKey) -> Int32? {
    if let number = sliceNumbers[key] { return number }
    guard slices.count < Self.sliceLimit else { return nil }
    var new = Slice(key: key, firstSeen: max(0, bucket))
    for note in changes where bucket - note.bucket < 120 && note.fit(key, tables) >= 2 {
      new.suspectUntil = note.bucket + 120
    }
    slices.append(new)
    evidence.addSlice()
    sliceNumbers[key] = Int32(slices.count - 1)
    if new.level > 0 { levelCounts[new.level] += 1 }
    // A third of the false alarms may come from each level; the constant is measured.
    for level in 0...2 {
      let streams = 3 * Double(max(8, levelCounts[level])) * Double(DetectionSignal.laneCount)
      let everything = 3 * Double(DetectionSignal.laneCount)
      thresholds[level] = Float(((level == 0 ? everything : streams) / settings.falseIncidentsPerWeek).logarithm) + 10
    }
    return Int32(slices.count - 1)
  }

  // MARK: The end of a bucket

  private mutating func closeBucket() {
    if isWarm {
      weigh()
      follow()
    } else {
      for number in touched {
        slices[Int(number)].endBucket()
        evidence.startOver(Int(number))
      }
      isWarm = bucket >= Self.warmUpBuckets && spans >= Self.warmUpSpans
      if isWarm {
        learn(upTo: bucket)
        baselines.refreshAll()
      }
    }
    touched.removeAll(keepingCapacity: true)
    if bucket % 2 == 1 { closeMinute() }
    learn(upTo: isWarm ? bucket - Self.learningDelay : bucket)
    while let oldest = recent.oldest, oldest < bucket - Self.memoryBuckets { recent.removeFirst() }
    if bucket % 120 == 119 { baselines.fade() }
  }

  private mutating func learn(upTo limit: Int32) {
    while let entry = recent.next, entry.bucket <= limit {
      var lanes: UInt32 = 0xffff_ffff
      for incident in open where entry.bucket >= incident.onset - 2 { lanes &= ~incident.lanes }
      for incident in closed.suffix(8) where entry.bucket >= incident.onset - 2 && entry.bucket <= (incident.resolved ?? 0) {
        lanes &= ~incident.lanes
      }
      baselines.fold(entry.span, base: leafs[Int(entry.leaf)].base, lanes: lanes)
      recent.learned()
    }
  }

  /// Brings the bucket's evidence into the sums of its slices and raises alarms.
  private mutating func weigh() {
    guard !touched.isEmpty else { return }
    slices[0].bringRecent(to: bucket)
    let all = (pull: slices[0].recentPull, weight: slices[0].recentWeight)
    var candidates: [(Int32, Int)] = []
    for number in touched {
      let index = Int(number)
      if number != 0 { slices[index].bringRecent(to: bucket) }
      for lane in 0..<2 {
        let (mild, strong) = slices[index].drifting(lane, all: all)
        evidence.add(slice: index, lane: DetectionSignal.eventCount + lane, mild: mild, strong: strong)
      }
      var threshold = thresholds[slices[index].level]
      if slices[index].suspectUntil >= bucket { threshold -= settings.changePrior }
      let highest = evidence.settle(index, bucket: bucket, crossing: threshold / 2, cap: threshold + 4)
      slices[index].endBucket()
      guard highest >= threshold else { continue }
      for lane in 0..<EvidenceTable.lanes where evidence.sum(index, lane) >= threshold { candidates.append((number, lane)) }
    }
    // The widest slice first: what is everywhere is one incident.
    candidates.sort { (slices[Int($0.0)].level, $0.0, $0.1) < (slices[Int($1.0)].level, $1.0, $1.1) }
    for (number, lane) in candidates {
      guard let signal = DetectionSignal(rawValue: lane) else { continue }
      consider(number, signal)
    }
  }

  /// An alarm needs more than a blip: evidence that goes on after two and a half minutes.
  private mutating func consider(_ number: Int32, _ signal: DetectionSignal) {
    let index = Int(number)
    let lane = signal.rawValue
    if slices[index].muted & signal.bit != 0 {
      evidence.forget(index, lane)
      return
    }
    guard evidence.support(index, lane) >= (signal.isEvent ? 4 : 8) else { return }
    let crossed = evidence.crossed(index, lane)
    guard bucket - crossed >= 5 else { return }
    let (inside, outside) = window(slices[index].key, from: max(crossed + 5, bucket - 20), needsRest: signal.drifts)
    let further = Self.evidence(inside, outside, signal, isEverything: number == 0)
    if further >= 4, inside.support(signal) >= 3 {
      alarm(number, signal)
    } else if further < 0, bucket - crossed > 8 {
      evidence.forget(index, lane)
    }
  }

  /// What was seen in a slice, and beside it.
  /// Only drifting measures need what is beside it.
  func window(
    _ key: SliceKey, from first: Int32, without other: SliceKey? = nil, needsRest: Bool
  ) -> (inside: Tally, outside: Tally) {
    var inside = Tally()
    var outside = Tally()
    recent.backwards(to: first) { entry in
      let leaf = leafs[Int(entry.leaf)]
      if key.contains(leaf.key), other.map({ !$0.contains(leaf.key) }) ?? true {
        inside.add(entry.span, baselines, base: leaf.base)
      } else if needsRest {
        outside.add(entry.span, baselines, base: leaf.base)
      }
    }
    return (inside, outside)
  }

  /// The evidence of a tally for the likelier of the two alternatives.
  static func evidence(_ tally: Tally, _ rest: Tally, _ signal: DetectionSignal, isEverything: Bool) -> Float {
    if signal.isEvent {
      let lane = signal.rawValue
      let trials = tally.trials[lane]
      guard trials > 0 else { return 0 }
      let events = tally.events[lane]
      let rate = min(0.97, max(0.002, tally.expected[lane] / trials))
      let (mild, strong) = Alternatives.rates(rate)
      func weigh(_ other: Float) -> Float {
        events * (other / rate).logarithm + (trials - events) * ((1 - other) / (1 - rate)).logarithm
      }
      return max(weigh(mild), weigh(strong))
    }
    let lane = signal.rawValue - DetectionSignal.eventCount
    let weight = tally.weight[lane]
    guard weight > 0 else { return 0 }
    var pull = tally.pull[lane] - Alternatives.tolerance[lane] * weight
    var shift = signal.shift
    if signal.drifts {
      if isEverything {
        shift *= Alternatives.globalShift
      } else if rest.weight[lane] > 0 {
        pull -= rest.pull[lane] / rest.weight[lane] * weight
      }
    }
    let strong = shift * Alternatives.strongShift
    return max(shift * pull - shift * shift / 2 * weight, strong * pull - strong * strong / 2 * weight)
  }
}
