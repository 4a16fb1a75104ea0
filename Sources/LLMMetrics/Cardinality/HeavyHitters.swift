// The heaviest of a stream of keys in bounded memory (Space-Saving; Metwally, Agrawal, El Abbadi, ICDT 2005), with decay.

/// Any key with more than total weight / capacity is in it, and its count is too high by at most its error.
package struct HeavyHitters<Key: Hashable & Sendable>: Sendable {
  package struct Entry: Sendable {
    package fileprivate(set) var key: Key
    /// Never too low.
    package fileprivate(set) var weight: Double
    /// By how much `weight` may be too high.
    package fileprivate(set) var error: Double
    /// Certainly seen.
    package var certain: Double { weight - error }
  }

  private let capacity: Int
  /// A heap with the lightest first.
  package private(set) var entries: [Entry] = []
  private var places: [Key: Int] = [:]

  package init(capacity: Int) { self.capacity = max(1, capacity) }

  package subscript(key: Key) -> Entry? { places[key].map { entries[$0] } }

  /// What a key that is not in it can have at most.
  package var unseenLimit: Double { entries.count < capacity ? 0 : entries.first?.weight ?? 0 }

  package mutating func add(_ key: Key, weight: Double) {
    if let place = places[key] {
      entries[place].weight += weight
      sink(place)
    } else if entries.count < capacity {
      entries.append(Entry(key: key, weight: weight, error: 0))
      places[key] = entries.count - 1
      rise(entries.count - 1)
    } else {
      let lightest = entries[0]
      places[lightest.key] = nil
      places[key] = 0
      entries[0] = Entry(key: key, weight: lightest.weight + weight, error: lightest.weight)
      sink(0)
    }
  }

  /// Makes all weights smaller by the same factor, so that the past counts less than the present.
  package mutating func decay(by factor: Double) {
    for place in entries.indices {
      entries[place].weight *= factor
      entries[place].error *= factor
    }
  }

  private mutating func rise(_ start: Int) {
    var place = start
    while place > 0, entries[place].weight < entries[(place - 1) / 2].weight {
      exchange(place, (place - 1) / 2)
      place = (place - 1) / 2
    }
  }

  private mutating func sink(_ start: Int) {
    var place = start
    while true {
      var lightest = place
      var child = 2 * place + 1
      while child < min(entries.count, 2 * place + 3) {
        if entries[child].weight < entries[lightest].weight { lightest = child }
        child += 1
      }
      guard lightest != place else { return }
      exchange(place, lightest)
      place = lightest
    }
  }

  private mutating func exchange(_ left: Int, _ right: Int) {
    entries.swapAt(left, right)
    places[entries[left].key] = left
    places[entries[right].key] = right
  }
}
