// Which trace a request belongs to, and the span the gateway will leave in it.

import LLMTelemetry
import NIOHTTP1
import Providers

/// Ids and start of the one span of an exchange, fixed when the request arrives.
struct SpanIdentity {
  let traceID: TraceID
  let spanID: SpanID
  let parentSpanID: SpanID?
  let start: Timestamp

  /// Joins the caller's trace when it sent one, in Datadog's or W3C's form; starts a new trace otherwise.
  init(headers: HTTPHeaders, start: Timestamp) {
    let context = TraceContext { headers.first(name: $0) }
    traceID = context?.traceID ?? TraceID.random(at: start)
    parentSpanID = context?.spanID
    spanID = SpanID.random()
    self.start = start
  }

  func span(facts: AdmittedFacts, duration: Duration, outcome: Outcome) -> LLMSpan {
    let operation = facts.wireProtocol == .openAI ? "chat" : "generate_content"
    var span = LLMSpan(
      traceID: traceID, spanID: spanID, parentSpanID: parentSpanID, kind: .llm,
      name: facts.dimensions.model.map { "\(operation) \($0)" } ?? operation, start: start, duration: duration,
      dimensions: facts.dimensions, outcome: outcome)
    span.isStreaming = facts.streams
    span.fallbackFrom = facts.fallbackFrom
    return span
  }
}
