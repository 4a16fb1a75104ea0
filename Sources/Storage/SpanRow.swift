// A span as a row: one list of columns that the schema, the insert and the read share.

import Foundation
import GRDB
import LLMTelemetry

/// A column of `spans` and how its value comes from a span.
struct SpanColumn: Sendable {
  let name: String
  let declaration: String
  let value: @Sendable (LLMSpan) -> (any DatabaseValueConvertible)?

  init(_ name: String, _ declaration: String, _ value: @escaping @Sendable (LLMSpan) -> (any DatabaseValueConvertible)?) {
    self.name = name
    self.declaration = declaration
    self.value = value
  }
}

enum SpanRow {
  static let columns: [SpanColumn] = [
    SpanColumn("trace_high", "INTEGER NOT NULL") { Int64(bitPattern: $0.traceID.high) },
    SpanColumn("trace_low", "INTEGER NOT NULL") { Int64(bitPattern: $0.traceID.low) },
    SpanColumn("span", "INTEGER NOT NULL") { Int64(bitPattern: $0.spanID.bits) },
    SpanColumn("parent", "INTEGER") { $0.parentSpanID.map { Int64(bitPattern: $0.bits) } },
    SpanColumn("kind", "TEXT NOT NULL") { $0.kind.rawValue },
    SpanColumn("name", "TEXT NOT NULL") { $0.name },
    SpanColumn("start", "INTEGER NOT NULL") { $0.start.unixNanoseconds },
    SpanColumn("duration", "INTEGER NOT NULL") { $0.duration.wholeNanoseconds },
    SpanColumn("time_to_first_token", "INTEGER") { $0.timeToFirstToken?.wholeNanoseconds },
    SpanColumn("longest_gap", "INTEGER") { $0.longestGap?.wholeNanoseconds },
    SpanColumn("is_streaming", "INTEGER NOT NULL") { $0.isStreaming },
    SpanColumn("service", "TEXT") { $0.dimensions.service },
    SpanColumn("env", "TEXT") { $0.dimensions.env },
    SpanColumn("version", "TEXT") { $0.dimensions.version },
    SpanColumn("provider", "TEXT") { $0.dimensions.provider },
    SpanColumn("model", "TEXT") { $0.dimensions.model },
    SpanColumn("route", "TEXT") { $0.dimensions.route },
    SpanColumn("tenant", "TEXT") { $0.dimensions.tenant },
    SpanColumn("feature", "TEXT") { $0.dimensions.feature },
    SpanColumn("prompt", "TEXT") { $0.dimensions.prompt },
    SpanColumn("prompt_version", "TEXT") { $0.dimensions.promptVersion },
    SpanColumn("region", "TEXT") { $0.dimensions.region },
    SpanColumn("response_model", "TEXT") { $0.responseModel },
    SpanColumn("error_class", "TEXT") { $0.outcome.errorClass?.rawValue },
    SpanColumn("error_message", "TEXT") { $0.outcome.message },
    SpanColumn("finish_reason", "TEXT") { $0.finishReason?.rawValue },
    SpanColumn("http_status", "INTEGER") { $0.httpStatus },
    SpanColumn("input_tokens", "INTEGER") { $0.usage.input },
    SpanColumn("cache_read_tokens", "INTEGER") { $0.usage.cacheRead },
    SpanColumn("cache_write_tokens", "INTEGER") { $0.usage.cacheWrite },
    SpanColumn("output_tokens", "INTEGER") { $0.usage.output },
    SpanColumn("reasoning_tokens", "INTEGER") { $0.usage.reasoning },
    SpanColumn("cost_nanodollars", "INTEGER") { $0.cost.amount?.count },
    SpanColumn("cost_exactness", "TEXT NOT NULL") { $0.cost.exactness },
    SpanColumn("price_version", "TEXT") { $0.cost.priceVersion },
    SpanColumn("attempts", "INTEGER NOT NULL") { $0.attempts },
    SpanColumn("fallback_from", "TEXT") { $0.fallbackFrom },
    SpanColumn("ungrounded", "REAL") { $0.risk.ungrounded },
    SpanColumn("document_count", "INTEGER") { $0.retrieval?.documentCount },
    SpanColumn("top_score", "REAL") { $0.retrieval?.topScore },
    SpanColumn("request_body", "BLOB") { $0.content.map { Data($0.requestBody) } },
    SpanColumn("response_text", "TEXT") { $0.content?.responseText },
    SpanColumn("accounts_for_exchange", "INTEGER NOT NULL") { $0.accountsForExchange },
  ]

  static let insert = """
    INSERT INTO spans (\(columns.map(\.name).joined(separator: ", ")))
    VALUES (\(columns.map { _ in "?" }.joined(separator: ", ")))
    """

  static func arguments(_ span: LLMSpan) -> StatementArguments { StatementArguments(columns.map { $0.value(span) }) }

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
      output: row["output_tokens"], reasoning: row["reasoning_tokens"])
    span.cost = cost(row)
    span.attempts = row["attempts"]
    span.fallbackFrom = row["fallback_from"]
    span.risk = RiskScores(ungrounded: row["ungrounded"])
    span.retrieval = (row["document_count"] as Int?).map { RetrievalFacts(documentCount: $0, topScore: row["top_score"]) }
    span.content = (row["request_body"] as Data?).map {
      SpanContent(requestBody: Array($0), responseText: row["response_text"] as String? ?? "")
    }
    span.accountsForExchange = row["accounts_for_exchange"]
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
