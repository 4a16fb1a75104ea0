// Names the likely cause of an alert from rollups alone: contrast, evidence, counter-evidence, or an abstention with its reason.

import LLMMetrics
import LLMTelemetry
import Monitors

package struct CauseAttribution {
  /// How much of the past before the failure is the baseline.
  package static let baselineLength: Duration = .seconds(3_600)
  /// How long before the failure a change is still a suspect.
  package static let suspectAge: Duration = .seconds(1_800)
  /// Where an hour holds less than `leastBaseline` exposures, the baseline reaches back further.
  static let longBaselines: [Duration] = [.seconds(6 * 3_600), .seconds(24 * 3_600)]
  static let leastBaseline = 500.0
  /// The dimensions a cause may be made of. Those that only describe the symptom (error class, finish reason, cache) are not.
  static let dimensions: [Dimension] = [.promptVersion, .prompt, .version, .model, .provider, .region, .route, .feature, .tenant]
  /// The value into which the cardinality governor folds the small ones: nothing can be blamed on it.
  private static let folded = "other"

  let definition: MonitorDefinition
  let signal: SliceSignal
  let search: DevianceSearch
  let suspects: [ChangeEvent]
  /// When the failure began, estimated from the series: the alert's window reaches back into healthy time.
  package let start: Timestamp
  let errorClasses: [(name: String, share: Double)]

  /// Looks at the time from the failure's start to `at`, against the hour before.
  package static func attribute(
    _ definition: MonitorDefinition, group: TagSet, onset: Timestamp, at: Timestamp, changes: [ChangeEvent], read: SeriesReader
  ) throws -> Attribution {
    try look(definition, group: group, onset: onset, at: at, changes: changes, read: read).attribution
  }

  /// The same, and what `old`, the dimensions of a cause that was named earlier, explains of all that is known by now: its share of
  /// the deviation, 0 to 1.
  package static func attribute(
    _ definition: MonitorDefinition, group: TagSet, onset: Timestamp, at: Timestamp, changes: [ChangeEvent],
    besides old: [String: String], read: SeriesReader
  ) throws -> (attribution: Attribution, explainedByOld: Double) {
    let look = try look(definition, group: group, onset: onset, at: at, changes: changes, read: read)
    guard let cause = look.attribution.cause, cause.dimensions != old else { return (look.attribution, 1) }
    return (look.attribution, look.by?.search.share(of: old) ?? 0)
  }

  private static func look(
    _ definition: MonitorDefinition, group: TagSet, onset: Timestamp, at: Timestamp, changes: [ChangeEvent], read: SeriesReader
  ) throws -> (attribution: Attribution, by: CauseAttribution?) {
    guard let signal = SliceSignal(definition) else {
      let reason = "\(definition.query) cannot be contrasted per request"
      return (Attribution(cause: nil, abstention: reason, contrast: [], rejected: []), nil)
    }
    func look(at signal: SliceSignal) throws -> CauseAttribution {
      try CauseAttribution(definition, signal, group: group, onset: onset, at: at, changes: changes, read: read)
    }
    let own = try look(at: signal)
    guard let reason = own.moreRequests else { return (own.attribution(), own) }
    // Nothing became dearer: then the question is who sends more.
    if let requests = signal.requests {
      let senders = try look(at: requests)
      var attribution = senders.attribution()
      attribution.cause?.evidence.append(reason.uppercasedFirst)
      if attribution.cause != nil { return (attribution, senders) }
    }
    return (own.abstention(reason, own.search.verdict(hasExposures: signal.hasExposures)), own)
  }

  private init(
    _ definition: MonitorDefinition, _ signal: SliceSignal, group: TagSet, onset: Timestamp, at: Timestamp,
    changes: [ChangeEvent], read: SeriesReader
  ) throws {
    let earliest = onset - definition.window
    let history = try signal.steps(earliest - Self.baselineLength..<at, read: read)
    let signal = signal.scaled(by: history.filter { $0.start < earliest }.map(\.exposure))
    let start = FailureStart.between(
      earliest, onset, end: at, steps: history, eventSize: signal.eventSize, hasExposures: signal.hasExposures,
      direction: signal.direction)
    let length = try Self.baselineLength(before: start, signal, read: read)
    let names = Self.dimensions.map(\.rawValue)
    var table = LeafTable(dimensions: names)
    func add(_ range: Range<Timestamp>, isNow: Bool) throws {
      for (tags, exposure) in try signal.read(range, groupBy: names, read: read) {
        let isInGroup = group.tags.allSatisfy { tag in !names.contains(tag.name) || tags[tag.name] == tag.value }
        table.add(
          names.map { name in tags[name].flatMap { $0 == Self.folded ? nil : $0 } }, now: isNow ? exposure : Exposure(),
          before: isNow ? Exposure() : exposure, isInGroup: isInGroup)
      }
    }
    try add(start..<at, isNow: true)
    try add(start - length..<start, isNow: false)
    // A version that nobody has seen yet inherits what its prompt on its model was like, or else its prompt on its route.
    func keep(_ kept: [Dimension]) -> [Int] { Self.dimensions.indices.filter { kept.contains(Self.dimensions[$0]) } }
    let parents = [keep(Self.dimensions.filter { ![.promptVersion, .version].contains($0) }), keep([.route, .prompt])]
    let expected =
      signal.hasExposures
      ? LeafBaseline(parents: parents).expected(table)
      : LeafBaseline.expectedVolume(
        table, durationRatio: Double((at - start).wholeNanoseconds) / Double(max(1, length.wholeNanoseconds)))
    let suspects = changes.filter { $0.at <= at && $0.at >= start - Self.suspectAge }.sorted { $0.at > $1.at }
    var beliefs = DevianceSearch.Beliefs()
    // Where the data cannot tell dimensions apart, failures and delays are laid at the provider's door, quality at the prompt's.
    let order: [Dimension] =
      signal.isErrors || signal.isLatency
      ? [.model, .provider, .region, .route, .version, .feature, .prompt, .promptVersion, .tenant]
      : [.promptVersion, .prompt, .version, .model, .route, .feature, .tenant, .provider, .region]
    beliefs.order = order.map(\.rawValue)
    beliefs.isNamedByChange = { [table] literals in
      let dimensions = table.values(of: literals)
      return suspects.contains { $0.names(dimensions) }
    }
    self.definition = definition
    self.signal = signal
    self.start = start
    self.suspects = suspects
    errorClasses = try signal.isErrors ? Self.errorClasses(signal, start..<at, read: read) : []
    search = DevianceSearch(table, expected: expected, direction: signal.direction, beliefs: beliefs)
  }

  private static func baselineLength(before start: Timestamp, _ signal: SliceSignal, read: SeriesReader) throws -> Duration {
    var length = baselineLength
    for longer in longBaselines {
      let seen = try signal.steps(start - length..<start, read: read).reduce(0) { sum, step in
        sum + (signal.hasExposures ? step.exposure.exposures : step.exposure.events)
      }
      if seen >= leastBaseline { break }
      // A volume is compared with the same length of time: what was before the first request is not a quiet hour.
      if !signal.hasExposures { break }
      length = longer
    }
    return length
  }

  private static func errorClasses(
    _ signal: SliceSignal, _ range: Range<Timestamp>, read: SeriesReader
  ) throws -> [(name: String, share: Double)] {
    let byClass = try read(
      SeriesQuery(
        metric: signal.numerator.metric.name, filter: signal.numerator.filter, groupBy: [Dimension.errorClass.rawValue],
        range: range))
    let counts = byClass.compactMap { group in
      group.tags[.errorClass].map { (name: $0, count: Double(group.total?.countValue ?? 0)) }
    }
    let all = counts.reduce(0) { $0 + $1.count }
    guard all > 0 else { return [] }
    return counts.map { (name: $0.name, share: $0.count / all) }.sorted { ($0.share, $1.name) > ($1.share, $0.name) }
  }

  /// Why money is no matter of rates, when it is not.
  private var moreRequests: String? {
    guard signal.isMoney, table.totalBefore.exposures > 0, let rate = table.total.rate else { return nil }
    guard table.total.events < 1.2 * search.expected.reduce(0, +) else { return nil }
    return "cost per request stayed at \(signal.text(rate)): there are more requests, not dearer ones"
  }

  private func abstention(_ reason: String, _ verdict: SliceVerdict) -> Attribution {
    Attribution(
      cause: nil, abstention: reason, contrast: contrast(of: [:]), rejected: rejected(verdict, dimensions: [:], change: nil),
      startedAt: start)
  }

  private func attribution() -> Attribution {
    let verdict = search.verdict(hasExposures: signal.hasExposures)
    func abstain(_ reason: String) -> Attribution { abstention(reason, verdict) }
    if let abstention = verdict.abstention { return abstain(sentence(abstention)) }
    let causes = verdict.causes.map { cause($0, verdict) }
    guard let first = causes.first else { return abstain(sentence(.tooFewEvents)) }
    return Attribution(
      cause: first, abstention: nil, contrast: contrast(of: first.dimensions),
      rejected: rejected(verdict, dimensions: first.dimensions, change: first.change), startedAt: start,
      further: causes.count > 1 ? Array(causes.dropFirst()) : nil)
  }

  private func cause(_ finding: SliceFinding, _ verdict: SliceVerdict) -> Cause {
    let dimensions = named(finding.slice)
    let change = suspects.first { $0.names(dimensions) }
    let isDoubtful = verdict.singles.contains { single in
      !single.slice.literals.allSatisfy(finding.slice.literals.contains)
        && dimensions[table.dimensions[single.slice.literals[0].dimension]] == nil && search.isTwin(single, of: finding)
    }
    var confidence = finding.share * finding.certainty
    // Values that went wrong together share one explanation, and its confidence.
    if verdict.together > 1, verdict.causes.prefix(verdict.together).contains(finding) {
      confidence = verdict.causes.prefix(verdict.together).reduce(0) { $0 + $1.share } * finding.certainty
    }
    if change != nil { confidence = 1 - (1 - confidence) / 2 } else if isDoubtful { confidence *= 0.8 }
    return Cause(
      dimensions: dimensions, title: SliceNaming.title(dimensions), confidence: (min(0.97, confidence) * 100).rounded() / 100,
      explained: (finding.share * 1000).rounded() / 1000, evidence: evidence(finding, dimensions, verdict, change: change),
      change: change)
  }

  private var table: LeafTable { search.table }

  /// A version without its prompt is no name.
  private func named(_ slice: Slice) -> [String: String] {
    var dimensions = table.values(of: slice.literals)
    if dimensions[Dimension.promptVersion.rawValue] != nil, dimensions[Dimension.prompt.rawValue] == nil,
      let prompt = table.onlyValue(of: Dimension.prompt.rawValue, in: slice.literals)
    {
      dimensions[Dimension.prompt.rawValue] = prompt
    }
    return dimensions
  }
}
