// Errors in both directions: what a provider's error means, and our own errors in the shape the client's SDK expects.

import LLMTelemetry

/// An error body a provider sent.
package struct ProviderFailure: Equatable, Sendable {
  package var code: String?
  package var message: String

  init(openAI scanner: JSONScanner, _ error: Int) {
    code = scanner.string(scanner.member("code", of: error)) ?? scanner.string(scanner.member("type", of: error))
    message = Self.line(scanner.string(scanner.member("message", of: error)))
  }

  init(google scanner: JSONScanner, _ error: Int) {
    code = scanner.string(scanner.member("status", of: error))
    message = Self.line(scanner.string(scanner.member("message", of: error)))
  }

  /// One line of at most 300 characters, for spans and logs.
  private static func line(_ text: String?) -> String {
    let flat = (text ?? "").split(whereSeparator: \.isNewline).joined(separator: " ")
    return String(flat.prefix(300))
  }
}

/// Classifies a provider's answer by status and error body.
package enum ErrorClassification {
  package static func errorClass(status: Int, failure: ProviderFailure?) -> ErrorClass? {
    let code = failure?.code ?? ""
    let message = failure?.message.lowercased() ?? ""
    switch status {
    case 200..<300: return failure == nil ? nil : .providerError
    case 401, 403: return .auth
    case 408, 504: return .timeout
    case 429: return code == "insufficient_quota" || message.contains("current quota") ? .quotaExhausted : .rateLimited
    case 503, 529: return .overloaded
    case 400
    where code == "context_length_exceeded" || message.contains("maximum context length")
      || message.contains("exceeds the maximum number of tokens"):
      return .contextOverflow
    case 400..<500: return .invalidRequest
    default: return .providerError
    }
  }
}

/// An error of the gateway itself, rendered as the protocol's provider would.
package struct GatewayFailure: Error, Equatable, Sendable {
  package var status: Int
  package var errorClass: ErrorClass
  package var message: String

  package init(status: Int, errorClass: ErrorClass, message: String) {
    self.status = status
    self.errorClass = errorClass
    self.message = message
  }

  /// The JSON body: what the client's SDK turns into its own exception.
  package func body(for wireProtocol: WireProtocol) -> String {
    switch wireProtocol {
    case .openAI:
      #"{"error":{"message":\#(JSONText.quoted(message)),"type":"\#(openAIType)","param":null,"code":"\#(errorClass.rawValue)"}}"#
    case .gemini, .vertex:
      #"{"error":{"code":\#(status),"message":\#(JSONText.quoted(message)),"status":"\#(googleStatus)"}}"#
    }
  }

  private var openAIType: String {
    switch status {
    case 401: "authentication_error"
    case 403: "permission_error"
    case 404, 400, 405, 413: "invalid_request_error"
    case 429: "rate_limit_error"
    default: "api_error"
    }
  }

  private var googleStatus: String {
    switch status {
    case 400, 405, 413: "INVALID_ARGUMENT"
    case 401: "UNAUTHENTICATED"
    case 403: "PERMISSION_DENIED"
    case 404: "NOT_FOUND"
    case 429: "RESOURCE_EXHAUSTED"
    case 502, 503: "UNAVAILABLE"
    case 504: "DEADLINE_EXCEEDED"
    default: "INTERNAL"
    }
  }
}
