// Reads the bodies of generateContent, countTokens and Google's forms of embeddings.

extension ModelRequest {
  init(google body: JSONValue, model: String, isStreaming: Bool) throws(Invalid) {
    self.init(model: model)
    let source = body["generateContentRequest", "generate_content_request"] ?? body
    guard let contents = source["contents"]?.array, !contents.isEmpty else {
      throw Invalid(message: "* GenerateContentRequest.contents: contents is not specified", parameter: "contents")
    }
    system = Self.text(ofParts: source["systemInstruction", "system_instruction"]?["parts"])
    for content in contents {
      let parts = Self.list(content["parts"])
      countMedia(of: parts)
      if let response = parts.lazy.compactMap({ $0["functionResponse", "function_response"] }).first {
        addToolResult(response["response"]?.sortedText ?? "")
        continue
      }
      let calls = parts.compactMap { $0["functionCall", "function_call"] }.map {
        ($0["name"]?.string ?? "") + ($0["args"]?.sortedText ?? "")
      }
      let text = ([Self.text(ofParts: content["parts"])] + calls).filter { !$0.isEmpty }.joined(separator: "\n")
      addTurn(text, isFromUser: content["role"]?.string ?? "user" == "user")
    }
    let generation = source["generationConfig", "generation_config"]
    maxTokens = generation?["maxOutputTokens", "max_output_tokens"]?.integer
    answerCount = min(8, max(1, generation?["candidateCount", "candidate_count"]?.integer ?? 1))
    let thinkingConfig = generation?["thinkingConfig", "thinking_config"]
    if thinkingConfig?["thinkingBudget", "thinking_budget"]?.integer == 0 { thinking = .off }
    self.isStreaming = isStreaming
    includesUsage = true
    readTools(source)
  }

  /// `embedContent` of one content, and `batchEmbedContents` of several requests.
  init(embedContent body: JSONValue, model: String) throws(Invalid) {
    self.init(model: model)
    let requests = body["requests"]?.array ?? [body]
    embeddingDimensions =
      (requests.first?["outputDimensionality", "output_dimensionality"]
      ?? requests.first?["embedContentConfig", "embed_content_config"]?["outputDimensionality", "output_dimensionality"])?.integer
    embeddingInputs = requests.compactMap { request -> EmbeddingInput? in
      let config = request["embedContentConfig", "embed_content_config"]
      return request["content"].map {
        EmbeddingInput(text: Self.text(ofParts: $0["parts"]), title: (request["title"] ?? config?["title"])?.string)
      }
    }
    if embeddingInputs.isEmpty || embeddingInputs.count != requests.count {
      throw Invalid(message: "* EmbedContentRequest.content: contents is not specified", parameter: "content")
    }
  }

  init(predict body: JSONValue, model: String) throws(Invalid) {
    self.init(model: model)
    embeddingDimensions = body["parameters"]?["outputDimensionality", "output_dimensionality"]?.integer
    embeddingInputs = (body["instances"]?.array ?? []).compactMap { instance in
      instance["content"]?.string.map { EmbeddingInput(text: $0, title: instance["title"]?.string) }
    }
    if embeddingInputs.isEmpty { throw Invalid(message: "The instances field is required.", parameter: "instances") }
  }

  private mutating func readTools(_ source: JSONValue) {
    tools = (source["tools"]?.array ?? []).flatMap { $0["functionDeclarations", "function_declarations"]?.array ?? [] }
      .compactMap { function in
        function["name"]?.string.map {
          OfferedTool(
            name: $0, schema: function["parameters"] ?? function["parametersJsonSchema", "parameters_json_schema"] ?? [:])
        }
      }
    let choice = source["toolConfig", "tool_config"]?["functionCallingConfig", "function_calling_config"]
    // Google's own REST clients send enumerations as numbers: 2 is ANY, 3 is NONE.
    switch choice?["mode"]?.string ?? choice?["mode"]?.integer.map(String.init) {
    case "ANY", "2":
      let allowed = choice?["allowedFunctionNames", "allowed_function_names"]?.array?.first?.string
      toolChoice = allowed.map(ToolChoice.named) ?? .required
    case "NONE", "3": toolChoice = .never
    default: break
    }
  }

  private mutating func countMedia(of parts: [JSONValue]) {
    for part in parts {
      let media = part["inlineData", "inline_data"] ?? part["fileData", "file_data"]
      let type = media?["mimeType", "mime_type"]?.string ?? ""
      if type.hasPrefix("image/") { imageCount += 1 }
      if type.hasPrefix("audio/") { audioCount += 1 }
    }
  }

  private static func text(ofParts parts: JSONValue?) -> String {
    list(parts).compactMap { $0["text"]?.string }.joined(separator: "\n")
  }

  private static func list(_ parts: JSONValue?) -> [JSONValue] { parts?.array ?? parts.map { [$0] } ?? [] }
}
