// Values that come from no span, made with the right metric, tags and kind: what a sampler of states emits.

import LLMTelemetry

extension MetricMeasurement {
  /// - Parameter share: spent and reserved over the budget's amount.
  package static func budgetUsed(_ budget: String, share: Double) -> MetricMeasurement {
    MetricMeasurement(MetricCatalogue.budgetUsed, tags: TagSet(["budget": budget]), value: .gauge(share))
  }

  /// - Parameter count: since the last time it was asked.
  package static func budgetRefusals(_ budget: String, count: Int) -> MetricMeasurement {
    MetricMeasurement(MetricCatalogue.budgetRefusals, tags: TagSet(["budget": budget]), value: .count(Int64(count)))
  }

  package static func circuit(provider: String, model: String, isOpen: Bool) -> MetricMeasurement {
    MetricMeasurement(
      MetricCatalogue.circuitOpen, tags: TagSet(["provider": provider, "model": model]), value: .gauge(isOpen ? 1 : 0))
  }

  /// - Parameters:
  ///   - result: `hit`, `miss`, `stored` or `evicted`.
  ///   - count: since the last time it was asked.
  package static func gatewayCache(_ result: String, count: Int) -> MetricMeasurement {
    MetricMeasurement(MetricCatalogue.gatewayCache, tags: TagSet(["result": result]), value: .count(Int64(count)))
  }

  /// - Parameter dimensions: the values detection blamed when it found the failure.
  package static func detectionFinding(signal: String, dimensions: [String: String], isOpen: Bool) -> MetricMeasurement {
    let known = Set(MetricCatalogue.detectionFindings.extraTags)
    let tags = dimensions.filter { known.contains($0.key) }.merging(["signal": signal]) { $1 }
    return MetricMeasurement(MetricCatalogue.detectionFindings, tags: TagSet(tags), value: .gauge(isOpen ? 1 : 0))
  }

  /// - Parameters:
  ///   - dimensions: the values that the stream's responses share.
  ///   - height: the CUSUM over its threshold.
  package static func riskShift(_ scorer: RiskScorer, dimensions: [String: String], height: Double) -> MetricMeasurement {
    let tags = dimensions.merging(["scorer": scorer.rawValue]) { $1 }
    return MetricMeasurement(MetricCatalogue.riskShift, tags: TagSet(tags), value: .gauge(height))
  }

  /// - Parameter count: scores since the last time it was asked.
  package static func shiftUnwatched(_ count: Int) -> MetricMeasurement {
    MetricMeasurement(MetricCatalogue.shiftUnwatched, tags: TagSet([]), value: .count(Int64(count)))
  }

  /// - Parameter count: since the last time it was asked.
  package static func spansReceived(_ count: Int) -> MetricMeasurement {
    MetricMeasurement(MetricCatalogue.spansReceived, tags: TagSet([]), value: .count(Int64(count)))
  }

  package static func queueDepth(_ spans: Int) -> MetricMeasurement {
    MetricMeasurement(MetricCatalogue.queueDepth, tags: TagSet([]), value: .gauge(Double(spans)))
  }

  /// A span from a clock that runs ahead has no lag.
  package static func ingestLag(_ lag: Duration) -> MetricMeasurement {
    MetricMeasurement(MetricCatalogue.ingestLag, tags: TagSet([]), value: .sample(max(0, lag.inSeconds)))
  }

  /// - Parameter count: since the last time it was asked.
  package static func deliveryDropped(lane: String, reason: String, count: Int) -> MetricMeasurement {
    MetricMeasurement(
      MetricCatalogue.deliveryDropped, tags: TagSet(["lane": lane, "reason": reason]), value: .count(Int64(count)))
  }

  package static func deliveryWaiting(lane: String, count: Int) -> MetricMeasurement {
    MetricMeasurement(MetricCatalogue.deliveryWaiting, tags: TagSet(["lane": lane]), value: .gauge(Double(count)))
  }

  package static func rollupsLost(sink: String, count: Int) -> MetricMeasurement {
    MetricMeasurement(MetricCatalogue.rollupsLost, tags: TagSet(["sink": sink]), value: .count(Int64(count)))
  }

  package static func heartbeat() -> MetricMeasurement {
    MetricMeasurement(MetricCatalogue.heartbeat, tags: TagSet([]), value: .count(1))
  }
}
