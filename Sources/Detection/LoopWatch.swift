// Agents in loops: a tenant's requests on a route that come in bursts, told from a busy tenant by how uneven its minutes are.
//
// For Poisson traffic at any level (a - b)² / (a + b) of two minutes following each other is about chi-squared with one degree of
// freedom; a step of the level shows in one pair of minutes only, a loop of five to thirty calls in most of them.

struct LoopWatch {
  struct Cell {
    let key: SliceKey
    var before: Float = 0
    var running: Float = 0
  }

  struct Evidence {
    var sum: Float = 0
    var left: Int32 = 0
    var minutesWithEvents = 0
    var lastEvent: Int32 = 0
  }

  struct Trial {
    let cell: Int32
    let bucket: Int32
    let isEvent: Bool
  }

  private(set) var cells: [Cell] = []
  private var numbers: [SliceKey: Int32] = [:]
  var evidence: [SliceKey: Evidence] = [:]
  /// Of the last hour.
  private(set) var trials: [Trial] = []

  static let rate: Float = 0.005
  private static let alternative: Float = 0.2
  static let threshold: Float = 13
  private static let limit = 2048

  mutating func cell(_ key: SliceKey) -> Int32 {
    if let number = numbers[key] { return number }
    guard cells.count < Self.limit else { return -1 }
    cells.append(Cell(key: key))
    numbers[key] = Int32(cells.count - 1)
    return Int32(cells.count - 1)
  }

  @inline(__always)
  mutating func count(_ cell: Int32) { cells[Int(cell)].running += 1 }

  /// Ends a minute; returns the slices whose evidence has reached the threshold.
  mutating func minute(_ bucket: Int32, isWarm: Bool) -> [SliceKey] {
    trials.removeAll { $0.bucket < bucket - 120 }
    var gains: [SliceKey: (gain: Float, events: Int)] = [:]
    let eventGain = (Self.alternative / Self.rate).logarithm
    let quietGain = ((1 - Self.alternative) / (1 - Self.rate)).logarithm
    for index in cells.indices {
      let sum = cells[index].running + cells[index].before
      let difference = cells[index].running - cells[index].before
      let isTrial = sum >= 6
      cells[index].before = cells[index].running
      cells[index].running = 0
      guard isWarm, isTrial else { continue }
      let isEvent = difference * difference > 9 * sum
      if trials.count < 20_000 { trials.append(Trial(cell: Int32(index), bucket: bucket, isEvent: isEvent)) }
      for key in Self.slices(of: cells[index].key) {
        gains[key, default: (0, 0)].gain += isEvent ? eventGain : quietGain
        gains[key, default: (0, 0)].events += isEvent ? 1 : 0
      }
    }
    var reached: [SliceKey] = []
    for (key, gain) in gains {
      var state = evidence[key] ?? Evidence()
      if state.sum <= 0 {
        state.left = bucket
        state.minutesWithEvents = 0
      }
      state.sum = min(Self.threshold + 10, max(0, state.sum + gain.gain))
      if gain.events > 0 {
        state.minutesWithEvents += 1
        state.lastEvent = bucket
      }
      evidence[key] = state
      if state.sum > Self.threshold, state.minutesWithEvents >= 3, gain.events > 0 { reached.append(key) }
    }
    return reached
  }

  /// The cell, its tenant, its route, everything.
  private static func slices(of key: SliceKey) -> [SliceKey] {
    var tenant = LeafKey(repeating: 0)
    var route = tenant
    tenant[CauseDimension.tenant.rawValue] = key.values[CauseDimension.tenant.rawValue]
    route[CauseDimension.route.rawValue] = key.values[CauseDimension.route.rawValue]
    return [key, SliceKey(values: tenant), SliceKey(values: route), .everything]
  }

  mutating func forget() { evidence.removeAll() }

  /// The bursts since a time, as events among minutes.
  func items(from bucket: Int32) -> [CauseSearch.Item] {
    var tallies: [Int32: Tally] = [:]
    for trial in trials where trial.bucket >= bucket {
      tallies[trial.cell, default: Tally()].trials[0] += 1
      tallies[trial.cell, default: Tally()].expected[0] += Self.rate
      if trial.isEvent { tallies[trial.cell, default: Tally()].events[0] += 1 }
    }
    return tallies.sorted { $0.key < $1.key }.map { .init(key: cells[Int($0.key)].key.values, tally: $0.value) }
  }
}

extension Detector {
  /// Twenty minutes without a burst end an incident.
  private static let loopRecovery: Int32 = 40

  mutating func closeLoopMinute() {
    let reached = loops.minute(bucket, isWarm: isWarm)
    if let place = open.firstIndex(where: { $0.signals.first == .loops }) {
      let slice = open[place].slice
      let last =
        loops.trials.last { $0.isEvent && slice.contains(loops.cells[Int($0.cell)].key.values) }?.bucket ?? open[place].opened
      if bucket - max(last, open[place].opened) > Self.loopRecovery {
        loops.forget()
        resolve(place)
      } else {
        blameLoops(place)
      }
      return
    }
    guard !reached.isEmpty else { return }
    alarms[DetectionSignal.loops.rawValue] += 1
    if let place = closed.indices.suffix(8).last(where: {
      closed[$0].signals.first == .loops && bucket - (closed[$0].resolved ?? 0) <= Self.reopening
    }) {
      var again = closed.remove(at: place)
      again.resolved = nil
      open.append(again)
      return
    }
    let onset = reached.compactMap { loops.evidence[$0]?.left }.max() ?? bucket
    open.append(
      OpenIncident(opened: bucket, onset: max(0, onset - 2), signals: [.loops], slice: .everything, lastAlarm: bucket))
    blameLoops(open.count - 1)
  }

  private mutating func blameLoops(_ place: Int) {
    // The signal only names the lane the trials are counted in.
    let answer = CauseSearch(
      items: loops.items(from: max(open[place].onset, bucket - 118)), signals: [.rateLimit], prior: { _ in 0 }
    ).answer()
    open[place].slice = answer.slice
    open[place].explained = answer.explained
  }
}
