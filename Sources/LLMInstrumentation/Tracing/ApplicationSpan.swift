// The same span in the application's own tracing backend, when it has one: an ordinary span with gen_ai attributes.
import LLMTelemetry
import Tracing

struct ApplicationSpan: Sendable {
  private let span: any Tracing.Span
  private let tracer: any Tracer

  /// The tracer the application was bootstrapped with; `nil` when it has none or when that tracer is ours, whose spans are these.
  static var tracer: (any Tracer)? {
    let instrument = InstrumentationSystem.instrument
    // By far the most frequent answer, and cheaper than asking whether an unknown type is a tracer.
    if type(of: instrument) == NoOpInstrument.self { return nil }
    let tracer = InstrumentationSystem.tracer
    return tracer is NoOpTracer || tracer is LLMInstrument ? nil : tracer
  }

  init(_ name: String, kind: LLMTelemetry.SpanKind, context: InstrumentationContext, tracer: any Tracer) {
    self.tracer = tracer
    span = tracer.startSpan(name, context: context, ofKind: kind == .llm || kind == .embedding ? .client : .internal)
  }

  /// What work inside the span sees as its surroundings.
  var context: InstrumentationContext { span.context }

  /// The ids the backend gave it.
  var identity: TraceContext? { TraceContext(sentBy: tracer, for: span.context) }

  /// What the backend sends along with a request.
  func inject(into carrier: inout HeaderCarrier) { tracer.inject(span.context, into: &carrier, using: HeaderInjector()) }

  /// Ends it with what the record says. The error itself is not handed over: a backend would write its text down.
  func end(_ record: LLMSpan) {
    if span.isRecording {
      span.operationName = record.name
      span.updateAttributes { GenAIAttributes.add(record, to: &$0) }
      if record.outcome.countsAsError {
        span.setStatus(SpanStatus(code: .error, message: record.outcome.errorClass?.rawValue))
      }
    }
    span.end()
  }
}
