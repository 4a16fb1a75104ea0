// One search over the leaves that are left: sums every conjunction once, keeps the strongest of each, scores and drills them.

struct SearchRound {
  private let search: DevianceSearch
  private let leaves: CompactLeaves
  /// Per set of dimensions its strongest slices, strongest first.
  private let strongest: [[Slice]]
  private let ones: [Slice]
  /// What shares are shares of: the search's deviance, and never less than one slice holds.
  let total: Double
  /// How many slices were looked at.
  let examined: Int

  /// `total` is the first round's; `nil` in it.
  init(_ search: DevianceSearch, isAlive: [Bool], total: Double? = nil) {
    self.search = search
    let settings = search.settings
    let least = settings.leastValueShare * (total ?? search.leastTotal)
    let leaves = CompactLeaves(
      search.table, expected: search.expected, deviance: search.deviance, opposite: search.opposite, isAlive: isAlive,
      leastDeviance: least, settings: settings)
    var examined = 0
    var (ones, strongest): ([Slice], [[Slice]]) = ([], [])
    var top = total ?? search.leastTotal
    for positions in leaves.combinations(limit: settings.literalLimit) {
      var cells: [(cell: Int, deviance: Double)] = []
      SliceSums(leaves, leaves.pairs, positions: positions).forEach { cell, pair in
        examined += 1
        let deviance = Deviance.of(pair[0], pair[1], search.direction)
        // A hair of slack: sums in another order must not decide.
        if deviance > 0, deviance >= least * (1 - 1e-9) || positions.count == 1 { cells.append((cell, deviance)) }
      }
      guard !cells.isEmpty else { continue }
      let sums = SliceSums(leaves, leaves.amounts, positions: positions)
      let strong = cells.filter { $0.deviance >= least * (1 - 1e-9) }
      let weakest = strong.map(\.deviance).sorted(by: >).prefix(settings.valueLimit).last ?? 0
      strongest.append(search.ordered(strong.filter { $0.deviance >= weakest }.map { sums.slice($0.cell, in: leaves) }))
      if positions.count == 1 { ones += cells.map { sums.slice($0.cell, in: leaves) } }
      if total == nil { top = max(top, cells.map(\.deviance).max() ?? 0) }
    }
    self.leaves = leaves
    self.ones = ones
    self.strongest = strongest
    self.total = top
    self.examined = examined
  }

  func finding(_ slice: Slice) -> SliceFinding { search.finding(slice, total: total, examined: examined) }

  /// Slices of one literal, most explaining first.
  func singles() -> [SliceFinding] { search.ordered(ones).map(finding) }

  /// The best explanation, and the single slices that came next. Those that hold less than `leastExcess` of the alert's own events
  /// are no candidates.
  func best(leastExcess: Double) -> (explanation: DevianceSearch.Explanation, next: [SliceFinding])? {
    let candidates = strongest.flatMap { explanations($0, leastExcess: leastExcess) }
    guard let top = candidates.map(\.score).max() else { return nil }
    let close = candidates.filter { $0.score > top - search.settings.tie }
    guard let best = close.min(by: { search.precedes($0.slices.map(\.literals), $1.slices.map(\.literals)) }) else { return nil }
    let drilled = best.slices.map(drilled)
    // The one the alert speaks about comes first, stronger ones of the same dimensions after it.
    let own = drilled.filter { leastExcess == 0 || excess($0) >= leastExcess }
    let ordered = own + drilled.filter { !own.contains($0) }
    let findings = ordered.map(finding)
    // Rounded, so that sums in another order do not reorder equals.
    let ranked = candidates.filter { $0.slices.count == 1 }.map { (score: ($0.score * 1e9).rounded(), slice: $0.slices[0]) }
    let next = ranked.sorted { left, right in
      left.score != right.score ? left.score > right.score : search.precedes([left.slice.literals], [right.slice.literals])
    }.map(\.slice).filter { !ordered.contains($0) }
    let explanation = DevianceSearch.Explanation(findings: findings, share: min(1, findings.reduce(0) { $0 + $1.share }))
    return (explanation, next.prefix(search.settings.runnersUp).map(finding))
  }

  private func excess(_ slice: Slice) -> Double { search.direction == .rise ? slice.groupExcess : -slice.groupExcess }

  /// The best one, two, … values of the same dimensions.
  private func explanations(_ slices: [Slice], leastExcess: Double) -> [(score: Double, slices: [Slice])] {
    let settings = search.settings
    var result: [(score: Double, slices: [Slice])] = []
    var chosen: [Slice] = []
    var (share, novelty, inGroup) = (0.0, 0.0, 0.0)
    for slice in slices.prefix(settings.valueLimit) {
      let finding = finding(slice)
      if !chosen.isEmpty, finding.share < settings.valuePenalty || search.isHealthy(slice) { break }
      chosen.append(slice)
      share += finding.share
      novelty += finding.coverage - finding.coverageBefore
      inGroup += excess(slice)
      // A cause must explain at least half of what the alert is about.
      guard leastExcess == 0 || inGroup >= leastExcess else { continue }
      let isNamed = chosen.count == 1 && search.beliefs.isNamedByChange(slice.literals)
      let score =
        share - settings.literalPenalty * Double(slice.literals.count) - settings.valuePenalty * Double(chosen.count - 1)
        + settings.noveltyWeight * max(0, novelty) + (isNamed ? settings.changeWeight : 0)
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
    let least = settings.drillKeeps * Deviance.of(parent.now.events, parent.expected, search.direction)
    var children: [Slice] = []
    for position in leaves.dimensions.indices where !own.contains(position) {
      let sums = SliceSums(leaves, leaves.amounts, positions: (own + [position]).sorted())
      sums.forEach { cell, amounts in
        guard Deviance.of(amounts[0], amounts[1], search.direction) >= least else { return }
        let child = sums.slice(cell, in: leaves)
        if parent.literals.allSatisfy(child.literals.contains), areHealthy(siblingsOf: child, in: parent) {
          children.append(child)
        }
      }
    }
    return search.ordered(children).first
  }

  private func areHealthy(siblingsOf child: Slice, in parent: Slice) -> Bool {
    let settings = search.settings
    let siblings = parent.without(child)
    guard siblings.expected >= settings.leastSibling * parent.expected, search.isHealthy(siblings) else { return false }
    // What they would show if they were affected like the child: it must be plain that they do not.
    let ifAffected = siblings.expected * child.now.events / max(child.expected, Deviance.leastExpected)
    return Deviance.of(siblings.now.events, ifAffected, search.direction.opposite) >= settings.siblingEvidence
  }
}
