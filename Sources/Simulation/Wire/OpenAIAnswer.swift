// The answer of chat.completions on the wire: one body, or server-sent events that end with [DONE].

struct OpenAIAnswer {
  var request: ModelRequest
  var answer: SimulatedAnswer
  var effect: FaultRule.Effect

  var wire: WireAnswer {
    guard request.isStreaming else { return .document(body, pieceCount: answer.pieceCount) }
    return .dataEvents(events, end: "data: [DONE]\n\n", contentType: "text/event-stream; charset=utf-8")
  }

  private var body: JSONValue {
    var members = head(object: "chat.completion")
    members.append(
      (
        "choices",
        .array(
          choices.enumerated().map { index, choice in
            [
              "index": .integer(index), "message": message(choice), "logprobs": nil,
              "finish_reason": .string(finishReason(choice)),
            ]
          })
      ))
    if !effect.omitsUsage { members.append(("usage", usage(outputTokens: answer.outputTokens))) }
    return .object(members)
  }

  /// The events of a stream in order, without the closing `[DONE]`.
  private var events: [JSONValue] {
    var events: [JSONValue] = []
    var sentTokens = 0
    for (index, choice) in choices.enumerated() {
      events.append(chunk(index, delta: ["role": "assistant", "content": choice.toolCall == nil ? "" : nil, "refusal": nil]))
      for (delta, tokens) in deltas(of: choice, index: index) {
        sentTokens += tokens
        events.append(chunk(index, delta: delta, sentTokens: sentTokens))
      }
      events.append(chunk(index, delta: [:], finishReason: .string(finishReason(choice)), sentTokens: sentTokens))
    }
    if request.includesUsage, !effect.omitsUsage {
      let choices: JSONValue = effect.sendsUsageWithChoices ? [["index": 0, "delta": [:]]] : []
      let last: [(String, JSONValue)] = [("choices", choices), ("usage", usage(outputTokens: answer.outputTokens))]
      events.append(.object(head(object: "chat.completion.chunk") + last))
    }
    return events
  }

  /// A blocked answer has one choice too, an empty one.
  private var choices: [SimulatedAnswer.Choice] { answer.isBlocked ? [SimulatedAnswer.Choice()] : answer.choices }

  private func deltas(of choice: SimulatedAnswer.Choice, index: Int) -> [(delta: JSONValue, tokens: Int)] {
    guard let call = choice.toolCall else {
      return answer.isBlocked ? [] : choice.pieces.map { (["content": .string($0)], SimulatedModel.tokenCount(of: $0)) }
    }
    let opening: JSONValue = [
      "tool_calls": [
        [
          "index": 0, "id": .string(callID(index)), "type": "function",
          "function": ["name": .string(call.name), "arguments": ""],
        ]
      ]
    ]
    return [(opening, SimulatedModel.tokenCount(of: call.name))]
      + call.argumentPieces.map { piece in
        let delta: JSONValue = ["tool_calls": [["index": 0, "function": ["arguments": .string(piece)]]]]
        return (delta, SimulatedModel.tokenCount(of: piece))
      }
  }

  private func message(_ choice: SimulatedAnswer.Choice) -> JSONValue {
    guard let call = choice.toolCall else {
      return ["role": "assistant", "content": .string(choice.text), "refusal": nil, "annotations": []]
    }
    return [
      "role": "assistant", "content": nil, "refusal": nil,
      "tool_calls": [
        [
          "id": .string(callID(0)), "type": "function",
          "function": ["name": .string(call.name), "arguments": .string(call.arguments.text)],
        ]
      ],
    ]
  }

  private func callID(_ index: Int) -> String { "call_\(answer.mark)\(index)" }

  private func head(object: String) -> [(String, JSONValue)] {
    var members: [(String, JSONValue)] = [
      ("id", .string("chatcmpl-" + answer.mark)), ("object", .string(object)), ("created", .integer(answer.createdSeconds)),
      ("model", .string(request.model)), ("system_fingerprint", "fp_simulated"),
    ]
    if let tier = request.serviceTier { members.append(("service_tier", .string(Self.usedTier(for: tier)))) }
    return members
  }

  /// `auto` is asked for, `default` is what was used.
  static func usedTier(for asked: String) -> String { asked == "auto" ? "default" : asked }

  private func chunk(_ index: Int, delta: JSONValue, finishReason: JSONValue = nil, sentTokens: Int = 0) -> JSONValue {
    let choice: JSONValue = ["index": .integer(index), "delta": delta, "logprobs": nil, "finish_reason": finishReason]
    var members = head(object: "chat.completion.chunk") + [("choices", [choice])]
    // A caller who asked for usage finds the member in every chunk; vLLM fills it each time when told to.
    if request.includesUsage, !effect.omitsUsage {
      members.append(("usage", effect.repeatsUsage ? usage(outputTokens: min(sentTokens, answer.outputTokens)) : nil))
    }
    return .object(members)
  }

  private func finishReason(_ choice: SimulatedAnswer.Choice) -> String {
    if answer.isBlocked { return "content_filter" }
    if choice.toolCall != nil { return "tool_calls" }
    return choice.isCutByLimit ? "length" : "stop"
  }

  /// Cached tokens are inside prompt_tokens, reasoning tokens inside completion_tokens.
  private func usage(outputTokens: Int) -> JSONValue {
    let completion = outputTokens + answer.reasoningTokens
    return [
      "prompt_tokens": .integer(answer.promptTokens), "completion_tokens": .integer(completion),
      "total_tokens": .integer(answer.promptTokens + completion),
      "prompt_tokens_details": ["cached_tokens": .integer(answer.cachedTokens), "audio_tokens": .integer(answer.audioTokens)],
      "completion_tokens_details": [
        "reasoning_tokens": .integer(answer.reasoningTokens), "audio_tokens": 0, "accepted_prediction_tokens": 0,
        "rejected_prediction_tokens": 0,
      ],
    ]
  }
}
