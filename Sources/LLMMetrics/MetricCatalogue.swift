// Every metric this product emits, monitors or charts: the one source for names, types, units and tags.
// A name keeps its first type for ever in a Datadog organisation, so a name here is never reused with another type.

import LLMTelemetry

/// How values of a metric combine. Gauges are for states only: a gauge of money or tokens loses all but the last value.
package enum MetricType: String, Sendable {
  case count, distribution, gauge
}

package enum MetricUnit: String, Sendable {
  case request, error, token, dollar, second, score, span, answer, document
}

/// One metric of the catalogue.
package struct MetricDefinition: Sendable, Hashable {
  package let name: String
  package let type: MetricType
  package let unit: MetricUnit
  /// Tags of its own, beside the dimensions every family carries.
  package let extraTags: [String]
  package let meaning: String
}

package enum MetricCatalogue {
  package static let requests = MetricDefinition(
    name: "llm.requests", type: .count, unit: .request, extraTags: [],
    meaning: "Exchanges with a model that ended, well or not, cancelled ones included.")
  package static let errors = MetricDefinition(
    name: "llm.errors", type: .count, unit: .error, extraTags: [],
    meaning: "Exchanges that failed, by error_class; those the client cancelled are not errors.")
  package static let duration = MetricDefinition(
    name: "llm.request.duration", type: .distribution, unit: .second, extraTags: [],
    meaning: "From the request's arrival to the last byte of the answer.")
  package static let timeToFirstToken = MetricDefinition(
    name: "llm.request.time_to_first_token", type: .distribution, unit: .second, extraTags: [],
    meaning: "From the request's arrival to the first token of a streamed answer.")
  package static let tokens = MetricDefinition(
    name: "llm.tokens", type: .count, unit: .token, extraTags: ["token_type"],
    meaning: """
      Tokens in disjoint buckets: token_type is input, cache_read, cache_write, cache_write_1h, input_audio, input_image, \
      output, reasoning, output_audio or output_image.
      """)
  package static let cost = MetricDefinition(
    name: "llm.cost", type: .count, unit: .dollar, extraTags: ["cost_exactness"],
    meaning: "US dollars; cost_exactness is exact, partial or estimated. Unknown costs are not in it: see llm.cost.unknown.")
  package static let costUnknown = MetricDefinition(
    name: "llm.cost.unknown", type: .count, unit: .request, extraTags: [],
    meaning: "Exchanges whose cost could not be told: no usage, or a model the price book does not know.")
  package static let answersScored = MetricDefinition(
    name: "llm.answers.scored", type: .count, unit: .answer, extraTags: [],
    meaning: "Answers that had enough evidence in their request to be scored for grounding.")
  package static let answersUngrounded = MetricDefinition(
    name: "llm.answers.ungrounded", type: .count, unit: .answer, extraTags: [],
    meaning: "Scored answers whose ungrounded score reached 0.5.")
  package static let ungroundedScore = MetricDefinition(
    name: "llm.semantic_risk.ungrounded", type: .distribution, unit: .score, extraTags: [],
    meaning: "Share of an answer that its request's own context does not support, 0 to 1.")
  package static let fallbacks = MetricDefinition(
    name: "llm.fallbacks", type: .count, unit: .request, extraTags: [],
    meaning: "Exchanges another model answered than the one asked for.")
  package static let attempts = MetricDefinition(
    name: "llm.attempts", type: .count, unit: .request, extraTags: [],
    meaning: "Requests sent to providers, retries and fallbacks included; what exceeds llm.requests was repeated.")
  package static let retrievals = MetricDefinition(
    name: "llm.retrievals", type: .count, unit: .request, extraTags: [],
    meaning: "Retrieval steps of instrumented applications.")
  package static let retrievalsEmpty = MetricDefinition(
    name: "llm.retrievals.empty", type: .count, unit: .request, extraTags: [],
    meaning: "Retrieval steps that found no document.")
  package static let retrievalDuration = MetricDefinition(
    name: "llm.retrieval.duration", type: .distribution, unit: .second, extraTags: [],
    meaning: "Duration of retrieval steps.")
  package static let spansDropped = MetricDefinition(
    name: "llm.commander.spans.dropped", type: .count, unit: .span, extraTags: ["reason"],
    meaning: "Spans our own bounded queues had to drop, by reason.")
  package static let scoresShed = MetricDefinition(
    name: "llm.commander.scores.shed", type: .count, unit: .answer, extraTags: [],
    meaning: "Answers left unscored because more than half of the span queue was waiting.")

  package static let all: [MetricDefinition] = [
    requests, errors, duration, timeToFirstToken, tokens, cost, costUnknown, answersScored, answersUngrounded, ungroundedScore,
    fallbacks, attempts, retrievals, retrievalsEmpty, retrievalDuration, spansDropped, scoresShed,
  ]

  package static let byName: [String: MetricDefinition] = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })
}
