// A span as a row: the columns of the insert, and the span that a row was.

import GRDB
import LLMTelemetry

enum SpanRow {
  /// In the order `SpanInsertion` binds them.
  static let columns = """
    trace_high, trace_low, span, parent, kind, name, start, duration, time_to_first_token, longest_gap, is_streaming, \
    service, env, version, provider, model, route, tenant, feature, prompt, prompt_version, region, response_model, \
    error_class, error_message, finish_reason, http_status, input_tokens, cache_read_tokens, cache_write_tokens, \
    output_tokens, reasoning_tokens, cost_nanodollars, cost_exactness, price_version, attempts, fallback_from, \
    ungrounded, document_count, top_score, accounts_for_exchange, \
    cache_write_hour_tokens, input_audio_tokens, input_image_tokens, output_audio_tokens, output_image_tokens, \
    usage_estimated, service_tier, virtual_key, session, \
    refusal, injection, indirect_injection, prompt_leak, sensitive_data, repetition, malformed, language_mismatch, toxicity, \
    override, of_judge
    """
  static let columnCount = 61

  static func insert(rows: Int) -> String {
    let row = "(\(repeatElement("?", count: columnCount).joined(separator: ", ")))"
    return "INSERT INTO spans (\(columns)) VALUES \(repeatElement(row, count: rows).joined(separator: ", "))"
  }

  /// A span's columns and those of its content, from a source of spans. Content is looked up for the rows that are given only.
  static let selection = """
    spans.*, (SELECT input FROM contents WHERE contents.sequence = spans.sequence) AS content_input, \
    (SELECT response FROM contents WHERE contents.sequence = spans.sequence) AS content_response, \
    (SELECT documents FROM contents WHERE contents.sequence = spans.sequence) AS content_documents
    """

  /// `nil` when the row is not one that `insert` wrote.
  static func span(_ row: Row) -> LLMSpan? {
    guard let traceID = TraceID(high: UInt64(bitPattern: row["trace_high"]), low: UInt64(bitPattern: row["trace_low"])),
      let spanID = SpanID(bits: UInt64(bitPattern: row["span"])), let kind = SpanKind(rawValue: row["kind"])
    else { return nil }
    var span = LLMSpan(
      traceID: traceID, spanID: spanID, kind: kind, name: row["name"], start: Timestamp(unixNanoseconds: row["start"]),
      duration: .nanoseconds(row["duration"] as Int64))
    span.parentSpanID = (row["parent"] as Int64?).flatMap { SpanID(bits: UInt64(bitPattern: $0)) }
    span.timeToFirstToken = (row["time_to_first_token"] as Int64?).map { .nanoseconds($0) }
    span.longestGap = (row["longest_gap"] as Int64?).map { .nanoseconds($0) }
    span.isStreaming = row["is_streaming"]
    span.dimensions = dimensions(row)
    span.responseModel = row["response_model"]
    if let errorClass = (row["error_class"] as String?).flatMap(ErrorClass.init) {
      span.outcome = .failed(errorClass, message: row["error_message"] as String? ?? "")
    }
    span.finishReason = (row["finish_reason"] as String?).flatMap(FinishReason.init)
    span.httpStatus = row["http_status"]
    span.usage = TokenUsage(
      input: row["input_tokens"], cacheRead: row["cache_read_tokens"], cacheWrite: row["cache_write_tokens"],
      cacheWriteHour: row["cache_write_hour_tokens"], output: row["output_tokens"], reasoning: row["reasoning_tokens"])
    span.usage.inputAudio = row["input_audio_tokens"]
    span.usage.inputImage = row["input_image_tokens"]
    span.usage.outputAudio = row["output_audio_tokens"]
    span.usage.outputImage = row["output_image_tokens"]
    span.usage.isEstimated = row["usage_estimated"] ?? false
    span.serviceTier = (row["service_tier"] as String?).flatMap(ServiceTier.init)
    span.virtualKey = row["virtual_key"]
    span.cost = cost(row)
    span.attempts = row["attempts"]
    span.fallbackFrom = row["fallback_from"]
    for scorer in RiskScorer.allCases { span.risk[scorer] = row[scorer.rawValue] }
    span.session = row["session"]
    span.retrieval = (row["document_count"] as Int?).map { RetrievalFacts(documentCount: $0, topScore: row["top_score"]) }
    span.content = ContentRow.content(row)
    span.accountsForExchange = row["accounts_for_exchange"]
    span.isOfJudge = row["of_judge"] ?? false
    return span
  }

  private static func dimensions(_ row: Row) -> Dimensions {
    var dimensions = Dimensions()
    dimensions.service = row["service"]
    dimensions.env = row["env"]
    dimensions.version = row["version"]
    dimensions.provider = row["provider"]
    dimensions.model = row["model"]
    dimensions.route = row["route"]
    dimensions.tenant = row["tenant"]
    dimensions.feature = row["feature"]
    dimensions.prompt = row["prompt"]
    dimensions.promptVersion = row["prompt_version"]
    dimensions.region = row["region"]
    dimensions.override = row["override"]
    return dimensions
  }

  private static func cost(_ row: Row) -> Cost {
    guard let count = row["cost_nanodollars"] as Int64?, let version = row["price_version"] as String? else { return .unknown }
    return switch row["cost_exactness"] as String {
    case "exact": .exact(Nanodollars(count), priceVersion: version)
    case "partial": .partial(Nanodollars(count), priceVersion: version)
    case "estimated": .estimated(Nanodollars(count), priceVersion: version)
    default: .unknown
    }
  }
}
