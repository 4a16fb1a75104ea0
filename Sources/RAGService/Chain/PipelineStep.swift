// How steps are put together: each is a span, and what one finds is what the next one works with.
import LLMInstrumentation
import LLMTelemetry

/// One step of a chain. It changes the state, and tells its span what it found out.
protocol PipelineStep<State>: Sendable {
  associatedtype State: Sendable
  /// The span's name.
  var name: String { get }
  /// The span's kind.
  var kind: SpanKind { get }
  /// Whether there is anything to do; a step that has nothing to do leaves no span.
  func applies(to state: State) -> Bool
  func run(_ state: inout State, in span: ActiveSpan) async throws
}

extension PipelineStep {
  var kind: SpanKind { .task }
  func applies(to _: State) -> Bool { true }
}

/// Steps in their order.
struct Pipeline<State: Sendable>: Sendable {
  let steps: [any PipelineStep<State>]
  let tracer: LLMTracer

  /// Runs the steps that apply; the first that fails ends it.
  func run(_ state: inout State, describe: (ActiveSpan) -> Void) async throws {
    for step in steps where step.applies(to: state) {
      try Task.checkCancellation()
      var changed = state
      try await tracer.withSpan(step.kind, step.name) { span in
        describe(span)
        try await step.run(&changed, in: span)
      }
      state = changed
    }
  }
}
