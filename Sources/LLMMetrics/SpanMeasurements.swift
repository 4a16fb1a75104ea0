// What a span means in metrics: the one place that decides which exchange counts where.

import LLMTelemetry

package enum SpanMeasurements {
  /// The score from which an answer counts as ungrounded.
  package static let ungroundedThreshold = 0.5

  /// Everything the catalogue says about `span`; empty for steps that have no metric and for spans whose exchange another
  /// span accounts for.
  package static func measurements(of span: LLMSpan) -> [MetricMeasurement] {
    guard span.accountsForExchange else { return [] }
    switch span.kind {
    case .llm, .embedding: return exchange(span)
    case .retrieval: return retrieval(span)
    case .tool, .agent, .workflow, .task: return []
    }
  }

  /// Every dimension the span knows, under its raw name.
  package static func tags(of span: LLMSpan) -> [TagSet.Tag] {
    Dimension.allCases.compactMap { dimension in
      span[dimension].map { TagSet.Tag(name: dimension.rawValue, value: $0) }
    }
  }

  private static func exchange(_ span: LLMSpan) -> [MetricMeasurement] {
    let dimensions = tags(of: span)
    let tags = TagSet(dimensions)
    func tagged(_ name: String, _ value: String) -> TagSet { TagSet(dimensions + [TagSet.Tag(name: name, value: value)]) }

    var result = [
      MetricMeasurement(MetricCatalogue.requests, tags: tags, value: .count(1)),
      MetricMeasurement(MetricCatalogue.duration, tags: tags, value: .sample(span.duration.inSeconds)),
    ]
    if span.outcome.countsAsError { result.append(MetricMeasurement(MetricCatalogue.errors, tags: tags, value: .count(1))) }
    if let wait = span.timeToFirstToken {
      result.append(MetricMeasurement(MetricCatalogue.timeToFirstToken, tags: tags, value: .sample(wait.inSeconds)))
    }
    let buckets = [
      ("input", span.usage.input), ("cache_read", span.usage.cacheRead), ("cache_write", span.usage.cacheWrite),
      ("output", span.usage.output), ("reasoning", span.usage.reasoning),
    ]
    // A known zero adds nothing to a sum and would double the series of every model without that bucket.
    for case (let bucket, let tokens?) in buckets where tokens > 0 {
      result.append(MetricMeasurement(MetricCatalogue.tokens, tags: tagged("token_type", bucket), value: .count(Int64(tokens))))
    }
    if let amount = span.cost.amount {
      let tags = tagged("cost_exactness", span.cost.exactness)
      result.append(MetricMeasurement(MetricCatalogue.cost, tags: tags, value: .count(amount.count)))
    } else {
      result.append(MetricMeasurement(MetricCatalogue.costUnknown, tags: tags, value: .count(1)))
    }
    if let score = span.risk.ungrounded {
      result.append(MetricMeasurement(MetricCatalogue.answersScored, tags: tags, value: .count(1)))
      result.append(MetricMeasurement(MetricCatalogue.ungroundedScore, tags: tags, value: .sample(score)))
      if score >= ungroundedThreshold {
        result.append(MetricMeasurement(MetricCatalogue.answersUngrounded, tags: tags, value: .count(1)))
      }
    }
    if span.fallbackFrom != nil { result.append(MetricMeasurement(MetricCatalogue.fallbacks, tags: tags, value: .count(1))) }
    return result
  }

  private static func retrieval(_ span: LLMSpan) -> [MetricMeasurement] {
    let tags = TagSet(tags(of: span))
    var result = [
      MetricMeasurement(MetricCatalogue.retrievals, tags: tags, value: .count(1)),
      MetricMeasurement(MetricCatalogue.retrievalDuration, tags: tags, value: .sample(span.duration.inSeconds)),
    ]
    if span.retrieval?.documentCount == 0 {
      result.append(MetricMeasurement(MetricCatalogue.retrievalsEmpty, tags: tags, value: .count(1)))
    }
    return result
  }
}
