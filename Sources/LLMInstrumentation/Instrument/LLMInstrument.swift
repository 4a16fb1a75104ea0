// Our tracer as the tracer of the whole application: for programs that have no other tracing backend.
import LLMTelemetry
import Tracing

/// A `Tracer` for `InstrumentationSystem.bootstrap(_:)` whose spans go where those of an ``LLMTracer`` go.
///
/// Trace context is read from and written into Datadog's headers and W3C Trace Context. Spans of frameworks and clients
/// become spans of kind `task`; those with GenAI attributes become what their `gen_ai.operation.name` says. Events and links
/// are not kept.
public struct LLMInstrument: Tracer {
  public typealias Span = InstrumentSpan

  let tracer: LLMTracer
  private let keepsOtherSpans: Bool

  /// - Parameters:
  ///   - tracer: whose exporter takes the spans, and whose names they carry.
  ///   - keepsOtherSpans: whether spans that `tracer` did not make are exported too. Without them a trace holds the
  ///     LLM part alone, and requests that never come near a model (health checks) leave nothing. Trace context passes either
  ///     way.
  public init(_ tracer: LLMTracer, keepsOtherSpans: Bool = true) {
    self.tracer = tracer
    self.keepsOtherSpans = keepsOtherSpans
  }

  public func startSpan<Instant: TracerInstant>(
    _ operationName: String, context: @autoclosure () -> InstrumentationContext, ofKind kind: Tracing.SpanKind,
    at instant: @autoclosure () -> Instant, function: String, file fileID: String, line: UInt
  ) -> InstrumentSpan {
    let surroundings = context()
    guard keepsOtherSpans else { return InstrumentSpan(operationName, passing: surroundings) }
    let start = Timestamp(unixNanoseconds: Int64(clamping: instant().nanosecondsSinceEpoch))
    let parent = surroundings.llmSpan
    let place = parent?.child() ?? TraceContext(traceID: .random(at: start), spanID: .random(), priority: nil)
    var record = LLMSpan(
      traceID: place.traceID, spanID: place.spanID, parentSpanID: parent?.spanID, kind: .task, name: operationName,
      start: start, duration: .zero)
    record.dimensions.service = tracer.service
    record.dimensions.env = tracer.env
    record.dimensions.version = tracer.version
    record.sampling = place.sampling
    return InstrumentSpan(record, at: place, context: surroundings, core: tracer.core)
  }

  /// Exporters send by themselves, and this may not wait.
  public func forceFlush() {}

  public func extract<Carrier, Extract: Extractor>(
    _ carrier: Carrier, into context: inout InstrumentationContext, using extractor: Extract
  ) where Extract.Carrier == Carrier {
    if let found = TraceContext.extract({ extractor.extract(key: $0, from: carrier) }) { context.llmSpan = found }
  }

  public func inject<Carrier, Inject: Injector>(
    _ context: InstrumentationContext, into carrier: inout Carrier, using injector: Inject
  ) where Inject.Carrier == Carrier {
    for (name, value) in context.llmSpan?.headers ?? [] { injector.inject(value, forKey: name, into: &carrier) }
  }
}
