// A query as a line over time, for charts: the same arithmetic as an evaluation, one value per step.

import LLMMetrics
import LLMTelemetry

extension MonitorQuery {
  /// This query with further tag values required in every term.
  package func narrowed(to filter: [String: String]) -> MonitorQuery {
    func narrow(_ term: Term) -> Term { Term(term.aggregator, term.metric, filter: term.filter.merging(filter) { $1 }) }
    return switch form {
    case .value(let term): MonitorQuery(.value(narrow(term)))
    case .perMinute(let term): MonitorQuery(.perMinute(narrow(term)))
    case .ratio(let numerator, let denominator): MonitorQuery(.ratio(narrow(numerator), narrow(denominator)))
    }
  }

  /// One value per step that had data, ordered by time; steps without data are absent.
  package func series(over range: Range<Timestamp>, step: Duration, read: SeriesReader) throws -> [(
    start: Timestamp, value: Double
  )] {
    func steps(_ term: Term) throws -> [Timestamp: Aggregate] {
      let groups = try read(SeriesQuery(metric: term.metric.name, filter: term.filter, range: range))
      return groups.flatMap(\.points).reduce(into: [:]) { result, point in
        let start = point.start.floored(to: step)
        if result[start] == nil { result[start] = point.aggregate } else { result[start]?.merge(point.aggregate) }
      }
    }
    let values: [Timestamp: Double]
    switch form {
    case .value(let term): values = try steps(term).compactMapValues { $0.value(term) }
    case .perMinute(let term): values = try steps(term).compactMapValues { $0.value(term) }.mapValues { $0 * 60 / step.inSeconds }
    case .ratio(let numerator, let denominator):
      let numerators = try steps(numerator)
      values = try steps(denominator).reduce(into: [:]) { result, point in
        guard let below = point.value.value(denominator), below > 0 else { return }
        result[point.key] = (numerators[point.key]?.value(numerator) ?? 0) / below
      }
    }
    return values.sorted { $0.key < $1.key }.map { (start: $0.key, value: $0.value) }
  }
}
