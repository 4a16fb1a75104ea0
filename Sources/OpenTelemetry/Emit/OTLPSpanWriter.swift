// One span under the names of the GenAI conventions (1.37 and later); what these have no name for is under `commander.`, by which
// our own receiver reads everything back.

import LLMTelemetry
import Providers

enum OTLPSpanWriter {
  static let schema: StaticString = "https://opentelemetry.io/schemas/1.37.0"
  private static let attributes = 9

  /// Appends the content of a ResourceSpans message up to its spans' scope: what tells services apart.
  static func writeResource(_ dimensions: Dimensions, to writer: inout ProtobufWriter) {
    let resource = writer.begin(1)
    writer.attribute(1, "service.name", dimensions.service ?? "unknown_service")
    writer.attribute(1, "service.version", dimensions.version)
    writer.attribute(1, "deployment.environment.name", dimensions.env)
    writer.end(resource)
  }

  /// Appends a span as a field of ScopeSpans.
  static func write(_ span: borrowing LLMSpan, to writer: inout ProtobufWriter) {
    let start = UInt64(max(0, span.start.unixNanoseconds))
    let end = UInt64(max(0, span.end.unixNanoseconds))
    let message = writer.begin(2)
    writer.identifier(1, span.traceID.high, span.traceID.low)
    writer.identifier(2, nil, span.spanID.bits)
    if let sampling = span.sampling { writer.text(3, traceState(sampling)) }
    if let parent = span.parentSpanID { writer.identifier(4, nil, parent.bits) }
    writer.text(5, span.name)
    writer.varint(6, isCall(span.kind) ? 3 : 1)
    writer.fixed64(7, start)
    writer.fixed64(8, end)
    writeConventional(span, &writer)
    writeOwn(span, &writer)
    if let content = span.content { writeContent(content, span, &writer) }
    if !span.risk.isEmpty {
      for (scorer, score) in span.risk.all { writeScore(scorer, score, end, &writer) }
    }
    writeStatus(span.outcome, &writer)
    // Sampled, as it would not be here otherwise.
    writer.fixed32(16, 1)
    writer.end(message)
  }

  /// Datadog's member of the header, so that its receivers see the same decision.
  private static func traceState(_ sampling: SamplingDecision) -> String {
    "dd=s:\(sampling.priority.rawValue)" + (sampling.mechanism.map { ";t.dm:\($0)" } ?? "")
  }

  private static func isCall(_ kind: SpanKind) -> Bool {
    switch kind {
    case .llm, .embedding, .retrieval: true
    case .tool, .agent, .workflow, .task: false
    }
  }

  private static func operation(_ span: borrowing LLMSpan) -> StaticString? {
    switch span.kind {
    case .llm: span.name.hasPrefix("generate_content ") ? "generate_content" : "chat"
    case .embedding: "embeddings"
    case .retrieval: "retrieval"
    case .tool: "execute_tool"
    case .agent: "invoke_agent"
    case .workflow: "invoke_workflow"
    case .task: nil
    }
  }

  private static func writeConventional(_ span: borrowing LLMSpan, _ writer: inout ProtobufWriter) {
    if let operation = operation(span) {
      writer.attribute(attributes, "gen_ai.operation.name", operation)
    } else {
      writer.attribute(attributes, "commander.kind", "task")
    }
    writer.attribute(attributes, "gen_ai.provider.name", span.dimensions.provider)
    writer.attribute(attributes, "gen_ai.request.model", span.dimensions.model)
    writer.attribute(attributes, "gen_ai.response.model", span.responseModel)
    writer.attribute(attributes, "gen_ai.response.finish_reasons", list: span.finishReason?.rawValue)
    writer.attribute(attributes, "gen_ai.response.time_to_first_chunk", span.timeToFirstToken?.inSeconds)
    if span.isStreaming { writer.attribute(attributes, "gen_ai.request.stream", flag: true) }
    writer.attribute(attributes, "gen_ai.conversation.id", span.session)
    writer.attribute(attributes, "gen_ai.prompt.name", span.dimensions.prompt)
    writer.attribute(attributes, "error.type", span.outcome.errorClass?.rawValue)
    writer.attribute(attributes, "http.response.status_code", span.httpStatus)
    let usage = span.usage
    guard !usage.isUnknown else { return }
    // The conventions' sums, then our buckets, which are disjoint.
    writer.attribute(attributes, "gen_ai.usage.input_tokens", usage.totalInput)
    writer.attribute(attributes, "gen_ai.usage.output_tokens", usage.totalOutput)
    writer.attribute(attributes, "gen_ai.usage.cache_read.input_tokens", usage.cacheRead)
    if usage.cacheWrite != nil || usage.cacheWriteHour != nil {
      let (sum, overflow) = (usage.cacheWrite ?? 0).addingReportingOverflow(usage.cacheWriteHour ?? 0)
      writer.attribute(attributes, "gen_ai.usage.cache_creation.input_tokens", overflow ? .max : sum)
    }
    writer.attribute(attributes, "gen_ai.usage.reasoning.output_tokens", usage.reasoning)
    writer.attribute(attributes, "commander.tokens.input", usage.input)
    writer.attribute(attributes, "commander.tokens.cache_read", usage.cacheRead)
    writer.attribute(attributes, "commander.tokens.cache_write", usage.cacheWrite)
    writer.attribute(attributes, "commander.tokens.cache_write_1h", usage.cacheWriteHour)
    writer.attribute(attributes, "commander.tokens.input_audio", usage.inputAudio)
    writer.attribute(attributes, "commander.tokens.input_image", usage.inputImage)
    writer.attribute(attributes, "commander.tokens.output", usage.output)
    writer.attribute(attributes, "commander.tokens.reasoning", usage.reasoning)
    writer.attribute(attributes, "commander.tokens.output_audio", usage.outputAudio)
    writer.attribute(attributes, "commander.tokens.output_image", usage.outputImage)
    if usage.isEstimated { writer.attribute(attributes, "commander.tokens.estimated", flag: true) }
  }

  private static func writeOwn(_ span: borrowing LLMSpan, _ writer: inout ProtobufWriter) {
    writer.attribute(attributes, "commander.route", span.dimensions.route)
    writer.attribute(attributes, "commander.tenant", span.dimensions.tenant)
    writer.attribute(attributes, "commander.feature", span.dimensions.feature)
    writer.attribute(attributes, "commander.prompt_version", span.dimensions.promptVersion)
    writer.attribute(attributes, "commander.region", span.dimensions.region)
    writer.attribute(attributes, "commander.override", span.dimensions.override)
    writer.attribute(attributes, "commander.virtual_key", span.virtualKey)
    writer.attribute(attributes, "commander.service_tier", span.serviceTier?.rawValue)
    writer.attribute(attributes, "commander.longest_gap", span.longestGap.map { Int($0.wholeNanoseconds) })
    if span.attempts != 1 { writer.attribute(attributes, "commander.attempts", span.attempts) }
    writer.attribute(attributes, "commander.fallback_from", span.fallbackFrom)
    if !span.accountsForExchange { writer.attribute(attributes, "commander.accounts_for_exchange", flag: false) }
    if let amount = span.cost.amount {
      writer.attribute(attributes, "commander.cost_nanodollars", Int(amount.count))
      writer.attribute(attributes, "commander.cost_exactness", span.cost.exactness)
      writer.attribute(attributes, "commander.price_version", span.cost.priceVersion)
    }
    if let retrieval = span.retrieval {
      writer.attribute(attributes, "commander.retrieval.documents", retrieval.documentCount)
      writer.attribute(attributes, "commander.retrieval.top_score", retrieval.topScore)
    }
  }

  private static func writeStatus(_ outcome: Outcome, _ writer: inout ProtobufWriter) {
    guard case .failed(_, let message) = outcome else { return }
    let status = writer.begin(15)
    writer.text(2, message)
    // What the client gave up is no error of the service.
    if outcome.countsAsError { writer.varint(3, 2) }
    writer.end(status)
  }

  private static func writeScore(_ scorer: RiskScorer, _ score: Double, _ time: UInt64, _ writer: inout ProtobufWriter) {
    let event = writer.begin(11)
    writer.fixed64(1, time)
    writer.text(2, "gen_ai.evaluation.result")
    writer.attribute(3, "gen_ai.evaluation.name", scorer.rawValue)
    writer.attribute(3, "gen_ai.evaluation.score.value", score)
    writer.end(event)
  }

  private static func writeContent(_ content: SpanContent, _ span: borrowing LLMSpan, _ writer: inout ProtobufWriter) {
    let output = content.responseText
    switch span.kind {
    case .tool:
      writer.attribute(attributes, "gen_ai.tool.call.arguments", content.input.first?.text)
      if !output.isEmpty { writer.attribute(attributes, "gen_ai.tool.call.result", output) }
    case .retrieval:
      writer.attribute(attributes, "gen_ai.retrieval.query.text", content.input.first?.text)
    case .llm, .embedding, .agent, .workflow, .task:
      if !content.input.isEmpty {
        writer.attribute(
          attributes, "gen_ai.input.messages", json(.array(content.input.map { message($0.role, $0.text, finish: nil) })))
      }
      if !output.isEmpty {
        writer.attribute(
          attributes, "gen_ai.output.messages",
          json([message("assistant", output, finish: span.finishReason?.rawValue ?? "stop")]))
      }
    }
    guard !content.documents.isEmpty else { return }
    let documents = content.documents.map { document in
      var members = [JSONTree.Member("content", .string(document.text))]
      if let id = document.id { members.append(.init("id", .string(id))) }
      if let name = document.name { members.append(.init("name", .string(name))) }
      if let score = document.score, score.isFinite { members.append(.init("score", .number("\(score)"))) }
      return JSONTree.object(members)
    }
    writer.attribute(attributes, "gen_ai.retrieval.documents", json(.array(documents)))
  }

  private static func message(_ role: String, _ text: String, finish: String?) -> JSONTree {
    var members = [
      JSONTree.Member("role", .string(role)),
      .init("parts", [["type": "text", "content": .string(text)]]),
    ]
    if let finish { members.append(.init("finish_reason", .string(finish))) }
    return .object(members)
  }

  private static func json(_ tree: JSONTree) -> String { String(decoding: tree.serialised, as: UTF8.self) }
}
