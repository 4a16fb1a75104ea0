// A span as JSON: what it knows, under the tag names of the metrics; what it does not know is absent. Content is never in it.

import LLMTelemetry

struct SpanDocument: Encodable {
  struct Tokens: Encodable {
    let input, cacheRead, cacheWrite, cacheWriteHour, inputAudio, inputImage: Int?
    let output, reasoning, outputAudio, outputImage: Int?
    /// The counts are ours, since the provider told none before the end.
    let isEstimated: Bool
  }

  let trace: String
  let span: String
  let parent: String?
  let kind: SpanKind
  let name: String
  /// The name of the virtual key the request came with.
  let virtualKey: String?
  let serviceTier: ServiceTier?
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
  /// True for a call of the judge, which is nobody's traffic; absent for all others.
  let isOfJudge: Bool?

  init(_ span: LLMSpan) {
    trace = span.traceID.description
    self.span = span.spanID.description
    parent = span.parentSpanID?.description
    kind = span.kind
    name = span.name
    virtualKey = span.virtualKey
    serviceTier = span.serviceTier
    start = span.start
    durationSeconds = span.duration.inSeconds
    timeToFirstTokenSeconds = span.timeToFirstToken?.inSeconds
    dimensions = Dimension.allCases.reduce(into: [:]) { $0[$1] = span[$1] }
    responseModel = span.responseModel
    error = span.outcome.errorClass
    errorMessage = span.outcome.message
    httpStatus = span.httpStatus
    tokens = Tokens(
      input: span.usage.input, cacheRead: span.usage.cacheRead, cacheWrite: span.usage.cacheWrite,
      cacheWriteHour: span.usage.cacheWriteHour, inputAudio: span.usage.inputAudio, inputImage: span.usage.inputImage,
      output: span.usage.output, reasoning: span.usage.reasoning, outputAudio: span.usage.outputAudio,
      outputImage: span.usage.outputImage, isEstimated: span.usage.isEstimated)
    costDollars = span.cost.amount?.decimalDollars
    costExactness = span.cost.exactness
    ungrounded = span.risk.ungrounded
    attempts = span.attempts
    fallbackFrom = span.fallbackFrom
    isOfJudge = span.isOfJudge ? true : nil
  }
}

struct SpansDocument: Encodable {
  let spans: [SpanDocument]
}
