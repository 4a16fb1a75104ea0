// Every metric this product emits, monitors or charts: the one source for names, types, units and tags.
// A name keeps its first type for ever in a Datadog organisation, so a name here is never reused with another type.

import LLMTelemetry

package enum MetricCatalogue {
  // MARK: Exchanges
  package static let requests = MetricDefinition(
    "llm.requests", .count, .request, short: "requests",
    "Exchanges with a model that ended, well or not, cancelled ones included, and with error_class withheld those an override refused."
  )
  package static let errors = MetricDefinition(
    "llm.errors", .count, .error, short: "errors",
    "Exchanges that failed, by error_class; those the client cancelled, and those an override withheld, are not errors.")
  package static let requestsCancelled = MetricDefinition(
    "llm.requests.cancelled", .count, .request, short: "cancelled",
    "Exchanges that the client left before their end.")
  package static let requestsBlocked = MetricDefinition(
    "llm.requests.blocked", .count, .request, short: "blocked",
    "Exchanges a provider's safety filter refused or cut: error_class blocked, or finish_reason content_filter.")
  package static let duration = MetricDefinition(
    "llm.request.duration", .distribution, .second, per: .request, hasPercentiles: true, short: "duration",
    "From the request's arrival to the last byte of the answer.")
  package static let timeToFirstToken = MetricDefinition(
    "llm.request.time_to_first_token", .distribution, .second, per: .request, hasPercentiles: true, short: "first token",
    "From the request's arrival to the first token of a streamed answer.")
  package static let longestGap = MetricDefinition(
    "llm.request.longest_gap", .distribution, .second, per: .request, hasPercentiles: true, short: "longest gap",
    "Longest pause between two events of a streamed answer.")
  package static let timePerOutputToken = MetricDefinition(
    "llm.request.time_per_output_token", .distribution, .second, per: .token, hasPercentiles: true, short: "per output token",
    "Mean time between the visible tokens of a streamed answer: from the first to the end, over their number less one.")
  package static let fallbacks = MetricDefinition(
    "llm.fallbacks", .count, .request, short: "fallbacks",
    "Exchanges another model answered than the one asked for.")
  package static let attempts = MetricDefinition(
    "llm.attempts", .count, .request, short: "attempts",
    "Requests sent to providers, retries and fallbacks included; what exceeds llm.requests was repeated.")
  package static let embeddings = MetricDefinition(
    "llm.embeddings", .count, .request, short: "embeddings",
    "Exchanges that embedded text. They are in llm.requests too, and everything else about them is under span_kind embedding.")

  // MARK: Tokens and money
  package static let tokens = MetricDefinition(
    "llm.tokens", .count, .token, tags: ["token_type"], short: "tokens",
    """
    Tokens in disjoint buckets: token_type is input, cache_read, cache_write, cache_write_1h, input_audio, input_image, \
    output, reasoning, output_audio or output_image.
    """)
  package static let cost = MetricDefinition(
    "llm.cost", .count, .dollar, tags: ["cost_exactness"], short: "cost",
    "US dollars; cost_exactness is exact, partial or estimated. Unknown costs are not in it: see llm.cost.unknown.")
  package static let costUnknown = MetricDefinition(
    "llm.cost.unknown", .count, .request, short: "cost unknown",
    "Exchanges whose cost could not be told: no usage, or a model the price book does not know.")

  // MARK: Answers
  package static let answersTruncated = MetricDefinition(
    "llm.answers.truncated", .count, .answer, short: "truncated",
    "Answers that ended at the limit of tokens: finish_reason length.")
  package static let answersRefused = MetricDefinition(
    "llm.answers.refused", .count, .answer, short: "refused",
    "Answers whose refusal score reached \(RiskThreshold.of(.refusal)): the model refuses, or says that it cannot answer.")
  package static let answersScored = MetricDefinition(
    "llm.answers.scored", .count, .answer, short: "scored",
    "Answers that had enough evidence in their request to be scored for grounding.")
  package static let answersUngrounded = MetricDefinition(
    "llm.answers.ungrounded", .count, .answer, short: "ungrounded",
    "Scored answers whose ungrounded score reached \(RiskThreshold.of(.ungrounded)).")
  package static let riskScored = MetricDefinition(
    "llm.semantic_risk.scored", .count, .answer, tags: ["scorer"], short: "risk scored",
    "Exchanges that a scorer gave a score, by scorer.")
  package static let riskFlagged = MetricDefinition(
    "llm.semantic_risk.flagged", .count, .answer, tags: ["scorer"], short: "risk flagged",
    "Exchanges whose score reached the scorer's threshold, by scorer.")
  package static let ungroundedScore = riskScore(.ungrounded)

  /// The distribution of one scorer's scores.
  package static func riskScore(_ scorer: RiskScorer) -> MetricDefinition {
    MetricDefinition(
      "llm.semantic_risk.\(scorer.rawValue)", .distribution, .score, per: .answer, hasPercentiles: true,
      short: shortName(scorer), meaning(scorer))
  }

  // MARK: Steps of applications
  package static let retrievals = MetricDefinition(
    "llm.retrievals", .count, .request, short: "retrievals", "Retrieval steps of instrumented applications.")
  package static let retrievalsEmpty = MetricDefinition(
    "llm.retrievals.empty", .count, .request, short: "empty retrievals", "Retrieval steps that found no document.")
  package static let retrievalDuration = MetricDefinition(
    "llm.retrieval.duration", .distribution, .second, per: .request, hasPercentiles: true, short: "retrieval duration",
    "Duration of retrieval steps.")
  package static let retrievalDocuments = MetricDefinition(
    "llm.retrieval.documents", .distribution, .document, per: .request, short: "documents",
    "Documents that a retrieval step found.")
  package static let retrievalTopScore = MetricDefinition(
    "llm.retrieval.top_score", .distribution, .score, per: .request, short: "top score",
    "Similarity of the best document that a retrieval step found, 0 to 1.")
  package static let steps = MetricDefinition(
    "llm.steps", .count, .step, short: "steps",
    "Steps of applications that are no exchange: span_kind is workflow, agent, tool or task; failed ones have an error_class."
  )
  package static let stepDuration = MetricDefinition(
    "llm.step.duration", .distribution, .second, per: .step, hasPercentiles: true, short: "step duration",
    "Duration of such steps. A workflow's has the time of everything in it, so sums over kinds mean nothing.")

  /// In the order of the reference.
  package static let all: [MetricDefinition] =
    [
      requests, errors, requestsCancelled, requestsBlocked, duration, timeToFirstToken, longestGap, timePerOutputToken, fallbacks,
      attempts, embeddings, tokens, cost, costUnknown, answersTruncated, answersRefused, answersScored, answersUngrounded,
      riskScored,
      riskFlagged,
    ] + RiskScorer.allCases.map(riskScore) + [
      retrievals, retrievalsEmpty, retrievalDuration, retrievalDocuments, retrievalTopScore, steps, stepDuration,
    ] + states + own

  package static let byName: [String: MetricDefinition] = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })

  private static func shortName(_ scorer: RiskScorer) -> String {
    switch scorer {
    case .ungrounded: "ungrounded score"
    case .refusal: "refusal score"
    case .injection: "injection score"
    case .indirectInjection: "indirect injection"
    case .promptLeak: "prompt leak score"
    case .sensitiveData: "sensitive data"
    case .repetition: "repetition score"
    case .malformed: "malformed score"
    case .languageMismatch: "language mismatch"
    case .toxicity: "toxicity score"
    }
  }

  private static func meaning(_ scorer: RiskScorer) -> String {
    switch scorer {
    case .ungrounded: "Share of an answer that its request's own context does not support, 0 to 1."
    case .refusal: "How clearly an answer refuses or says that it cannot answer, 0 to 1."
    case .injection: "How clearly the user's text tries to make the model disobey its instructions, 0 to 1."
    case .indirectInjection: "How clearly a retrieved document or a tool's result tries to, 0 to 1."
    case .promptLeak: "How much of the system instruction the answer repeats, 0 to 1."
    case .sensitiveData: "How surely an answer has personal data or credentials in it, 0 to 1."
    case .repetition: "How much of an answer runs in a loop, 0 to 1."
    case .malformed: "How far an answer is from the JSON, schema or tool call that was asked for, 0 to 1."
    case .languageMismatch: "How surely an answer is in another language than its question, 0 to 1."
    case .toxicity: "How clearly an answer insults or threatens, 0 to 1. Off unless it is configured."
    }
  }
}
