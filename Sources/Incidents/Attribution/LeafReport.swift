// What `commander explain --leaves` prints: the verdict on a file of leaf counts, in names and numbers that stay.

import Monitors

package struct LeafReport: Codable, Sendable {
  /// Numbers of one slice.
  package struct Entry: Codable, Sendable {
    /// Dimension to value.
    package let dimensions: [String: String]
    /// Share of the deviation that lies in it, 0 to 1.
    package let share: Double
    /// Times the expectation.
    package let lift: Double
    /// Share of the exposures, 0 to 1; of the events where there are no exposures.
    package let coverage: Double
    /// Nats of evidence that are left after paying for the number of slices looked at; 4.6 is about one chance in a hundred.
    package let support: Double
    package let observed: Double
    package let expected: Double
    /// Why it is not a cause; only under `rejected`.
    package let reason: String?
  }

  package struct Mix: Codable, Sendable {
    package let before: Double
    package let now: Double
    package let rate: Double
    package let mix: Double
  }

  package let causes: [Entry]
  /// Why there is no cause; absent when there is one.
  package let abstention: String?
  package let rejected: [Entry]
  /// The overall rate before and now, and how much of the change comes from rates within slices and from the mix.
  package let overall: Mix?

  package init(_ file: LeafFile, direction: DevianceDirection = .rise, settings: DevianceSettings = DevianceSettings()) {
    let search = DevianceSearch(file.table, expected: file.expected, direction: direction, settings: settings)
    self.init(search, search.verdict(hasExposures: file.hasExposures))
  }

  package init(_ search: DevianceSearch, _ verdict: SliceVerdict) {
    let table = search.table
    func rounded(_ value: Double) -> Double { (value * 10_000).rounded() / 10_000 }
    func entry(_ finding: SliceFinding, _ reason: String?) -> Entry {
      return Entry(
        dimensions: table.values(of: finding.slice.literals), share: rounded(finding.share), lift: rounded(finding.lift),
        coverage: rounded(finding.coverage), support: rounded(finding.support),
        observed: rounded(finding.slice.now.events), expected: rounded(finding.slice.expected), reason: reason)
    }
    causes = verdict.causes.map { entry($0, nil) }
    abstention = verdict.abstention.map { Self.sentence($0, table) }
    rejected = verdict.rejected.map { entry($0.finding, Self.sentence($0.reason)) }
    overall = verdict.mix.map {
      Mix(before: rounded($0.before), now: rounded($0.now), rate: rounded($0.rate), mix: rounded($0.mix))
    }
  }

  /// Rows for people, one a slice; the last column says why, or is empty for a cause.
  package var rows: [[String]] {
    let header = ["SLICE", "VERDICT", "SHARE", "LIFT", "COVERAGE", "SUPPORT", "OBSERVED", "EXPECTED"]
    func row(_ entry: Entry, _ verdict: String) -> [String] {
      [
        Self.name(entry.dimensions), verdict, Figure.percent(entry.share), "\(Figure.amount(entry.lift))×",
        Figure.percent(entry.coverage), Figure.amount(entry.support), Figure.amount(entry.observed),
        Figure.amount(entry.expected),
      ]
    }
    return [header] + causes.map { row($0, "cause") } + rejected.map { row($0, $0.reason ?? "rejected") }
  }

  static func name(_ dimensions: [String: String]) -> String {
    dimensions.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
  }

  private enum CodingKeys: String, CodingKey {
    case causes, abstention, rejected, overall
  }

  /// `abstention` is always there, `null` beside causes: a reader need not ask whether it is.
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(causes, forKey: .causes)
    try container.encode(abstention, forKey: .abstention)
    try container.encode(rejected, forKey: .rejected)
    try container.encodeIfPresent(overall, forKey: .overall)
  }

  private static func sentence(_ abstention: SliceAbstention, _ table: LeafTable) -> String {
    switch abstention {
    case .noBaseline: return "there is nothing before the failure to compare with"
    case .tooFewEvents: return "too few events beyond the baseline to tell slices apart"
    case .nothingExplains(let share): return "no slice explains more than \(Figure.percent(share)) of the deviation"
    case .everythingAlike: return "everything is affected alike: global or upstream, not one slice"
    case .othersAlike(let others, let best):
      return "other slices changed alike (\(Figure.amount(others))× against \(Figure.amount(best))×): global or upstream"
    case .mix(let mix, let shift):
      var text =
        "the mix explains \(Figure.percent(min(1, mix.mix / mix.change))) of the change from \(Figure.amount(mix.before)) to \(Figure.amount(mix.now)): slices kept their own rates"
      if let shift {
        text +=
          "; \(name(table.values(of: [shift.literal]))) went from \(Figure.percent(shift.before)) to \(Figure.percent(shift.now)) of the exposures"
      }
      return text
    }
  }

  private static func sentence(_ rejection: SliceRejection) -> String {
    switch rejection {
    case .healthyOutside(let now, let expected):
      return "outside the cause it is healthy: \(Figure.amount(now.events)) observed, \(Figure.amount(expected)) expected"
    case .sameEvents(let before, let cause):
      return "covers the same events, and \(Figure.percent(before)) of the baseline against \(Figure.percent(cause))"
    case .mixOnly(let before, let now):
      return "mix, not rate: went from \(Figure.percent(before)) to \(Figure.percent(now)) of the exposures at its own rate"
    case .explainsLess(let share, let cause):
      return "explains \(Figure.percent(share)) against \(Figure.percent(cause))"
    case .moreWords(let share, let cause):
      return "explains \(Figure.percent(share)) against \(Figure.percent(cause)), with more words"
    }
  }
}
