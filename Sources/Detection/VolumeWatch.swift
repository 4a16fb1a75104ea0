// Traffic that stays away: requests of each slice a minute against what was usual just before, whatever the hour of the day.

/// The usual number of requests a minute of one slice, and the evidence that they stay away.
struct VolumeLevel {
  /// Half-lives of half an hour and of three minutes.
  private(set) var usual = 0.0
  private(set) var lately = 0.0
  /// As `usual`, but of whatever came, surges too: for shares.
  private(set) var plain = 0.0
  private var minutes = 0
  private var surgeMinutes = 0
  private(set) var evidence = 0.0
  /// Since the evidence left zero.
  private(set) var seen = 0.0
  private(set) var expected = 0.0
  private(set) var since = 0
  /// Requests a minute in each quarter of an hour of the last day; negative while unknown.
  private var day: [Float] = Array(repeating: -1, count: 96)
  private var quarter = (number: -1, sum: 0.0, minutes: 0)
  /// Minutes that looked normal again since an alarm, as evidence.
  private(set) var recovery = 0.0

  /// The share of the usual that is left in what is looked for.
  private static let remaining = 0.27

  /// One minute with `count` requests. On weekends fewer come than in the hour before, without anything being wrong.
  /// `others` is what the rest of the traffic does to its own usual level: a slice that goes down with everything else is not lost.
  /// `byShare` is what the slice should have by its share of what the rest has now.
  mutating func minute(_ count: Double, allowance: Double, others: Double, byShare: Double, time: Int, isOpen: Bool) {
    minutes += 1
    let yesterday = yesterday(time)
    remember(count, time)
    guard minutes > 40 else {
      usual += (count - usual) / Double(minutes)
      lately = usual
      plain = usual
      return
    }
    // Less than in the surge before is not less than usual, if yesterday at this time was no more.
    let wanted = min(usual * allowance * others, byShare, yesterday * 1.3)
    let gain = count * Self.remaining.logarithm + (1 - Self.remaining) * wanted
    if evidence <= 0 {
      seen = 0
      expected = 0
      since = 0
    }
    evidence = min(60, max(0, evidence + gain))
    seen += count
    expected += wanted
    since += 1
    lately += 0.25 * (count - lately)
    if isOpen {
      let ill = wanted * max(0.05, min(0.7, 0.3 + 0.7 * seen / max(1, expected)))
      recovery = max(0, recovery + count * (wanted / max(0.01, ill)).logarithm - (wanted - ill))
    } else {
      recovery = 0
    }
    // What is suspicious must not become usual, and the end of a surge is not a loss.
    guard !isOpen else { return }
    plain += 0.023 * (count - plain)
    let noise = 3 * (usual / 4).squareRoot()
    if lately > 1.27 * usual, lately - usual > noise, surgeMinutes < 480 {
      surgeMinutes += 1
    } else {
      surgeMinutes = 0
      usual += 0.023 * (count - usual)
    }
  }

  /// The busier of this and the next quarter of an hour yesterday; the one before is today's already.
  private func yesterday(_ minute: Int) -> Double {
    let place = minute / 15 % 96
    let around = [day[place], day[(place + 1) % 96]]
    return around.contains { $0 < 0 } ? .infinity : Double(around.max() ?? 0)
  }

  private mutating func remember(_ count: Double, _ minute: Int) {
    let number = minute / 15
    if number != quarter.number {
      if quarter.minutes >= 10 { day[quarter.number % 96] = Float(quarter.sum / Double(quarter.minutes)) }
      quarter = (number, 0, 0)
    }
    quarter.sum += count
    quarter.minutes += 1
  }

  mutating func forget() {
    evidence = 0
    seen = 0
    expected = 0
    since = 0
    recovery = 0
  }

  /// How unlikely the loss is.
  var deviance: Double {
    guard seen < expected, expected > 0 else { return 0 }
    return (seen > 0 ? seen * (seen / expected).logarithm : 0) - (seen - expected)
  }
}

/// The levels of all watched slices, by the number of the slice.
struct VolumeWatch {
  var levels: [Int32: VolumeLevel] = [:]
  static let threshold = 20.0
}

extension Detector {
  /// Everything that goes by whole minutes.
  mutating func closeMinute() {
    closeVolumeMinute()
    closeLoopMinute()
  }

  private mutating func closeVolumeMinute() {
    let allowance = weekendAllowance
    let place = open.firstIndex { $0.signals.first == .trafficLoss }
    var alarmed = false
    for index in slices.indices where slices[index].level <= 1 {
      let count = Double(slices[index].requests)
      slices[index].requests = 0
      let key = slices[index].key
      guard key.values[CauseDimension.promptVersion.rawValue] == 0 else { continue }
      let number = Int32(index)
      // While one slice is lost the levels of all stay: which one it is may have to be decided again.
      let isOpen = place != nil
      volume.levels[number, default: VolumeLevel()].minute(
        count, allowance: allowance, others: number == 0 ? 1 : others(than: number),
        byShare: number == 0 ? .infinity : byShare(number), time: Int(bucket) / 2, isOpen: isOpen)
      guard let level = volume.levels[number], isWarm, level.evidence > VolumeWatch.threshold, level.since >= 3 else { continue }
      if level.seen < 0.62 * level.expected { alarmed = true }
    }
    for index in slices.indices where slices[index].level > 1 { slices[index].requests = 0 }
    if let place {
      followLoss(place)
    } else if alarmed, let number = lostSlice() {
      openLoss(number)
    }
  }

  /// What is left of the usual traffic outside a slice, 0.2 to 1.
  private func others(than number: Int32) -> Double {
    guard let all = volume.levels[0], let own = volume.levels[number], all.usual > 0 else { return 1 }
    let usual = all.usual - own.usual
    // A slice that is nearly everything has no others to go by.
    guard usual > 0.2 * all.usual else { return min(1, max(0.2, all.lately / all.usual)) }
    return min(1, max(0.2, (all.lately - own.lately) / usual))
  }

  private func byShare(_ number: Int32) -> Double {
    guard let all = volume.levels[0], let own = volume.levels[number] else { return .infinity }
    let rest = all.plain - own.plain
    guard rest > 0.2 * all.plain else { return .infinity }
    return own.plain / rest * max(0, all.lately - own.lately)
  }

  /// The slice whose absence explains most; `nil` when the requests only went elsewhere.
  private func lostSlice() -> Int32? {
    guard let all = volume.levels[0] else { return nil }
    var best: (number: Int32, score: Double)?
    for index in slices.indices where slices[index].level <= 1 {
      let number = Int32(index)
      guard let level = volume.levels[number], level.evidence > 10, level.seen < 0.7 * level.expected else { continue }
      let missing = (level.expected - level.seen) / Double(max(1, level.since))
      // A model or a route that others took over from is no loss.
      if number != 0, missing > 4 * (all.usual / Double(max(1, level.since))).squareRoot() {
        let allMissing = all.plain - min(all.lately, all.since > 0 ? all.seen / Double(all.since) : all.lately)
        if allMissing < 0.3 * missing { continue }
      }
      let score =
        level.deviance * (slices[index].level == 0 ? 1 : 0.94) - (slices[index].level == 0 ? 0 : 3.5) + order(slices[index].key)
      if score > best?.score ?? 0 { best = (number, score) }
    }
    return best?.number
  }

  private func order(_ key: SliceKey) -> Double {
    if key.values[CauseDimension.route.rawValue] != 0 { return 0.03 }
    if key.values[CauseDimension.model.rawValue] != 0 { return 0.02 }
    return key.values[CauseDimension.provider.rawValue] != 0 ? 0.025 : 0.01
  }

  private mutating func openLoss(_ number: Int32) {
    let key = slices[Int(number)].key
    let since = Int32(volume.levels[number]?.since ?? 1)
    alarms[DetectionSignal.trafficLoss.rawValue] += 1
    if let place = closed.indices.suffix(8).last(where: {
      closed[$0].signals.first == .trafficLoss && bucket - (closed[$0].resolved ?? 0) <= Self.reopening
        && !closed[$0].slice.excludes(key)
    }) {
      var again = closed.remove(at: place)
      again.resolved = nil
      open.append(again)
      return
    }
    var incident = OpenIncident(
      opened: bucket, onset: max(0, bucket - 2 * since), signals: [.trafficLoss], slice: key, lastAlarm: bucket)
    incident.share = Float((volume.levels[number]?.usual ?? 0) / max(0.01, volume.levels[0]?.usual ?? 1))
    open.append(incident)
  }

  private mutating func followLoss(_ place: Int) {
    if bucket - open[place].opened < 40, let number = lostSlice() { open[place].slice = slices[Int(number)].key }
    guard let number = sliceNumbers[open[place].slice], let level = volume.levels[number] else { return }
    guard level.recovery > 6 || bucket - open[place].opened > Self.longestIncident / 4 else { return }
    for number in volume.levels.keys { volume.levels[number]?.forget() }
    resolve(place)
  }

  /// What of the hour before's traffic may be missing because a weekend began.
  private var weekendAllowance: Double {
    let seconds = (origin + Int64(bucket) * Self.bucketNanoseconds) / 1_000_000_000
    // 1970-01-01 was a Thursday.
    let day = (seconds / 86_400 + 4) % 7
    return day == 6 && seconds % 86_400 < 7200 ? 0.65 : 1
  }
}
