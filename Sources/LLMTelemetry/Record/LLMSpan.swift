// The record everything else reads: one span for one exchange with a model, or one step of the application around it.

/// What a span stands for. The raw value is Datadog LLM Observability's `meta.kind`.
public enum SpanKind: String, CaseIterable, Hashable, Sendable, Codable {
  case llm, embedding, retrieval, tool, agent, workflow, task
}

/// What a retrieval step found.
public struct RetrievalFacts: Hashable, Sendable {
  public var documentCount: Int
  /// Similarity of the best document, 0 to 1; `nil` when nothing was found.
  public var topScore: Double?

  public init(documentCount: Int, topScore: Double?) {
    self.documentCount = documentCount
    self.topScore = topScore
  }
}

/// One span. Ids follow W3C Trace Context, so that an application's trace and the gateway's span are one tree.
public struct LLMSpan: Hashable, Sendable {
  public var traceID: TraceID
  public var spanID: SpanID
  public var parentSpanID: SpanID?
  public var kind: SpanKind
  /// What is shown in a trace, for example `chat gemini-2.5-flash`.
  public var name: String
  public var start: Timestamp
  public var duration: Duration
  /// Time from the request's arrival to the answer's first token; streaming only.
  public var timeToFirstToken: Duration?
  /// Longest pause between two stream events; streaming only.
  public var longestGap: Duration?
  public var isStreaming = false
  public var dimensions: Dimensions
  /// The name of the virtual key the request came with; budgets and cost are told apart by it, metrics are not.
  public var virtualKey: String?
  /// The model the provider says answered, when it says so.
  public var responseModel: String?
  public var outcome: Outcome
  public var finishReason: FinishReason?
  public var httpStatus: Int?
  public var usage = TokenUsage()
  /// The tier the provider says it served, or the one the request asked for; `nil` is the standard one.
  public var serviceTier: ServiceTier?
  public var cost = Cost.unknown
  /// Requests sent to providers for this exchange; 0 when none was asked: it was refused before, or the gateway's cache answered.
  public var attempts = 1
  /// The model that was asked for, when another one answered.
  public var fallbackFrom: String?
  public var risk = RiskScores()
  /// The conversation the exchange belongs to, as the application names it; never a metric tag.
  public var session: String?
  /// What was decided about keeping the trace in a tracing backend, by whoever began it; `nil`: nobody has decided yet. Metrics and
  /// the store count every span.
  public var sampling: SamplingDecision?
  public var retrieval: RetrievalFacts?
  public var content: SpanContent?
  /// False when another span already is the record of this exchange (the gateway's, under an application's own llm span):
  /// such a span is part of the trace, and is not folded into metrics a second time.
  public var accountsForExchange = true
  /// True for a call that this product's own judge made to look at another answer: it is stored and costs money like every call, and
  /// is nobody's traffic, so that nothing is measured, learned or alerted by it. Set by ingest.
  public var isOfJudge = false

  public init(
    traceID: TraceID, spanID: SpanID, parentSpanID: SpanID? = nil, kind: SpanKind, name: String, start: Timestamp,
    duration: Duration, dimensions: Dimensions = Dimensions(), outcome: Outcome = .ok
  ) {
    self.traceID = traceID
    self.spanID = spanID
    self.parentSpanID = parentSpanID
    self.kind = kind
    self.name = name
    self.start = start
    self.duration = duration
    self.dimensions = dimensions
    self.outcome = outcome
  }

  public var end: Timestamp { start + duration }

  /// Whether this is the one record of something that the applications or their users did: only such spans are measured, learned from
  /// and compared.
  public var isTraffic: Bool { accountsForExchange && !isOfJudge }

  /// The gateway answered with its copy of an earlier answer: the exchange went well, and nobody was asked.
  public var isAnsweredFromCache: Bool {
    guard attempts == 0, accountsForExchange, case .ok = outcome else { return false }
    return true
  }

  /// False when whoever began the trace gave it up. Setting it to what it is leaves the decision as it came.
  public var isSampled: Bool {
    get { sampling?.priority.isKept ?? true }
    set { if newValue != isSampled { sampling = SamplingDecision(newValue ? .autoKeep : .autoReject) } }
  }

  /// The value of a dimension, derived where the span itself knows it; `nil` when unknown.
  public subscript(dimension: Dimension) -> String? {
    switch dimension {
    case .service: dimensions.service
    case .env: dimensions.env
    case .version: dimensions.version
    case .provider: dimensions.provider
    case .model: dimensions.model
    case .route: dimensions.route
    case .tenant: dimensions.tenant
    case .feature: dimensions.feature
    case .prompt: dimensions.prompt
    case .promptVersion: dimensions.promptVersion
    case .region: dimensions.region
    case .spanKind: kind.rawValue
    case .finishReason: finishReason?.rawValue
    case .cache: isAnsweredFromCache ? "gateway" : usage.cacheRead.map { $0 > 0 ? "hit" : "miss" }
    case .errorClass: outcome.errorClass?.rawValue
    case .override: dimensions.override
    }
  }
}
