// What a leaf's own past leads one to expect of it, leaning on its parents' where it has little past of its own.

package struct LeafBaseline: Sendable {
  /// Pseudo-exposures by which a rate leans on its parent's: a rate seen in few requests is not trusted alone.
  package static let pseudoExposures = 50.0

  /// The dimensions that each parent keeps, finest first; the whole is always the last parent. A version that nobody has seen
  /// yet inherits what its prompt and route were like.
  package let parents: [[Int]]

  package init(parents: [[Int]] = []) { self.parents = parents }

  /// Expected events among the present exposures, by leaf.
  package func expected(_ table: LeafTable) -> [Double] {
    let k = Self.pseudoExposures
    // Half an event more than was seen: a short baseline without a single error does not promise that there is none.
    let overall = (table.totalBefore.events + 0.5) / (table.totalBefore.exposures + 1)
    var rates = [Double](repeating: overall, count: table.count)
    for kept in parents.reversed() {
      let (groups, sums) = Self.grouped(table, by: kept)
      for leaf in 0..<table.count {
        let sum = sums[groups[leaf]]
        rates[leaf] = (sum.events + k * rates[leaf]) / (sum.exposures + k)
      }
    }
    return (0..<table.count).map { leaf in
      let own = table.before[leaf]
      return table.now[leaf].exposures * (own.events + k * rates[leaf]) / (own.exposures + k)
    }
  }

  /// Expected events where there is no exposure to divide by: each leaf as often as before, for as long as now.
  package static func expectedVolume(_ table: LeafTable, durationRatio: Double) -> [Double] {
    table.before.map { $0.events * durationRatio }
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
