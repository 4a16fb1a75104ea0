// The answer of Anthropic's messages on the wire: one message, or its events from message_start to message_stop.

struct AnthropicAnswer {
  var request: ModelRequest
  var answer: SimulatedAnswer
  var effect: FaultRule.Effect

  var wire: WireAnswer {
    guard request.isStreaming else { return .document(message, pieceCount: answer.pieceCount) }
    return .namedEvents(events)
  }

  static func tokenCount(of request: ModelRequest) -> JSONValue {
    ["input_tokens": .integer(SimulatedModel.promptTokens(of: request))]
  }

  private var message: JSONValue {
    var members = head + [("content", .array(blocks)), ("stop_reason", .string(stopReason)), ("stop_sequence", nil)]
    if !effect.omitsUsage { members.append(("usage", .object(inputUsage + outputUsage(outputTokens)))) }
    return .object(members)
  }

  private var events: [JSONValue] {
    let start: JSONValue = .object(
      head + [("content", []), ("stop_reason", nil), ("stop_sequence", nil)]
        // The first token is on its way when this is sent; the counts of message_delta replace it.
        + (effect.omitsUsage ? [] : [("usage", .object(inputUsage + [("output_tokens", 1), ("service_tier", "standard")]))]))
    var events: [JSONValue] = [["type": "message_start", "message": start], ["type": "ping"]]
    for (index, block) in blocks.enumerated() {
      let place = JSONValue.integer(index)
      events.append(["type": "content_block_start", "index": place, "content_block": Self.opening(of: block)])
      events += deltas(of: block).map { ["type": "content_block_delta", "index": place, "delta": $0] }
      events.append(["type": "content_block_stop", "index": place])
      // Several message_delta are allowed; each repeats what the ones before it counted.
      if effect.repeatsUsage, !effect.omitsUsage {
        let soFar = outputTokens * (index + 1) / (blocks.count + 1)
        events.append(messageDelta(stopReason: nil, usage: [("output_tokens", .integer(soFar))]))
      }
    }
    // The last repeats the input side too, as cumulative counts: LangChain reads it there and nowhere else.
    let inputSide = inputUsage.filter { $0.0 != "cache_creation" }
    let outputSide: [(String, JSONValue)] = [("output_tokens", .integer(outputTokens))]
    events.append(messageDelta(stopReason: .string(stopReason), usage: inputSide + outputSide + thinkingDetails))
    events.append(["type": "message_stop"])
    return events
  }

  private var head: [(String, JSONValue)] {
    [
      ("id", .string("msg_01" + answer.mark)), ("type", "message"), ("role", "assistant"), ("model", .string(request.model)),
    ]
  }

  private var blocks: [JSONValue] {
    guard !answer.isBlocked else { return [] }
    var blocks: [JSONValue] = []
    if answer.reasoningTokens > 0 {
      let thought = "The question is about this: \(request.question.prefix(60))"
      blocks.append(["type": "thinking", "thinking": .string(thought), "signature": .string("sig" + answer.mark)])
    }
    if let call = answer.first.toolCall {
      blocks.append(
        ["type": "tool_use", "id": .string("toolu_" + answer.mark), "name": .string(call.name), "input": call.arguments])
    } else {
      blocks.append(["type": "text", "text": .string(answer.text)])
    }
    return blocks
  }

  /// A block as it begins: with its kind and its name, without its content.
  private static func opening(of block: JSONValue) -> JSONValue {
    switch block["type"]?.string {
    case "thinking": ["type": "thinking", "thinking": "", "signature": ""]
    case "tool_use": ["type": "tool_use", "id": block["id"] ?? nil, "name": block["name"] ?? nil, "input": [:]]
    default: ["type": "text", "text": ""]
    }
  }

  private func deltas(of block: JSONValue) -> [JSONValue] {
    switch block["type"]?.string {
    case "thinking":
      [
        ["type": "thinking_delta", "thinking": block["thinking"] ?? nil],
        ["type": "signature_delta", "signature": block["signature"] ?? nil],
      ]
    case "tool_use":
      ([""] + (answer.first.toolCall?.argumentPieces ?? [])).map {
        ["type": "input_json_delta", "partial_json": .string($0)]
      }
    default: answer.first.pieces.map { ["type": "text_delta", "text": .string($0)] }
    }
  }

  private func messageDelta(stopReason: JSONValue, usage: [(String, JSONValue)]) -> JSONValue {
    var members: [(String, JSONValue)] = [
      ("type", "message_delta"), ("delta", ["stop_reason": stopReason, "stop_sequence": nil]),
    ]
    if !effect.omitsUsage { members.append(("usage", .object(usage))) }
    return .object(members)
  }

  private var stopReason: String {
    if answer.isBlocked { return "refusal" }
    if answer.first.toolCall != nil { return "tool_use" }
    return answer.first.isCutByLimit ? "max_tokens" : "end_turn"
  }

  /// Thinking is billed as output.
  private var outputTokens: Int { answer.outputTokens + answer.reasoningTokens }

  /// Of what the caller marked, the system text's whole blocks are read and the rest is written, so that one answer shows both;
  /// both are outside input_tokens.
  private var inputUsage: [(String, JSONValue)] {
    let read = min(answer.cachedTokens, answer.markedTokens)
    let written = answer.markedTokens - read
    return [
      ("input_tokens", .integer(answer.promptTokens - answer.markedTokens)),
      ("cache_creation_input_tokens", .integer(written)), ("cache_read_input_tokens", .integer(read)),
      (
        "cache_creation",
        [
          "ephemeral_5m_input_tokens": .integer(answer.isMarkedForAnHour ? 0 : written),
          "ephemeral_1h_input_tokens": .integer(answer.isMarkedForAnHour ? written : 0),
        ]
      ),
    ]
  }

  private func outputUsage(_ tokens: Int) -> [(String, JSONValue)] {
    [("output_tokens", .integer(tokens))] + thinkingDetails + [("service_tier", "standard")]
  }

  /// How much of output_tokens was thinking.
  private var thinkingDetails: [(String, JSONValue)] {
    guard answer.reasoningTokens > 0 else { return [] }
    return [("output_tokens_details", ["thinking_tokens": .integer(answer.reasoningTokens)])]
  }
}
