// From a span to its recorded form and back. Numbers go through Decimal, so that neither money nor time passes a Double.
import Foundation

extension SpanLine {
  init(_ span: LLMSpan, contentBytes: Int) {
    let dimensions = span.dimensions
    start = span.start
    durationMilliseconds = Self.milliseconds(span.duration)
    kind = span.kind
    provider = dimensions.provider
    model = dimensions.model
    status = span.outcome == .ok ? "ok" : "error"
    traceID = span.traceID.description
    spanID = span.spanID.description
    parentID = span.parentSpanID?.description
    name = span.name
    service = dimensions.service
    env = dimensions.env
    version = dimensions.version
    region = dimensions.region
    override = dimensions.override
    route = dimensions.route
    tenant = dimensions.tenant
    feature = dimensions.feature
    prompt = dimensions.prompt
    promptVersion = dimensions.promptVersion
    responseModel = span.responseModel
    timeToFirstTokenMilliseconds = span.timeToFirstToken.map(Self.milliseconds)
    longestGapMilliseconds = span.longestGap.map(Self.milliseconds)
    isStreaming = span.isStreaming
    httpStatus = span.httpStatus
    errorClass = span.outcome.errorClass
    errorMessage = span.outcome.message
    finishReason = span.finishReason
    attempts = span.attempts
    fallbackFrom = span.fallbackFrom
    usage = UsageKeys(span.usage)
    serviceTier = span.serviceTier
    virtualKey = span.virtualKey
    if let amount = span.cost.amount {
      costUSD = Decimal(amount.count) / 1_000_000_000
      costExactness = span.cost.exactness
      priceVersion = span.cost.priceVersion
    }
    risk = span.risk.isEmpty ? nil : RiskKeys(span.risk)
    session = span.session
    retrieval = span.retrieval.map {
      RetrievalKeys(documents: $0.documentCount, topScore: $0.topScore, empty: $0.documentCount == 0)
    }
    accountsForExchange = span.accountsForExchange ? nil : false
    samplingPriority = span.sampling.map { Int($0.priority.rawValue) }
    samplingMechanism = span.sampling?.mechanism?.description
    if contentBytes > 0 { content = span.content.flatMap { ContentKeys($0, limit: contentBytes) } }
  }

  /// - Parameter contentBytes: how much text of the exchange is kept; none when 0.
  func span(fallback: FallbackIdentity, contentBytes: Int) throws -> LLMSpan {
    // The steps around an exchange have no model; an exchange without one cannot be attributed to anything.
    if kind == .llm || kind == .embedding {
      if provider == nil { throw InvalidValue(message: "\"provider\" is missing; the format requires it") }
      if model == nil { throw InvalidValue(message: "\"model\" is missing; the format requires it") }
    }
    var span = LLMSpan(
      traceID: try traceID.map(Self.traceID) ?? fallback.traceID, spanID: try spanID.map(Self.spanID) ?? fallback.spanID,
      parentSpanID: try parentID.map(Self.spanID), kind: kind,
      name: name ?? [kind.rawValue, model].compactMap(\.self).joined(separator: " "),
      start: start, duration: try Self.duration(durationMilliseconds, key: "duration_ms"))
    span.dimensions.provider = provider
    span.dimensions.model = model
    span.dimensions.service = service
    span.dimensions.env = env
    span.dimensions.version = version
    span.dimensions.region = region
    span.dimensions.override = override
    span.dimensions.route = route
    span.dimensions.tenant = tenant
    span.dimensions.feature = feature
    span.dimensions.prompt = prompt
    span.dimensions.promptVersion = promptVersion
    span.responseModel = responseModel
    span.timeToFirstToken = try timeToFirstTokenMilliseconds.map { try Self.duration($0, key: "ttft_ms") }
    span.longestGap = try longestGapMilliseconds.map { try Self.duration($0, key: "max_gap_ms") }
    span.isStreaming = isStreaming ?? false
    span.httpStatus = httpStatus
    span.outcome = try outcome
    span.finishReason = finishReason
    span.attempts = attempts ?? 1
    span.fallbackFrom = fallbackFrom
    if let usage { span.usage = usage.usage }
    span.serviceTier = serviceTier
    span.virtualKey = virtualKey
    span.cost = try cost
    if let risk { span.risk = risk.scores }
    span.session = session
    span.retrieval = retrieval.map { RetrievalFacts(documentCount: $0.documents, topScore: $0.topScore) }
    span.accountsForExchange = accountsForExchange ?? true
    span.sampling = try sampling
    if contentBytes > 0 { span.content = content.flatMap { $0.content(limit: contentBytes) } }
    return span
  }

  private var sampling: SamplingDecision? {
    get throws {
      guard let samplingPriority else { return nil }
      guard let priority = Int8(exactly: samplingPriority).flatMap(SamplingPriority.init) else {
        throw InvalidValue(message: "\"sampling_priority\" is \(samplingPriority); use -1, 0, 1 or 2")
      }
      guard let text = samplingMechanism else { return SamplingDecision(priority) }
      guard let mechanism = SamplingMechanism(text) else {
        throw InvalidValue(message: "\"sampling_mechanism\" is \"\(text)\"; give a dash and a number, for example -4")
      }
      return SamplingDecision(priority, by: mechanism)
    }
  }

  private var outcome: Outcome {
    get throws {
      switch status {
      case "ok": .ok
      case "error": .failed(errorClass ?? .providerError, message: errorMessage ?? "")
      default: throw InvalidValue(message: "\"status\" is \"\(status)\"; use \"ok\" or \"error\"")
      }
    }
  }

  private var cost: Cost {
    get throws {
      guard let costUSD else { return .unknown }
      let amount = Nanodollars(try Self.whole(costUSD * 1_000_000_000, key: "cost_usd"))
      let version = priceVersion ?? "recorded"
      switch costExactness ?? "exact" {
      case "exact": return .exact(amount, priceVersion: version)
      case "partial": return .partial(amount, priceVersion: version)
      case "estimated": return .estimated(amount, priceVersion: version)
      case let other: throw InvalidValue(message: "\"cost_exactness\" is \"\(other)\"; use exact, partial or estimated")
      }
    }
  }

  private static func traceID(_ text: String) throws -> TraceID {
    guard let id = TraceID(hexadecimal: text) else {
      throw InvalidValue(message: "\"\(text)\" is not a trace id; give 32 or 16 hexadecimal digits, not all zero")
    }
    return id
  }

  private static func spanID(_ text: String) throws -> SpanID {
    guard let id = SpanID(hexadecimal: text) else {
      throw InvalidValue(message: "\"\(text)\" is not a span id; give 16 hexadecimal digits, not all zero")
    }
    return id
  }

  private static func milliseconds(_ duration: Duration) -> Decimal { Decimal(duration.wholeNanoseconds) / 1_000_000 }

  private static func duration(_ milliseconds: Decimal, key: String) throws -> Duration {
    let nanoseconds = try whole(milliseconds * 1_000_000, key: key)
    guard nanoseconds >= 0 else { throw InvalidValue(message: "\"\(key)\" is negative") }
    return .nanoseconds(nanoseconds)
  }

  /// The nearest whole number.
  private static func whole(_ value: Decimal, key: String) throws -> Int64 {
    var value = value
    var rounded = Decimal()
    NSDecimalRound(&rounded, &value, 0, .plain)
    guard let whole = Int64(rounded.description) else { throw InvalidValue(message: "\"\(key)\" is out of range") }
    return whole
  }
}

extension SpanLine.UsageKeys {
  /// `nil` when no bucket is known.
  init?(_ usage: TokenUsage) {
    guard !usage.isUnknown else { return nil }
    self.init(
      input: usage.input, cacheRead: usage.cacheRead, cacheWrite: usage.cacheWrite, cacheWriteHour: usage.cacheWriteHour,
      inputAudio: usage.inputAudio, inputImage: usage.inputImage, output: usage.output, reasoning: usage.reasoning,
      outputAudio: usage.outputAudio, outputImage: usage.outputImage)
  }

  var usage: TokenUsage {
    var usage = TokenUsage(
      input: input, cacheRead: cacheRead, cacheWrite: cacheWrite, cacheWriteHour: cacheWriteHour, output: output,
      reasoning: reasoning)
    usage.inputAudio = inputAudio
    usage.inputImage = inputImage
    usage.outputAudio = outputAudio
    usage.outputImage = outputImage
    return usage
  }
}
