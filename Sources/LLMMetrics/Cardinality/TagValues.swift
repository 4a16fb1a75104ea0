// Which values of one dimension keep their name.

import LLMTelemetry

/// While there is room every value is named at once; after that only much heavier ones take another's name.
struct TagValues: Sendable {
  private struct Named: Sendable {
    var weight: Double
    var lastSeen: Timestamp
  }

  private let budget: Int
  private var named: [String: Named] = [:]
  /// Of those without a name.
  private var hitters: HeavyHitters<String>

  init(budget: Int) {
    self.budget = budget
    hitters = HeavyHitters(capacity: budget > 1024 ? 4096 : max(64, budget * 4))
  }

  /// Whether `value` has a name, or gets one because there is room.
  mutating func admit(_ value: String, at time: Timestamp) -> Bool {
    if named[value] != nil { return true }
    guard named.count < budget, Self.isShort(value) else { return false }
    named[value] = Named(weight: 0, lastSeen: time)
    return true
  }

  mutating func observe(_ value: String, weight: Double, at time: Timestamp) {
    if var known = named.removeValue(forKey: value) {
      known.weight += weight
      known.lastSeen = max(known.lastSeen, time)
      named[value] = known
    } else if Self.isShort(value) {
      hitters.add(value, weight: weight)
    }
  }

  /// Takes names from values not seen for long, and gives those of the lightest to the heaviest without one. True when anything
  /// changed.
  mutating func review(now: Timestamp, decay: Double) -> Bool {
    hitters.decay(by: decay)
    let before = named.count
    let edge = now - CardinalitySettings.memory
    named = named.filter { $0.value.lastSeen >= edge }.mapValues { Named(weight: $0.weight * decay, lastSeen: $0.lastSeen) }
    var isChanged = named.count != before
    guard budget > 0, named.count >= budget else { return isChanged }
    let candidates = hitters.entries
      .filter { $0.certain >= CardinalitySettings.leastWeight && named[$0.key] == nil }
      .sorted { ($0.certain, $1.key) > ($1.certain, $0.key) }
    guard !candidates.isEmpty else { return isChanged }
    var lightest = named.map { (value: $0.key, weight: $0.value.weight) }
      .sorted { ($0.weight, $0.value) < ($1.weight, $1.value) }[...]
    for candidate in candidates {
      guard let last = lightest.popFirst(), candidate.certain > last.weight * CardinalitySettings.hysteresis else { break }
      named[last.value] = nil
      named[candidate.key] = Named(weight: candidate.certain, lastSeen: now)
      isChanged = true
    }
    return isChanged
  }

  private static func isShort(_ value: String) -> Bool { value.utf8.count <= CardinalitySettings.valueByteLimit }
}
