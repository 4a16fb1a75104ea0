// Where finished spans go: the seam between an instrumented application and the road its spans take.

/// Takes finished spans. `export` is called on the path of a user's request: it must return at once, and a full queue
/// drops spans and counts them rather than wait.
public protocol SpanExporter: Sendable {
  func export(_ spans: [LLMSpan])
}

/// An error that knows its class, so that a span that ends with it is recorded as what it was.
public protocol ClassifiedError: Error {
  var errorClass: ErrorClass { get }
  /// Short text for the span, without content of the request and without credentials.
  var spanMessage: String { get }
}
