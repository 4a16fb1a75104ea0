// Finds the conjunctions of dimension values that explain most of a deviation with the fewest words: decides, reads nothing.

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

package struct DevianceSearch {
  /// What is believed beyond the counts.
  package struct Beliefs {
    /// True where a change event just before speaks about exactly this slice.
    package var isNamedByChange: ([Literal]) -> Bool = { _ in false }
    /// Dimensions in the order in which they are believed when the data cannot tell them apart.
    package var order: [String] = []

    package init() {}
  }

  package let table: LeafTable
  package let expected: [Double]
  package let direction: DevianceDirection
  package let settings: DevianceSettings
  /// The deviance of all leaves together.
  package let totalDeviance: Double
  let beliefs: Beliefs
  private let deviance: [Double]
  private let rank: [Int]
  /// Events beyond the expectation within the alert's group; 0 when that is everything, where the share alone decides.
  private let groupExcess: Double

  package init(
    _ table: LeafTable, expected: [Double], direction: DevianceDirection = .rise, beliefs: Beliefs = Beliefs(),
    settings: DevianceSettings = DevianceSettings()
  ) {
    self.table = table
    // At least something is expected of every leaf that has events: otherwise a slice could hold more deviance than its leaves.
    self.expected = expected.indices.map { table.now[$0].events > 0 ? max(expected[$0], Deviance.leastExpected) : expected[$0] }
    self.direction = direction
    self.beliefs = beliefs
    self.settings = settings
    deviance = zip(table.now, self.expected).map { Deviance.of($0.events, $1, direction) }
    totalDeviance = deviance.reduce(0, +)
    rank = table.dimensions.map { beliefs.order.firstIndex(of: $0) ?? beliefs.order.count }
    if table.isInGroup.allSatisfy({ $0 }) {
      groupExcess = 0
    } else {
      var excess = 0.0
      for leaf in 0..<table.count where table.isInGroup[leaf] { excess += table.now[leaf].events - self.expected[leaf] }
      groupExcess = max(0, direction == .rise ? excess : -excess)
    }
  }

  /// One explanation: values of the same dimensions that went wrong together.
  struct Explanation {
    /// What holds most of the alert's group first, then the strongest; each drilled to where its siblings are healthy.
    let findings: [SliceFinding]
    /// Its share of the deviation, all slices together.
    let share: Double
  }

  struct Outcome {
    var explanations: [Explanation] = []
    /// The best explanation that was too weak, when nothing else was found.
    var tooWeak: Explanation?
    /// Slices of one literal, most explaining first.
    var singles: [SliceFinding] = []
    var examined = 0
  }

  /// Looks for an explanation, takes its leaves away, and looks again.
  func run() -> Outcome {
    var outcome = Outcome()
    guard totalDeviance > 0 else { return outcome }
    var isAlive = [Bool](repeating: true, count: table.count)
    for number in 0..<settings.roundLimit {
      var round = Round(search: self, isAlive: isAlive)
      if number == 0 {
        outcome.examined = round.examined
        outcome.singles = round.singles()
      }
      guard let found = round.best(inGroup: number == 0 ? groupExcess / 2 : 0) else { break }
      guard found.share >= settings.leastShare else {
        if number == 0 { outcome.tooWeak = found }
        break
      }
      outcome.explanations.append(found)
      for leaf in 0..<table.count where isAlive[leaf] {
        if found.findings.contains(where: { table.covers(leaf, $0.slice.literals) }) { isAlive[leaf] = false }
      }
    }
    return outcome
  }

  func finding(_ slice: Slice, examined: Int) -> SliceFinding {
    let deviance = Deviance.of(slice.now.events, slice.expected, direction)
    let (total, totalBefore) = (table.total.exposures, table.totalBefore.exposures)
    return SliceFinding(
      slice: slice, deviance: deviance, share: totalDeviance > 0 ? min(1, deviance / totalDeviance) : 0,
      lift: Deviance.lift(slice.now.events, slice.expected, direction),
      coverage: total > 0 ? slice.now.exposures / total : 0,
      coverageBefore: totalBefore > 0 ? slice.before.exposures / totalBefore : 0,
      support: deviance - log(Double(max(examined, 1))))
  }

  func isHealthy(_ slice: Slice) -> Bool { Deviance.isHealthy(slice.now.events, slice.expected, direction, settings) }

  /// The sum of everything.
  var whole: Slice {
    var whole = Slice(literals: [])
    for leaf in 0..<table.count { whole.add(leaf, of: table, expected: expected[leaf]) }
    return whole
  }

  /// Everything in `slice` that none of `parts` covers.
  func remainder(of slice: Slice, without parts: [Slice]) -> Slice {
    var rest = Slice(literals: slice.literals)
    for leaf in 0..<table.count where table.covers(leaf, slice.literals) {
      if !parts.contains(where: { table.covers(leaf, $0.literals) }) { rest.add(leaf, of: table, expected: expected[leaf]) }
    }
    return rest
  }

  /// Fewer words first, then the dimensions that are believed, then names: never the order of leaves or columns.
  func precedes(_ left: [[Literal]], _ right: [[Literal]]) -> Bool {
    func ranks(_ slices: [[Literal]]) -> [Int] {
      let literals = slices.first ?? []
      return [literals.count, slices.count] + literals.map { rank[$0.dimension] }.sorted()
    }
    let (leftRanks, rightRanks) = (ranks(left), ranks(right))
    if leftRanks != rightRanks { return leftRanks.lexicographicallyPrecedes(rightRanks) }
    return names(left).lexicographicallyPrecedes(names(right))
  }

  private func names(_ slices: [[Literal]]) -> [String] {
    slices.map { literals in
      literals.map { "\(table.dimensions[$0.dimension])\u{0}\(table.name($0))" }.sorted().joined(separator: "\u{1}")
    }.sorted()
  }

  /// One search over the leaves that are left.
  private struct Round {
    let search: DevianceSearch
    let leaves: CompactLeaves
    private let sums: [SliceSums]
    private let byPositions: [[Int]: Int]
    private(set) var examined = 0

    init(search: DevianceSearch, isAlive: [Bool]) {
      self.search = search
      let settings = search.settings
      leaves = CompactLeaves(
        search.table, expected: search.expected, deviance: search.deviance, isAlive: isAlive,
        leastDeviance: settings.leastValueShare * search.totalDeviance, dimensionLimit: settings.dimensionLimit)
      sums = SliceSums.combinations(of: leaves.dimensions.count, limit: settings.literalLimit).map { [leaves] positions in
        SliceSums(leaves, positions: positions)
      }
      byPositions = Dictionary(sums.enumerated().map { ($0.element.positions, $0.offset) }) { first, _ in first }
      for sum in sums { sum.forEach { _, _ in examined += 1 } }
    }

    func singles() -> [SliceFinding] {
      var result: [SliceFinding] = []
      for sum in sums where sum.positions.count == 1 {
        sum.forEach { cell, _ in result.append(search.finding(sum.slice(cell, in: leaves), examined: examined)) }
      }
      return result.filter { $0.deviance > 0 }.sorted { left, right in
        left.deviance != right.deviance
          ? left.deviance > right.deviance : search.precedes([left.slice.literals], [right.slice.literals])
      }
    }

    mutating func best(inGroup leastExcess: Double) -> Explanation? {
      var candidates: [(score: Double, slices: [Slice])] = []
      for sum in sums { candidates += explanations(sum, inGroup: leastExcess) }
      guard let top = candidates.map(\.score).max() else { return nil }
      let close = candidates.filter { $0.score > top - search.settings.tie }
      guard let best = close.min(by: { search.precedes($0.slices.map(\.literals), $1.slices.map(\.literals)) }) else {
        return nil
      }
      let drilled = best.slices.map(drilled)
      // The one the alert speaks about comes first, stronger ones of the same dimensions after it.
      let own = leastExcess == 0 ? drilled : drilled.filter { excess($0) >= leastExcess }
      let ordered = own + (leastExcess == 0 ? [] : drilled.filter { excess($0) < leastExcess })
      let findings = ordered.map { search.finding($0, examined: examined) }
      return Explanation(findings: findings, share: min(1, findings.reduce(0) { $0 + $1.share }))
    }

    private func excess(_ slice: Slice) -> Double { search.direction == .rise ? slice.groupExcess : -slice.groupExcess }

    /// The best one, two, … values of these dimensions.
    private func explanations(_ sum: SliceSums, inGroup leastExcess: Double) -> [(score: Double, slices: [Slice])] {
      let settings = search.settings
      var cells: [(cell: Int, deviance: Double)] = []
      let least = settings.leastValueShare * search.totalDeviance
      sum.forEach { cell, amounts in
        let deviance = Deviance.of(amounts[0], amounts[1], search.direction)
        if deviance > 0, deviance >= least * (1 - 1e-9) { cells.append((cell, deviance)) }
      }
      var slices = cells.map { (slice: sum.slice($0.cell, in: leaves), deviance: $0.deviance) }
      slices.sort { left, right in
        left.deviance != right.deviance
          ? left.deviance > right.deviance : search.precedes([left.slice.literals], [right.slice.literals])
      }
      var result: [(score: Double, slices: [Slice])] = []
      var chosen: [Slice] = []
      var (share, novelty, inGroup) = (0.0, 0.0, 0.0)
      for (slice, deviance) in slices.prefix(settings.valueLimit) {
        let own = deviance / search.totalDeviance
        if !chosen.isEmpty, own < settings.valuePenalty || search.isHealthy(slice) { break }
        let finding = search.finding(slice, examined: examined)
        chosen.append(slice)
        share += own
        novelty += finding.coverage - finding.coverageBefore
        inGroup += excess(slice)
        // A cause must explain at least half of what the alert is about.
        guard leastExcess == 0 || inGroup >= leastExcess else { continue }
        let named = chosen.count == 1 && search.beliefs.isNamedByChange(slice.literals)
        let score =
          share - settings.literalPenalty * Double(sum.positions.count) - settings.valuePenalty * Double(chosen.count - 1)
          + settings.noveltyWeight * max(0, novelty) + (named ? settings.changeWeight : 0)
        result.append((score, chosen))
      }
      return result
    }

    /// Adds literals while the explanation stays whole and the siblings left outside show that they are healthy.
    private func drilled(_ slice: Slice) -> Slice {
      var slice = slice
      while slice.literals.count < search.settings.literalLimit, let child = child(of: slice) { slice = child }
      return slice
    }

    private func child(of parent: Slice) -> Slice? {
      let settings = search.settings
      let own = parent.literals.compactMap { literal in leaves.dimensions.firstIndex(of: literal.dimension) }
      let parentDeviance = Deviance.of(parent.now.events, parent.expected, search.direction)
      var best: (slice: Slice, deviance: Double)?
      for position in leaves.dimensions.indices where !own.contains(position) {
        guard let index = byPositions[(own + [position]).sorted()] else { continue }
        let sum = sums[index]
        sum.forEach { cell, amounts in
          let deviance = Deviance.of(amounts[0], amounts[1], search.direction)
          guard deviance >= settings.drillKeeps * parentDeviance else { return }
          let child = sum.slice(cell, in: leaves)
          guard parent.literals.allSatisfy(child.literals.contains), areHealthy(siblingsOf: child, in: parent) else { return }
          if let best,
            best.deviance > deviance || best.deviance == deviance && search.precedes([best.slice.literals], [child.literals])
          {
            return
          }
          best = (child, deviance)
        }
      }
      return best?.slice
    }

    private func areHealthy(siblingsOf child: Slice, in parent: Slice) -> Bool {
      let settings = search.settings
      let siblings = parent.without(child)
      guard siblings.expected >= settings.leastSibling * parent.expected, search.isHealthy(siblings) else { return false }
      // What they would show if they were affected like the child: it must be plain that they do not.
      let ifAffected = siblings.expected * child.now.events / max(child.expected, Deviance.leastExpected)
      let opposite: DevianceDirection = search.direction == .rise ? .fall : .rise
      return Deviance.of(siblings.now.events, ifAffected, opposite) >= settings.siblingEvidence
    }
  }
}
