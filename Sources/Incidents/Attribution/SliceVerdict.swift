// From explanations to a verdict: causes with the numbers for and against, or an abstention that says why.

/// Why a slice that looks guilty is not named.
package enum SliceRejection: Hashable, Sendable {
  /// What of it lies outside the causes behaved as usual.
  case healthyOutside(Exposure, expected: Double)
  /// It covers the same events; counting cannot tell the two apart. With its share of the baseline, and the cause's.
  case sameEvents(before: Double, causeBefore: Double)
  /// Its share of the traffic changed, its own rate did not.
  case mixOnly(before: Double, now: Double)
  case explainsLess(Double, than: Double)
  /// It takes more words, and explains hardly more.
  case moreWords(Double, than: Double)
}

package enum SliceAbstention: Hashable, Sendable {
  case noBaseline
  case tooFewEvents
  /// The overall rate moved because the slices' shares of the traffic did.
  case mix(RateMix, MixShift?)
  /// Every slice explains less than the share that a cause needs; this is the best one's.
  case nothingExplains(Double)
  /// The explanation is all the traffic there is.
  case everythingAlike
  /// Everything else changed too: by `others` times, against `best` times.
  case othersAlike(others: Double, best: Double)
}

package struct SliceVerdict: Sendable {
  package struct Rejected: Sendable {
    package let finding: SliceFinding
    package let reason: SliceRejection
  }

  /// The first is the strongest. Those of one dimension set went wrong together.
  package var causes: [SliceFinding]
  /// How many of `causes`, from the first, are one explanation: values of the same dimensions.
  package let together: Int
  package let abstention: SliceAbstention?
  package let rejected: [Rejected]
  /// What the causes leave.
  package let others: Slice
  package let mix: RateMix?
  package let singles: [SliceFinding]
}

extension DevianceSearch {
  /// Most slices that are listed as rejected.
  static var rejectedLimit: Int { 5 }

  /// `hasExposures` is false where there is nothing to divide by: then the mix cannot be told from the rate.
  package func verdict(hasExposures: Bool = true) -> SliceVerdict {
    let outcome = run()
    let mix = hasExposures ? RateMix(table, expected: expected) : nil
    var causes = outcome.explanations.flatMap(\.findings)
    let together = outcome.explanations.first?.findings.count ?? 0
    // What only became significant because there are millions of events is no cause.
    causes.removeAll { $0.support < settings.leastSupport || isHealthy($0.slice) }
    let others = remainder(of: Slice(literals: []), without: causes.map(\.slice))
    let abstention = abstention(outcome, causes: causes, others: others, mix: mix, hasExposures: hasExposures)
    let accused = abstention == nil ? causes : []
    return SliceVerdict(
      causes: accused, together: min(together, accused.count), abstention: abstention,
      rejected: rejected(outcome, causes: accused, tooWeak: abstention == nil ? [] : causes, hasExposures: hasExposures),
      others: others,
      mix: mix, singles: outcome.singles)
  }

  private func abstention(
    _ outcome: Outcome, causes: [SliceFinding], others: Slice, mix: RateMix?, hasExposures: Bool
  ) -> SliceAbstention? {
    guard hasExposures ? table.totalBefore.exposures > 0 : table.totalBefore.events > 0 else { return .noBaseline }
    if let mix, mix.isMix(direction, share: settings.mixShare) { return .mix(mix, .largest(table, direction)) }
    guard let best = causes.first else {
      let share = outcome.explanations.first?.share ?? outcome.tooWeak?.share ?? 0
      guard outcome.explanations.isEmpty, outcome.total >= 2.5 * settings.leastSupport else { return .tooFewEvents }
      let all = whole
      if !isHealthy(all) { return .othersAlike(others: lift(all), best: outcome.tooWeak?.findings.first?.lift ?? lift(all)) }
      return .nothingExplains(share)
    }
    guard !causes.contains(where: { beliefs.isNamedByChange($0.slice.literals) }) else { return nil }
    let (coverage, before) = causes.reduce(into: (0.0, 0.0)) {
      $0.0 += $1.coverage
      $0.1 += $1.coverageBefore
    }
    let lifts = causes.map(\.lift)
    if before >= 0.95, coverage >= 0.95 || !hasExposures, (lifts.max() ?? 1) < 2 * (lifts.min() ?? 1) { return .everythingAlike }
    let (rest, strongest) = (lift(others), best.lift)
    if !isHealthy(others), rest - 1 >= 0.5 * (strongest - 1) { return .othersAlike(others: rest, best: strongest) }
    return nil
  }

  private func lift(_ slice: Slice) -> Double { Deviance.lift(slice.now.events, slice.expected, direction) }

  /// The strongest slices of other dimensions, each with the first reason that holds.
  private func rejected(
    _ outcome: Outcome, causes: [SliceFinding], tooWeak: [SliceFinding], hasExposures: Bool
  ) -> [SliceVerdict.Rejected] {
    var seen = Set(causes.flatMap { $0.slice.literals.map(\.dimension) })
    var candidates = tooWeak + (outcome.tooWeak?.findings ?? [])
    for next in outcome.runnersUp where !(causes + candidates).contains(where: { $0.slice.literals == next.slice.literals }) {
      candidates.append(next)
    }
    for single in outcome.singles where seen.insert(single.slice.literals[0].dimension).inserted {
      if !candidates.contains(where: { $0.slice.literals == single.slice.literals }) { candidates.append(single) }
    }
    let share = causes.first?.share ?? settings.leastShare
    return candidates.prefix(Self.rejectedLimit).map { finding in
      SliceVerdict.Rejected(
        finding: finding, reason: reason(finding, causes: causes, causeShare: share, hasExposures: hasExposures))
    }
  }

  private func reason(_ finding: SliceFinding, causes: [SliceFinding], causeShare: Double, hasExposures: Bool) -> SliceRejection {
    let rest = remainder(of: finding.slice, without: causes.map(\.slice))
    let isMeasured = hasExposures ? rest.now.exposures >= 5 : rest.expected >= 5
    if !causes.isEmpty, isMeasured, isHealthy(rest) { return .healthyOutside(rest.now, expected: rest.expected) }
    if let best = causes.first, isTwin(finding, of: best) {
      return .sameEvents(before: finding.coverageBefore, causeBefore: best.coverageBefore)
    }
    if hasExposures, isHealthy(finding.slice), finding.coverage >= 1.3 * finding.coverageBefore {
      return .mixOnly(before: finding.coverageBefore, now: finding.coverage)
    }
    if let best = causes.first, finding.slice.literals.count > best.slice.literals.count {
      return .moreWords(finding.share, than: causeShare)
    }
    return .explainsLess(finding.share, than: causeShare)
  }

  /// Covers the same events, so that counting cannot prefer one of the two.
  package func isTwin(_ other: SliceFinding, of finding: SliceFinding) -> Bool {
    other.slice.now.events >= 0.95 * finding.slice.now.events && other.slice.now.exposures <= 1.05 * finding.slice.now.exposures
  }
}
