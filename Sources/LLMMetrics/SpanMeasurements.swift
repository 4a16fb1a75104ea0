// What a span means in metrics: the one place that decides which exchange counts where.

import LLMTelemetry

/// One way in which a span can count: a metric of the catalogue with the value of that metric's own tag.
enum SpanMetric: Int, CaseIterable, Sendable {
  case requests, duration, errors, timeToFirstToken
  case tokensInput, tokensCacheRead, tokensCacheWrite, tokensCacheWriteHour, tokensInputAudio, tokensInputImage
  case tokensOutput, tokensReasoning, tokensOutputAudio, tokensOutputImage
  case costExact, costPartial, costEstimated, costUnknown
  case answersScored, ungroundedScore, answersUngrounded
  case fallbacks, attempts
  case retrievals, retrievalDuration, retrievalsEmpty

  static let allCount = allCases.count

  var definition: MetricDefinition {
    switch self {
    case .requests: MetricCatalogue.requests
    case .duration: MetricCatalogue.duration
    case .errors: MetricCatalogue.errors
    case .timeToFirstToken: MetricCatalogue.timeToFirstToken
    case .tokensInput, .tokensCacheRead, .tokensCacheWrite, .tokensCacheWriteHour, .tokensInputAudio, .tokensInputImage,
      .tokensOutput, .tokensReasoning, .tokensOutputAudio, .tokensOutputImage:
      MetricCatalogue.tokens
    case .costExact, .costPartial, .costEstimated: MetricCatalogue.cost
    case .costUnknown: MetricCatalogue.costUnknown
    case .answersScored: MetricCatalogue.answersScored
    case .ungroundedScore: MetricCatalogue.ungroundedScore
    case .answersUngrounded: MetricCatalogue.answersUngrounded
    case .fallbacks: MetricCatalogue.fallbacks
    case .attempts: MetricCatalogue.attempts
    case .retrievals: MetricCatalogue.retrievals
    case .retrievalDuration: MetricCatalogue.retrievalDuration
    case .retrievalsEmpty: MetricCatalogue.retrievalsEmpty
    }
  }

  /// The tag a metric has beside the span's dimensions.
  var ownTag: TagSet.Tag? {
    switch self {
    case .tokensInput: .tokenType("input")
    case .tokensCacheRead: .tokenType("cache_read")
    case .tokensCacheWrite: .tokenType("cache_write")
    case .tokensCacheWriteHour: .tokenType("cache_write_1h")
    case .tokensInputAudio: .tokenType("input_audio")
    case .tokensInputImage: .tokenType("input_image")
    case .tokensOutput: .tokenType("output")
    case .tokensReasoning: .tokenType("reasoning")
    case .tokensOutputAudio: .tokenType("output_audio")
    case .tokensOutputImage: .tokenType("output_image")
    case .costExact: .costExactness("exact")
    case .costPartial: .costExactness("partial")
    case .costEstimated: .costExactness("estimated")
    default: nil
    }
  }
}

extension TagSet.Tag {
  fileprivate static func tokenType(_ value: String) -> TagSet.Tag { TagSet.Tag(name: "token_type", value: value) }
  fileprivate static func costExactness(_ value: String) -> TagSet.Tag { TagSet.Tag(name: "cost_exactness", value: value) }
}

package enum SpanMeasurements {
  /// The score from which an answer counts as ungrounded.
  package static let ungroundedThreshold = 0.5

  /// Every dimension the span knows, under its raw name.
  package static func tags(of span: LLMSpan) -> [TagSet.Tag] {
    Dimension.allCases.compactMap { dimension in
      span[dimension].map { TagSet.Tag(name: dimension.rawValue, value: $0) }
    }
  }

  /// Whether the catalogue has anything to say: not about steps of an application, nor about spans whose exchange another span
  /// accounts for.
  @inline(__always)
  static func areMade(of span: borrowing LLMSpan) -> Bool {
    guard span.accountsForExchange else { return false }
    switch span.kind {
    case .llm, .embedding, .retrieval: return true
    case .tool, .agent, .workflow, .task: return false
    }
  }

  /// Calls `count` or `sample` for everything the catalogue says about a span of which measurements are made.
  @inline(__always)
  static func visit(_ span: borrowing LLMSpan, count: (SpanMetric, Int64) -> Void, sample: (SpanMetric, Double) -> Void) {
    if span.kind == .retrieval {
      count(.retrievals, 1)
      sample(.retrievalDuration, span.duration.inSeconds)
      if span.retrieval?.documentCount == 0 { count(.retrievalsEmpty, 1) }
      return
    }
    count(.requests, 1)
    sample(.duration, span.duration.inSeconds)
    if span.outcome.countsAsError { count(.errors, 1) }
    if let wait = span.timeToFirstToken { sample(.timeToFirstToken, wait.inSeconds) }

    // A known zero adds nothing to a sum and would double the series of every model without that bucket.
    func tokens(_ metric: SpanMetric, _ number: Int?) { if let number, number > 0 { count(metric, Int64(number)) } }
    tokens(.tokensInput, span.usage.input)
    tokens(.tokensCacheRead, span.usage.cacheRead)
    tokens(.tokensCacheWrite, span.usage.cacheWrite)
    tokens(.tokensCacheWriteHour, span.usage.cacheWriteHour)
    tokens(.tokensInputAudio, span.usage.inputAudio)
    tokens(.tokensInputImage, span.usage.inputImage)
    tokens(.tokensOutput, span.usage.output)
    tokens(.tokensReasoning, span.usage.reasoning)
    tokens(.tokensOutputAudio, span.usage.outputAudio)
    tokens(.tokensOutputImage, span.usage.outputImage)

    switch span.cost {
    case .exact(let amount, _): count(.costExact, amount.count)
    case .partial(let amount, _): count(.costPartial, amount.count)
    case .estimated(let amount, _): count(.costEstimated, amount.count)
    case .unknown: count(.costUnknown, 1)
    }
    if let score = span.risk.ungrounded {
      count(.answersScored, 1)
      sample(.ungroundedScore, score)
      if score >= ungroundedThreshold { count(.answersUngrounded, 1) }
    }
    if span.fallbackFrom != nil { count(.fallbacks, 1) }
    if span.attempts > 0 { count(.attempts, Int64(span.attempts)) }
  }
}
