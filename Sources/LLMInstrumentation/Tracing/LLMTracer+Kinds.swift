// A verb for each kind of work, so that instrumenting a call is one line around it.
import LLMTelemetry

extension LLMTracer {
  /// One exchange with a model that answers in words. The span is called `chat MODEL`.
  ///
  /// - Parameters:
  ///   - model: as the request names it, for example `gemini-2.5-flash`.
  ///   - provider: in the words of OpenTelemetry: `openai`, `anthropic`, `gcp.gemini`, `gcp.vertex_ai`, …
  ///   - parent: the context of an incoming request, where nothing else carries it.
  ///   - isolation: the actor the work runs on; leave it to the compiler.
  ///   - work: the exchange. What it throws is recorded and thrown on.
  public func chat<Result>(
    model: String, provider: String, parent: TraceContext? = nil, isolation: isolated (any Actor)? = #isolation,
    _ work: (ActiveSpan) async throws -> Result
  ) async rethrows -> Result {
    try await exchange(.llm, "chat", model, provider, parent, isolation: isolation, work)
  }

  /// One exchange that turns text into vectors. The span is called `embeddings MODEL`.
  public func embedding<Result>(
    model: String, provider: String, parent: TraceContext? = nil, isolation: isolated (any Actor)? = #isolation,
    _ work: (ActiveSpan) async throws -> Result
  ) async rethrows -> Result {
    try await exchange(.embedding, "embeddings", model, provider, parent, isolation: isolation, work)
  }

  /// The whole of what was asked for: usually the root of a trace, with fixed steps.
  public func workflow<Result>(
    _ name: String, parent: TraceContext? = nil, isolation: isolated (any Actor)? = #isolation,
    _ work: (ActiveSpan) async throws -> Result
  ) async rethrows -> Result {
    try await withSpan(.workflow, name, parent: parent, isolation: isolation, work)
  }

  /// Work whose steps a model chooses.
  public func agent<Result>(
    _ name: String, parent: TraceContext? = nil, isolation: isolated (any Actor)? = #isolation,
    _ work: (ActiveSpan) async throws -> Result
  ) async rethrows -> Result {
    try await withSpan(.agent, name, parent: parent, isolation: isolation, work)
  }

  /// A call of a tool that a model asked for.
  public func tool<Result>(
    _ name: String, parent: TraceContext? = nil, isolation: isolated (any Actor)? = #isolation,
    _ work: (ActiveSpan) async throws -> Result
  ) async rethrows -> Result {
    try await withSpan(.tool, name, parent: parent, isolation: isolation, work)
  }

  /// A step of the application that calls nobody.
  public func task<Result>(
    _ name: String, parent: TraceContext? = nil, isolation: isolated (any Actor)? = #isolation,
    _ work: (ActiveSpan) async throws -> Result
  ) async rethrows -> Result {
    try await withSpan(.task, name, parent: parent, isolation: isolation, work)
  }

  /// A search for documents. Record what it found with ``ActiveSpan/record(documents:topScore:)``.
  public func retrieval<Result>(
    _ name: String, parent: TraceContext? = nil, isolation: isolated (any Actor)? = #isolation,
    _ work: (ActiveSpan) async throws -> Result
  ) async rethrows -> Result {
    try await withSpan(.retrieval, name, parent: parent, isolation: isolation, work)
  }

  private func exchange<Result>(
    _ kind: LLMTelemetry.SpanKind, _ operation: String, _ model: String, _ provider: String, _ parent: TraceContext?,
    isolation: isolated (any Actor)?, _ work: (ActiveSpan) async throws -> Result
  ) async rethrows -> Result {
    try await withSpan(kind, "\(operation) \(model)", parent: parent, isolation: isolation) { span in
      span.update {
        $0.dimensions.provider = provider
        $0.dimensions.model = model
      }
      return try await work(span)
    }
  }
}
