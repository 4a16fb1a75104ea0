// Errors in the shape the provider itself uses, because clients and the gateway classify by that shape.
import Hummingbird

struct ProviderError: Error, Sendable {
  var status: Int
  var message: String
  /// OpenAI: the parameter at fault.
  var parameter: String?
  var retryAfterSeconds: Int?

  init(status: Int, message: String, parameter: String? = nil, retryAfterSeconds: Int? = nil) {
    self.status = status
    self.message = message
    self.parameter = parameter
    self.retryAfterSeconds = retryAfterSeconds
  }

  /// The message a provider gives with `status` when a fault asks for it.
  init(injected status: Int, retryAfterSeconds: Int?, in providerProtocol: ProviderProtocol) {
    let message =
      switch (status, providerProtocol.isGoogle) {
      case (429, true): "Resource exhausted. Please try again later."
      case (429, false): "Rate limit reached for requests. Please try again later."
      case (503, true): "The model is overloaded. Please try again later."
      case (503, false): "The engine is currently overloaded, please try again later"
      case (504, _): "Deadline expired before operation could complete."
      case (500, true): "An internal error has occurred. Please retry."
      case (500..., false): "The server had an error while processing your request. Sorry about that!"
      default: "The request was refused with status \(status)."
      }
    self.init(status: status, message: message, retryAfterSeconds: retryAfterSeconds)
  }

  func body(in providerProtocol: ProviderProtocol) -> JSONValue {
    if providerProtocol.isGoogle {
      return ["error": ["code": .integer(status), "message": .string(message), "status": .string(googleStatus)]]
    }
    return [
      "error": [
        "message": .string(message), "type": .string(openAIType), "param": parameter.map(JSONValue.string) ?? nil,
        "code": openAICode.map(JSONValue.string) ?? nil,
      ]
    ]
  }

  func response(in providerProtocol: ProviderProtocol) -> Response {
    var response = Response(json: body(in: providerProtocol), status: status)
    if let retryAfterSeconds { response.headers[.retryAfter] = String(retryAfterSeconds) }
    return response
  }

  private var googleStatus: String {
    switch status {
    case 400: "INVALID_ARGUMENT"
    case 401: "UNAUTHENTICATED"
    case 403: "PERMISSION_DENIED"
    case 404: "NOT_FOUND"
    case 429: "RESOURCE_EXHAUSTED"
    case 499: "CANCELLED"
    case 503: "UNAVAILABLE"
    case 504: "DEADLINE_EXCEEDED"
    case 500...: "INTERNAL"
    default: "FAILED_PRECONDITION"
    }
  }

  private var openAIType: String {
    switch status {
    case 429: "requests"
    case 500...: "server_error"
    default: "invalid_request_error"
    }
  }

  private var openAICode: String? {
    switch status {
    case 401: "invalid_api_key"
    case 404: "unknown_url"
    case 429: "rate_limit_exceeded"
    default: nil
    }
  }
}

extension Response {
  init(json: JSONValue, status: Int = 200) {
    self.init(
      status: .init(code: status), headers: [.contentType: "application/json; charset=utf-8"],
      body: .init(byteBuffer: ByteBuffer(string: json.text)))
  }
}
