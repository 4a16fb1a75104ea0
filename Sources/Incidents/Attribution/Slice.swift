// What a conjunction of dimension values covers, and whether that is unusual.

package struct Slice: Hashable, Sendable {
  /// Ordered by dimension; empty is everything.
  package let literals: [Literal]
  package var now = Exposure()
  package var before = Exposure()
  /// Events that the baseline expects among the present exposures.
  package var expected = 0.0
  /// Events beyond the expectation inside the group the alert speaks about; negative where there are fewer.
  var groupExcess = 0.0

  init(literals: [Literal]) { self.literals = literals }

  mutating func add(_ leaf: Int, of table: LeafTable, expected: Double) {
    now += table.now[leaf]
    before += table.before[leaf]
    self.expected += expected
    if table.isInGroup[leaf] { groupExcess += table.now[leaf].events - expected }
  }

  /// Everything in `self` that is not in `part`.
  func without(_ part: Slice) -> Slice {
    var rest = Slice(literals: literals)
    rest.now = now - part.now
    rest.before = before - part.before
    rest.expected = max(0, expected - part.expected)
    rest.groupExcess = groupExcess - part.groupExcess
    return rest
  }
}

/// A slice that was weighed as an explanation.
package struct SliceFinding: Hashable, Sendable {
  package let slice: Slice
  /// Nats.
  package let deviance: Double
  /// Share of the deviance of all leaves, 0 to 1.
  package let share: Double
  /// Times the expectation, in the direction of the failure.
  package let lift: Double
  /// Share of the present exposures, 0 to 1.
  package let coverage: Double
  /// Share of the baseline's exposures, 0 to 1.
  package let coverageBefore: Double
  /// Nats that are left after paying for the number of slices looked at; 4.6 is about one chance in a hundred.
  package let support: Double
}
