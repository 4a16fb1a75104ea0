// What a provider's error means: its code and message read out of any vendor's shape, and one vocabulary for all.

import LLMTelemetry

/// An error body a provider sent.
package struct ProviderFailure: Equatable, Sendable {
  /// The vendor's word for it: OpenAI's `code` (or `type`), Anthropic's `type`, Google's `status`.
  package var code: String?
  package var message = ""
  /// Google's finer word in `details`, for example `API_KEY_INVALID`.
  package var reason: String?
  /// How long to wait, where the body says so (Google's `RetryInfo`).
  package var retryAfter: Duration?

  /// Reads an error: an object, or a bare string, which some compatible servers send.
  init(_ reader: inout JSONReader) {
    guard reader.isObject else {
      message = Self.line(reader.string())
      return
    }
    var message: String?
    var status: String?
    var type: String?
    reader.forEachMember { key, reader in
      if key == "message" {
        message = reader.string()
      } else if key == "status" {
        status = reader.string()
      } else if key == "code" {
        // Google's is the HTTP status again, llama.cpp's too: a number is no word.
        code = reader.string()
      } else if key == "type" {
        type = reader.string()
      } else if key == "details" {
        reader.forEachElement { readDetail(&$0) }
      }
    }
    self.message = Self.line(message)
    code = status ?? code ?? type
  }

  private mutating func readDetail(_ reader: inout JSONReader) {
    reader.forEachMember { key, reader in
      if key == "reason" {
        reason = reader.string() ?? reason
      } else if key == "retryDelay" {
        // `34s`, `0.5s`
        guard let text = reader.string(), text.hasSuffix("s"), let seconds = Double(text.dropLast()), seconds >= 0, seconds < 1e6
        else { return }
        retryAfter = .nanoseconds(Int64(seconds * 1e9))
      } else if key == "violations" {
        reader.forEachElement { reader in
          reader.forEachMember { key, reader in
            if key == "quotaId" || key == "quota_id" { reason = reader.string() ?? reason }
          }
        }
      }
    }
  }

  /// One line of at most 300 characters, for spans and logs.
  private static func line(_ text: String?) -> String {
    let flat = (text ?? "").split(whereSeparator: \.isNewline).joined(separator: " ")
    return String(flat.prefix(300))
  }
}

extension ResponseMeter {
  /// The document of an answer with an error status. Google streams send it as the one element of an array.
  mutating func readErrorDocument(_ reader: inout JSONReader) {
    if reader.isArray {
      reader.forEachElement { if $0.isObject { readErrorObject(&$0) } }
    } else {
      readErrorObject(&reader)
    }
  }

  private mutating func readErrorObject(_ reader: inout JSONReader) {
    let start = reader.position
    var isBare = false
    reader.forEachMember { key, reader in
      if key == "error" {
        readError(&reader)
      } else if key == "message" {
        // vLLM's older shape has no `error` around it.
        isBare = true
      } else if key == "detail", reader.isString {
        // FastAPI's, in front of many servers.
        readError(&reader)
      }
    }
    if isBare, error == nil {
      var again = JSONReader(reader.bytes, at: start)
      error = ProviderFailure(&again)
    }
  }
}

/// Classifies a provider's answer by status and error body.
package enum ErrorClassification {
  package static func errorClass(status: Int, failure: ProviderFailure?) -> ErrorClass? {
    let isSuccess = (200..<300).contains(status)
    guard let failure else { return isSuccess ? nil : byStatus(status) }
    if let known = byBody(failure, isRefusal: status == 429 || isSuccess) { return known }
    // An error in the body of an answer that began well has only its own word.
    return isSuccess ? byCode(failure.code ?? "") ?? .providerError : byStatus(status, code: failure.code ?? "")
  }

  /// What the body says more exactly than any status.
  private static func byBody(_ failure: ProviderFailure, isRefusal: Bool) -> ErrorClass? {
    switch failure.code {
    case "insufficient_quota", "billing_error", "billing_hard_limit_reached", "billing_not_active": return .quotaExhausted
    case "context_length_exceeded": return .contextOverflow
    case "content_filter", "content_policy_violation": return .blocked
    default: break
    }
    switch failure.reason {
    case "API_KEY_INVALID", "API_KEY_SERVICE_BLOCKED", "ACCESS_TOKEN_EXPIRED", "SERVICE_DISABLED": return .auth
    case "BILLING_DISABLED": return .quotaExhausted
    case let reason? where isRefusal && reason.contains("PerDay"): return .quotaExhausted
    // A minute's quota comes back by itself, however the message puts it.
    case let reason? where isRefusal && reason.contains("PerMinute"): return .rateLimited
    default: break
    }
    let message = failure.message.lowercased()
    func says(_ phrases: String...) -> Bool { phrases.contains { message.contains($0) } }
    if says("credit balance is too low", "specified api usage limits") { return .quotaExhausted }
    if isRefusal, says("current quota") { return .quotaExhausted }
    if !isRefusal,
      says(
        "prompt is too long", "maximum context length", "exceeds the maximum number of tokens", "exceed context limit",
        "exceeds the available context size", "exceeds the context window", "context window exceeds")
    {
      return .contextOverflow
    }
    return nil
  }

  private static func byStatus(_ status: Int, code: String = "") -> ErrorClass {
    switch status {
    case 401, 403, 407: .auth
    case 402: .quotaExhausted
    case 408, 504: .timeout
    case 429: .rateLimited
    case 503, 529: .overloaded
    case 500 where code == "overloaded_error": .overloaded
    case 400..<500: .invalidRequest
    default: .providerError
    }
  }

  /// The class of an error that came in the middle of a stream.
  private static func byCode(_ code: String) -> ErrorClass? {
    switch code {
    case "overloaded_error", "UNAVAILABLE", "server_is_overloaded", "slow_down": .overloaded
    case "rate_limit_error", "rate_limit_exceeded", "RESOURCE_EXHAUSTED": .rateLimited
    case "authentication_error", "permission_error", "invalid_api_key", "UNAUTHENTICATED", "PERMISSION_DENIED": .auth
    case "timeout_error", "DEADLINE_EXCEEDED": .timeout
    case "invalid_request_error", "not_found_error", "request_too_large", "INVALID_ARGUMENT", "NOT_FOUND", "FAILED_PRECONDITION":
      .invalidRequest
    default: nil
    }
  }
}
