// A span that is still running: the handle an instrumented piece of work fills in.
import LLMTelemetry
import Synchronization
import Tracing

/// A running span of an ``LLMTracer``. It is exported exactly once, when its work has ended and the streams it observes are over.
/// What is recorded after that is not kept.
public final class ActiveSpan: Sendable {
  private struct State {
    var span: LLMSpan
    var isWorkDone = false
    var isEnded = false
    var openStreams = 0
  }

  /// The span's place in the trace: what a span of another service hangs under.
  public let context: TraceContext
  /// What work inside the span has to see as `InstrumentationContext.current`, where no closure does it.
  public let serviceContext: InstrumentationContext
  let core: TracerCore
  private let parentSpanID: SpanID?
  private let start: Timestamp
  private let began: ContinuousClock.Instant
  private let application: ApplicationSpan?
  private let state: Mutex<State>

  init(
    _ span: LLMSpan, context: TraceContext, surroundings: InstrumentationContext, application: ApplicationSpan?,
    core: TracerCore
  ) {
    self.context = context
    var surroundings = application?.context ?? surroundings
    surroundings.llmSpan = context
    serviceContext = surroundings
    self.core = core
    self.application = application
    parentSpanID = span.parentSpanID
    start = span.start
    began = core.clock.instant()
    state = Mutex(State(span: span))
  }

  deinit {
    // A span that was started by hand and forgotten still is one span.
    end(SpanWasLeft())
  }

  /// Headers that make the next service's spans children of this one: those of the application's tracer, Datadog's and W3C's.
  /// Each name is there once. An HTTP client that is instrumented itself adds its own; do not give it these as well.
  public var headers: [(name: String, value: String)] {
    guard let application else { return context.headers }
    var carrier = HeaderCarrier()
    application.inject(into: &carrier)
    for (name, value) in context.headers { carrier.add(name, value) }
    return carrier.headers
  }

  /// Whether captured text will be kept; asked before an expensive text is made.
  public var capturesContent: Bool { core.settings.capturesContent }

  /// Fills in what the work found out: usage, model, retrieval, outcome, dimensions. The ids, the start and the duration are
  /// the tracer's own: changes to them are not kept.
  public func update(_ change: (inout LLMSpan) -> Void) {
    state.withLock { if !$0.isEnded { change(&$0.span) } }
  }

  /// Ends a span that was begun with ``LLMTracer/start(_:_:parent:)``. Only the first end counts. Without an error the span waits
  /// for the streams it observes.
  ///
  /// - Parameter error: why the work failed; an outcome that was set before stays.
  public func end(_ error: (any Error)? = nil) {
    let finished: LLMSpan? = state.withLock { state in
      guard !state.isEnded else { return nil }
      if let error, state.span.outcome == .ok { state.span.outcome = Outcome(of: error) }
      state.isWorkDone = true
      return error == nil && state.openStreams > 0 ? nil : finish(&state)
    }
    if let finished { hand(finished) }
  }

  private func finish(_ state: inout State) -> LLMSpan {
    state.isEnded = true
    var finished = state.span
    finished.traceID = context.traceID
    finished.spanID = context.spanID
    finished.parentSpanID = parentSpanID
    finished.sampling = context.sampling
    finished.start = start
    finished.duration = core.clock.instant() - began
    return finished
  }

  private func hand(_ finished: LLMSpan) {
    application?.end(finished)
    core.finish(finished)
  }

  // MARK: For the streams of the span

  /// Time since the span began.
  var age: Duration { core.clock.instant() - began }

  func streamOpened() {
    state.withLock {
      $0.openStreams += 1
      $0.span.isStreaming = true
    }
  }

  /// A stream is over. The last one ends the span when its work is done already.
  func streamClosed(_ change: (inout LLMSpan) -> Void) {
    let finished: LLMSpan? = state.withLock { state in
      state.openStreams -= 1
      guard !state.isEnded else { return nil }
      change(&state.span)
      return state.isWorkDone && state.openStreams == 0 ? finish(&state) : nil
    }
    if let finished { hand(finished) }
  }
}

/// Nobody ended the span.
private struct SpanWasLeft: ClassifiedError {
  var errorClass: ErrorClass { .cancelled }
  var spanMessage: String { "the span was left without an end" }
}
