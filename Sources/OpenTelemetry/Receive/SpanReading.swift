// One span of another program as one of ours.

import LLMTelemetry

/// A span that was read, and whether it is about a model at all.
struct ReadSpan {
  var span: LLMSpan
  var isGenAI: Bool
}

struct SpanReading {
  /// Hosts (`commander`, `127.0.0.1`) and hosts with ports (`127.0.0.1:8080`) that are gateways of ours.
  var gateways: Set<String> = []
  /// Bytes of text that one span may bring.
  var contentBytes = 256 << 10

  /// `nil` when the span has no valid ids or times.
  func read(_ source: OTLPSpan, resource: [OTLPAttribute]) -> ReadSpan? {
    guard let traceID = source.traceID, let spanID = source.spanID, source.startUnixNanoseconds > 0,
      let start = Int64(exactly: source.startUnixNanoseconds), let end = Int64(exactly: source.endUnixNanoseconds)
    else { return nil }
    let facts = AttributeFacts(resource: resource, span: source.attributes)
    let kind = SpanKindReading.kind(facts, source)
    let isEntry = source.parentSpanID == nil || source.kind == .server || source.kind == .consumer
    var span = LLMSpan(
      traceID: traceID, spanID: spanID, parentSpanID: source.parentSpanID == spanID ? nil : source.parentSpanID,
      kind: kind ?? (isEntry ? .workflow : .task), name: String(source.name.prefix(200)),
      start: Timestamp(unixNanoseconds: start), duration: .nanoseconds(max(0, end - start)),
      dimensions: dimensions(facts), outcome: OutcomeReading.outcome(facts, source))
    // A span that was exported was kept: of what is said, only the degree and who decided are news.
    span.sampling = TraceContext.sampling(inTraceState: source.traceState)
    guard kind != nil else { return ReadSpan(span: span, isGenAI: false) }
    readExchange(facts, source, &span)
    return ReadSpan(span: span, isGenAI: true)
  }

  private func dimensions(_ facts: AttributeFacts) -> Dimensions {
    let address = facts.word(.serverAddress)
    var dimensions = Dimensions()
    // What SDKs say when nobody has named the service.
    dimensions.service = facts.word(.service).flatMap { $0.hasPrefix("unknown_service") ? nil : $0 }
    dimensions.env = facts.word(.env)
    dimensions.version = facts.word(.version)
    dimensions.provider = facts.word(.provider).map { ProviderNames.canonical($0, address: address) }
    dimensions.model = facts.word(.requestModel).map(ProviderNames.model)
    dimensions.route = facts.word(.route)
    dimensions.tenant = facts.word(.tenant)
    dimensions.feature = facts.word(.feature)
    dimensions.prompt = facts.word(.prompt)
    dimensions.promptVersion = facts.word(.promptVersion)
    dimensions.region = ProviderNames.region(address: address) ?? facts.word(.region)
    return dimensions
  }

  private func readExchange(_ facts: AttributeFacts, _ source: OTLPSpan, _ span: inout LLMSpan) {
    span.responseModel = facts.word(.responseModel).map(ProviderNames.model)
    // Some senders name only the model that answered.
    if span.dimensions.model == nil { span.dimensions.model = span.responseModel }
    span.usage = TokenReading.usage(facts)
    span.finishReason = FinishReasonReading.reason(facts[.finishReasons])
    span.httpStatus = OutcomeReading.status(facts, message: span.outcome.message ?? "")
    if span.outcome == .ok, span.finishReason == .contentFilter {
      // As the gateway has it: an answer that a filter stopped is no answer.
      span.outcome = .failed(.blocked, message: "the answer was blocked by a safety filter")
    }
    span.timeToFirstToken = wait(facts, source, span)
    span.longestGap = facts.count(.longestGap).map { .nanoseconds(Int64($0)) }
    span.isStreaming = facts[.isStreaming]?.flag ?? (span.timeToFirstToken != nil)
    span.serviceTier = facts[.serviceTier]?.text.flatMap { ServiceTier(rawValue: $0 == "default" ? "standard" : $0) }
    span.session = facts.word(.session)
    span.virtualKey = facts.word(.virtualKey)
    span.attempts = facts.count(.attempts) ?? 1
    span.fallbackFrom = facts.word(.fallbackFrom)
    span.cost = cost(facts)
    span.accountsForExchange = (facts[.accounts]?.flag ?? true) && !isGateway(facts)
    span.content = ContentReading(limit: contentBytes).content(source, kind: span.kind)
    if span.kind == .retrieval { span.retrieval = retrieval(facts, span.content) }
    readScores(source, &span)
  }

  /// The first token: said in seconds, or seen as the first event of a stream (OpenInference, Traceloop).
  private func wait(_ facts: AttributeFacts, _ source: OTLPSpan, _ span: LLMSpan) -> Duration? {
    if let seconds = facts[.timeToFirstToken]?.double, seconds >= 0, seconds < 1e6 {
      return .nanoseconds(Int64((seconds * 1e9).rounded()))
    }
    let event = source.events.first { $0.name == "First Token Stream Event" || $0.name == "llm.content.completion.chunk" }
    guard let event, event.unixNanoseconds >= source.startUnixNanoseconds, let at = Int64(exactly: event.unixNanoseconds) else {
      return nil
    }
    return Timestamp(unixNanoseconds: at) - span.start
  }

  private func isGateway(_ facts: AttributeFacts) -> Bool {
    if facts[.viaGateway]?.flag == true { return true }
    guard !gateways.isEmpty, let address = facts.word(.serverAddress)?.lowercased() else { return false }
    if gateways.contains(address) { return true }
    if let port = facts[.serverPort]?.integer { return gateways.contains("\(address):\(port)") }
    // The Google instrumentation never names the port.
    return gateways.contains { $0.hasPrefix(address + ":") }
  }

  private func cost(_ facts: AttributeFacts) -> Cost {
    guard let amount = facts.count(.cost), let version = facts.word(.priceVersion) else { return .unknown }
    let dollars = Nanodollars(Int64(amount))
    switch facts[.costExactness]?.text {
    case "exact": return .exact(dollars, priceVersion: version)
    case "partial": return .partial(dollars, priceVersion: version)
    case "estimated": return .estimated(dollars, priceVersion: version)
    default: return .unknown
    }
  }

  private func retrieval(_ facts: AttributeFacts, _ content: SpanContent?) -> RetrievalFacts? {
    if let count = facts.count(.documentCount) {
      return RetrievalFacts(documentCount: count, topScore: facts[.topScore]?.double)
    }
    guard let documents = content?.documents, !documents.isEmpty else { return nil }
    return RetrievalFacts(documentCount: documents.count, topScore: documents.compactMap(\.score).max())
  }

  /// Evaluations that bear the name of one of our scorers.
  private func readScores(_ source: OTLPSpan, _ span: inout LLMSpan) {
    for event in source.events where event.name == "gen_ai.evaluation.result" {
      guard let name = event.attributes["gen_ai.evaluation.name"]?.text, let scorer = RiskScorer(rawValue: name),
        let score = event.attributes["gen_ai.evaluation.score.value"]?.double
      else { continue }
      span.risk[scorer] = score
    }
  }
}
