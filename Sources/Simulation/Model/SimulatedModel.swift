// The simulated model: reads a request and answers it deterministically, with token counts that a test can predict.

package enum SimulatedModel {
  /// Four characters are a token, and what is left over is one more; an empty text has none.
  package static func tokenCount(of text: String) -> Int { (text.unicodeScalars.count + 3) / 4 }

  /// A number that depends on the bytes alone (FNV-1a, 64 bits), so that the same request gets the same answer.
  static func seed(of bytes: some Sequence<UInt8>) -> UInt64 {
    bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
  }

  static func answer(to request: ModelRequest, seed: UInt64, effect: FaultRule.Effect) -> SimulatedAnswer {
    var answer = SimulatedAnswer()
    answer.seed = seed
    answer.promptTokens = tokenCount(of: request.system) + request.turns.reduce(0) { $0 + tokenCount(of: $1) }
    answer.cachedTokens = cachedTokens(of: request)
    if effect.hasEmptyCandidates {
      answer.isBlocked = true
      return answer
    }
    let sentences = sentences(for: request, seed: seed, hallucinates: effect.hallucinates)
    var text = stretched(sentences, by: effect.lengthFactor ?? 1)
    answer.reasoningTokens = reasoningTokens(of: request, promptTokens: answer.promptTokens)
    if let maxTokens = request.maxTokens {
      answer.reasoningTokens = min(answer.reasoningTokens, maxTokens / 2)
      let room = maxTokens - answer.reasoningTokens
      if tokenCount(of: text) > room {
        text = String(String.UnicodeScalarView(text.unicodeScalars.prefix(max(0, room) * 4)))
        answer.isCutByLimit = true
      }
    }
    answer.text = text
    return answer
  }

  private static func sentences(for request: ModelRequest, seed: UInt64, hallucinates: Bool) -> [String] {
    let prompt = PromptReading(request.question)
    if hallucinates { return InventedClaims.sentences(about: prompt.question, seed: seed) }
    guard !prompt.documents.isEmpty else { return [plainReply(to: prompt.question)] }
    return ExtractiveReader.answer(to: prompt.question, from: prompt.documents)
  }

  private static func plainReply(to question: String) -> String {
    let words = question.split(whereSeparator: \.isWhitespace).prefix(12).joined(separator: " ")
    guard !words.isEmpty else { return "There is nothing to answer yet." }
    return "You said: “\(words)”. That is understood, and this is a short answer to it."
  }

  /// Fewer or more words: a shorter answer is cut, a longer one goes round its sentences again.
  private static func stretched(_ sentences: [String], by factor: Double) -> String {
    let text = sentences.joined(separator: " ")
    guard factor != 1 else { return text }
    let words = text.split(separator: " ")
    guard !words.isEmpty else { return text }
    let wanted = max(1, Int((Double(words.count) * factor).rounded()))
    return (0..<wanted).map { String(words[$0 % words.count]) }.joined(separator: " ")
  }

  /// A stable system text counts as cached in blocks of 64 tokens, as providers cache prefixes in blocks.
  private static func cachedTokens(of request: ModelRequest) -> Int { tokenCount(of: request.system) / 64 * 64 }

  /// Models that think by default spend a sixteenth of the prompt, at least 8 and at most 256 tokens, on it.
  private static func reasoningTokens(of request: ModelRequest, promptTokens: Int) -> Int {
    let thinks = ["gemini-2.5", "gemini-3", "gpt-5", "o1", "o3", "o4"].contains { request.model.hasPrefix($0) }
    return thinks && !request.isThinkingOff ? min(256, max(8, promptTokens / 16)) : 0
  }
}

/// What the model said and what it is billed for.
struct SimulatedAnswer: Sendable {
  var text = ""
  var promptTokens = 0
  /// Part of `promptTokens`.
  var cachedTokens = 0
  var reasoningTokens = 0
  var isCutByLimit = false
  var isBlocked = false
  var seed: UInt64 = 0

  /// Tokens of the visible text.
  var outputTokens: Int { SimulatedModel.tokenCount(of: text) }

  /// The text in pieces of a few words, as a stream delivers it; at least one piece.
  var pieces: [String] {
    var pieces: [String] = []
    var piece = ""
    var words = 0
    for character in text {
      piece.append(character)
      if character == " " { words += 1 }
      if words == 4 {
        pieces.append(piece)
        piece = ""
        words = 0
      }
    }
    if !piece.isEmpty || pieces.isEmpty { pieces.append(piece) }
    return pieces
  }
}
