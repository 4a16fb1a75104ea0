// One span as Datadog's Agent takes it on /v0.4/traces: what is not known is not there, and nothing is longer than the Agent keeps.

import LLMTelemetry

/// What every span of this program says, encoded once.
struct AgentSpanEncoder: Sendable {
  /// What the Agent cuts service, name and type to.
  static let nameBytes = 100
  static let resourceBytes = 5000
  static let messageBytes = 5000
  /// Of every other text; the Agent keeps 25,000, and no dimension has a use for as many.
  static let textBytes = 1000
  /// 2000-01-01. Earlier starts are taken for mistakes, by the Agent and here.
  static let earliestStart: Int64 = 946_684_800_000_000_000

  let service: String
  let env: String?
  private let shared: Entries
  private let ofRoot: Entries
  private let processID: Double?

  /// Entries of a map, encoded.
  private struct Entries: Sendable {
    var bytes: [UInt8] = []
    var count = 0
    init(_ entries: [(name: String, value: String)]) {
      var writer = MessagePackWriter(capacity: 512)
      for entry in entries {
        writer.append(entry.name)
        writer.append(entry.value, limit: textBytes)
      }
      bytes = writer.bytes()
      count = entries.count
    }
  }

  init(_ settings: AgentTraces.Settings) {
    service = settings.service
    env = settings.env
    processID = settings.processID.map(Double.init)
    // These attributes are copies for people who look at traces: spans of LLM Observability are sent on their own, and must not be
    // made from them once more.
    var always = [(name: "_dd.llmobs.artificial_gen_ai_tags", value: "true")]
    if let application = settings.application { always.append((name: "gen_ai.application.name", value: application)) }
    shared = Entries(always)
    ofRoot = Entries([(name: "language", value: "swift"), (name: "runtime-id", value: settings.runtimeID)])
  }

  func service(of span: UnsafePointer<LLMSpan>) -> String {
    guard let own = span.pointee.dimensions.service, !own.isEmpty else { return service }
    return own
  }

  func env(of span: UnsafePointer<LLMSpan>) -> String? {
    guard let own = span.pointee.dimensions.env, !own.isEmpty else { return env }
    return own
  }

  /// What the span is counted by where its statistics are ours: the words it would have in a trace.
  func statisticsKey(
    of span: UnsafePointer<LLMSpan>, _ member: TraceGrouping.Member, _ words: SpanWords, peers: Bool
  ) -> StatisticsKey {
    let status = span.pointee.httpStatus ?? 0
    return StatisticsKey(
      env: env(of: span), version: span.pointee.dimensions.version, service: service(of: span), kind: span.pointee.kind,
      resource: resource(of: span), httpStatus: (100...599).contains(status) ? status : 0,
      isServer: span.pointee.kind == .workflow && member.isTopLevel, isTraceRoot: member.parent == 0,
      peer: peers && words.isCall ? span.pointee.dimensions.provider : nil)
  }

  private func resource(of span: UnsafePointer<LLMSpan>) -> String {
    span.pointee.name.isEmpty ? span.pointee.kind.rawValue : span.pointee.name
  }

  /// - Parameters:
  ///   - span: by its place in memory: a copy of one would be a count for each of its strings.
  ///   - decision: given with the first span of what is sent together; the Agent looks for it there.
  func append(
    _ span: UnsafePointer<LLMSpan>, _ member: TraceGrouping.Member, decision: TraceDecision?, now: Timestamp,
    to out: inout MessagePackWriter
  ) {
    let kind = SpanWords(span.pointee.kind)
    out.begin()
    out.appendMap(12)
    out.append("service")
    out.append(service(of: span), limit: Self.nameBytes)
    out.append("name")
    out.append(kind.name)
    out.append("resource")
    out.append(resource(of: span), limit: Self.resourceBytes)
    out.append("type")
    out.append("llm")
    // Datadog knows a trace by its lower half, which must not be zero.
    let low = span.pointee.traceID.low == 0 ? span.pointee.traceID.high : span.pointee.traceID.low
    out.append("trace_id")
    out.append(low)
    out.append("span_id")
    out.append(span.pointee.spanID.bits)
    out.append("parent_id")
    out.append(member.parent)
    let duration = max(0, span.pointee.duration.wholeNanoseconds)
    var start = span.pointee.start.unixNanoseconds
    if start < Self.earliestStart { start = max(Self.earliestStart, now.unixNanoseconds.subtracting(duration)) }
    out.append("start")
    out.append(start)
    out.append("duration")
    out.append(min(duration, .max - start))
    out.append("error")
    out.append(UInt64(span.pointee.outcome.countsAsError ? 1 : 0))
    appendMeta(span, member, kind, decision, &out)
    appendMetrics(span, member, kind, decision, &out)
  }

  private func appendMeta(
    _ span: UnsafePointer<LLMSpan>, _ member: TraceGrouping.Member, _ kind: SpanWords, _ decision: TraceDecision?,
    _ out: inout MessagePackWriter
  ) {
    out.append("meta")
    let place = out.beginMap()
    var entries = shared.count
    out.append(raw: shared.bytes)
    @inline(__always)
    func text(_ name: StaticString, _ value: String?, _ out: inout MessagePackWriter, limit: Int = Self.textBytes) {
      guard let value else { return }
      out.put(name)
      out.append(value, limit: limit)
      entries += 1
    }
    @inline(__always)
    func word(_ name: StaticString, _ value: StaticString, _ out: inout MessagePackWriter) {
      out.put(name)
      out.put(value)
      entries += 1
    }
    text("env", env(of: span), &out)
    text("version", span.pointee.dimensions.version, &out)
    word("gen_ai.operation.name", kind.kind, &out)
    word("span_kind", kind.kind, &out)
    let isServer = span.pointee.kind == .workflow && member.isTopLevel
    word("span.kind", isServer ? "server" : kind.role, &out)
    text("gen_ai.provider.name", span.pointee.dimensions.provider, &out)
    text("gen_ai.request.model", span.pointee.dimensions.model, &out)
    text("gen_ai.response.model", span.pointee.responseModel, &out)
    text("gen_ai.conversation.id", span.pointee.session, &out)
    // By the names that metrics have, so that one can go from a metric to its traces.
    text("provider", span.pointee.dimensions.provider, &out)
    text("model", span.pointee.dimensions.model, &out)
    text("route", span.pointee.dimensions.route, &out)
    text("tenant", span.pointee.dimensions.tenant, &out)
    text("feature", span.pointee.dimensions.feature, &out)
    text("prompt", span.pointee.dimensions.prompt, &out)
    text("prompt_version", span.pointee.dimensions.promptVersion, &out)
    text("region", span.pointee.dimensions.region, &out)
    text("override", span.pointee.dimensions.override, &out)
    text("finish_reason", span.pointee.finishReason?.rawValue, &out)
    if span.pointee.isAnsweredFromCache {
      word("cache", "gateway", &out)
    } else if let read = span.pointee.usage.cacheRead {
      word("cache", read > 0 ? "hit" : "miss", &out)
    }
    if kind.isCall { text("peer.service", span.pointee.dimensions.provider, &out, limit: Self.nameBytes) }
    if let status = span.pointee.httpStatus, (100...599).contains(status) { text("http.status_code", String(status), &out) }
    text("llm.virtual_key", span.pointee.virtualKey, &out)
    text("llm.service_tier", span.pointee.serviceTier?.rawValue, &out)
    text("llm.fallback_from", span.pointee.fallbackFrom, &out)
    if kind.isCall {
      word("llm.streaming", span.pointee.isStreaming ? "true" : "false", &out)
      text("cost_exactness", span.pointee.cost.exactness, &out)
    }
    if case .failed(let errorClass, let message) = span.pointee.outcome {
      text("error_class", errorClass.rawValue, &out)
      // What a client gave up is no error of the service.
      if span.pointee.outcome.countsAsError {
        text("error.type", errorClass.rawValue, &out)
        text("error.message", message, &out, limit: Self.messageBytes)
      }
    }
    if let decision {
      entries += ofRoot.count
      out.append(raw: ofRoot.bytes)
      if span.pointee.traceID.high != 0 {
        out.append("_dd.p.tid")
        out.append(hexadecimal: span.pointee.traceID.high)
        entries += 1
      }
      if decision.priority.isKept { text("_dd.p.dm", decision.mechanism?.description, &out) }
      text("_dd.p.ksr", decision.rateText, &out)
    }
    out.end(place, size: entries)
  }

  private func appendMetrics(
    _ span: UnsafePointer<LLMSpan>, _ member: TraceGrouping.Member, _ kind: SpanWords, _ decision: TraceDecision?,
    _ out: inout MessagePackWriter
  ) {
    out.append("metrics")
    let place = out.beginMap()
    var entries = 0
    @inline(__always)
    func number(_ name: StaticString, _ value: Double?, _ out: inout MessagePackWriter) {
      guard let value, value.isFinite else { return }
      out.put(name)
      out.put(value)
      entries += 1
    }
    @inline(__always)
    func count(_ name: StaticString, _ value: Int?, _ out: inout MessagePackWriter) {
      if let value { number(name, Double(value), &out) }
    }
    if let decision {
      number("_sampling_priority_v1", Double(decision.priority.rawValue), &out)
      switch decision.maker {
      case .agent(let rate): number("_dd.agent_psr", rate, &out)
      case .failureRule: number("_dd.rule_psr", 1, &out)
      case .caller, .standard: break
      }
      number("process_id", processID, &out)
    }
    if member.isTopLevel { number("_dd.top_level", 1, &out) }
    if kind.isMeasured { number("_dd.measured", 1, &out) }
    let usage = span.pointee.usage
    if !usage.isUnknown {
      let input = usage.totalInput
      let output = usage.totalOutput
      count("gen_ai.usage.input_tokens", input, &out)
      count("gen_ai.usage.output_tokens", output, &out)
      if let input, let output { number("gen_ai.usage.total_tokens", Double(input) + Double(output), &out) }
      count("gen_ai.usage.cache_read_input_tokens", usage.cacheRead, &out)
      if usage.cacheWrite != nil || usage.cacheWriteHour != nil {
        number(
          "gen_ai.usage.cache_write_input_tokens", Double(usage.cacheWrite ?? 0) + Double(usage.cacheWriteHour ?? 0), &out)
      }
      count("gen_ai.usage.reasoning_output_tokens", usage.reasoning, &out)
      count("llm.tokens.input", usage.input, &out)
      count("llm.tokens.cache_read", usage.cacheRead, &out)
      count("llm.tokens.cache_write", usage.cacheWrite, &out)
      count("llm.tokens.cache_write_1h", usage.cacheWriteHour, &out)
      count("llm.tokens.input_audio", usage.inputAudio, &out)
      count("llm.tokens.input_image", usage.inputImage, &out)
      count("llm.tokens.output", usage.output, &out)
      count("llm.tokens.reasoning", usage.reasoning, &out)
      count("llm.tokens.output_audio", usage.outputAudio, &out)
      count("llm.tokens.output_image", usage.outputImage, &out)
    }
    number("llm.cost", span.pointee.cost.amount?.dollars, &out)
    if let time = span.pointee.timeToFirstToken { number("llm.time_to_first_token", Double(time.wholeNanoseconds), &out) }
    if let gap = span.pointee.longestGap { number("llm.longest_gap", Double(gap.wholeNanoseconds), &out) }
    if kind.isCall { count("llm.attempts", span.pointee.attempts, &out) }
    if let retrieval = span.pointee.retrieval {
      count("llm.retrieval.documents", retrieval.documentCount, &out)
      number("llm.retrieval.top_score", retrieval.topScore, &out)
    }
    if !span.pointee.risk.isEmpty {
      for place in Self.scorers.indices {
        guard let score = span.pointee.risk[Self.scorers[place]] else { continue }
        // A name that is a string leaves room for its number.
        out.append(Self.riskNames[place])
        out.put(score)
        entries += 1
      }
    }
    out.end(place, size: entries)
  }

  private static let scorers = RiskScorer.allCases
  private static let riskNames = scorers.map { "llm.semantic_risk.\($0.rawValue)" }
}

extension Int64 {
  fileprivate func subtracting(_ other: Int64) -> Int64 {
    let (difference, overflow) = subtractingReportingOverflow(other)
    return overflow ? 0 : difference
  }
}
