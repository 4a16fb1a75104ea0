// A span as JSON: what it knows, under the tag names of the metrics; what it does not know is absent. Content is never in it.

import LLMTelemetry

struct SpanDocument: Encodable {
  struct Tokens: Encodable {
    let input, cacheRead, cacheWrite, output, reasoning: Int?
  }

  let trace: String
  let span: String
  let parent: String?
  let kind: SpanKind
  let name: String
  let start: Timestamp
  let durationSeconds: Double
  let timeToFirstTokenSeconds: Double?
  let dimensions: [Dimension: String]
  let responseModel: String?
  let error: ErrorClass?
  let errorMessage: String?
  let httpStatus: Int?
  let tokens: Tokens
  let costDollars: String?
  let costExactness: String
  let ungrounded: Double?
  let attempts: Int
  let fallbackFrom: String?

  init(_ span: LLMSpan) {
    trace = span.traceID.description
    self.span = span.spanID.description
    parent = span.parentSpanID?.description
    kind = span.kind
    name = span.name
    start = span.start
    durationSeconds = span.duration.inSeconds
    timeToFirstTokenSeconds = span.timeToFirstToken?.inSeconds
    dimensions = Dimension.allCases.reduce(into: [:]) { $0[$1] = span[$1] }
    responseModel = span.responseModel
    error = span.outcome.errorClass
    errorMessage = span.outcome.message
    httpStatus = span.httpStatus
    tokens = Tokens(
      input: span.usage.input, cacheRead: span.usage.cacheRead, cacheWrite: span.usage.cacheWrite, output: span.usage.output,
      reasoning: span.usage.reasoning)
    costDollars = span.cost.amount?.decimalDollars
    costExactness = span.cost.exactness
    ungrounded = span.risk.ungrounded
    attempts = span.attempts
    fallbackFrom = span.fallbackFrom
  }
}

struct SpansDocument: Encodable {
  let spans: [SpanDocument]
}
