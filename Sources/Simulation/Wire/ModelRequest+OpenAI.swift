// Reads the bodies of chat.completions, responses and embeddings.

extension ModelRequest {
  init(chatCompletion body: JSONValue) throws(Invalid) {
    self.init(model: try Self.model(in: body))
    guard let messages = body["messages"]?.array, !messages.isEmpty else {
      throw Invalid(message: "Missing required parameter: 'messages'.", parameter: "messages")
    }
    var system: [String] = []
    for message in messages {
      let text = openAIText(of: message["content"])
      switch message["role"]?.string {
      case "system", "developer": system.append(text)
      case "user": addTurn(text, isFromUser: true)
      case "tool", "function": addToolResult(text)
      default: addTurn(text, isFromUser: false)
      }
    }
    self.system = system.joined(separator: "\n")
    maxTokens = (body["max_completion_tokens"] ?? body["max_tokens"])?.integer
    includesUsage = body["stream_options"]?["include_usage"]?.bool ?? false
    if body["reasoning_effort"]?.string == "none" { thinking = .off }
    answerCount = min(8, max(1, body["n"]?.integer ?? 1))
    readOpenAICommon(body)
  }

  init(responses body: JSONValue) throws(Invalid) {
    self.init(model: try Self.model(in: body))
    var system = [body["instructions"]?.string].compactMap { $0 }
    if let text = body["input"]?.string {
      addTurn(text, isFromUser: true)
    } else if let items = body["input"]?.array, !items.isEmpty {
      for item in items {
        if item["type"]?.string == "function_call_output" {
          addToolResult(openAIText(of: item["output"]))
          continue
        }
        let text = openAIText(of: item["content"])
        switch item["role"]?.string {
        case "system", "developer": system.append(text)
        case "user": addTurn(text, isFromUser: true)
        default: addTurn(text, isFromUser: false)
        }
      }
    } else {
      throw Invalid(message: "Missing required parameter: 'input'.", parameter: "input")
    }
    self.system = system.joined(separator: "\n")
    maxTokens = body["max_output_tokens"]?.integer
    includesUsage = true
    if body["reasoning"]?["effort"]?.string == "none" { thinking = .off }
    readOpenAICommon(body)
  }

  init(embeddings body: JSONValue) throws(Invalid) {
    self.init(model: try Self.model(in: body))
    embeddingDimensions = body["dimensions"]?.integer
    wantsBase64 = body["encoding_format"]?.string == "base64"
    embeddingInputs = EmbeddingInput.list(body["input"])
    if embeddingInputs.isEmpty { throw Invalid(message: "Missing required parameter: 'input'.", parameter: "input") }
  }

  private mutating func readOpenAICommon(_ body: JSONValue) {
    isStreaming = body["stream"]?.bool ?? false
    serviceTier = body["service_tier"]?.string
    // chat.completions nests the function, responses does not.
    tools = (body["tools"]?.array ?? []).compactMap { tool in
      let function = tool["function"] ?? tool
      return function["name"]?.string.map { OfferedTool(name: $0, schema: function["parameters"] ?? [:]) }
    }
    switch body["tool_choice"] {
    case .string("required"): toolChoice = .required
    case .string("none"): toolChoice = .never
    case let choice?: toolChoice = (choice["function"] ?? choice)["name"]?.string.map(ToolChoice.named) ?? .automatic
    case nil: break
    }
  }

  /// The text of a content that is a string or a list of parts; pictures and sound are counted.
  private mutating func openAIText(of content: JSONValue?) -> String {
    if let text = content?.string { return text }
    let parts = content?.array ?? []
    for part in parts {
      switch part["type"]?.string {
      case "image_url", "input_image": imageCount += 1
      case "input_audio": audioCount += 1
      default: break
      }
    }
    return parts.compactMap { $0["text"]?.string }.joined(separator: "\n")
  }
}
