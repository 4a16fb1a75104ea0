// The query's value against what it was earlier.

import LLMMetrics
import LLMTelemetry

extension EvaluationRun {
  /// No earlier data is no data, and so is a percentage of zero.
  func change(_ comparison: ChangeComparison) throws -> [Evaluation] {
    let earlier = GroupTable(try readings(in: window.lowerBound - comparison.shift..<window.upperBound - comparison.shift)) {
      $0.tags
    }
    var present = try readings(in: window)
    let groups = GroupTable(present) { $0.tags }
    for group in earlier.values where groups[group.tags] == nil { present.append(GroupReading(tags: group.tags)) }
    return try all(present).map { now in
      let then = earlier[now.tags]
      var value: Double?
      if let new = now.value, let old = then?.value {
        switch comparison.measure {
        case .difference: value = new - old
        case .percent: value = old == 0 ? nil : (new - old) / old.magnitude * 100
        }
      }
      return judge(
        now, value: value, finding: .change(now: now.value, then: then?.value), gate: gate(now.requests, then?.requests ?? 0))
    }
  }

  /// A share or a quantile of few requests means little on either side; a sum may grow out of nothing, or vanish.
  private func gate(_ now: Int64, _ then: Int64) -> Int64 {
    switch definition.query.form {
    case .value(let term) where term.aggregator == .sum: max(now, then)
    case .perMinute: max(now, then)
    case .value, .ratio: min(now, then)
    }
  }
}
