// The record in the attribute names of OpenTelemetry's GenAI conventions, out and in.
import LLMTelemetry
import Tracing

enum GenAIAttributes {
  static let operation = "gen_ai.operation.name"
  static let provider = "gen_ai.provider.name"
  static let requestModel = "gen_ai.request.model"
  static let responseModel = "gen_ai.response.model"
  static let inputTokens = "gen_ai.usage.input_tokens"
  static let outputTokens = "gen_ai.usage.output_tokens"
  static let cacheReadTokens = "gen_ai.usage.cache_read.input_tokens"
  static let cacheWriteTokens = "gen_ai.usage.cache_creation.input_tokens"
  static let reasoningTokens = "gen_ai.usage.reasoning.output_tokens"
  static let finishReasons = "gen_ai.response.finish_reasons"
  static let conversation = "gen_ai.conversation.id"

  /// Writes what the record knows. Content is not among it: it leaves by the exporter alone, behind the redaction.
  static func add(_ span: LLMSpan, to attributes: inout SpanAttributes) {
    func text(_ name: String, _ value: String?) { if let value { attributes[name] = value } }
    func count(_ name: String, _ value: Int?) { if let value { attributes[name] = value } }
    text(operation, operationName(span.kind))
    text(provider, span.dimensions.provider)
    text(requestModel, span.fallbackFrom ?? span.dimensions.model)
    text(responseModel, span.responseModel)
    // The conventions' totals include the cached and the reasoning tokens; the record's buckets are disjoint.
    count(inputTokens, span.usage.totalInput)
    count(outputTokens, span.usage.totalOutput)
    count(cacheReadTokens, span.usage.cacheRead)
    count(cacheWriteTokens, span.usage.cacheWrite)
    count(reasoningTokens, span.usage.reasoning)
    if let reason = span.finishReason { attributes[finishReasons] = [reason.rawValue] }
    if let wait = span.timeToFirstToken { attributes["gen_ai.response.time_to_first_chunk"] = wait.inSeconds }
    if span.isStreaming { attributes["gen_ai.request.stream"] = true }
    text(conversation, span.session)
    if span.kind == .tool { text("gen_ai.tool.name", span.name) }
    text("error.type", span.outcome.errorClass?.rawValue)
    count("http.response.status_code", span.httpStatus)
    count("llm.retrieval.documents", span.retrieval?.documentCount)
    text("llm.tenant", span.dimensions.tenant)
    text("llm.feature", span.dimensions.feature)
    text("llm.prompt", span.dimensions.prompt)
    text("llm.prompt_version", span.dimensions.promptVersion)
  }

  /// Reads into the record what another library wrote on a span of its own.
  static func read(_ attributes: SpanAttributes, into span: inout LLMSpan) {
    func text(_ name: String) -> String? {
      if case .string(let value)? = attributes.get(name) { value } else { nil }
    }
    func count(_ name: String) -> Int? {
      switch attributes.get(name) {
      case .int32(let value)?: Int(value)
      case .int64(let value)?: Int(value)
      default: nil
      }
    }
    if let kind = text(operation).flatMap(kind(operation:)) { span.kind = kind }
    span.dimensions.provider = text(provider) ?? text("gen_ai.system") ?? span.dimensions.provider
    span.dimensions.model = text(requestModel) ?? text(responseModel) ?? span.dimensions.model
    span.responseModel = text(responseModel)
    span.session = text(conversation)
    span.httpStatus = count("http.response.status_code")
    let cacheRead = count(cacheReadTokens)
    let cacheWrite = count(cacheWriteTokens)
    let reasoning = count(reasoningTokens)
    if let total = count(inputTokens) { span.usage.input = max(0, total - (cacheRead ?? 0) - (cacheWrite ?? 0)) }
    if let total = count(outputTokens) { span.usage.output = max(0, total - (reasoning ?? 0)) }
    span.usage.cacheRead = cacheRead
    span.usage.cacheWrite = cacheWrite
    span.usage.reasoning = reasoning
    if case .stringArray(let reasons)? = attributes.get(finishReasons), let reason = reasons.first {
      span.finishReason = FinishReason(rawValue: reason) ?? .other
    }
    // An exchange that names no provider or no model cannot be attributed to anything; the step stays in the trace.
    if span.kind == .llm || span.kind == .embedding, span.dimensions.provider == nil || span.dimensions.model == nil {
      span.kind = .task
    }
  }

  private static func operationName(_ kind: LLMTelemetry.SpanKind) -> String? {
    switch kind {
    case .llm: "chat"
    case .embedding: "embeddings"
    case .retrieval: "retrieval"
    case .tool: "execute_tool"
    case .agent: "invoke_agent"
    case .workflow: "invoke_workflow"
    case .task: nil
    }
  }

  private static func kind(operation: String) -> LLMTelemetry.SpanKind? {
    switch operation {
    case "chat", "generate_content", "text_completion": .llm
    case "embeddings": .embedding
    case "retrieval": .retrieval
    case "execute_tool": .tool
    case "invoke_agent", "create_agent": .agent
    case "invoke_workflow": .workflow
    default: nil
    }
  }
}
