// The ways in which a span can count: each is a metric of the catalogue with the value of that metric's own tag.

import LLMTelemetry

/// A place in the row of series that spans of the same dimensions share.
struct SpanMetric: Sendable {
  let place: Int

  /// Those that are not there once for each scorer.
  enum Fixed: Int, CaseIterable {
    case requests, duration, errors, timeToFirstToken, longestGap, timePerOutputToken
    case tokensInput, tokensCacheRead, tokensCacheWrite, tokensCacheWriteHour, tokensInputAudio, tokensInputImage
    case tokensOutput, tokensReasoning, tokensOutputAudio, tokensOutputImage
    case costExact, costPartial, costEstimated, costUnknown
    case answersScored, answersUngrounded
    case fallbacks, attempts, cancelled, blocked, truncated, refused, embeddings
    case retrievals, retrievalDuration, retrievalsEmpty, retrievalDocuments, retrievalTopScore
    case steps, stepDuration
  }

  private static let scorers = RiskScorer.allCases
  private static let fixedCount = Fixed.allCases.count
  static let count = fixedCount + 3 * scorers.count

  @inline(__always)
  init(_ fixed: Fixed) { place = fixed.rawValue }
  private init(place: Int) { self.place = place }

  /// One scorer with its three places, so that nothing is looked up for a span.
  struct Risk: Sendable {
    let scorer: RiskScorer
    let threshold: Double
    let score: SpanMetric
    let scored: SpanMetric
    let flagged: SpanMetric
  }

  static let risks: [Risk] = scorers.enumerated().map { index, scorer in
    let place = fixedCount + 3 * index
    return Risk(
      scorer: scorer, threshold: RiskThreshold.of(scorer), score: SpanMetric(place: place), scored: SpanMetric(place: place + 1),
      flagged: SpanMetric(place: place + 2))
  }

  /// By place.
  static let all: [(definition: MetricDefinition, ownTag: TagSet.Tag?)] =
    Fixed.allCases.map { ($0.definition, $0.ownTag) }
    + scorers.flatMap { scorer in
      let tag = TagSet.Tag(name: "scorer", value: scorer.rawValue)
      return [
        (MetricCatalogue.riskScore(scorer), TagSet.Tag?.none), (MetricCatalogue.riskScored, tag),
        (MetricCatalogue.riskFlagged, tag),
      ]
    }
}

extension SpanMetric.Fixed {
  var definition: MetricDefinition {
    switch self {
    case .requests: MetricCatalogue.requests
    case .duration: MetricCatalogue.duration
    case .errors: MetricCatalogue.errors
    case .timeToFirstToken: MetricCatalogue.timeToFirstToken
    case .longestGap: MetricCatalogue.longestGap
    case .timePerOutputToken: MetricCatalogue.timePerOutputToken
    case .tokensInput, .tokensCacheRead, .tokensCacheWrite, .tokensCacheWriteHour, .tokensInputAudio, .tokensInputImage,
      .tokensOutput, .tokensReasoning, .tokensOutputAudio, .tokensOutputImage:
      MetricCatalogue.tokens
    case .costExact, .costPartial, .costEstimated: MetricCatalogue.cost
    case .costUnknown: MetricCatalogue.costUnknown
    case .answersScored: MetricCatalogue.answersScored
    case .answersUngrounded: MetricCatalogue.answersUngrounded
    case .fallbacks: MetricCatalogue.fallbacks
    case .attempts: MetricCatalogue.attempts
    case .cancelled: MetricCatalogue.requestsCancelled
    case .blocked: MetricCatalogue.requestsBlocked
    case .truncated: MetricCatalogue.answersTruncated
    case .refused: MetricCatalogue.answersRefused
    case .embeddings: MetricCatalogue.embeddings
    case .retrievals: MetricCatalogue.retrievals
    case .retrievalDuration: MetricCatalogue.retrievalDuration
    case .retrievalsEmpty: MetricCatalogue.retrievalsEmpty
    case .retrievalDocuments: MetricCatalogue.retrievalDocuments
    case .retrievalTopScore: MetricCatalogue.retrievalTopScore
    case .steps: MetricCatalogue.steps
    case .stepDuration: MetricCatalogue.stepDuration
    }
  }

  /// The tag a metric has beside the span's dimensions.
  var ownTag: TagSet.Tag? {
    func token(_ type: String) -> TagSet.Tag { TagSet.Tag(name: "token_type", value: type) }
    func cost(_ exactness: String) -> TagSet.Tag { TagSet.Tag(name: "cost_exactness", value: exactness) }
    return switch self {
    case .tokensInput: token("input")
    case .tokensCacheRead: token("cache_read")
    case .tokensCacheWrite: token("cache_write")
    case .tokensCacheWriteHour: token("cache_write_1h")
    case .tokensInputAudio: token("input_audio")
    case .tokensInputImage: token("input_image")
    case .tokensOutput: token("output")
    case .tokensReasoning: token("reasoning")
    case .tokensOutputAudio: token("output_audio")
    case .tokensOutputImage: token("output_image")
    case .costExact: cost("exact")
    case .costPartial: cost("partial")
    case .costEstimated: cost("estimated")
    default: nil
    }
  }
}
