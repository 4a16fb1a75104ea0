// The numbers for and against a cause, as sentences and rows that a person can check.

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif
import LLMMetrics
import LLMTelemetry
import Monitors

extension SliceFinding {
  /// How far the events are beyond chance, 0 to 1.
  var certainty: Double { 1 - exp(-deviance / 8) }
}

extension CauseAttribution {
  func evidence(
    _ finding: SliceFinding, _ dimensions: [String: String], _ verdict: SliceVerdict, change: ChangeEvent?
  ) -> [String] {
    let slice = finding.slice
    var sentences = ["\(Figure.percent(finding.share)) of the deviation lies in \(SliceNaming.title(dimensions).lowercasedFirst)"]
    if signal.hasExposures, let rate = slice.now.rate {
      let isNew = slice.before.exposures < 1
      sentences.append(
        "There \(signal.events) \(signal.isMoney ? "was" : "were") \(signal.text(rate)) against \(signal.text(slice.expected / slice.now.exposures)) expected"
          + (isNew ? " (it is new: its parent's baseline)" : ""))
    } else {
      sentences.append(
        "There were \(Figure.amount(slice.now.events)) \(signal.events) against \(Figure.amount(slice.expected)) expected from the time before"
      )
    }
    sentences.append(
      signal.hasExposures
        ? "It is \(Figure.percent(finding.coverage)) of the traffic, \(Figure.percent(finding.coverageBefore)) before"
        : "That is \(Figure.amount(finding.lift)) times \(signal.direction == .rise ? "as many" : "fewer")")
    let others = verdict.others
    if signal.hasExposures, let rate = others.now.rate, others.now.exposures >= 5 {
      let expected = signal.text(others.expected / others.now.exposures)
      sentences.append("Everything else was at \(signal.text(rate)), \(expected) expected")
    }
    if let mix = verdict.mix, mix.change * (signal.direction == .rise ? 1 : -1) > 0 {
      sentences.append(
        "Of the change from \(signal.text(mix.before)) to \(signal.text(mix.now)), "
          + "\(signed(mix.rate)) comes from rates within slices and \(signed(mix.mix)) from the mix of the traffic")
    }
    if let change {
      let lead = start - change.at
      sentences.append(
        lead > .zero
          ? "\(change.sentence), \(Figure.duration(lead)) before the failure began"
          : "\(change.sentence), at \(change.at.timeOfDay), as the failure began")
    }
    if let top = errorClasses.first { sentences.append("\(Figure.percent(top.share)) of the errors are \(top.name)") }
    return sentences
  }

  func sentence(_ abstention: SliceAbstention) -> String {
    switch abstention {
    case .noBaseline: return "there is no traffic before the failure to compare with"
    case .tooFewEvents: return "too few \(signal.events) beyond the baseline to tell slices apart"
    case .nothingExplains(let share): return "no slice explains more than \(Figure.percent(share)) of the deviation"
    case .everythingAlike: return "all traffic is affected alike: upstream or global, not one slice"
    case .othersAlike(let others, let best):
      return "other slices changed alike (\(Figure.amount(others))× against \(Figure.amount(best))×): upstream or global"
    case .mix(let mix, let shift):
      var text =
        "the mix of the traffic explains \(Figure.percent(min(1, mix.mix / mix.change))) of the change from \(signal.text(mix.before)) "
        + "to \(signal.text(mix.now)): slices kept their own rates"
      if let shift {
        let name = SliceNaming.title(search.table.values(of: [shift.literal])).lowercasedFirst
        text += "; \(name) went from \(Figure.percent(shift.before)) to \(Figure.percent(shift.now)) of the traffic"
        if let rate = shift.rate { text += ", at \(signal.text(rate)) as always" }
      }
      return text
    }
  }

  func rejected(_ verdict: SliceVerdict, dimensions: [String: String], change: ChangeEvent?) -> [RejectedAlternative] {
    var result: [RejectedAlternative] = []
    // Other single values are what a person suspects first.
    let ranked =
      verdict.rejected.filter { $0.finding.slice.literals.count == 1 }
      + verdict.rejected.filter { $0.finding.slice.literals.count > 1 }
    for alternative in ranked where result.count < 3 {
      let names = search.table.values(of: alternative.finding.slice.literals)
      // What only repeats a part of the cause, such as the prompt of its version, is no alternative.
      guard !names.allSatisfy({ dimensions[$0.key] == $0.value }) else { continue }
      result.append(RejectedAlternative(title: SliceNaming.title(names), reason: reason(alternative, isNamed: change != nil)))
    }
    return result
  }

  private func reason(_ alternative: SliceVerdict.Rejected, isNamed: Bool) -> String {
    switch alternative.reason {
    case .healthyOutside(let now, let expected):
      guard signal.hasExposures, let rate = now.rate else {
        return
          "outside the cause it stayed as it was: \(Figure.amount(now.events)) \(signal.events), \(Figure.amount(expected)) expected"
      }
      return
        "outside the cause its requests stayed healthy: \(signal.text(rate)), \(signal.text(expected / now.exposures)) expected"
    case .sameEvents(let theirs, let ours):
      return theirs > ours + 0.05
        ? "it covers the same requests, but \(Figure.percent(theirs)) of the healthy baseline too"
        : "it covers the same requests: counting cannot tell them apart, \(isNamed ? "the change does" : "experience prefers the named one")"
    case .mixOnly(let before, let now):
      return
        "its share of the traffic went from \(Figure.percent(before)) to \(Figure.percent(now)), its own rate stayed: mix, not rate"
    case .explainsLess(let share, let cause):
      return "explains \(Figure.percent(share)) of the deviation against \(Figure.percent(cause))"
    case .moreWords(let share, let cause):
      return "explains \(Figure.percent(share)) against \(Figure.percent(cause)), with more words"
    }
  }

  /// Per dimension the value that is most over-represented among the affected events.
  func contrast(of cause: [String: String]) -> [ContrastRow] {
    let table = search.table
    guard table.total.events > 0 else { return [] }
    func rounded(_ share: Double) -> Double { (share * 1000).rounded() / 1000 }
    let rows = table.dimensions.indices.compactMap { dimension -> ContrastRow? in
      let name = table.dimensions[dimension]
      let candidates = search.values(of: dimension).map { slice in
        let value = table.name(slice.literals[0])
        return ContrastRow(
          dimension: name, value: value, affectedShare: rounded(slice.now.events / table.total.events),
          baselineShare: rounded(
            signal.hasExposures
              ? slice.before.exposures / max(table.totalBefore.exposures, 1)
              : slice.before.events / max(table.totalBefore.events, 1)),
          verdict: cause[name] == value ? .decisive : .none)
      }
      return candidates.first { $0.verdict == .decisive }
        ?? candidates.max { ($0.affectedShare - $0.baselineShare, $1.value) < ($1.affectedShare - $1.baselineShare, $0.value) }
    }
    return rows.map { row in
      guard row.verdict == .none, row.affectedShare - row.baselineShare >= 0.15 else { return row }
      return ContrastRow(
        dimension: row.dimension, value: row.value, affectedShare: row.affectedShare, baselineShare: row.baselineShare,
        verdict: .supporting)
    }.sorted {
      ($0.affectedShare - $0.baselineShare, $1.dimension) > ($1.affectedShare - $1.baselineShare, $0.dimension)
    }
  }

  private func signed(_ rate: Double) -> String { (rate < 0 ? "−" : "+") + signal.text(rate.magnitude) }
}

extension DevianceSearch {
  /// All values of one dimension, each as a slice.
  func values(of dimension: Int) -> [Slice] {
    var slices = (0..<table.codeCount(dimension)).map { Slice(literals: [Literal(dimension: dimension, code: Int32($0))]) }
    for leaf in 0..<table.count {
      slices[Int(table.rows[leaf * table.dimensions.count + dimension])].add(leaf, of: table, expected: expected[leaf])
    }
    return Array(slices.dropFirst())
  }
}
