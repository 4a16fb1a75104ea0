// A monitor as a line over time, for charts: what is compared with its threshold, and the threshold only beside that.

import LLMMetrics
import LLMTelemetry

package struct MonitorLine {
  /// What the values are: the query's canonical text, or words where a kind makes something else of it.
  package let query: String
  /// `ratio`, the metric's unit, or the kind's own: `minutes`, `times as fast`, `%`.
  package let unit: String
  /// `nil` where the threshold is no value of this line, such as an anomaly's number of band widths.
  package let threshold: Double?
  /// One value per step that has one, ordered by time.
  package let points: [(start: Timestamp, value: Double)]
}

extension MonitorDefinition {
  /// - Parameters:
  ///   - group: of the alert.
  ///   - scope: tag values that narrow the query further, where it is the query that is drawn.
  ///   - objectives: by name, for burn rates.
  package func line(
    over range: Range<Timestamp>, step: Duration, group: TagSet, scope: [String: String],
    objectives: [String: SLODefinition] = [:], read: @escaping SeriesReader
  ) throws -> MonitorLine {
    switch kind {
    case .threshold, .anomaly, .outlier, .composite, .events, .detection:
      let query = query.narrowed(to: scope)
      return MonitorLine(
        query: query.description, unit: query.unit.symbol, threshold: kind == .threshold ? threshold.critical : nil,
        points: try query.series(over: range, step: step, read: read))
    case .absence:
      return try evaluated("minutes without \(query)", "minutes", over: range, step, group, objectives, read)
    case .burnRate(let settings):
      return try evaluated("burn rate of \(settings.objective)", "times as fast", over: range, step, group, objectives, read)
    case .change(let comparison):
      let unit = comparison.measure == .percent ? "%" : query.unit.symbol
      return try evaluated("change of \(query)", unit, over: range, step, group, objectives, read)
    case .forecast(let settings):
      let words = "\(query) in \(Figure.duration(settings.horizon))"
      return try evaluated(words, query.unit.symbol, over: range, step, group, objectives, read)
    }
  }

  /// The values of evaluations at the ends of the steps: one function for alert and chart.
  private func evaluated(
    _ words: String, _ unit: String, over range: Range<Timestamp>, _ step: Duration, _ group: TagSet,
    _ objectives: [String: SLODefinition], _ read: @escaping SeriesReader
  ) throws -> MonitorLine {
    // Each evaluation reads a window of its own out of one reading of them all.
    let whole = SeriesExcerpts(read, whole: range.lowerBound - longestLookBack..<range.upperBound + step)
    let context = EvaluationContext(objectives: objectives, read: whole.read)
    var points: [(start: Timestamp, value: Double)] = []
    var start = range.lowerBound
    while start < range.upperBound {
      let found = try evaluate(at: start + step, context: context).first { $0.key.group == group }
      if let value = found?.value { points.append((start, value)) }
      start = start + step
    }
    return MonitorLine(query: words, unit: unit, threshold: threshold.critical, points: points)
  }

  /// How much of the past an evaluation of these kinds may read.
  private var longestLookBack: Duration {
    let earlier: Duration = if case .change(let comparison) = kind { comparison.shift } else { .zero }
    let groups: Duration = groupBy.isEmpty || kind != .absence ? .zero : Self.groupRetention
    return max(window + earlier, groups) + evaluationDelay + Rollup.width
  }
}

/// Reads a series once over a whole range, and answers for parts of it.
private final class SeriesExcerpts {
  private let source: SeriesReader
  private let whole: Range<Timestamp>
  private var known: [SeriesQuery: [SeriesGroup]] = [:]

  init(_ source: @escaping SeriesReader, whole: Range<Timestamp>) {
    self.source = source
    self.whole = whole
  }

  func read(_ query: SeriesQuery) throws -> [SeriesGroup] {
    guard query.range.lowerBound >= whole.lowerBound, query.range.upperBound <= whole.upperBound else { return try source(query) }
    var all = query
    all.range = whole
    let groups = try known[all] ?? source(all)
    known[all] = groups
    return groups.compactMap { group in
      let first = group.points.partition { $0.start >= query.range.lowerBound }
      let end = group.points.partition { $0.start >= query.range.upperBound }
      return first < end ? SeriesGroup(tags: group.tags, points: Array(group.points[first..<end])) : nil
    }
  }
}

extension Array {
  /// The first index from which on all elements are `isLater`; they are ordered so.
  fileprivate func partition(_ isLater: (Element) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if isLater(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
