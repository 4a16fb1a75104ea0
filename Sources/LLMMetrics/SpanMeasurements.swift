// What a span means in metrics: the one place that decides which exchange counts where.

import LLMTelemetry

package enum SpanMeasurements {
  /// The score from which an answer counts as ungrounded.
  package static var ungroundedThreshold: Double { RiskThreshold.of(.ungrounded) }

  /// Every dimension the span knows, under its raw name.
  package static func tags(of span: LLMSpan) -> [TagSet.Tag] {
    Dimension.allCases.compactMap { dimension in
      span[dimension].map { TagSet.Tag(name: dimension.rawValue, value: $0) }
    }
  }

  /// Whether the catalogue has anything to say: not about spans whose exchange another span accounts for, nor about the judge's.
  @inline(__always)
  package static func areMade(of span: borrowing LLMSpan) -> Bool { span.isTraffic }

  /// Calls `count` or `sample` for everything the catalogue says about a span of which measurements are made.
  @inline(__always)
  static func visit(_ span: borrowing LLMSpan, count: (SpanMetric, Int64) -> Void, sample: (SpanMetric, Double) -> Void) {
    switch span.kind {
    case .llm: break
    case .embedding: count(.init(.embeddings), 1)
    case .retrieval:
      count(.init(.retrievals), 1)
      sample(.init(.retrievalDuration), span.duration.inSeconds)
      if let retrieval = span.retrieval {
        if retrieval.documentCount == 0 { count(.init(.retrievalsEmpty), 1) }
        sample(.init(.retrievalDocuments), Double(retrieval.documentCount))
        if let score = retrieval.topScore { sample(.init(.retrievalTopScore), score) }
      }
      return
    case .workflow, .agent, .tool, .task:
      // No request and no cost: an exchange within the step has a span of its own.
      count(.init(.steps), 1)
      sample(.init(.stepDuration), span.duration.inSeconds)
      return
    }
    let duration = span.duration.inSeconds
    count(.init(.requests), 1)
    sample(.init(.duration), duration)
    let errorClass = span.outcome.errorClass
    if let errorClass {
      // What an override withholds is a request and no error: `llm.requests{error_class="withheld"}` counts it.
      if errorClass.countsAsError { count(.init(.errors), 1) } else if errorClass == .cancelled { count(.init(.cancelled), 1) }
    }
    if errorClass == .blocked || span.finishReason == .contentFilter { count(.init(.blocked), 1) }
    if span.finishReason == .length { count(.init(.truncated), 1) }
    if let wait = span.timeToFirstToken {
      let wait = wait.inSeconds
      sample(.init(.timeToFirstToken), wait)
      // The first token ends the wait; the others share what is left.
      if let tokens = span.usage.output, tokens > 1, duration >= wait {
        sample(.init(.timePerOutputToken), (duration - wait) / Double(tokens - 1))
      }
    }
    if let gap = span.longestGap { sample(.init(.longestGap), gap.inSeconds) }

    // A known zero adds nothing to a sum and would double the series of every model without that bucket.
    func tokens(_ metric: SpanMetric.Fixed, _ number: Int?) {
      if let number, number > 0 { count(.init(metric), Int64(number)) }
    }
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
    case .exact(let amount, _): count(.init(.costExact), amount.count)
    case .partial(let amount, _): count(.init(.costPartial), amount.count)
    case .estimated(let amount, _): count(.init(.costEstimated), amount.count)
    // A call that failed has no usage, and mostly no price: that says nothing about the price book.
    case .unknown: if span.outcome == .ok { count(.init(.costUnknown), 1) }
    }
    if !span.risk.isEmpty { risks(span.risk, count: count, sample: sample) }
    if span.fallbackFrom != nil { count(.init(.fallbacks), 1) }
    if span.attempts > 0 { count(.init(.attempts), Int64(span.attempts)) }
  }

  @inline(__always)
  private static func risks(_ scores: RiskScores, count: (SpanMetric, Int64) -> Void, sample: (SpanMetric, Double) -> Void) {
    for risk in SpanMetric.risks {
      guard let score = scores[risk.scorer] else { continue }
      let isFlagged = score >= risk.threshold
      sample(risk.score, score)
      count(risk.scored, 1)
      if isFlagged { count(risk.flagged, 1) }
      switch risk.scorer {
      case .ungrounded:
        count(.init(.answersScored), 1)
        if isFlagged { count(.init(.answersUngrounded), 1) }
      case .refusal: if isFlagged { count(.init(.refused), 1) }
      default: break
      }
    }
  }
}
