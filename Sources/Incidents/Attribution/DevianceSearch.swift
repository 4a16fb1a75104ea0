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
  /// The deviance of all leaves together, less what leaves that moved the other way show chance to make; at least that of everything.
  let leastTotal: Double
  let beliefs: Beliefs
  let deviance: [Double]
  /// By leaf, in the other direction: thousands of small leaves have much of both, and it is no more than noise.
  let opposite: [Double]
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
    opposite = zip(table.now, self.expected).map { Deviance.of($0.events, $1, direction.opposite) }
    leastTotal = max(
      deviance.reduce(0, +) - opposite.reduce(0, +),
      Deviance.of(table.total.events, self.expected.reduce(0, +), direction))
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
    /// The slices whose scores came next to the first explanation's.
    var runnersUp: [SliceFinding] = []
    /// Slices of one literal, most explaining first.
    var singles: [SliceFinding] = []
    /// What the shares are shares of.
    var total = 0.0
  }

  /// Looks for an explanation, takes its leaves away, and looks again.
  func run() -> Outcome {
    var outcome = Outcome()
    guard deviance.contains(where: { $0 > 0 }) else { return outcome }
    var isAlive = [Bool](repeating: true, count: table.count)
    for number in 0..<settings.roundLimit {
      let round = SearchRound(self, isAlive: isAlive, total: number == 0 ? nil : outcome.total)
      if number == 0 {
        outcome.total = round.total
        outcome.singles = round.singles()
      }
      guard let (found, next) = round.best(leastExcess: number == 0 ? groupExcess / 2 : 0) else { break }
      if number == 0 { outcome.runnersUp = next }
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

  /// What one slice holds of the whole deviation, 0 to 1, whether or not the search would name it.
  func share(of values: [String: String]) -> Double {
    guard let literals = table.literals(of: values) else { return 0 }
    var slice = Slice(literals: literals)
    for leaf in 0..<table.count where table.covers(leaf, literals) { slice.add(leaf, of: table, expected: expected[leaf]) }
    let total = run().total
    return total > 0 ? min(1, Deviance.of(slice.now.events, slice.expected, direction) / total) : 0
  }

  func finding(_ slice: Slice, total: Double, examined: Int) -> SliceFinding {
    let deviance = Deviance.of(slice.now.events, slice.expected, direction)
    // Where there are no exposures, as of volumes, the events are the traffic.
    let hasExposures = table.total.exposures > 0 || table.totalBefore.exposures > 0
    func part(_ part: Exposure, of whole: Exposure) -> Double {
      let (part, whole) = hasExposures ? (part.exposures, whole.exposures) : (part.events, whole.events)
      return whole > 0 ? part / whole : 0
    }
    return SliceFinding(
      slice: slice, deviance: deviance, share: total > 0 ? min(1, deviance / total) : 0,
      lift: Deviance.lift(slice.now.events, slice.expected, direction),
      coverage: part(slice.now, of: table.total), coverageBefore: part(slice.before, of: table.totalBefore),
      support: deviance - log(Double(max(examined, 1))))
  }

  /// Strongest first.
  func ordered(_ slices: [Slice]) -> [Slice] {
    slices.map { (slice: $0, deviance: Deviance.of($0.now.events, $0.expected, direction)) }.sorted { left, right in
      left.deviance != right.deviance
        ? left.deviance > right.deviance : precedes([left.slice.literals], [right.slice.literals])
    }.map(\.slice)
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
}
