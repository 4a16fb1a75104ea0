// Which trace a request belongs to, and the span the gateway will leave in it.

import LLMTelemetry
import Providers

/// Ids and start of the one span of an exchange, fixed when the request arrives.
struct SpanIdentity {
  let traceID: TraceID
  let spanID: SpanID
  let parentSpanID: SpanID?
  /// What the caller decided about keeping the trace; `nil` when it said nothing.
  let sampling: SamplingDecision?
  let start: Timestamp
  /// What the caller sent, for a provider of our own that is to see it. By reference: most requests bring none.
  private let caller: Shared<TraceContext>?

  /// Joins the caller's trace when it sent one, in Datadog's or W3C's form; starts a new trace otherwise.
  init(headers: HeaderBlock, start: Timestamp, random: inout SplitMix64) {
    let isTraced = headers.first("traceparent") != nil || headers.first("x-datadog-trace-id") != nil
    caller = isTraced ? TraceContext.extract { Self.value($0, in: headers) }.map(Shared.init) : nil
    traceID = caller?.value.traceID ?? TraceID.random(at: start, using: &random)
    parentSpanID = caller?.value.spanID
    sampling = caller?.value.sampling
    spanID = SpanID.random(using: &random)
    self.start = start
  }

  /// `tracestate` may come in several fields, which are one list (W3C Trace Context 3.3.1.2).
  private static func value(_ name: String, in headers: HeaderBlock) -> String? {
    guard name == "tracestate" else { return headers.first(named: name) }
    let all = headers.all("tracestate")
    return all.isEmpty ? nil : all.joined(separator: ",")
  }

  /// The context that makes a provider's spans children of ours. A trace that begins here is undecided: the sampler behind
  /// the sinks decides about it, later.
  var outgoing: TraceContext {
    caller?.value.child(spanID) ?? TraceContext(traceID: traceID, spanID: spanID, priority: nil)
  }

  /// The span's beginning; `complete` adds the rest.
  func span(name: String, facts: AdmittedFacts, duration: Duration, outcome: Outcome) -> LLMSpan {
    LLMSpan(
      traceID: traceID, spanID: spanID, parentSpanID: parentSpanID, kind: facts.bodyFormat.spanKind, name: name, start: start,
      duration: duration, outcome: outcome)
  }

  /// Adds what is known of the request. Its dimensions move into the span, since nobody asks `facts` for them after this.
  func complete(_ span: inout LLMSpan, facts: AdmittedFacts) {
    swap(&span.dimensions, &facts.dimensions)
    span.sampling = sampling
    span.virtualKey = facts.virtualKey
    span.serviceTier = facts.serviceTier
    span.session = facts.session
    span.isStreaming = facts.streams
    span.fallbackFrom = facts.fallbackFrom
  }
}
