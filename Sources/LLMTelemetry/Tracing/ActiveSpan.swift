// A span that is still running: the handle an instrumented piece of work fills in.
import Synchronization

/// The running span inside `LLMTracer.withSpan`. What is set after the work has returned is not exported.
public final class ActiveSpan: Sendable {
  /// Hand its `headers` to the next service to make that service's spans children of this one.
  public let context: TraceContext
  private let span: Mutex<LLMSpan>

  init(_ span: LLMSpan, context: TraceContext) {
    self.context = context
    self.span = Mutex(span)
  }

  /// Fills in what the work found out: usage, model, retrieval, outcome, dimensions. The ids, the start and the duration are
  /// the tracer's own: changes to them are not kept.
  public func update(_ change: (inout LLMSpan) -> Void) {
    span.withLock { change(&$0) }
  }

  var snapshot: LLMSpan { span.withLock { $0 } }
}
