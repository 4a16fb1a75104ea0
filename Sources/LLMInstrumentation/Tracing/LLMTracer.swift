// The tracer of an instrumented application: one span for each piece of work, nested by structured concurrency.
import LLMTelemetry
import Tracing

/// Makes spans and hands each to the exporter exactly once, when its work ends: well, with an error, or cancelled.
///
/// Spans nest through `InstrumentationContext.current`, so a span of the application's own tracer (a server framework's, say) is
/// the parent of ours, and ours are that tracer's spans too. A tracer is a value: copy it freely.
public struct LLMTracer: Sendable {
  let core: TracerCore

  /// The span around the current task; the parent of the next one.
  public static var current: TraceContext? { InstrumentationContext.current?.llmSpan }

  public var service: String { core.settings.service }
  public var env: String? { core.settings.env }
  public var version: String? { core.settings.version }

  /// A tracer whose parts the application chooses; one that reads the environment comes from
  /// ``bootstrap(service:env:version:exporter:captureContent:redact:metrics:)``.
  ///
  /// - Parameters:
  ///   - settings: who the application is, and what its spans may hold.
  ///   - exporter: where the spans go.
  ///   - metrics: whether spans are counted in swift-metrics as well.
  public init(_ settings: TracerSettings, exporter: any SpanExporter, metrics: Bool = false) {
    self.init(settings, exporter: exporter, meter: metrics ? SpanMetrics() : nil, clock: .system)
  }

  package init(
    _ settings: TracerSettings, exporter: any SpanExporter, meter: SpanMetrics? = nil, clock: TracerClock = .system
  ) {
    core = TracerCore(settings: settings, exporter: exporter, meter: meter, clock: clock)
  }

  /// Runs `work` inside a span.
  ///
  /// The parent is `parent` (for example the context of an incoming request), else the span around the current task, else
  /// none: then a new trace begins. An error is recorded and thrown on; an outcome that `work` set itself stays.
  /// The duration is measured with a monotonic clock.
  public func withSpan<Result>(
    _ kind: LLMTelemetry.SpanKind, _ name: String, parent: TraceContext? = nil,
    isolation: isolated (any Actor)? = #isolation, _ work: (ActiveSpan) async throws -> Result
  ) async rethrows -> Result {
    let span = start(kind, name, parent: parent)
    do {
      let result = try await InstrumentationContext.$current.withValue(span.serviceContext) { try await work(span) }
      span.end()
      return result
    } catch {
      span.end(error)
      throw error
    }
  }

  /// Begins a span for work that no closure can hold, such as callbacks. Call ``ActiveSpan/end(_:)``; a span that is dropped
  /// without it is exported as cancelled.
  public func start(_ kind: LLMTelemetry.SpanKind, _ name: String, parent: TraceContext? = nil) -> ActiveSpan {
    var surroundings = InstrumentationContext.current ?? .topLevel
    let tracer = ApplicationSpan.tracer
    if let parent {
      surroundings.llmSpan = parent
      // The application's tracer must hang its span under the same parent.
      tracer?.extract(HeaderCarrier(headers: parent.headers), into: &surroundings, using: HeaderExtractor())
    }
    let application = tracer.map { ApplicationSpan(name, kind: kind, context: surroundings, tracer: $0) }
    let identity = application?.identity
    let start = core.clock.now()

    // The nearest span of ours is the parent even if the application's tracer has spans in between: those are not in the record,
    // and a tree with holes would be no tree. What is of another trace than this span is no parent.
    func isOfThisTrace(_ other: TraceContext) -> Bool { identity.map { $0.traceID == other.traceID } ?? true }
    let nearest = surroundings.llmSpan.flatMap { isOfThisTrace($0) ? $0 : nil }
    let above =
      nearest ?? tracer.flatMap { TraceContext(sentBy: $0, for: surroundings) }.flatMap { isOfThisTrace($0) ? $0 : nil }
    // A trace that begins here is undecided: whoever samples behind the exporter decides about it, later.
    var context =
      above?.child(identity?.spanID ?? .random()) ?? identity
      ?? TraceContext(traceID: .random(at: start), spanID: .random(), priority: nil)
    if let identity { context.isSampled = identity.isSampled }
    var span = LLMSpan(
      traceID: context.traceID, spanID: context.spanID, parentSpanID: above?.spanID, kind: kind, name: name, start: start,
      duration: .zero)
    span.dimensions.service = service
    span.dimensions.env = env
    span.dimensions.version = version
    return ActiveSpan(span, context: context, surroundings: surroundings, application: application, core: core)
  }

  /// Sends the spans that wait and ends the exporter. Spans that end later are dropped.
  public func shutdown() async { await core.exporter.shutdown() }
}
