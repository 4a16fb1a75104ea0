// Which trace a request belongs to, and the span the gateway will leave in it.

import LLMTelemetry
import Providers

/// Ids and start of the one span of an exchange, fixed when the request arrives.
struct SpanIdentity {
  let traceID: TraceID
  let spanID: SpanID
  let parentSpanID: SpanID?
  let start: Timestamp

  /// Joins the caller's trace when it sent one, in Datadog's or W3C's form; starts a new trace otherwise.
  init(headers: HeaderBlock, start: Timestamp, random: inout SplitMix64) {
    let isTraced = headers.first("traceparent") != nil || headers.first("x-datadog-trace-id") != nil
    let context = isTraced ? TraceContext.extract { headers.first(named: $0) } : nil
    traceID = context?.traceID ?? TraceID.random(at: start, using: &random)
    parentSpanID = context?.spanID
    spanID = SpanID.random(using: &random)
    self.start = start
  }

  func span(facts: AdmittedFacts, duration: Duration, outcome: Outcome) -> LLMSpan {
    let operation = facts.bodyFormat.operation
    var span = LLMSpan(
      traceID: traceID, spanID: spanID, parentSpanID: parentSpanID, kind: facts.bodyFormat.spanKind,
      name: facts.dimensions.model.map { "\(operation) \($0)" } ?? operation, start: start, duration: duration,
      dimensions: facts.dimensions, outcome: outcome)
    span.virtualKey = facts.virtualKey
    span.serviceTier = facts.serviceTier
    span.isStreaming = facts.streams
    span.fallbackFrom = facts.fallbackFrom
    return span
  }
}
