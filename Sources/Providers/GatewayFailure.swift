// The gateway's own errors, in the shape the client's SDK expects.

import LLMTelemetry

/// An error of the gateway itself, rendered as the protocol's provider would.
package struct GatewayFailure: Error, Equatable, Sendable {
  package var status: Int
  package var errorClass: ErrorClass
  package var message: String
  /// When to try again: the `retry-after` header, which every SDK honours.
  package var retryAfter: Duration?

  package init(status: Int, errorClass: ErrorClass, message: String, retryAfter: Duration? = nil) {
    self.status = status
    self.errorClass = errorClass
    self.message = message
    self.retryAfter = retryAfter
  }

  /// The JSON body: what the client's SDK turns into its own exception.
  package func body(for wireProtocol: WireProtocol) -> String {
    let message = JSONText.quoted(message)
    return switch wireProtocol {
    case .openAI:
      #"{"error":{"message":\#(message),"type":"\#(openAIType)","param":null,"code":"\#(errorClass.rawValue)"}}"#
    case .anthropic: #"{"type":"error","error":{"type":"\#(anthropicType)","message":\#(message)}}"#
    case .gemini, .vertex: #"{"error":{"code":\#(status),"message":\#(message),"status":"\#(googleStatus)"}}"#
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

  private var anthropicType: String {
    switch status {
    case 400, 405: "invalid_request_error"
    case 401: "authentication_error"
    case 403: "permission_error"
    case 404: "not_found_error"
    case 413: "request_too_large"
    case 429: "rate_limit_error"
    case 504: "timeout_error"
    case 529: "overloaded_error"
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
