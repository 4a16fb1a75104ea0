// The answer of generateContent on the wire, alike for the Gemini API and Vertex AI.

struct GoogleAnswer {
  var request: ModelRequest
  var answer: SimulatedAnswer
  var effect: FaultRule.Effect
  var isVertex: Bool

  /// - Parameter isEventStream: the caller asked for `alt=sse`.
  func wire(isEventStream: Bool) -> WireAnswer {
    guard request.isStreaming else { return .document(body, pieceCount: answer.pieceCount) }
    return isEventStream ? .dataEvents(chunks, lineEnd: "\r\n") : .arrayElements(chunks)
  }

  private var body: JSONValue {
    var members: [(String, JSONValue)] = []
    if answer.isBlocked {
      members.append(blocked)
    } else {
      members.append(
        (
          "candidates",
          .array(answer.choices.enumerated().map { candidate($0, part: Self.part($1), finished: $1) })
        ))
    }
    if !effect.omitsUsage { members.append(("usageMetadata", usage(outputTokens: answer.outputTokens))) }
    return .object(members + tail)
  }

  /// The chunks of a stream in order. The usage of the last is final; earlier ones know the prompt only.
  private var chunks: [JSONValue] {
    if answer.isBlocked { return [body] }
    var candidates: [(candidate: JSONValue, tokens: Int)] = []
    for (index, choice) in answer.choices.enumerated() {
      // A function call comes whole, and the end of the answer after it.
      let parts = choice.toolCall == nil ? choice.pieces.map { ["text": .string($0)] } : [Self.part(choice), ["text": ""]]
      for (number, part) in parts.enumerated() {
        let tokens = choice.toolCall?.tokens ?? SimulatedModel.tokenCount(of: part["text"]?.string ?? "")
        candidates.append((candidate(index, part: part, finished: number == parts.count - 1 ? choice : nil), tokens))
      }
    }
    var sentTokens = 0
    return candidates.enumerated().map { index, entry in
      sentTokens += entry.tokens
      var members: [(String, JSONValue)] = [("candidates", [entry.candidate])]
      if !effect.omitsUsage {
        let isLast = index == candidates.count - 1
        let soFar = effect.repeatsUsage ? usage(outputTokens: min(sentTokens, answer.outputTokens)) : partialUsage
        members.append(("usageMetadata", isLast ? usage(outputTokens: answer.outputTokens) : soFar))
      }
      return .object(members + tail)
    }
  }

  static func tokenCount(of request: ModelRequest) -> JSONValue {
    let count = SimulatedModel.promptTokens(of: request)
    return ["totalTokens": .integer(count), "promptTokensDetails": [["modality": "TEXT", "tokenCount": .integer(count)]]]
  }

  private static func part(_ choice: SimulatedAnswer.Choice) -> JSONValue {
    guard let call = choice.toolCall else { return ["text": .string(choice.text)] }
    return ["functionCall": ["name": .string(call.name), "args": call.arguments]]
  }

  private var tail: [(String, JSONValue)] {
    [("modelVersion", .string(request.model)), ("responseId", .string(answer.mark))]
  }

  private var blocked: (String, JSONValue) { ("promptFeedback", ["blockReason": "SAFETY"]) }

  private func candidate(_ index: Int, part: JSONValue, finished: SimulatedAnswer.Choice?) -> JSONValue {
    var members: [(String, JSONValue)] = [("content", ["role": "model", "parts": [part]])]
    if let finished { members.append(("finishReason", .string(finished.isCutByLimit ? "MAX_TOKENS" : "STOP"))) }
    // Vertex AI leaves out numbers that are zero.
    if !isVertex || index > 0 { members.append(("index", .integer(index))) }
    return .object(members)
  }

  /// Cached tokens are inside promptTokenCount; thoughts are outside candidatesTokenCount. Counts of zero are left out.
  private func usage(outputTokens: Int) -> JSONValue {
    var members: [(String, JSONValue)] = [("promptTokenCount", .integer(answer.promptTokens))]
    if outputTokens > 0 { members.append(("candidatesTokenCount", .integer(outputTokens))) }
    let total = answer.promptTokens + outputTokens + answer.reasoningTokens
    members.append(("totalTokenCount", .integer(total)))
    if answer.cachedTokens > 0 { members.append(("cachedContentTokenCount", .integer(answer.cachedTokens))) }
    if answer.reasoningTokens > 0 { members.append(("thoughtsTokenCount", .integer(answer.reasoningTokens))) }
    members.append(("promptTokensDetails", .array(promptDetails)))
    if outputTokens > 0, isVertex {
      members.append(("candidatesTokensDetails", [["modality": "TEXT", "tokenCount": .integer(outputTokens)]]))
    }
    if isVertex { members.append(("trafficType", "ON_DEMAND")) }
    return .object(members)
  }

  private var promptDetails: [JSONValue] {
    let text = answer.promptTokens - answer.imageTokens - answer.audioTokens
    return [("TEXT", text), ("IMAGE", answer.imageTokens), ("AUDIO", answer.audioTokens)].filter { $0.1 > 0 }.map {
      ["modality": .string($0.0), "tokenCount": .integer($0.1)]
    }
  }

  /// As on the real wire: Vertex AI says nothing of tokens before the end, the Gemini API repeats the prompt's.
  private var partialUsage: JSONValue {
    isVertex
      ? ["trafficType": "ON_DEMAND"]
      : ["promptTokenCount": .integer(answer.promptTokens), "totalTokenCount": .integer(answer.promptTokens)]
  }
}
