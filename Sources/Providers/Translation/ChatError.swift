// Says a vendor's error in OpenAI's words, so that the client's SDK raises the exception its caller handles.

/// OpenAI's error object.
struct ChatError: Equatable, Sendable {
  var message: String
  var type: String
  var code: String

  /// - Parameters:
  ///   - error: Google's or Anthropic's error object. Vertex AI sends both shapes for Anthropic's models: the model's errors
  ///     and its own.
  ///   - status: the HTTP status, or `nil` for an error inside a stream, which carries its status in words.
  init(error: JSONTree, status: Int?) {
    // Google: {code, message, status}; Anthropic: {type, message}.
    let word = error["status"]?.text ?? error["type"]?.text
    let status = status ?? error["code"]?.integer ?? word.flatMap(Self.status)
    self.init(message: error["message"]?.text ?? "", word: word, status: status)
  }

  init(message: String, word: String?, status: Int?) {
    let isTooLong = message.contains("exceeds the maximum number of tokens") || message.contains("prompt is too long")
    self.message =
      message.isEmpty ? "the provider answered \(status.map(String.init) ?? "with an error") without a message" : message
    switch status {
    case 401: (type, code) = ("authentication_error", "invalid_api_key")
    case 403: (type, code) = ("permission_error", word ?? "permission_denied")
    case 429: (type, code) = ("rate_limit_error", "rate_limit_exceeded")
    case let status? where (400..<500).contains(status):
      (type, code) = ("invalid_request_error", isTooLong ? "context_length_exceeded" : word ?? "invalid_request")
    default: (type, code) = ("api_error", word ?? "provider_error")
    }
  }

  var tree: JSONTree {
    ["error": ["message": .string(message), "type": .string(type), "param": .null, "code": .string(code)]]
  }

  /// Anthropic's words (docs.anthropic.com/en/api/errors); Google's errors carry their number.
  private static func status(_ word: String) -> Int? {
    switch word {
    case "invalid_request_error": 400
    case "authentication_error": 401
    case "permission_error": 403
    case "not_found_error": 404
    case "request_too_large": 413
    case "rate_limit_error": 429
    case "overloaded_error": 529
    default: nil
    }
  }
}
