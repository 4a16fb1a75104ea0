// Names the likely cause of an alert from rollups alone: contrast, evidence, counter-evidence, or an abstention with its reason.

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif
import LLMMetrics
import LLMTelemetry
import Monitors

package struct CauseAttribution {
  /// How much of the past before the failure is the baseline.
  package static let baselineLength: Duration = .seconds(3_600)
  /// How long before the failure a change is still a suspect.
  package static let suspectAge: Duration = .seconds(1_800)

  private let definition: MonitorDefinition
  private let group: TagSet
  private let signal: SliceSignal
  private let search: SliceSearch
  private let suspects: [ChangeEvent]
  /// When the failure began, estimated from the series: the alert's window reaches back into healthy time.
  package let start: Timestamp
  private let errorClasses: [(name: String, share: Double)]

  /// Looks at the time from the failure's start to `at`, against the hour before.
  package static func attribute(
    _ definition: MonitorDefinition, group: TagSet, onset: Timestamp, at: Timestamp, changes: [ChangeEvent], read: SeriesReader
  ) throws -> Attribution {
    guard let signal = SliceSignal(definition) else {
      return Attribution(
        cause: nil, abstention: "\(definition.query) cannot be contrasted per request", contrast: [], rejected: [])
    }
    return try CauseAttribution(definition, signal, group: group, onset: onset, at: at, changes: changes, read: read).attribution()
  }

  private init(
    _ definition: MonitorDefinition, _ signal: SliceSignal, group: TagSet, onset: Timestamp, at: Timestamp, changes: [ChangeEvent],
    read: SeriesReader
  ) throws {
    let earliest = onset - definition.window
    let healthy = try signal.steps(earliest - Self.baselineLength..<earliest, read: read)
    let signal = signal.scaled(by: healthy.map(\.exposure))
    let start = Self.start(
      of: try signal.steps(earliest - Self.baselineLength..<at, read: read), between: earliest, and: onset)
    let names = SliceTable.dimensions.map(\.rawValue)
    let table = SliceTable(
      now: try signal.read(start..<at, groupBy: names, read: read),
      before: try signal.read(start - Self.baselineLength..<start, groupBy: names, read: read))
    let suspects = changes.filter { $0.at <= at && $0.at >= start - Self.suspectAge }.sorted { $0.at > $1.at }
    // Where the data cannot tell dimensions apart, failures and delays are laid at the provider's door, quality at the prompt's.
    let order: [Dimension] =
      signal.isErrors || signal.isLatency
      ? [.model, .provider, .region, .route, .version, .feature, .prompt, .promptVersion, .tenant]
      : [.promptVersion, .prompt, .version, .model, .route, .feature, .tenant, .provider, .region]
    var errorClasses: [(name: String, share: Double)] = []
    if signal.isErrors {
      let byClass = try read(
        SeriesQuery(
          metric: signal.numerator.metric.name, filter: signal.numerator.filter, groupBy: [Dimension.errorClass.rawValue],
          range: start..<at))
      let counts = byClass.compactMap { group in
        group.tags[.errorClass].map { (name: $0, count: Double(group.total?.countValue ?? 0)) }
      }
      let all = counts.reduce(0) { $0 + $1.count }
      if all > 0 { errorClasses = counts.map { (name: $0.name, share: $0.count / all) }.sorted { ($0.share, $1.name) > ($1.share, $0.name) } }
    }
    self.definition = definition
    self.group = group
    self.signal = signal
    self.start = start
    self.suspects = suspects
    self.errorClasses = errorClasses
    search = SliceSearch(table: table, group: group.byName, order: order) { slice in
      suspects.contains { $0.names(slice.dimensions) }
    }
  }

  /// The step in the window after which the rate differs most from before: the most likely beginning of the failure.
  private static func start(
    of steps: [(start: Timestamp, exposure: Exposure)], between earliest: Timestamp, and onset: Timestamp
  ) -> Timestamp {
    var best = (start: earliest, deviance: -1.0)
    var candidate = earliest
    while candidate < onset {
      let before = steps.filter { $0.start < candidate }.reduce(into: Exposure()) { $0 += $1.exposure }
      let after = steps.filter { $0.start >= candidate }.reduce(into: Exposure()) { $0 += $1.exposure }
      if before.exposures > 0 {
        let rate = (before.events + 0.5) / (before.exposures + 1)
        let deviance = SliceTable.deviance(after.events, rate * after.exposures)
        if deviance > best.deviance { best = (candidate, deviance) }
      }
      candidate = candidate + Rollup.width
    }
    return best.start
  }

  private func attribution() -> Attribution {
    let table = search.table
    func abstain(_ reason: String) -> Attribution {
      Attribution(cause: nil, abstention: reason, contrast: contrast(of: [:]), rejected: [], startedAt: start)
    }
    guard table.totalBefore.exposures > 0 else { return abstain("there is no traffic before the failure to compare with") }
    let expected = table.leaves.reduce(0) { $0 + $1.expected }
    if signal.isMoney, let rate = table.total.rate, table.total.events < 1.2 * expected {
      return abstain("cost per request stayed at \(signal.text(rate)): there are more requests, not dearer ones")
    }
    guard search.totalDeviance >= 4, let best = search.best() else {
      return abstain("too few \(signal.events) beyond the baseline to tell slices apart")
    }
    let share = search.share(best)
    guard share >= SliceSearch.leastShare else {
      return abstain("no slice explains more than \(Figure.percent(share)) of the deviation")
    }
    var dimensions = best.dimensions
    if dimensions[Dimension.promptVersion.rawValue] != nil, dimensions[Dimension.prompt.rawValue] == nil,
      let prompt = onlyValue(of: .prompt, in: best)
    {
      dimensions[Dimension.prompt.rawValue] = prompt
    }
    let change = suspects.first { $0.names(dimensions) }
    let coverage = search.coverage(best)
    let whole = Slice(literals: [], now: table.total, before: table.totalBefore, expected: expected)
    let others = search.rest(of: whole, without: best)
    if change == nil {
      if coverage.now >= 0.95, coverage.before >= 0.95 {
        return abstain("all traffic is affected alike: upstream or global, not one slice")
      }
      if !others.isHealthy, others.lift - 1 >= 0.5 * (best.lift - 1) {
        return abstain(
          "other slices rose alike (\(Figure.amount(others.lift))× against \(Figure.amount(best.lift))×): upstream or global")
      }
    }
    let twins = search.singles.filter { single in
      !single.literals.allSatisfy(best.literals.contains) && dimensions[single.literals[0].name.rawValue] == nil
        && isTwin(single, of: best)
    }
    var confidence = share * (1 - exp(-best.deviance / 8))
    if change != nil { confidence = 1 - (1 - confidence) / 2 } else if !twins.isEmpty { confidence *= 0.8 }
    let cause = Cause(
      dimensions: dimensions, title: SliceNaming.title(dimensions), confidence: (min(0.97, confidence) * 100).rounded() / 100,
      explained: (share * 1000).rounded() / 1000, evidence: evidence(best, dimensions, others: others, change: change), change: change)
    return Attribution(
      cause: cause, abstention: nil, contrast: contrast(of: dimensions), rejected: rejected(best, dimensions, twins: twins, isNamed: change != nil),
      startedAt: start)
  }

  /// Covers the same requests, so that counting cannot prefer one of the two.
  private func isTwin(_ other: Slice, of slice: Slice) -> Bool {
    other.now.events >= 0.95 * slice.now.events && other.now.exposures <= 1.05 * slice.now.exposures
  }

  private func onlyValue(of dimension: Dimension, in slice: Slice) -> String? {
    guard let index = SliceTable.dimensions.firstIndex(of: dimension) else { return nil }
    let values = Set(
      search.table.leaves.filter { leaf in
        leaf.now.exposures + leaf.now.events > 0 && slice.literals.allSatisfy { leaf.values[$0.dimension] == $0.value }
      }.map { $0.values[index] })
    return values.count == 1 ? values.first ?? nil : nil
  }

  private func evidence(_ slice: Slice, _ dimensions: [String: String], others: Slice, change: ChangeEvent?) -> [String] {
    var sentences = [
      "\(Figure.percent(search.share(slice))) of the deviation lies in \(SliceNaming.title(dimensions).lowercasedFirst)"
    ]
    if let rate = slice.now.rate, slice.now.exposures > 0 {
      let isNew = slice.before.exposures < 1
      sentences.append(
        "There \(signal.events) \(signal.isMoney ? "was" : "were") \(signal.text(rate)) against \(signal.text(slice.expected / slice.now.exposures)) expected"
          + (isNew ? " (it is new: its parent's baseline)" : ""))
    }
    if let rate = others.now.rate, others.now.exposures >= 5 {
      let expected = signal.text(others.expected / others.now.exposures)
      sentences.append("Everything else was at \(signal.text(rate)), \(expected) expected")
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

  private func rejected(
    _ slice: Slice, _ dimensions: [String: String], twins: [Slice], isNamed: Bool
  ) -> [RejectedAlternative] {
    var result: [RejectedAlternative] = []
    var seen = Set(dimensions.keys)
    for single in search.singles where result.count < 3 && single.deviance > 0 {
      let literal = single.literals[0]
      guard seen.insert(literal.name.rawValue).inserted else { continue }
      let rest = Slice.remainder(of: single, in: search.table, without: slice)
      let title = SliceNaming.title([literal.name.rawValue: literal.value])
      let reason: String
      if let rate = rest.now.rate, rest.now.exposures >= 5, rest.isHealthy {
        reason =
          "outside the cause its requests stayed healthy: \(signal.text(rate)), \(signal.text(rest.expected / rest.now.exposures)) expected"
      } else if twins.contains(where: { $0.literals == single.literals }) {
        let (theirs, ours) = (search.coverage(single).before, search.coverage(slice).before)
        reason =
          theirs > ours + 0.05
          ? "it covers the same requests, but \(Figure.percent(theirs)) of the healthy baseline too"
          : "it covers the same requests: counting cannot tell them apart, \(isNamed ? "the change does" : "experience prefers the named one")"
      } else {
        reason = "explains \(Figure.percent(search.share(single))) of the deviation against \(Figure.percent(search.share(slice)))"
      }
      result.append(RejectedAlternative(title: title, reason: reason))
    }
    return result
  }

  /// Per dimension the value that is most over-represented among the affected events.
  private func contrast(of cause: [String: String]) -> [ContrastRow] {
    let table = search.table
    guard table.total.events > 0 else { return [] }
    var rows = SliceTable.dimensions.compactMap { dimension -> ContrastRow? in
      let candidates = search.slices.values.filter { $0.literals.count == 1 && $0.literals[0].name == dimension }.map { single in
        ContrastRow(
          dimension: dimension.rawValue, value: single.literals[0].value,
          affectedShare: ((single.now.events / table.total.events) * 1000).rounded() / 1000,
          baselineShare: (search.coverage(single).before * 1000).rounded() / 1000,
          verdict: cause[dimension.rawValue] == single.literals[0].value ? .decisive : .none)
      }
      return candidates.first { $0.verdict == .decisive }
        ?? candidates.max { ($0.affectedShare - $0.baselineShare, $1.value) < ($1.affectedShare - $1.baselineShare, $0.value) }
    }
    rows = rows.map { row in
      guard row.verdict == .none, row.affectedShare - row.baselineShare >= 0.15 else { return row }
      return ContrastRow(
        dimension: row.dimension, value: row.value, affectedShare: row.affectedShare, baselineShare: row.baselineShare,
        verdict: .supporting)
    }
    return rows.sorted {
      ($0.affectedShare - $0.baselineShare, $1.dimension) > ($1.affectedShare - $1.baselineShare, $0.dimension)
    }
  }
}

extension Slice {
  /// What `single` covers that `slice` does not.
  static func remainder(of single: Slice, in table: SliceTable, without slice: Slice) -> Slice {
    var rest = Slice(literals: single.literals)
    for leaf in table.leaves
    where single.literals.allSatisfy({ leaf.values[$0.dimension] == $0.value })
      && !slice.literals.allSatisfy({ leaf.values[$0.dimension] == $0.value })
    {
      rest.add(leaf)
    }
    return rest
  }
}
