// Which provider's door a path is, and what is asked for there.

/// The wire protocols that the simulator speaks.
enum ProviderProtocol: String, CaseIterable, Sendable {
  case openAI = "openai"
  case anthropic
  case gemini
  case vertex

  var isGoogle: Bool { self == .gemini || self == .vertex }
}

/// What the path of a POST asks for.
struct ModelEndpoint: Sendable, Equatable {
  enum Method: Sendable, Equatable {
    case chatCompletions
    case responses
    case embeddings
    /// Anthropic's messages: at home, and as `rawPredict` and `streamRawPredict` of Vertex AI.
    case messages
    case messageTokenCount
    case generateContent
    case streamGenerateContent
    case countTokens
    case embedContent
    case batchEmbedContents
    /// Vertex AI's older form of embeddings.
    case predict
  }

  var providerProtocol: ProviderProtocol
  var method: Method
  /// From the path; `nil` where the body names the model.
  var model: String?
  /// The path alone says that the answer is a stream.
  var isStreamPath = false

  /// `nil` for a path that no provider serves.
  init?(path: String) {
    let parts = path.split(separator: "/", omittingEmptySubsequences: true).map(String.init)
    if let fixed = Self.fixed[parts] {
      self.init(providerProtocol: fixed.0, method: fixed.1, model: nil)
      return
    }
    guard let last = parts.last, let colon = last.lastIndex(of: ":") else { return nil }
    let model = String(last[..<colon])
    let verb = String(last[last.index(after: colon)...])
    if parts.count == 3, ["v1", "v1beta"].contains(parts[0]), parts[1] == "models" {
      guard let method = Self.geminiMethods[verb] else { return nil }
      self.init(providerProtocol: .gemini, method: method, model: model)
    } else if parts.count == 9, ["v1", "v1beta1"].contains(parts[0]), parts[1] == "projects", parts[3] == "locations",
      parts[5] == "publishers", parts[7] == "models"
    {
      switch parts[6] {
      case "google":
        guard let method = Self.vertexMethods[verb] else { return nil }
        self.init(providerProtocol: .vertex, method: method, model: model)
      case "anthropic" where verb == "rawPredict" && model == "count-tokens":
        self.init(providerProtocol: .vertex, method: .messageTokenCount, model: nil)
      case "anthropic" where verb == "rawPredict" || verb == "streamRawPredict":
        self.init(providerProtocol: .vertex, method: .messages, model: model)
        isStreamPath = verb == "streamRawPredict"
      default: return nil
      }
    } else {
      return nil
    }
    if method == .streamGenerateContent { isStreamPath = true }
  }

  private init(providerProtocol: ProviderProtocol, method: Method, model: String?) {
    self.providerProtocol = providerProtocol
    self.method = method
    self.model = model
  }

  /// Whether errors of the model itself have Anthropic's shape: on Vertex AI too, where only the platform's own are Google's.
  var speaksAnthropic: Bool { method == .messages || method == .messageTokenCount }

  private static let fixed: [[String]: (ProviderProtocol, Method)] = [
    ["v1", "chat", "completions"]: (.openAI, .chatCompletions),
    ["v1", "responses"]: (.openAI, .responses),
    ["v1", "embeddings"]: (.openAI, .embeddings),
    ["v1", "messages"]: (.anthropic, .messages),
    ["v1", "messages", "count_tokens"]: (.anthropic, .messageTokenCount),
  ]

  private static let contentMethods: [String: Method] = [
    "generateContent": .generateContent, "streamGenerateContent": .streamGenerateContent, "countTokens": .countTokens,
    "embedContent": .embedContent,
  ]
  private static let geminiMethods = contentMethods.merging(["batchEmbedContents": .batchEmbedContents]) { $1 }
  private static let vertexMethods = contentMethods.merging(["predict": .predict]) { $1 }
}
