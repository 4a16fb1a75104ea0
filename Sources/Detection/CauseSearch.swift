// Which dimension values explain an incident best: likelihood over leaves, the smallest conjunction that keeps it, changes as priors.

struct CauseSearch {
  struct Item {
    let key: LeafKey
    let tally: Tally
  }

  struct Answer {
    var slice: SliceKey
    /// Share of what is unusual that the slice explains, 0 to 1.
    var explained: Float
    var deviance: Float
  }

  let items: [Item]
  let signals: [DetectionSignal]
  /// Adds to a slice's score: what a recent change names is likelier.
  let prior: (SliceKey) -> Float

  /// What one more condition must at least gain, in log likelihood: the number of slices that are tried grows with it.
  private static let penalty: [Float] = [0, 3.5, 7, 11]
  /// And in share of the whole, since no baseline is perfect.
  private static let sharePenalty: Float = 0.06

  private static let literals: [[CauseDimension]] = [
    [.route], [.prompt], [.prompt, .promptVersion], [.model], [.provider], [.tenant], [.region], [.feature],
  ]

  func answer() -> Answer {
    var total = Tally()
    for item in items { total += item.tally }
    var groups: [LeafKey: Tally] = [:]
    let masks = Self.masks
    for item in items {
      for mask in masks {
        let key = item.key.replacing(with: 0, where: .!mask)
        if !Self.covers(key, mask) { continue }
        groups[key, default: Tally()] += item.tally
      }
    }
    let whole = deviance(total, rest: Tally())
    var best = Answer(slice: .everything, explained: 1, deviance: whole)
    var bestScore = whole * 1 + prior(.everything)
    // A fixed order, so that equals are decided the same way every time.
    let ordered = groups.sorted { left, right in
      for place in 0..<8 where left.key[place] != right.key[place] { return left.key[place] < right.key[place] }
      return false
    }
    for (key, tally) in ordered {
      let slice = SliceKey(values: key)
      let own = deviance(tally, rest: total - tally)
      guard own > 3 else { continue }
      let literals = min(3, slice.literals)
      let likelier = prior(slice)
      // What a change names is no condition that was only looked for: the onset is a guess, and what was before the change is not its.
      let chosen = likelier > 0 ? literals - 1 : literals
      let score = own * (1 - Self.sharePenalty * Float(chosen)) - Self.penalty[literals] + likelier + preference(slice)
      if score > bestScore {
        bestScore = score
        best = Answer(slice: slice, explained: 1, deviance: own)
      }
    }
    if best.slice.isEverything, let narrower = onlyPlace(ordered, total) { best.slice = narrower }
    best.explained = explained(best.slice, total: total)
    return best
  }

  /// Where a signal can only be seen on some of the traffic, as retrieval on the routes that retrieve, that is the place to name.
  private func onlyPlace(_ groups: [(key: LeafKey, value: Tally)], _ total: Tally) -> SliceKey? {
    guard let signal = signals.first else { return nil }
    func seen(_ tally: Tally) -> Float {
      signal.isEvent ? tally.trials[signal.rawValue] : tally.measured[signal.rawValue - DetectionSignal.eventCount]
    }
    let found = groups.filter { group in
      SliceKey(values: group.key).literals == 1 && seen(group.value) > 0.999 * seen(total)
        && group.value.spans < 0.9 * total.spans
    }
    return found.map { SliceKey(values: $0.key) }.max { preference($0) < preference($1) }
  }

  /// What one slice explains, to be compared with an answer's.
  func deviance(of slice: SliceKey) -> Float {
    var inside = Tally()
    var outside = Tally()
    for item in items {
      if slice.contains(item.key) { inside += item.tally } else { outside += item.tally }
    }
    return deviance(inside, rest: outside)
  }

  private func deviance(_ tally: Tally, rest: Tally) -> Float {
    signals.reduce(0) { $0 + tally.deviance($1, rest: rest) * ($1.isEvent ? 1 : 0.5) }
  }

  /// The excess inside over all excess.
  private func explained(_ slice: SliceKey, total: Tally) -> Float {
    guard let signal = signals.first, !slice.isEverything else { return 1 }
    var inside: Float = 0
    var all: Float = 0
    for item in items {
      let excess: Float
      if signal.isEvent {
        excess = item.tally.events[signal.rawValue] - item.tally.expected[signal.rawValue]
      } else {
        excess = item.tally.pull[signal.rawValue - DetectionSignal.eventCount]
      }
      all += excess
      if slice.contains(item.key) { inside += excess }
    }
    return all > 0 ? min(1, max(0, inside / all)) : 0
  }

  /// Slices that hold the same spans differ in name only; this is the order in which people name them.
  private func preference(_ slice: SliceKey) -> Float {
    let isOfProvider = signals.first?.isOfProvider ?? false
    func given(_ dimension: CauseDimension) -> Bool { slice.values[dimension.rawValue] != 0 }
    var value: Float = 0
    if given(.provider) { value += isOfProvider ? 0.04 : 0.01 }
    if given(.model) { value += isOfProvider ? 0.02 : 0.05 }
    if given(.route) { value += 0.03 }
    if given(.promptVersion) { value += 0.01 } else if given(.prompt) { value += 0.02 }
    return value
  }

  private static func covers(_ key: LeafKey, _ mask: SIMDMask<SIMD8<Int8>>) -> Bool {
    all((key .!= LeafKey(repeating: 0)) .| .!mask)
  }

  /// One literal, or two.
  private static let masks: [SIMDMask<SIMD8<Int8>>] = {
    var masks: [SIMDMask<SIMD8<Int8>>] = []
    func mask(_ dimensions: [CauseDimension]) -> SIMDMask<SIMD8<Int8>> {
      var mask = SIMDMask<SIMD8<Int8>>(repeating: false)
      for dimension in dimensions { mask[dimension.rawValue] = true }
      return mask
    }
    for (index, first) in literals.enumerated() {
      masks.append(mask(first))
      for second in literals.dropFirst(index + 1) where Set(first).isDisjoint(with: second) { masks.append(mask(first + second)) }
    }
    return masks
  }()
}
