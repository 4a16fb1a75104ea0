// What a provider needs to know of a request before it answers: which protocol, which method, which model, which texts.

/// The wire protocols that the simulator speaks.
enum ProviderProtocol: String, CaseIterable, Sendable {
  case openAI = "openai"
  case gemini
  case vertex

  var isGoogle: Bool { self != .openAI }
}

/// What the path of a request asks for.
struct ModelEndpoint: Sendable, Equatable {
  enum Method: String, Sendable {
    case chatCompletions
    case generateContent
    case streamGenerateContent
    case countTokens
  }

  var providerProtocol: ProviderProtocol
  var method: Method
  /// From the path; `nil` for OpenAI, where the body names the model.
  var model: String?

  /// `nil` for a path that no provider serves.
  init?(path: String) {
    let parts = path.split(separator: "/", omittingEmptySubsequences: true).map(String.init)
    if parts == ["v1", "chat", "completions"] {
      self.init(providerProtocol: .openAI, method: .chatCompletions, model: nil)
      return
    }
    guard let last = parts.last, let colon = last.lastIndex(of: ":"),
      let method = Method(rawValue: String(last[last.index(after: colon)...])), method != .chatCompletions
    else { return nil }
    let model = String(last[..<colon])
    if parts.count == 3, ["v1", "v1beta"].contains(parts[0]), parts[1] == "models" {
      self.init(providerProtocol: .gemini, method: method, model: model)
    } else if parts.count == 9, ["v1", "v1beta1"].contains(parts[0]), parts[1] == "projects", parts[3] == "locations",
      parts[5...7].elementsEqual(["publishers", "google", "models"])
    {
      self.init(providerProtocol: .vertex, method: method, model: model)
    } else {
      return nil
    }
  }

  private init(providerProtocol: ProviderProtocol, method: Method, model: String?) {
    self.providerProtocol = providerProtocol
    self.method = method
    self.model = model
  }
}

/// The part of a request that decides the answer.
struct ModelRequest: Sendable {
  var model: String
  /// All system text; empty when there is none.
  var system: String
  /// The texts of the conversation in order, without the system text.
  var turns: [String]
  /// The text of the last turn of the user: what is answered.
  var question: String
  var maxTokens: Int?
  var isStreaming: Bool
  /// OpenAI: the caller asked for a usage chunk at the end of the stream.
  var includesUsage: Bool
  /// Gemini: thinking was switched off with a budget of 0.
  var isThinkingOff: Bool

  /// Why a request cannot be answered, in words a provider would use.
  struct Invalid: Error {
    var message: String
    var parameter: String?
  }

  init(openAI body: JSONValue) throws(Invalid) {
    guard let model = body["model"]?.string, !model.isEmpty else {
      throw Invalid(message: "you must provide a model parameter", parameter: "model")
    }
    guard let messages = body["messages"]?.array, !messages.isEmpty else {
      throw Invalid(message: "Missing required parameter: 'messages'.", parameter: "messages")
    }
    self.model = model
    var system: [String] = []
    turns = []
    question = ""
    for message in messages {
      let text = Self.text(ofContent: message["content"])
      switch message["role"]?.string {
      case "system", "developer": system.append(text)
      case "user":
        turns.append(text)
        question = text
      default: turns.append(text)
      }
    }
    self.system = system.joined(separator: "\n")
    maxTokens = (body["max_completion_tokens"] ?? body["max_tokens"])?.integer
    isStreaming = body["stream"]?.bool ?? false
    includesUsage = body["stream_options"]?["include_usage"]?.bool ?? false
    isThinkingOff = body["reasoning_effort"]?.string == "none"
  }

  init(google body: JSONValue, model: String, isStreaming: Bool) throws(Invalid) {
    let source = body["generateContentRequest", "generate_content_request"] ?? body
    guard let contents = source["contents"]?.array, !contents.isEmpty else {
      throw Invalid(message: "* GenerateContentRequest.contents: contents is not specified", parameter: "contents")
    }
    self.model = model
    system = Self.text(ofParts: source["systemInstruction", "system_instruction"]?["parts"])
    turns = []
    question = ""
    for content in contents {
      let text = Self.text(ofParts: content["parts"])
      turns.append(text)
      if content["role"]?.string ?? "user" == "user" { question = text }
    }
    let generation = source["generationConfig", "generation_config"]
    maxTokens = generation?["maxOutputTokens", "max_output_tokens"]?.integer
    let thinking = generation?["thinkingConfig", "thinking_config"]
    isThinkingOff = thinking?["thinkingBudget", "thinking_budget"]?.integer == 0
    self.isStreaming = isStreaming
    includesUsage = true
  }

  private static func text(ofContent content: JSONValue?) -> String {
    if let text = content?.string { return text }
    return (content?.array ?? []).compactMap { $0["text"]?.string }.joined(separator: "\n")
  }

  private static func text(ofParts parts: JSONValue?) -> String {
    let list = parts?.array ?? parts.map { [$0] } ?? []
    return list.compactMap { $0["text"]?.string }.joined(separator: "\n")
  }
}
