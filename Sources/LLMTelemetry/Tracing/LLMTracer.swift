// The tracer of an instrumented application: one span for each piece of work, nested by structured concurrency.

/// Makes spans and hands each to the exporter exactly once, when its work ends: well, with an error, or cancelled.
public struct LLMTracer: Sendable {
  /// The span around the current task; the parent of the next one.
  @TaskLocal public static var current: TraceContext?

  public let service: String
  public let env: String
  public let version: String?
  private let exporter: any SpanExporter

  public init(service: String, env: String, version: String? = nil, exporter: any SpanExporter) {
    self.service = service
    self.env = env
    self.version = version
    self.exporter = exporter
  }

  /// Runs `work` inside a span.
  ///
  /// The parent is `parent` (for example the context of an incoming request), else the span around the current task, else
  /// none: then a new trace begins. An error is recorded and thrown on; an outcome that `work` set itself stays.
  /// The duration is measured with a monotonic clock.
  public func withSpan<Result>(
    _ kind: SpanKind, _ name: String, parent: TraceContext? = nil, isolation: isolated (any Actor)? = #isolation,
    _ work: (ActiveSpan) async throws -> Result
  ) async rethrows -> Result {
    let parent = parent ?? Self.current
    let start = Timestamp.now()
    let began = ContinuousClock.now
    let context = TraceContext(
      traceID: parent?.traceID ?? .random(at: start), spanID: .random(), isSampled: parent?.isSampled ?? true)
    var initial = LLMSpan(
      traceID: context.traceID, spanID: context.spanID, parentSpanID: parent?.spanID, kind: kind, name: name, start: start,
      duration: .zero)
    initial.dimensions.service = service
    initial.dimensions.env = env
    initial.dimensions.version = version
    let span = ActiveSpan(initial, context: context)

    func finish(_ error: (any Error)?) {
      var finished = span.snapshot
      finished.traceID = context.traceID
      finished.spanID = context.spanID
      finished.parentSpanID = parent?.spanID
      finished.start = start
      finished.duration = ContinuousClock.now - began
      if let error, finished.outcome == .ok { finished.outcome = Self.outcome(of: error) }
      exporter.export([finished])
    }

    do {
      let result = try await Self.$current.withValue(context) { try await work(span) }
      finish(nil)
      return result
    } catch {
      finish(error)
      throw error
    }
  }

  /// An error of unknown kind gives its type and not its text, which may hold content of the request.
  private static func outcome(of error: any Error) -> Outcome {
    switch error {
    case let error as any ClassifiedError: .failed(error.errorClass, message: error.spanMessage)
    case is CancellationError: .failed(.cancelled, message: "the task was cancelled")
    default: .failed(.providerError, message: "\(type(of: error))")
    }
  }
}
