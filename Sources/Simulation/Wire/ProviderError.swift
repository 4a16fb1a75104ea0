// Errors in the shape the provider itself uses, because clients and the gateway classify by that shape.
import Hummingbird

struct ProviderError: Error, Sendable {
  var status: Int
  var message: String
  /// OpenAI: the parameter at fault.
  var parameter: String?
  /// OpenAI's `code`, Google's `reason`, where the status alone does not say it.
  var code: String?
  var retryAfterSeconds: Int?

  init(status: Int, message: String, parameter: String? = nil, code: String? = nil, retryAfterSeconds: Int? = nil) {
    self.status = status
    self.message = message
    self.parameter = parameter
    self.code = code
    self.retryAfterSeconds = retryAfterSeconds
  }

  /// The message a provider gives with `status` when a fault asks for it.
  init(injected status: Int, retryAfterSeconds: Int?, in shape: ErrorShape) {
    let message =
      switch (status, shape) {
      case (429, .google): "Resource exhausted. Please try again later."
      case (429, .openAI): "Rate limit reached for requests. Please try again later."
      case (429, .anthropic): "This request would exceed your organization's rate limit. Please try again later."
      case (529, .anthropic): "Overloaded"
      case (500..., .anthropic): "Internal server error"
      case (503, .google): "The model is overloaded. Please try again later."
      case (503, .openAI): "The engine is currently overloaded, please try again later"
      case (504, _): "Deadline expired before operation could complete."
      case (500, .google): "An internal error has occurred. Please retry."
      case (500..., .openAI): "The server had an error while processing your request. Sorry about that!"
      default: "The request was refused with status \(status)."
      }
    self.init(status: status, message: message, retryAfterSeconds: retryAfterSeconds)
  }

  init(unknownModel model: String, in providerProtocol: ProviderProtocol) {
    switch providerProtocol {
    case .openAI:
      self.init(
        status: 404, message: "The model `\(model)` does not exist or you do not have access to it.", code: "model_not_found")
    case .anthropic: self.init(status: 404, message: "model: \(model)")
    case .gemini:
      self.init(status: 404, message: "models/\(model) is not found, or is not supported for this method.")
    case .vertex:
      self.init(status: 404, message: "Publisher Model `\(model)` was not found or your project does not have access to it.")
    }
  }

  init(refusedCredentialIn providerProtocol: ProviderProtocol) {
    switch providerProtocol {
    case .openAI: self.init(status: 401, message: "Incorrect API key provided.")
    case .anthropic: self.init(status: 401, message: "invalid x-api-key")
    case .gemini:
      self.init(status: 400, message: "API key not valid. Please pass a valid API key.", code: "API_KEY_INVALID")
    case .vertex:
      self.init(
        status: 401, message: "Request had invalid authentication credentials. Expected OAuth 2 access token.",
        code: "ACCESS_TOKEN_TYPE_UNSUPPORTED")
    }
  }

  init(missingCredentialIn providerProtocol: ProviderProtocol) {
    let message =
      switch providerProtocol {
      case .openAI:
        "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth."
      case .anthropic: "x-api-key header is required"
      case .gemini, .vertex:
        "Request is missing required authentication credential. Expected OAuth 2 access token, login cookie or other valid authentication credential."
      }
    self.init(status: 401, message: message)
  }

  func body(in shape: ErrorShape) -> JSONValue {
    switch shape {
    case .google: return ["error": google]
    case .anthropic:
      return [
        "type": "error", "error": ["type": .string(anthropicType), "message": .string(message)], "request_id": "req_simulated",
      ]
    case .openAI:
      return [
        "error": [
          "message": .string(message), "type": .string(openAIType), "param": parameter.map(JSONValue.string) ?? nil,
          "code": openAICode.map(JSONValue.string) ?? nil,
        ]
      ]
    }
  }

  func response(in shape: ErrorShape) -> Response {
    var response = Response(json: body(in: shape), status: status)
    if let retryAfterSeconds { response.headers[.retryAfter] = String(retryAfterSeconds) }
    return response
  }

  private var google: JSONValue {
    var members: [(String, JSONValue)] = [
      ("code", .integer(status)), ("message", .string(message)), ("status", .string(googleStatus)),
    ]
    var details: [JSONValue] = []
    if let code {
      details.append(
        ["@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": .string(code), "domain": "googleapis.com"])
    }
    if let retryAfterSeconds {
      details.append(
        ["@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": .string("\(retryAfterSeconds)s")])
    }
    if !details.isEmpty { members.append(("details", .array(details))) }
    return .object(members)
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

  private var anthropicType: String {
    switch status {
    case 401: "authentication_error"
    case 403: "permission_error"
    case 404: "not_found_error"
    case 413: "request_too_large"
    case 429: "rate_limit_error"
    case 504: "timeout_error"
    case 529: "overloaded_error"
    case 500...: "api_error"
    default: "invalid_request_error"
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
    if let code { return code }
    return switch status {
    case 401: "invalid_api_key"
    case 404: "unknown_url"
    case 429: "rate_limit_exceeded"
    default: nil
    }
  }
}

/// The three forms in which providers say what went wrong.
enum ErrorShape: Sendable {
  case openAI, anthropic, google
}

extension ProviderProtocol {
  var errorShape: ErrorShape {
    switch self {
    case .openAI: .openAI
    case .anthropic: .anthropic
    case .gemini, .vertex: .google
    }
  }
}

extension ModelEndpoint {
  /// Anthropic's models on Vertex AI: what the platform refuses comes in Google's form, what the model refuses in Anthropic's.
  func errorShape(status: Int) -> ErrorShape {
    guard providerProtocol == .vertex, speaksAnthropic else { return providerProtocol.errorShape }
    return [401, 403, 404, 429].contains(status) ? .google : .anthropic
  }

  /// An error in the middle of a stream whose status line has long been sent.
  func streamFailure(isEventStream: Bool) -> String {
    let shape = errorShape(status: 503)
    let error = ProviderError(injected: shape == .anthropic ? 529 : 503, retryAfterSeconds: nil, in: shape)
    let body = error.body(in: shape).text
    switch method {
    case .messages: return "event: error\ndata: \(body)\n\n"
    case .responses:
      let event: JSONValue = [
        "type": "error", "code": "server_error", "message": .string(error.message), "param": nil, "sequence_number": 0,
      ]
      return "event: error\ndata: \(event.text)\n\n"
    case .streamGenerateContent: return isEventStream ? "data: \(body)\r\n\r\n" : ",\r\n\(body)\n]"
    default: return "data: \(body)\n\n"
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
