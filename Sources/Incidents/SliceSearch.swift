// Finds the conjunction of dimension values that explains most of a deviation with the fewest words.

import LLMTelemetry

struct SliceSearch {
  static let literalLimit = 3
  /// What one more literal must earn: between 0.12 and 0.16 of the explained share on public faults.
  static let literalPenalty = 0.14
  /// A slice that explains less is no cause.
  static let leastShare = 0.3
  /// The value into which the cardinality governor folds the small ones: nothing can be blamed on it.
  private static let folded = "other"

  let table: SliceTable
  /// The deviance of all leaves together.
  let totalDeviance: Double
  private(set) var slices: [[Literal]: Slice] = [:]
  /// Events inside the group the alert speaks about: a cause must hold at least half of them.
  private let groupEvents: Double
  private let isNamedByChange: (Slice) -> Bool
  /// Dimensions in the order in which they are believed when the data cannot tell them apart.
  private let order: [Dimension: Int]

  init(
    table: SliceTable, group: [String: String], order: [Dimension], isNamedByChange: @escaping (Slice) -> Bool
  ) {
    self.table = table
    self.isNamedByChange = isNamedByChange
    self.order = Dictionary(order.enumerated().map { ($0.element, $0.offset) }) { first, _ in first }
    totalDeviance = table.leaves.reduce(0) { $0 + SliceTable.deviance($1.now.events, $1.expected) }
    let conjunctions = Self.conjunctions
    var events = 0.0
    for leaf in table.leaves {
      let isInGroup = SliceTable.dimensions.indices.allSatisfy { index in
        group[SliceTable.dimensions[index].rawValue].map { $0 == leaf.values[index] } ?? true
      }
      if isInGroup { events += leaf.now.events }
      for positions in conjunctions {
        var literals: [Literal] = []
        for position in positions {
          guard let value = leaf.values[position], value != Self.folded else { break }
          literals.append(Literal(dimension: position, value: value))
        }
        guard literals.count == positions.count else { continue }
        slices[literals, default: Slice(literals: literals)].add(leaf, isInGroup: isInGroup)
      }
    }
    groupEvents = events
  }

  func share(_ slice: Slice) -> Double { totalDeviance > 0 ? min(1, slice.deviance / totalDeviance) : 0 }

  /// Share of the present exposures that a slice covers, and of the baseline's.
  func coverage(_ slice: Slice) -> (now: Double, before: Double) {
    (
      table.total.exposures > 0 ? slice.now.exposures / table.total.exposures : 0,
      table.totalBefore.exposures > 0 ? slice.before.exposures / table.totalBefore.exposures : 0
    )
  }

  /// The best explanation, drilled to where its siblings are healthy.
  func best() -> Slice? {
    let scored = slices.values.filter { $0.deviance > 0 && $0.groupEvents >= groupEvents / 2 }.map { (slice: $0, score: score($0)) }
    guard let top = scored.map(\.score).max() else { return nil }
    guard var best = scored.filter({ $0.score > top - 0.01 }).map(\.slice).min(by: precedes) else { return nil }
    while best.literals.count < Self.literalLimit, let child = drilled(best) { best = child }
    return best
  }

  /// Slices of one literal, most explaining first.
  var singles: [Slice] {
    slices.values.filter { $0.literals.count == 1 }.sorted { ($0.deviance, $1.literals[0].value) > ($1.deviance, $0.literals[0].value) }
  }

  private func score(_ slice: Slice) -> Double {
    let coverage = coverage(slice)
    return share(slice) - Self.literalPenalty * Double(slice.literals.count) + 0.08 * max(0, coverage.now - coverage.before)
      + (isNamedByChange(slice) ? 0.1 : 0)
  }

  private func precedes(_ left: Slice, _ right: Slice) -> Bool {
    func rank(_ slice: Slice) -> [Int] { [slice.literals.count] + slice.literals.map { order[$0.name] ?? 99 }.sorted() }
    let (leftRank, rightRank) = (rank(left), rank(right))
    if leftRank != rightRank { return leftRank.lexicographicallyPrecedes(rightRank) }
    return left.literals.map(\.value).lexicographicallyPrecedes(right.literals.map(\.value))
  }

  /// A child that keeps nine tenths of the explanation while the rest of its parent is healthy and large enough to say so.
  private func drilled(_ parent: Slice) -> Slice? {
    let known = Set(parent.literals)
    let children = slices.values.filter { child in
      guard child.literals.count == parent.literals.count + 1, known.isSubset(of: child.literals),
        child.deviance >= 0.9 * parent.deviance
      else { return false }
      let siblings = rest(of: parent, without: child)
      return siblings.now.exposures >= max(10, 0.02 * parent.now.exposures) && siblings.isHealthy
    }
    return children.min { left, right in
      left.deviance != right.deviance ? left.deviance > right.deviance : precedes(left, right)
    }
  }

  func rest(of parent: Slice, without child: Slice) -> Slice {
    var rest = Slice(literals: parent.literals)
    rest.now = parent.now - child.now
    rest.before = parent.before - child.before
    rest.expected = max(0, parent.expected - child.expected)
    return rest
  }

  private static let conjunctions: [[Int]] = {
    let all = Array(SliceTable.dimensions.indices)
    var result: [[Int]] = []
    for first in all {
      result.append([first])
      for second in all where second > first {
        result.append([first, second])
        for third in all where third > second { result.append([first, second, third]) }
      }
    }
    return result
  }()
}
