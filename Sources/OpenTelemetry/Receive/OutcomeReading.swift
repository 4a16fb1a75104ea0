// How an exchange of another program ended, in our vocabulary: out of a status, a class of exceptions, or a message.

import LLMTelemetry
import Providers

enum OutcomeReading {
  static func outcome(_ facts: AttributeFacts, _ span: OTLPSpan) -> Outcome {
    let exception = span.events.last { $0.name == "exception" }?.attributes
    let type = facts[.errorType]?.text ?? exception?["exception.type"]?.text
    guard span.isError || facts[.errorType] != nil else { return .ok }
    let message = Self.line(
      span.statusMessage.isEmpty ? exception?["exception.message"]?.text ?? type ?? "failed" : span.statusMessage)
    // Our own words, of which `timeout` is the conventions' too.
    if let own = type.flatMap({ ErrorClass(rawValue: $0) }) { return .failed(own, message: message) }
    return .failed(errorClass(status: status(facts, message: message), type: type ?? "", message: message), message: message)
  }

  /// The HTTP status: of an attribute, of an error type that is one, or of the message of the OpenAI, Anthropic and Google SDKs
  /// (`Error code: 429 - …`, `429 RESOURCE_EXHAUSTED. …`).
  static func status(_ facts: AttributeFacts, message: String) -> Int? {
    if let status = facts[.httpStatus]?.integer { return isStatus(status) ? status : nil }
    if let status = facts[.errorType]?.integer { return isStatus(status) ? status : nil }
    let text = message.hasPrefix("Error code: ") ? message.dropFirst("Error code: ".count) : message[...]
    let digits = text.prefix(4)
    guard digits.last.map({ !$0.isNumber }) ?? false || text.count == 3, let status = Int(text.prefix(3)),
      (400..<600).contains(status)
    else { return nil }
    return status
  }

  private static func isStatus(_ number: Int) -> Bool { (100..<600).contains(number) }

  private static func errorClass(status: Int?, type: String, message: String) -> ErrorClass {
    let text = (type + " " + message).lowercased()
    func says(_ words: String...) -> Bool { words.contains { text.contains($0) } }
    // The finer words first: a 429 may mean either of two, and a 400 any of three.
    if says("insufficient_quota", "exceeded your current quota", "billing", "credit balance") { return .quotaExhausted }
    if says("context_length_exceeded", "maximum context length", "prompt is too long", "context window") {
      return .contextOverflow
    }
    if says("content_filter", "content_policy", "responsible ai", "safety filter") { return .blocked }
    if let status, status >= 400, let known = ErrorClassification.errorClass(status: status, failure: nil) { return known }
    if says("cancel", "generatorexit", "clientdisconnect") { return .cancelled }
    if says("timeout", "timed out", "deadline_exceeded", "deadlineexceeded") { return .timeout }
    if says("ratelimit", "rate_limit", "resource_exhausted", "resourceexhausted", "throttling", "too many requests") {
      return .rateLimited
    }
    if says("authentication", "permission", "unauthenticated", "unauthorized", "forbidden", "accessdenied", "api key") {
      return .auth
    }
    if says("overloaded", "unavailable", "slow_down") { return .overloaded }
    if says("connection", "connect", "dns", "socket", "network") { return .network }
    if says("badrequest", "invalid", "validation", "notfound", "not_found", "unprocessable") { return .invalidRequest }
    return .providerError
  }

  /// One line of at most 300 characters, as all messages of outcomes.
  private static func line(_ text: String) -> String {
    String(text.prefix(1000).split(whereSeparator: \.isNewline).joined(separator: " ").prefix(300))
  }
}

enum FinishReasonReading {
  static func reason(_ value: OTLPValue?) -> FinishReason? {
    guard let word = value?.elements.first?.text else { return nil }
    switch word.lowercased() {
    case "", "finish_reason_unspecified", "error", "none": return nil
    case "stop", "end_turn", "stop_sequence", "completed": return .stop
    case "length", "max_tokens", "max_output_tokens", "model_context_window_exceeded": return .length
    case "tool_calls", "tool_call", "tool_use", "function_call": return .toolCalls
    case "content_filter", "refusal", "safety", "recitation", "blocklist", "prohibited_content", "spii", "model_armor",
      "image_safety", "guardrail_intervened", "content_filtered":
      return .contentFilter
    case "malformed_tool_call", "malformed_function_call", "unexpected_tool_call": return .malformedToolCall
    default: return .other
    }
  }
}
