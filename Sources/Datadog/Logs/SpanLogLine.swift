// What one line of the log says of a span, under the names Datadog's log pipelines and OpenTelemetry's conventions know.

import LLMTelemetry

/// Times as text; those of one day share the date.
struct ClockText: Sendable {
  private static let nanosecondsADay: Int64 = 86_400_000_000_000
  private var midnight = Timestamp(unixSeconds: 0)
  private var date = "1970-01-01"

  /// RFC 3339 with milliseconds.
  mutating func append(_ time: Timestamp, to line: inout ByteBuffer) {
    var (ofDay, overflow) = time.unixNanoseconds.subtractingReportingOverflow(midnight.unixNanoseconds)
    if overflow || ofDay < 0 || ofDay >= Self.nanosecondsADay {
      midnight = time.floored(to: .nanoseconds(Self.nanosecondsADay))
      date = String(midnight.rfc3339.prefix { $0 != "T" })
      ofDay = time.unixNanoseconds - midnight.unixNanoseconds
    }
    let seconds = UInt64(ofDay) / 1_000_000_000
    line.append(escaped: date)
    line.append("T")
    line.append(decimal: seconds / 3600, digits: 2)
    line.append(":")
    line.append(decimal: seconds / 60 % 60, digits: 2)
    line.append(":")
    line.append(decimal: seconds % 60, digits: 2)
    line.append(".")
    line.append(decimal: UInt64(ofDay) / 1_000_000 % 1000, digits: 3)
    line.append("Z")
  }
}

enum SpanLogLine {
  /// Appends a JSON object and a newline.
  static func append(_ span: borrowing LLMSpan, to line: inout ByteBuffer, clock: inout ClockText) {
    line.begin()
    line.append("{")
    appendMembers(span, to: &line, clock: &clock)
    line.append("}\n")
  }

  /// Spans of an application's own steps have no line, nor have those whose exchange another span is the record of.
  static func isWritten(for span: borrowing LLMSpan) -> Bool {
    guard span.accountsForExchange else { return false }
    switch span.kind {
    case .llm, .embedding, .task: return true
    case .retrieval, .tool, .agent, .workflow: return false
    }
  }

  /// When, how, what, and where it belongs.
  static func appendIdentity(
    _ span: borrowing LLMSpan, name: String, to line: inout ByteBuffer, clock: inout ClockText
  ) {
    line.append("\"timestamp\":\"")
    clock.append(span.end, to: &line)
    line.append("\",\"status\":\"")
    line.append(status(span))
    line.append("\",\"message\":\"")
    line.append(escaped: name)
    if let errorClass = span.outcome.errorClass {
      line.append(": ")
      line.append(escaped: errorClass.rawValue)
    }
    line.append("\",\"dd.trace_id\":\"")
    // As the SDKs write it: hexadecimal when it has 128 bits, decimal when it has 64.
    if span.traceID.high == 0 {
      line.append(decimal: span.traceID.low)
    } else {
      line.append(hexadecimal: span.traceID.high)
      line.append(hexadecimal: span.traceID.low)
    }
    // Decimal ids are text: they do not fit the numbers of JSON readers.
    line.append("\",\"dd.span_id\":\"")
    line.append(decimal: span.spanID.bits)
    line.append("\"")
  }

  /// What is between the braces.
  static func appendMembers(_ span: borrowing LLMSpan, to line: inout ByteBuffer, clock: inout ClockText) {
    appendIdentity(span, name: span.name, to: &line, clock: &clock)
    line.append(",\"duration\":")
    line.append(decimal: span.duration.wholeNanoseconds)
    number("http.status_code", span.httpStatus, &line)
    text("service", span.dimensions.service, &line)
    text("env", span.dimensions.env, &line)
    text("version", span.dimensions.version, &line)
    // The same once more, where whoever correlates a line with a trace looks for it.
    text("dd.service", span.dimensions.service, &line)
    text("dd.env", span.dimensions.env, &line)
    text("dd.version", span.dimensions.version, &line)
    text("gen_ai.provider.name", span.dimensions.provider, &line)
    text("gen_ai.request.model", span.dimensions.model, &line)
    text("gen_ai.response.model", span.responseModel, &line)
    number("gen_ai.usage.input_tokens", span.usage.totalInput, &line)
    number("gen_ai.usage.output_tokens", span.usage.totalOutput, &line)
    text("llm.kind", span.kind.rawValue, &line)
    text("llm.route", span.dimensions.route, &line)
    text("llm.tenant", span.dimensions.tenant, &line)
    text("llm.feature", span.dimensions.feature, &line)
    text("llm.prompt", span.dimensions.prompt, &line)
    text("llm.prompt_version", span.dimensions.promptVersion, &line)
    text("llm.region", span.dimensions.region, &line)
    text("llm.override", span.dimensions.override, &line)
    text("llm.virtual_key", span.virtualKey, &line)
    text("llm.session", span.session, &line)
    text("llm.service_tier", span.serviceTier?.rawValue, &line)
    text("llm.finish_reason", span.finishReason?.rawValue, &line)
    line.append(",\"llm.attempts\":")
    line.append(decimal: Int64(span.attempts))
    text("llm.fallback_from", span.fallbackFrom, &line)
    number("llm.time_to_first_token", span.timeToFirstToken?.wholeNanoseconds, &line)
    line.append(span.isStreaming ? ",\"llm.streaming\":true" : ",\"llm.streaming\":false")
    appendTokens(span.usage, &line)
    appendCost(span.cost, &line)
    appendRisk(span.risk, &line)
    if case .failed(let errorClass, let message) = span.outcome {
      text("error.kind", errorClass.rawValue, &line)
      text("error.message", message, &line)
    }
  }

  /// An answer that took a second attempt or another model is a warning; what the client gave up is no error of the service.
  static func status(_ span: borrowing LLMSpan) -> StaticString {
    switch span.outcome {
    case .ok: span.attempts > 1 || span.fallbackFrom != nil ? "warn" : "info"
    case .failed(.cancelled, _): "warn"
    case .failed: "error"
    }
  }

  private static func appendTokens(_ usage: TokenUsage, _ line: inout ByteBuffer) {
    number("llm.tokens.input", usage.input, &line)
    number("llm.tokens.cache_read", usage.cacheRead, &line)
    number("llm.tokens.cache_write", usage.cacheWrite, &line)
    number("llm.tokens.cache_write_1h", usage.cacheWriteHour, &line)
    number("llm.tokens.input_audio", usage.inputAudio, &line)
    number("llm.tokens.input_image", usage.inputImage, &line)
    number("llm.tokens.output", usage.output, &line)
    number("llm.tokens.reasoning", usage.reasoning, &line)
    number("llm.tokens.output_audio", usage.outputAudio, &line)
    number("llm.tokens.output_image", usage.outputImage, &line)
    if usage.isEstimated { line.append(",\"llm.tokens.estimated\":true") }
  }

  private static func appendCost(_ cost: Cost, _ line: inout ByteBuffer) {
    if let amount = cost.amount {
      // Text, because money must not pass through the floating-point numbers of JSON readers.
      line.append(",\"llm.cost\":\"")
      append(amount, to: &line)
      line.append("\"")
    }
    text("llm.cost_exactness", cost.exactness, &line)
  }

  private static func appendRisk(_ risk: RiskScores, _ line: inout ByteBuffer) {
    guard !risk.isEmpty else { return }
    for (scorer, score) in risk.all {
      line.append(",\"llm.")
      line.append(escaped: scorer.rawValue)
      line.append("\":")
      line.append(escaped: score.description)
    }
  }

  /// As `Nanodollars.decimalDollars`.
  static func append(_ amount: Nanodollars, to line: inout ByteBuffer) {
    if amount.count < 0 { line.append("-") }
    line.append(decimal: amount.count.magnitude / 1_000_000_000)
    var fraction = amount.count.magnitude % 1_000_000_000
    guard fraction > 0 else { return }
    var digits = 9
    while fraction % 10 == 0 {
      fraction /= 10
      digits -= 1
    }
    line.append(".")
    line.append(decimal: fraction, digits: digits)
  }

  @inline(__always)
  private static func text(_ name: StaticString, _ value: String?, _ line: inout ByteBuffer) {
    guard let value else { return }
    line.append(",\"")
    line.append(name)
    line.append("\":\"")
    line.append(escaped: value)
    line.append("\"")
  }

  @inline(__always)
  private static func number(_ name: StaticString, _ value: Int?, _ line: inout ByteBuffer) {
    number(name, value.map(Int64.init), &line)
  }

  @inline(__always)
  private static func number(_ name: StaticString, _ value: Int64?, _ line: inout ByteBuffer) {
    guard let value else { return }
    line.append(",\"")
    line.append(name)
    line.append("\":")
    line.append(decimal: value)
  }
}
