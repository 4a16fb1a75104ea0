// From alarms to incidents: what belongs together, what it is blamed on, and when it is over.

extension Detector {
  /// Resolved incidents this young are opened again rather than followed by another one: half an hour.
  static let reopening: Int32 = 60
  /// A quarter of an hour.
  static let longestSliceSilence: Int32 = 30

  mutating func alarm(_ number: Int32, _ signal: DetectionSignal) {
    let index = Int(number)
    let key = slices[index].key
    let onset = max(evidence.left(index, signal.rawValue), bucket - Self.memoryBuckets)
    alarms[signal.rawValue] += 1
    evidence.forget(index, signal.rawValue)
    slices[index].muted |= signal.bit
    for place in open.indices where open[place].isStream { search(place) }
    if let place = open.indices.first(where: { open[$0].signals.contains(signal) && explains(open[$0], key, signal, from: onset) }
    ) {
      join(place, signal)
      return
    }
    let causes = CauseSearch(items: items(from: onset), signals: [signal], prior: prior(onset: onset))
    let answer = causes.answer()
    if let place = open.firstIndex(where: { isNear($0, signal, onset) && sharesCause($0, answer, causes, signal) }) {
      join(place, signal)
      search(place)
      return
    }
    if let place = closed.indices.suffix(8).last(where: {
      let old = closed[$0]
      return old.isStream && bucket - (old.resolved ?? 0) <= Self.reopening
        && isNear(old, signal, onset) && sharesCause(old, answer, causes, signal)
    }) {
      var again = closed.remove(at: place)
      again.resolved = nil
      again.recovery = [:]
      again.lastAlarm = bucket
      open.append(again)
      join(open.count - 1, signal)
      return
    }
    var incident = OpenIncident(opened: bucket, onset: onset, signals: [signal], slice: answer.slice, lastAlarm: bucket)
    incident.explained = answer.explained
    recent.backwards(to: onset) { entry in
      let leaf = leafs[Int(entry.leaf)]
      incident.leaves[entry.leaf, default: Tally()].add(entry.span, baselines, base: leaf.base)
    }
    open.append(incident)
  }

  private mutating func join(_ place: Int, _ signal: DetectionSignal) {
    open[place].lastAlarm = bucket
    if !open[place].signals.contains(signal) { open[place].signals.append(signal) }
  }

  /// Same cause, a cause that explains the signal as well, or the same signal in slices that overlap.
  private func sharesCause(
    _ incident: OpenIncident, _ answer: CauseSearch.Answer, _ causes: CauseSearch, _ signal: DetectionSignal
  ) -> Bool {
    guard incident.isStream else { return false }
    if incident.slice == answer.slice { return true }
    if incident.signals.contains(signal) { return !incident.slice.excludes(answer.slice) }
    return causes.deviance(of: incident.slice) >= 0.85 * answer.deviance
  }

  /// Another signal that moves long after an incident began is another incident.
  private func isNear(_ incident: OpenIncident, _ signal: DetectionSignal, _ onset: Int32) -> Bool {
    incident.signals.contains(signal) || onset - incident.opened <= 90
  }

  /// True when nothing unusual is left of the slice without what the incident already covers.
  private func explains(_ incident: OpenIncident, _ key: SliceKey, _ signal: DetectionSignal, from onset: Int32) -> Bool {
    guard incident.isStream, !incident.slice.excludes(key), isNear(incident, signal, onset) else { return false }
    if incident.slice.isEverything { return true }
    let (whole, beside) = window(key, from: onset, needsRest: signal.drifts)
    let (left, outside) = window(key, from: onset, without: incident.slice, needsRest: signal.drifts)
    let before = whole.deviance(signal, rest: beside)
    // Latencies of the rest are compared with what is not in the incident either.
    var rest = outside
    if signal.drifts { rest = window(.everything, from: onset, without: incident.slice, needsRest: false).inside - left }
    let after = left.deviance(signal, rest: rest)
    return left.support(signal) < 3 || after < max(5, 0.3 * before)
  }

  private func items(from onset: Int32) -> [CauseSearch.Item] {
    var tallies: [Int32: Tally] = [:]
    recent.backwards(to: onset) { entry in
      tallies[entry.leaf, default: Tally()].add(entry.span, baselines, base: leafs[Int(entry.leaf)].base)
    }
    return items(tallies)
  }

  private func items(_ tallies: [Int32: Tally]) -> [CauseSearch.Item] {
    tallies.sorted { $0.key < $1.key }.map { .init(key: leafs[Int($0.key)].key, tally: $0.value) }
  }

  /// What changed shortly before the onset, or came into being, is likelier.
  func prior(onset: Int32) -> (SliceKey) -> Float {
    let near = changes.filter { $0.bucket <= onset + 20 && $0.bucket >= onset - 120 }
    let tables = tables
    let fresh = Set(
      slices.filter { $0.firstSeen > 120 && $0.firstSeen <= onset + 20 && $0.firstSeen >= onset - 120 && $0.level == 1 }.map(
        \.key))
    return { slice in
      guard slice.literals == 1 else { return 0 }
      if near.contains(where: { $0.fit(slice, tables) >= 3 }) { return 4 }
      return fresh.contains(slice) ? 3 : 0
    }
  }

  /// Looks again for the cause, now that more was seen.
  mutating func search(_ place: Int) {
    guard open[place].nextSearch <= bucket else { return }
    let age = bucket - open[place].opened
    open[place].nextSearch = bucket + (age < 20 ? 2 : 20)
    let main = mainSignals(open[place])
    let answer = CauseSearch(items: items(open[place].leaves), signals: main, prior: prior(onset: open[place].onset)).answer()
    open[place].slice = answer.slice
    open[place].explained = answer.explained
  }

  /// The signals that show the incident best; others may be consequences of a mixed kind.
  private func mainSignals(_ incident: OpenIncident) -> [DetectionSignal] { Array(byWeight(incident).prefix(3)) }

  /// The signal that shows the incident best first.
  func byWeight(_ incident: OpenIncident) -> [DetectionSignal] {
    guard incident.isStream else { return incident.signals }
    let (inside, outside) = incident.tally(in: incident.slice, leafs)
    let ranked = incident.signals.map { ($0, inside.deviance($0, rest: outside)) }.sorted {
      ($0.1, $1.0.rawValue) > ($1.1, $0.0.rawValue)
    }
    return ranked.map(\.0)
  }

  /// Follows open incidents through the bucket that ends.
  mutating func follow() {
    guard !open.isEmpty else { return }
    var ended: [Int] = []
    for place in open.indices where open[place].isStream {
      var running = Tally()
      var rest = Tally()
      var incident = open[place]
      recent.backwards(to: bucket) { entry in
        let leaf = leafs[Int(entry.leaf)]
        var one = Tally()
        one.add(entry.span, baselines, base: leaf.base)
        if incident.opened != bucket { incident.leaves[entry.leaf, default: Tally()] += one }
        if incident.slice.contains(leaf.key) { running += one } else { rest += one }
      }
      let (inside, outside) = incident.tally(in: incident.slice, leafs)
      var isOver = true
      for signal in mainSignals(incident).prefix(2) {
        let gain = Self.recovery(signal, running, rest, inside, outside, isEverything: incident.slice.isEverything)
        let evidence = min(20, max(0, (incident.recovery[signal] ?? 0) + gain))
        incident.recovery[signal] = evidence
        if evidence < 5 { isOver = false }
      }
      // What nobody asks any more does not fail: a version that was rolled back, a model that was left.
      incident.silentBuckets = running.spans == 0 ? incident.silentBuckets + 1 : 0
      if incident.silentBuckets >= Self.longestSliceSilence { isOver = true }
      open[place] = incident
      if isOver || bucket - incident.opened > Self.longestIncident { ended.append(place) } else { search(place) }
    }
    for place in ended.reversed() { resolve(place) }
    mergeAlike()
  }

  /// How much likelier the bucket is when things are normal again than when the incident goes on.
  private static func recovery(
    _ signal: DetectionSignal, _ running: Tally, _ rest: Tally, _ inside: Tally, _ outside: Tally, isEverything: Bool
  ) -> Float {
    if signal.isEvent {
      let lane = signal.rawValue
      guard running.trials[lane] > 0, inside.trials[lane] > 0 else { return 0 }
      let normal = min(0.97, max(0.002, running.expected[lane] / running.trials[lane]))
      let seen = min(0.99, max(inside.events[lane] / inside.trials[lane], normal * 1.5))
      // Better than half way back is not yet recovered, four tenths are.
      let ill = normal + 0.6 * (seen - normal)
      let events = running.events[lane]
      return events * (normal / ill).logarithm + (running.trials[lane] - events) * ((1 - normal) / (1 - ill)).logarithm
    }
    let lane = signal.rawValue - DetectionSignal.eventCount
    let weight = running.weight[lane]
    guard weight > 0, inside.weight[lane] > 0 else { return 0 }
    var shift = inside.pull[lane] / inside.weight[lane]
    var pull = running.pull[lane]
    if signal.drifts, !isEverything, outside.weight[lane] > 0, rest.weight[lane] > 0 {
      shift -= outside.pull[lane] / outside.weight[lane]
      pull -= rest.pull[lane] / rest.weight[lane] * weight
    }
    shift = max(0.1, shift) * 0.6
    return -(shift * pull - shift * shift / 2 * weight)
  }

  mutating func resolve(_ place: Int) {
    var incident = open.remove(at: place)
    incident.nextSearch = 0
    incident.resolved = bucket
    incident.recovery = [:]
    closed.append(incident)
    let still = open.reduce(0) { $0 | $1.lanes }
    for index in slices.indices {
      slices[index].muted &= still
      for signal in incident.signals where signal.rawValue < DetectionSignal.laneCount { evidence.forget(index, signal.rawValue) }
    }
  }

  /// Two incidents that turned out to have one cause are one.
  private mutating func mergeAlike() {
    guard open.count > 1 else { return }
    var place = 1
    while place < open.count {
      let later = open[place]
      if later.isStream,
        let first = open[..<place].firstIndex(where: { earlier in
          earlier.isStream
            && ((earlier.slice == later.slice && later.onset - earlier.opened <= 90)
              || (!Set(earlier.signals).isDisjoint(with: later.signals) && !earlier.slice.excludes(later.slice)))
        })
      {
        for signal in later.signals { join(first, signal) }
        open[first].onset = min(open[first].onset, later.onset)
        open.remove(at: place)
      } else {
        place += 1
      }
    }
  }
}
