// The answer of generateContent on the wire, alike for the Gemini API and Vertex AI.

struct GoogleAnswer {
  var model: String
  var answer: SimulatedAnswer
  var effect: FaultRule.Effect
  var isVertex: Bool

  var body: JSONValue {
    var members: [(String, JSONValue)] = []
    if answer.isBlocked {
      members.append(blocked)
    } else {
      members.append(("candidates", [candidate(answer.text, isLast: true)]))
    }
    if !effect.omitsUsage { members.append(("usageMetadata", usage)) }
    return .object(members + tail)
  }

  /// The chunks of a stream in order. The usage of the last is final; earlier ones know the prompt only.
  var chunks: [JSONValue] {
    if answer.isBlocked { return [body] }
    let pieces = answer.pieces
    return pieces.enumerated().map { index, piece in
      let isLast = index == pieces.count - 1
      var members: [(String, JSONValue)] = [("candidates", [candidate(piece, isLast: isLast)])]
      if !effect.omitsUsage { members.append(("usageMetadata", isLast ? usage : partialUsage)) }
      return .object(members + tail)
    }
  }

  static func tokenCount(of request: ModelRequest) -> JSONValue {
    let texts = [request.system] + request.turns
    let count = texts.reduce(0) { $0 + SimulatedModel.tokenCount(of: $1) }
    return ["totalTokens": .integer(count), "promptTokensDetails": [["modality": "TEXT", "tokenCount": .integer(count)]]]
  }

  private var tail: [(String, JSONValue)] {
    [("modelVersion", .string(model)), ("responseId", .string(String(answer.seed, radix: 36)))]
  }

  private var blocked: (String, JSONValue) { ("promptFeedback", ["blockReason": "SAFETY"]) }

  private func candidate(_ text: String, isLast: Bool) -> JSONValue {
    var members: [(String, JSONValue)] = [("content", ["role": "model", "parts": [["text": .string(text)]]])]
    if isLast { members.append(("finishReason", .string(answer.isCutByLimit ? "MAX_TOKENS" : "STOP"))) }
    if !isVertex { members.append(("index", 0)) }
    return .object(members)
  }

  /// Cached tokens are inside promptTokenCount; thoughts are outside candidatesTokenCount. Counts of zero are left out.
  private var usage: JSONValue {
    var members: [(String, JSONValue)] = [("promptTokenCount", .integer(answer.promptTokens))]
    if answer.outputTokens > 0 { members.append(("candidatesTokenCount", .integer(answer.outputTokens))) }
    let total = answer.promptTokens + answer.outputTokens + answer.reasoningTokens
    members.append(("totalTokenCount", .integer(total)))
    if answer.cachedTokens > 0 { members.append(("cachedContentTokenCount", .integer(answer.cachedTokens))) }
    if answer.reasoningTokens > 0 { members.append(("thoughtsTokenCount", .integer(answer.reasoningTokens))) }
    members.append(("promptTokensDetails", [["modality": "TEXT", "tokenCount": .integer(answer.promptTokens)]]))
    if isVertex { members.append(("trafficType", "ON_DEMAND")) }
    return .object(members)
  }

  /// As on the real wire: Vertex AI says nothing of tokens before the end, the Gemini API repeats the prompt's.
  private var partialUsage: JSONValue {
    isVertex
      ? ["trafficType": "ON_DEMAND"]
      : ["promptTokenCount": .integer(answer.promptTokens), "totalTokenCount": .integer(answer.promptTokens)]
  }
}
