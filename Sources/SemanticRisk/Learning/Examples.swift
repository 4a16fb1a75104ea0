// Labelled rows to learn from, and how they are divided so that nothing leaks from one side to the other.

/// Dense rows, one after another.
package struct Examples: Sendable {
  package let width: Int
  package var values: [Float] = []
  package var labels: [Bool] = []
  /// Rows of one group share a source and stay on one side of every split.
  package var groups: [Int] = []
  package var weights: [Float] = []

  package init(width: Int) { self.width = width }

  package var count: Int { labels.count }

  package mutating func append(_ row: some Collection<Float>, label: Bool, group: Int, weight: Float = 1) {
    precondition(row.count == width, "a row has \(row.count) values and not \(width)")
    values.append(contentsOf: row)
    labels.append(label)
    groups.append(group)
    weights.append(weight)
  }

  package func row(_ index: Int) -> ArraySlice<Float> { values[(index * width)..<((index + 1) * width)] }
}

/// SplitMix64: the same seed gives the same numbers on every machine.
package struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// From 0 to below 1.
  package mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }
}

package enum GroupedFolds {
  /// The fold of each row, 0 to `folds` - 1; a group is never divided.
  package static func assign(groups: [Int], folds: Int, seed: UInt64) -> [Int] {
    var generator = SeededGenerator(seed: seed)
    var order = Array(Set(groups)).sorted()
    order.shuffle(using: &generator)
    let fold = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($1, $0 % max(1, folds)) })
    return groups.map { fold[$0] ?? 0 }
  }
}
