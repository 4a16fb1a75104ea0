// The answer of chat.completions on the wire: one body, or server-sent events that end with [DONE].

struct OpenAIAnswer {
  var model: String
  var answer: SimulatedAnswer
  var effect: FaultRule.Effect

  var body: JSONValue {
    var members = head(object: "chat.completion")
    members.append(
      (
        "choices",
        [
          [
            "index": 0, "message": ["role": "assistant", "content": .string(answer.text), "refusal": nil], "logprobs": nil,
            "finish_reason": .string(finishReason),
          ]
        ]
      ))
    if !effect.omitsUsage { members.append(("usage", usage)) }
    return .object(members)
  }

  /// The events of a stream in order, without the closing `[DONE]`.
  func events(includesUsage: Bool) -> [JSONValue] {
    var events = [chunk(delta: ["role": "assistant", "content": "", "refusal": nil])]
    if !answer.isBlocked { events += answer.pieces.map { chunk(delta: ["content": .string($0)]) } }
    let last: [(String, JSONValue)] = [("choices", [choice(delta: [:], finishReason: .string(finishReason))])]
    events.append(.object(head(object: "chat.completion.chunk") + last))
    if includesUsage, !effect.omitsUsage {
      let choices: JSONValue = effect.sendsUsageWithChoices ? [["index": 0, "delta": [:]]] : []
      events.append(.object(head(object: "chat.completion.chunk") + [("choices", choices), ("usage", usage)]))
    }
    return events
  }

  private func head(object: String) -> [(String, JSONValue)] {
    [
      ("id", .string("chatcmpl-" + String(answer.seed, radix: 36))), ("object", .string(object)),
      // Derived from the request and not from the clock: the same request gets the same bytes.
      ("created", .integer(1_760_000_000 + Int(answer.seed % 10_000_000))), ("model", .string(model)),
      ("system_fingerprint", "fp_simulated"),
    ]
  }

  private func chunk(delta: JSONValue) -> JSONValue {
    .object(head(object: "chat.completion.chunk") + [("choices", [choice(delta: delta, finishReason: nil)])])
  }

  private func choice(delta: JSONValue, finishReason: JSONValue) -> JSONValue {
    ["index": 0, "delta": delta, "logprobs": nil, "finish_reason": finishReason]
  }

  private var finishReason: String {
    if answer.isBlocked { return "content_filter" }
    return answer.isCutByLimit ? "length" : "stop"
  }

  /// Cached tokens are inside prompt_tokens, reasoning tokens inside completion_tokens.
  private var usage: JSONValue {
    let completion = answer.outputTokens + answer.reasoningTokens
    return [
      "prompt_tokens": .integer(answer.promptTokens), "completion_tokens": .integer(completion),
      "total_tokens": .integer(answer.promptTokens + completion),
      "prompt_tokens_details": ["cached_tokens": .integer(answer.cachedTokens), "audio_tokens": 0],
      "completion_tokens_details": ["reasoning_tokens": .integer(answer.reasoningTokens), "audio_tokens": 0],
    ]
  }

  static let models: JSONValue = [
    "object": "list",
    "data": .array(
      ["gpt-4o", "gpt-4o-mini", "gpt-5", "gpt-5-mini"].map {
        ["id": .string($0), "object": "model", "created": 1_760_000_000, "owned_by": "system"]
      }),
  ]
}
