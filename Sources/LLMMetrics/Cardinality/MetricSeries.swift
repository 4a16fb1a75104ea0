// The series one metric has, within its budget.

import LLMTelemetry

/// Five eighths of the budget go to whoever comes first, an eighth to combinations that prove heavy, and a quarter is kept for
/// folded series, so that what finds no place of its own still keeps the dimensions that matter most.
struct MetricSeries: Sendable {
  private struct Entry: Sendable {
    /// Without the metric's own tag.
    let base: TagSet
    let isFolded: Bool
    var weight = 0.0
    var lastSeen: Timestamp
  }

  private let budget: Int
  private var admitted: [TagSet: Entry] = [:]
  private var ownCount = 0

  init(budget: Int) { self.budget = max(1, budget) }

  /// Places for series of full names, heavy or not.
  private var ownLimit: Int { budget - max(1, budget / 4) }
  /// Places for whoever comes first.
  private var openLimit: Int { ownLimit - budget / 8 }
  /// One place more is kept for the last series.
  private var foldedLimit: Int { budget - ownLimit - 1 }

  /// The series in which values of `base` and `ownTag` count; `isHeavy` says whether `base` has earned a place.
  mutating func admit(_ base: TagSet, _ ownTag: TagSet.Tag?, isHeavy: Bool, at time: Timestamp) -> TagSet {
    let full = Self.joined(base, ownTag)
    if admitted[full] != nil { return full }
    if ownCount < (isHeavy ? ownLimit : openLimit) {
      insert(full, Entry(base: base, isFolded: false, lastSeen: time))
      return full
    }
    var folded = base
    // Each step may take half of what the steps before it left, so that the last ones find places too.
    var kept = foldedLimit
    for dimension in CardinalitySettings.expendability {
      kept /= 2
      guard let value = folded[dimension], value != CardinalitySettings.otherValue else { continue }
      folded = folded.folding(dimension.rawValue)
      let tags = Self.joined(folded, ownTag)
      if admitted[tags] != nil { return tags }
      if admitted.count - ownCount < foldedLimit - kept {
        insert(tags, Entry(base: folded, isFolded: true, lastSeen: time))
        return tags
      }
    }
    // One last series takes everything, and its place was kept.
    let names = Dimension.allCases.map(\.rawValue) + (ownTag.map { [$0.name] } ?? [])
    let last = TagSet(names.map { TagSet.Tag(name: $0, value: CardinalitySettings.otherValue) })
    if admitted[last] == nil { insert(last, Entry(base: last, isFolded: true, lastSeen: time)) }
    return last
  }

  mutating func see(_ tags: TagSet, values: Int64, at time: Timestamp) {
    guard var entry = admitted.removeValue(forKey: tags) else { return }
    entry.weight += Double(values)
    entry.lastSeen = max(entry.lastSeen, time)
    admitted[tags] = entry
  }

  /// Takes places from series not seen for long, and from those much lighter than `candidates`, heaviest first, which have none.
  /// Returns the combinations that have earned a place.
  mutating func review(now: Timestamp, decay: Double, candidates: [(base: TagSet, weight: Double)])
    -> (heavy: [TagSet], isChanged: Bool)
  {
    let edge = now - CardinalitySettings.memory
    let before = admitted.count
    admitted = admitted.filter { $0.value.lastSeen >= edge }.mapValues { entry in
      var entry = entry
      entry.weight *= decay
      return entry
    }
    ownCount = admitted.values.count { !$0.isFolded }
    // Where nothing was folded for want of a place, nobody waits for one.
    guard ownCount < admitted.count else { return ([], admitted.count != before) }
    let present = Set(admitted.values.lazy.filter { !$0.isFolded }.map(\.base))
    var lightest = admitted.filter { !$0.value.isFolded }.map { (tags: $0.key, weight: $0.value.weight) }
      .sorted { $0.weight != $1.weight ? $0.weight < $1.weight : $0.tags.text < $1.tags.text }[...]
    var room = max(0, ownLimit - ownCount)
    var heavy: [TagSet] = []
    for candidate in candidates where !present.contains(candidate.base) {
      guard heavy.count < max(1, budget / 8) else { break }
      if room > 0 {
        room -= 1
      } else if let last = lightest.popFirst(), candidate.weight > last.weight * CardinalitySettings.hysteresis {
        admitted[last.tags] = nil
        ownCount -= 1
      } else {
        break
      }
      heavy.append(candidate.base)
    }
    return (heavy, admitted.count != before || !heavy.isEmpty)
  }

  private mutating func insert(_ tags: TagSet, _ entry: Entry) {
    admitted[tags] = entry
    if !entry.isFolded { ownCount += 1 }
  }

  private static func joined(_ base: TagSet, _ ownTag: TagSet.Tag?) -> TagSet {
    ownTag.map { TagSet(base.tags + [$0]) } ?? base
  }
}

extension TagSet {
  /// With `other` as the value of one tag.
  func folding(_ name: String) -> TagSet {
    TagSet(tags.map { $0.name == name ? Tag(name: name, value: CardinalitySettings.otherValue) : $0 })
  }

  /// For an order that does not change from run to run.
  var text: String { tags.map { "\($0.name):\($0.value)" }.joined(separator: ",") }
}
