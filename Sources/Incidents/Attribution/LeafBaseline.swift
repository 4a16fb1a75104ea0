// What a leaf's own past leads one to expect of it, leaning on its parents' where it has little past of its own.

package struct LeafBaseline: Sendable {
  /// Between how many pseudo-exposures a rate leans on its parent's: a rate seen in few requests is not trusted alone.
  package static let leastPseudoExposures = 20.0
  package static let mostPseudoExposures = 5_000.0
  /// Where there are too few leaves to learn it from.
  package static let usualPseudoExposures = 50.0
  static let leastLeaves = 8

  /// The dimensions that each parent keeps, coarsest last; the whole is always the last parent. A version that nobody has seen
  /// yet inherits what its prompt and route were like.
  package let parents: [[Int]]

  package init(parents: [[Int]] = []) { self.parents = parents }

  /// Expected events among the present exposures, by leaf.
  package func expected(_ table: LeafTable) -> [Double] {
    // Half an event more than was seen: a short baseline without a single error does not promise that there is none.
    let overall = (table.totalBefore.events + 0.5) / (table.totalBefore.exposures + 1)
    var rates = [Double](repeating: overall, count: table.count)
    for kept in parents.reversed() {
      let (groups, sums) = Self.grouped(table, by: kept)
      // All leaves of a group have the same parent.
      var above = [Double](repeating: overall, count: sums.count)
      for leaf in 0..<table.count { above[groups[leaf]] = rates[leaf] }
      let k = Self.pseudoExposures(sums, above)
      let shrunk = zip(sums, above).map { sum, rate in (sum.events + k * rate) / (sum.exposures + k) }
      for leaf in 0..<table.count { rates[leaf] = shrunk[groups[leaf]] }
    }
    let k = Self.pseudoExposures(table.before, rates)
    return (0..<table.count).map { leaf in
      let own = table.before[leaf]
      return table.now[leaf].exposures * (own.events + k * rates[leaf]) / (own.exposures + k)
    }
  }

  /// Expected events where there is no exposure to divide by: each leaf as often as before, for as long as now.
  package static func expectedVolume(_ table: LeafTable, durationRatio: Double) -> [Double] {
    table.before.map { $0.events * durationRatio }
  }

  /// Empirical Bayes by moments: how far rates spread around their parents' beyond what counting alone does. Alike leaves borrow
  /// much from each other, leaves with rates of their own little.
  static func pseudoExposures(_ own: [Exposure], _ parents: [Double]) -> Double {
    var (count, exposures, squares, spread, chance, events) = (0, 0.0, 0.0, 0.0, 0.0, 0.0)
    for (sum, parent) in zip(own, parents) where sum.exposures > 0 {
      let distance = sum.events / sum.exposures - parent
      count += 1
      exposures += sum.exposures
      squares += sum.exposures * sum.exposures
      spread += sum.exposures * distance * distance
      chance += parent
      events += sum.exposures * parent
    }
    guard count >= leastLeaves else { return usualPseudoExposures }
    let variance = (spread - chance) / max(exposures - squares / exposures, 1)
    guard variance > 0 else { return mostPseudoExposures }
    return min(max(events / exposures / variance, leastPseudoExposures), mostPseudoExposures)
  }

  private static func grouped(_ table: LeafTable, by kept: [Int]) -> (groups: [Int], sums: [Exposure]) {
    var numbers: [[Int32]: Int] = [:]
    var sums: [Exposure] = []
    let width = table.dimensions.count
    let groups = (0..<table.count).map { leaf -> Int in
      let key = kept.map { table.rows[leaf * width + $0] }
      let number = numbers[key] ?? sums.count
      if number == sums.count {
        numbers[key] = number
        sums.append(Exposure())
      }
      sums[number] += table.before[leaf]
      return number
    }
    return (groups, sums)
  }
}
