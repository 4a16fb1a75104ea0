// Reads the body of messages and count_tokens, from Anthropic's own address or from Vertex AI.

extension ModelRequest {
  /// - Parameter model: from the path on Vertex AI, where the body has `anthropic_version` instead.
  init(anthropic body: JSONValue, model: String?, countsOnly: Bool) throws(Invalid) {
    if let model {
      self.init(model: model)
      guard body["anthropic_version"]?.string != nil else {
        throw Invalid(message: "anthropic_version: Field required", parameter: "anthropic_version")
      }
    } else {
      guard let named = body["model"]?.string, !named.isEmpty else {
        throw Invalid(message: "model: Field required", parameter: "model")
      }
      self.init(model: named)
    }
    maxTokens = body["max_tokens"]?.integer
    if maxTokens == nil, !countsOnly { throw Invalid(message: "max_tokens: Field required", parameter: "max_tokens") }
    guard let messages = body["messages"]?.array, !messages.isEmpty else {
      throw Invalid(message: "messages: Field required", parameter: "messages")
    }
    isStreaming = body["stream"]?.bool ?? false
    includesUsage = true
    tools = (body["tools"]?.array ?? []).compactMap { tool in
      tool["name"]?.string.map { OfferedTool(name: $0, schema: tool["input_schema"] ?? [:]) }
    }
    switch body["tool_choice"]?["type"]?.string {
    case "any": toolChoice = .required
    case "none": toolChoice = .never
    case "tool": toolChoice = (body["tool_choice"]?["name"]?.string).map(ToolChoice.named) ?? .required
    default: break
    }
    let thinks = ["enabled", "adaptive"].contains(body["thinking"]?["type"]?.string ?? "disabled")
    thinking = thinks ? .on : .off
    readTurns(system: body["system"], messages: messages)
  }

  private mutating func readTurns(system systemText: JSONValue?, messages: [JSONValue]) {
    // A mark caches everything before it, tools included.
    var tokens = tools.reduce(0) { $0 + $1.tokens }
    let systemBlocks = systemText?.string.map { [["type": "text", "text": .string($0)] as JSONValue] } ?? systemText?.array ?? []
    let systemTexts = systemBlocks.map { $0["text"]?.string ?? "" }
    system = systemTexts.joined(separator: "\n")
    tokens += SimulatedModel.tokenCount(of: system)
    for block in systemBlocks { note(mark: block["cache_control"], at: tokens) }
    for message in messages {
      let blocks =
        message["content"]?.string.map { [["type": "text", "text": .string($0)] as JSONValue] } ?? message["content"]?.array ?? []
      var texts: [String] = []
      var result: String?
      for block in blocks {
        switch block["type"]?.string {
        case "text": texts.append(block["text"]?.string ?? "")
        case "image":
          imageCount += 1
          tokens += SimulatedModel.tokensPerImage
        case "tool_result": result = text(ofResult: block["content"])
        case "tool_use": texts.append((block["name"]?.string ?? "") + (block["input"]?.sortedText ?? ""))
        default: break
        }
        if block["cache_control"] != nil {
          let counted = SimulatedModel.tokenCount(of: texts.joined(separator: "\n"))
          note(mark: block["cache_control"], at: tokens + counted + SimulatedModel.tokenCount(of: result ?? ""))
        }
      }
      let text = texts.joined(separator: "\n")
      if result == nil || !text.isEmpty {
        addTurn(text, isFromUser: message["role"]?.string != "assistant")
        tokens += SimulatedModel.tokenCount(of: text)
      }
      if let result {
        addToolResult(result)
        tokens += SimulatedModel.tokenCount(of: result)
      }
    }
  }

  private mutating func note(mark: JSONValue?, at tokens: Int) {
    guard let mark else { return }
    markedTokens = tokens
    isMarkedForAnHour = mark["ttl"]?.string == "1h"
  }

  private func text(ofResult content: JSONValue?) -> String {
    content?.string ?? (content?.array ?? []).compactMap { $0["text"]?.string }.joined(separator: "\n")
  }
}
