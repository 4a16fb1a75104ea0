// Where finished spans go: the seam between an instrumented application and the road its spans take.

/// Takes finished spans. `export` is called on the path of a user's request: it must return at once, and a full queue
/// drops spans and counts them rather than wait.
public protocol SpanExporter: Sendable {
  func export(_ spans: [LLMSpan])
  /// Sends what waits and ends: what is exported afterwards may be dropped. An exporter that keeps nothing has nothing to do.
  func shutdown() async
}

extension SpanExporter {
  public func shutdown() async {}
}

/// An error that knows its class, so that a span that ends with it is recorded as what it was.
public protocol ClassifiedError: Error {
  var errorClass: ErrorClass { get }
  /// Short text for the span, without content of the request and without credentials.
  var spanMessage: String { get }
}

extension Outcome {
  /// How work ended that threw `error`. An error of unknown kind gives its type and not its text, which may hold content of the
  /// request.
  public init(of error: any Error) {
    switch error {
    case let error as any ClassifiedError: self = .failed(error.errorClass, message: error.spanMessage)
    case is CancellationError: self = .failed(.cancelled, message: "the task was cancelled")
    default: self = .failed(.providerError, message: "\(type(of: error))")
    }
  }
}
