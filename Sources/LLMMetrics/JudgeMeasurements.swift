// What the judge says of answers, and what its own calls cost: metrics of their own, apart from those of the traffic.

import LLMTelemetry

extension MetricMeasurement {
  /// - Parameters:
  ///   - verdict: which of the two found the answer risky, in the catalogue's word.
  ///   - count: since the last time it was asked.
  package static func judgeVerdicts(_ scorer: RiskScorer, verdict: String, count: Int) -> MetricMeasurement {
    MetricMeasurement(
      MetricCatalogue.judgeVerdicts, tags: TagSet(["scorer": scorer.rawValue, "verdict": verdict]),
      value: .count(Int64(count)))
  }

  /// - Parameter count: since the last time it was asked.
  package static func judgeUnanswered(reason: String, count: Int) -> MetricMeasurement {
    MetricMeasurement(MetricCatalogue.judgeUnanswered, tags: TagSet(["reason": reason]), value: .count(Int64(count)))
  }

  package static func judgeAgreement(_ scorer: RiskScorer, share: Double) -> MetricMeasurement {
    MetricMeasurement(MetricCatalogue.judgeAgreement, tags: TagSet(["scorer": scorer.rawValue]), value: .gauge(share))
  }

  package static func judgeRanking(_ scorer: RiskScorer, areaUnderCurve: Double) -> MetricMeasurement {
    MetricMeasurement(MetricCatalogue.judgeRanking, tags: TagSet(["scorer": scorer.rawValue]), value: .gauge(areaUnderCurve))
  }

  /// What a call of the judge cost; `nil` for one that failed without a price, which says nothing about the price book.
  package static func judgeCost(of span: borrowing LLMSpan) -> MetricMeasurement? {
    guard let amount = span.cost.amount else {
      return span.outcome == .ok
        ? MetricMeasurement(MetricCatalogue.judgeCostUnknown, tags: TagSet([]), value: .count(1)) : nil
    }
    return MetricMeasurement(
      MetricCatalogue.judgeCost, tags: TagSet(["cost_exactness": span.cost.exactness]), value: .count(amount.count))
  }
}
