// A span that a framework or a client library made through swift-distributed-tracing.
import LLMTelemetry
import Synchronization
import Tracing

/// A span of ``LLMInstrument``. Attributes that belong to no field of the record, events and links are not kept.
public final class InstrumentSpan: Tracing.Span {
  private struct State {
    var name: String
    var attributes = SpanAttributes()
    var outcome = Outcome.ok
    var record: LLMSpan?
  }

  public let context: InstrumentationContext
  private let core: TracerCore?
  private let state: Mutex<State>

  /// A span that is exported when it ends.
  init(_ record: LLMSpan, at place: TraceContext, context: InstrumentationContext, core: TracerCore) {
    var inside = context
    inside.llmSpan = place
    self.context = inside
    self.core = core
    state = Mutex(State(name: record.name, record: record))
  }

  /// A span that leaves nothing and only hands its surroundings on.
  init(_ name: String, passing context: InstrumentationContext) {
    self.context = context
    core = nil
    state = Mutex(State(name: name))
  }

  public var operationName: String {
    get { state.withLock { $0.name } }
    set { state.withLock { $0.name = newValue } }
  }

  public var attributes: SpanAttributes {
    get { state.withLock { $0.attributes } }
    set { state.withLock { if $0.record != nil { $0.attributes = newValue } } }
  }

  public var isRecording: Bool { state.withLock { $0.record != nil } }

  /// The status' message is not kept: it may be an error's text.
  public func setStatus(_ status: SpanStatus) {
    state.withLock {
      switch status.code {
      case .ok: $0.outcome = .ok
      case .error: if $0.outcome == .ok { $0.outcome = .failed(.providerError, message: "the span's status is an error") }
      }
    }
  }

  public func recordError<Instant: TracerInstant>(
    _ error: any Error, attributes: SpanAttributes, at instant: @autoclosure () -> Instant
  ) {
    state.withLock { $0.outcome = Outcome(of: error) }
  }

  public func addEvent(_ event: SpanEvent) {}
  public func addLink(_ link: SpanLink) {}

  public func end<Instant: TracerInstant>(at instant: @autoclosure () -> Instant) {
    let end = Timestamp(unixNanoseconds: Int64(clamping: instant().nanosecondsSinceEpoch))
    let finished: LLMSpan? = state.withLock { state in
      guard var record = state.record else { return nil }
      state.record = nil
      record.name = state.name
      record.duration = max(.zero, end - record.start)
      record.outcome = state.outcome
      GenAIAttributes.read(state.attributes, into: &record)
      return record
    }
    if let finished { core?.finish(finished) }
  }
}
