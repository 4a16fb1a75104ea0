// One span as the event that Datadog's SDKs send for theirs, in the shape of ddtrace 4.16.

import LLMTelemetry

struct SpanEvent {
  private let settings: LLMObservabilitySettings

  init(_ settings: LLMObservabilitySettings) { self.settings = settings }

  /// Everything but the parent and what closes the event, which `close` puts after it: a span may have to wait for its parent.
  func write(_ span: borrowing LLMSpan, mlApp: String, to line: inout ByteBuffer) {
    var content = SpanEventContent.Extent.none
    if span.content != nil { content = SpanEventContent.size(span) < settings.eventLimit ? .whole : .dropped }
    line.removeAll()
    append(span, mlApp: mlApp, content: content, to: &line)
    // Escaping may have made it larger.
    guard line.count >= settings.eventLimit, content == .whole else { return }
    line.removeAll()
    append(span, mlApp: mlApp, content: .dropped, to: &line)
  }

  static func close(_ line: inout ByteBuffer, parent: SpanID?) {
    line.begin()
    line.append(",\"parent_id\":\"")
    if let parent { line.append(decimal: parent.bits) } else { line.append("undefined") }
    line.append("\"}]}")
  }

  static func close(_ bytes: inout [UInt8], parent: SpanID?) {
    bytes.append(contentsOf: ",\"parent_id\":\"\(parent.map { String($0.bits) } ?? "undefined")\"}]}".utf8)
  }

  private func append(
    _ span: borrowing LLMSpan, mlApp: String, content: SpanEventContent.Extent, to line: inout ByteBuffer
  ) {
    line.begin()
    line.append("{\"_dd.stage\":\"raw\",\"_dd.tracer_version\":\"")
    line.append(escaped: settings.tracerVersion)
    line.append("\",\"event_type\":\"span\",\"spans\":[{\"trace_id\":\"")
    line.appendHexadecimal(span.traceID)
    line.append("\",\"span_id\":\"")
    line.append(decimal: span.spanID.bits)
    line.append("\",\"name\":\"")
    line.append(escaped: span.name, limit: ByteBuffer.memberLimit)
    line.append("\",\"start_ns\":")
    line.append(decimal: max(0, span.start.unixNanoseconds))
    line.append(",\"duration\":")
    line.append(decimal: max(0, span.duration.wholeNanoseconds))
    let isError = span.outcome != .ok
    line.append(isError ? ",\"status\":\"error\",\"meta\":{" : ",\"status\":\"ok\",\"meta\":{")
    let kind = Self.kind(span)
    line.append("\"span\":{\"kind\":\"")
    line.append(escaped: kind.rawValue)
    line.append("\"}")
    if kind == .llm || kind == .embedding {
      line.appendMember("model_name", span.responseModel ?? span.dimensions.model ?? "unknown")
      line.append(",\"model_provider\":\"")
      line.append(escaped: Self.provider(span.dimensions.provider), limit: ByteBuffer.memberLimit)
      line.append("\"")
    }
    appendError(span, &line)
    SpanEventContent.append(span, kind: kind, mlApp: mlApp, content, to: &line)
    appendMetadata(span, &line)
    line.append("},\"metrics\":{")
    if span.accountsForExchange { appendMetrics(span, &line) }
    line.append("},\"tags\":[")
    EventTags.append(span, mlApp: mlApp, settings, to: &line)
    appendTags(span, mlApp: mlApp, isError: isError, &line)
    line.append("],\"_dd\":{\"span_id\":\"")
    line.append(decimal: span.spanID.bits)
    line.append("\",\"trace_id\":\"")
    line.appendHexadecimal(span.traceID)
    line.append("\",\"apm_trace_id\":\"")
    line.appendHexadecimal(span.traceID)
    line.append("\",\"sample_rate\":\"1\",\"sampling_decision\":\"1\"}")
    line.appendMember("session_id", span.session)
    if content == .dropped { line.append(",\"collection_errors\":[\"dropped_io\"]") }
  }

  /// The SDKs call a model call a workflow when a gateway makes the real one: tokens and cost are the gateway's to tell.
  private static func kind(_ span: borrowing LLMSpan) -> SpanKind {
    switch span.kind {
    case .llm where !span.accountsForExchange, .embedding where !span.accountsForExchange: .workflow
    case let kind: kind
    }
  }

  /// The names by which Datadog knows the prices of a model.
  private static func provider(_ name: String?) -> String {
    switch name {
    case nil: "unknown"
    case "gcp.gemini", "gcp.vertex_ai", "gcp.gen_ai", "vertex_ai", "gemini": "google"
    case "aws.bedrock": "amazon_bedrock"
    case "azure.ai.openai", "azure.ai.inference": "azure_openai"
    case let name?: name
    }
  }

  private func appendError(_ span: borrowing LLMSpan, _ line: inout ByteBuffer) {
    guard case .failed(let errorClass, let message) = span.outcome else { return }
    line.append(",\"error\":{\"type\":\"")
    line.append(escaped: errorClass.rawValue)
    line.append("\"")
    line.appendMember("message", message.isEmpty ? errorClass.rawValue : message)
    // No call stack led to what a provider answers.
    line.append(",\"stack\":\"\"}")
  }

  /// What a span says that is neither a metric nor a tag.
  private func appendMetadata(_ span: borrowing LLMSpan, _ line: inout ByteBuffer) {
    line.begin()
    line.append(",\"metadata\":{\"attempts\":")
    line.append(decimal: Int64(span.attempts))
    line.append(span.isStreaming ? ",\"streaming\":true" : ",\"streaming\":false")
    line.appendMember("http_status", span.httpStatus)
    line.appendMember("longest_gap", seconds: span.longestGap)
    line.appendMember("fallback_from", span.fallbackFrom)
    line.appendMember("virtual_key", span.virtualKey)
    line.appendMember("service_tier", span.serviceTier?.rawValue)
    if span.accountsForExchange {
      line.appendMember("cost_exactness", span.cost.exactness)
      line.appendMember("price_version", span.cost.priceVersion)
      if span.usage.isEstimated { line.append(",\"tokens_estimated\":true") }
    }
    if let retrieval = span.retrieval {
      line.appendMember("document_count", retrieval.documentCount)
      if let score = retrieval.topScore, score.isFinite {
        line.append(",\"top_score\":")
        line.append(escaped: score.description)
      }
    }
    line.append("}")
  }

  /// Under the names that Datadog documents; what is unknown is absent.
  private func appendMetrics(_ span: borrowing LLMSpan, _ line: inout ByteBuffer) {
    line.begin()
    var isFirst = true
    func name(_ name: StaticString, _ line: inout ByteBuffer) {
      line.append(isFirst ? "\"" : ",\"")
      line.append(name)
      line.append("\":")
      isFirst = false
    }
    func count(_ metric: StaticString, _ value: Int?, _ line: inout ByteBuffer) {
      guard let value else { return }
      name(metric, &line)
      line.append(decimal: Int64(value))
    }
    let usage = span.usage
    let (input, output) = (usage.totalInput, usage.totalOutput)
    count("input_tokens", input, &line)
    count("output_tokens", output, &line)
    if input != nil || output != nil {
      let (total, overflow) = (input ?? 0).addingReportingOverflow(output ?? 0)
      count("total_tokens", overflow ? .max : total, &line)
    }
    count("cache_read_input_tokens", usage.cacheRead, &line)
    count(
      "cache_write_input_tokens",
      TokenUsage(cacheWrite: usage.cacheWrite, cacheWriteHour: usage.cacheWriteHour).totalInput, &line)
    if usage.cacheWriteHour != nil {
      count("ephemeral_5m_input_tokens", usage.cacheWrite, &line)
      count("ephemeral_1h_input_tokens", usage.cacheWriteHour, &line)
    }
    count("reasoning_output_tokens", usage.reasoning, &line)
    if let time = span.timeToFirstToken {
      name("time_to_first_token", &line)
      line.append(seconds: time)
    }
    if let amount = span.cost.amount {
      // Dollars, as a cost that is annotated by hand has to be.
      name("total_cost", &line)
      SpanLogLine.append(amount, to: &line)
    }
  }

  private func appendTags(_ span: borrowing LLMSpan, mlApp: String, isError: Bool, _ line: inout ByteBuffer) {
    line.append(",\"agent_service:")
    line.append(escaped: mlApp)
    line.append("\",\"source:integration\",\"language:swift\"")
    if isError {
      line.append(",\"error:1\"")
      line.appendTag("error_type", span.outcome.errorClass?.rawValue)
    } else {
      line.append(",\"error:0\"")
    }
    if span.dimensions.prompt != nil { line.append(",\"prompt_tracking_instrumentation_method:auto\"") }
  }
}
