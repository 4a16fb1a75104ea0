// One monitor asked at one time: the same pure function live, in tests and in a replay.

import LLMMetrics
import LLMTelemetry

package struct Evaluation: Hashable, Sendable {
  package enum Verdict: String, Hashable, Sendable, Codable {
    case breached, recovered
    /// Between recovery and critical: neither news.
    case between
    /// Fewer requests than the traffic gate.
    case quiet
    case noData = "no_data"
  }

  package let key: AlertKey
  package let at: Timestamp
  /// Absent when there was no data.
  package let value: Double?
  /// What the traffic gate compared: requests, or the denominator of a ratio.
  package let requests: Int64
  package let verdict: Verdict
  /// One sentence with the numbers, without a final full stop.
  package let reason: String
}

extension MonitorDefinition {
  /// One evaluation per group with data in the window that ends at `at`, and per group in `known`; sorted by group.
  package func evaluate(at: Timestamp, known: Set<TagSet> = [], context: EvaluationContext) throws -> [Evaluation] {
    if case .detection(let filter) = kind {
      return evaluateDetection(filter, at: at, known: known, findings: context.findings)
    }
    return try evaluate(at: at, known: known, read: context.read)
  }

  package func evaluate(at: Timestamp, known: Set<TagSet> = [], read: SeriesReader) throws -> [Evaluation] {
    let range = at - window..<at
    func totals(_ term: MonitorQuery.Term) throws -> [TagSet: Aggregate] {
      let query = SeriesQuery(metric: term.metric.name, filter: term.filter, groupBy: groupBy, range: range)
      return try read(query).reduce(into: [:]) { $0[$1.tags] = $1.total }
    }
    let traffic = try totals(trafficTerm)
    let values: [TagSet: Double]
    switch query.form {
    case .value(let term):
      values = try totals(term).compactMapValues { $0.value(term) }
    case .perMinute(let term):
      values = try totals(term).compactMapValues { $0.value(term) }.mapValues { $0 * 60 / window.inSeconds }
    case .ratio(let numerator, let denominator):
      // A group with requests and no errors has an error rate of zero; one without requests has none.
      let numerators = try totals(numerator)
      values = try totals(denominator).reduce(into: [:]) { result, group in
        guard let below = group.value.value(denominator), below > 0 else { return }
        result[group.key] = (numerators[group.key]?.value(numerator) ?? 0) / below
      }
    }
    var groups = Set(values.keys).union(traffic.keys).union(known)
    if groups.isEmpty, groupBy.isEmpty { groups = [TagSet([TagSet.Tag]())] }
    return groups.map { evaluation(group: $0, at: at, value: values[$0], requests: traffic[$0]?.countValue ?? 0) }
      .sorted { $0.key.description < $1.key.description }
  }

  /// What the traffic gate counts: the denominator where it is a count, else requests under the same filter.
  private var trafficTerm: MonitorQuery.Term {
    if case .ratio(_, let denominator) = query.form, denominator.metric.type == .count { return denominator }
    let ownTags = Set(query.subject.metric.extraTags)
    return .init(.sum, MetricCatalogue.requests, filter: query.subject.filter.filter { !ownTags.contains($0.key) })
  }

  private func evaluation(group: TagSet, at: Timestamp, value: Double?, requests: Int64) -> Evaluation {
    let verdict: Evaluation.Verdict
    let reason: String
    let unit = query.unit
    if let value {
      let present = "\(query.words) was \(unit.text(value)) over \(Figure.duration(window))"
      if requests < trafficGate {
        verdict = .quiet
        reason = "only \(requests) of at least \(trafficGate) requests in \(Figure.duration(window))"
      } else if threshold.isBreached(by: value) {
        verdict = .breached
        reason = "\(present), \(threshold.comparison.rawValue) \(unit.text(threshold.critical))"
      } else if threshold.isRecovered(by: value) {
        verdict = .recovered
        reason = "\(present), back past \(unit.text(threshold.recovery))"
      } else {
        verdict = .between
        reason = "\(present), between recovery \(unit.text(threshold.recovery)) and critical \(unit.text(threshold.critical))"
      }
    } else {
      verdict = .noData
      reason = "no data for \(query.words) over \(Figure.duration(window))"
    }
    return Evaluation(
      key: AlertKey(monitor: name, group: group), at: at, value: value, requests: requests, verdict: verdict, reason: reason)
  }
}

extension Aggregate {
  package var countValue: Int64 {
    switch self {
    case .count(let count): count
    case .sketch(let sketch): sketch.count
    }
  }

  /// In the metric's unit (dollars, seconds, things); `nil` for an empty sketch or an aggregator that does not fit.
  package func value(_ term: MonitorQuery.Term) -> Double? {
    switch self {
    case .count(let count):
      guard term.aggregator == .sum else { return nil }
      return term.metric.unit == .dollar ? Nanodollars(count).dollars : Double(count)
    case .sketch(let sketch):
      guard sketch.count > 0 else { return nil }
      switch term.aggregator {
      case .avg: return sketch.sum / Double(sketch.count)
      case .max: return sketch.maximum
      case .sum: return nil
      case .p50, .p90, .p95, .p99: return term.aggregator.quantile.flatMap(sketch.quantile)
      }
    }
  }
}
