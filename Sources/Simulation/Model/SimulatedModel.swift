// The simulated model: reads a request and answers it deterministically, with token counts that a test can predict.

package enum SimulatedModel {
  /// What Google counts for a picture of ordinary size; here for every vendor.
  static let tokensPerImage = 258
  /// About three seconds of sound.
  static let tokensPerSound = 100

  /// Four characters are a token, and what is left over is one more; an empty text has none.
  package static func tokenCount(of text: String) -> Int { (text.unicodeScalars.count + 3) / 4 }

  /// A number that depends on the bytes alone (FNV-1a, 64 bits), so that the same request gets the same answer.
  static func seed(of bytes: some Sequence<UInt8>) -> UInt64 {
    bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
  }

  /// Every token of the prompt: texts, the declarations of tools, pictures and sound.
  static func promptTokens(of request: ModelRequest) -> Int {
    tokenCount(of: request.system) + request.turns.reduce(0) { $0 + tokenCount(of: $1) }
      + request.tools.reduce(0) { $0 + $1.tokens } + request.imageCount * tokensPerImage + request.audioCount * tokensPerSound
  }

  static func answer(to request: ModelRequest, seed: UInt64, effect: FaultRule.Effect) -> SimulatedAnswer {
    var answer = SimulatedAnswer()
    answer.seed = seed
    answer.promptTokens = promptTokens(of: request)
    answer.imageTokens = request.imageCount * tokensPerImage
    answer.audioTokens = request.audioCount * tokensPerSound
    answer.cachedTokens = cachedTokens(of: request)
    answer.markedTokens = request.markedTokens
    answer.isMarkedForAnHour = request.isMarkedForAnHour
    if effect.hasEmptyCandidates {
      answer.isBlocked = true
      return answer
    }
    answer.reasoningTokens = reasoningTokens(of: request, promptTokens: answer.promptTokens)
    if let maxTokens = request.maxTokens { answer.reasoningTokens = min(answer.reasoningTokens, maxTokens / 2) }
    if effect.answer == nil, let call = ToolUse.call(for: request) {
      answer.choices = Array(repeating: SimulatedAnswer.Choice(toolCall: call), count: request.answerCount)
      return answer
    }
    let sentences = effect.answer.map { [$0] } ?? sentences(for: request, seed: seed, hallucinates: effect.hallucinates)
    let text = stretched(sentences, by: effect.lengthFactor ?? 1)
    let room = request.maxTokens.map { max(0, $0 - answer.reasoningTokens) }
    answer.choices = (0..<request.answerCount).map { index in
      // Each further answer says the same in its own words, so that none is mistaken for another.
      choice(text: index == 0 ? text : "In other words (\(index + 1)): \(text)", room: room)
    }
    return answer
  }

  private static func choice(text: String, room: Int?) -> SimulatedAnswer.Choice {
    guard let room, tokenCount(of: text) > room else { return SimulatedAnswer.Choice(text: text) }
    return SimulatedAnswer.Choice(
      text: String(String.UnicodeScalarView(text.unicodeScalars.prefix(room * 4))), isCutByLimit: true)
  }

  private static func sentences(for request: ModelRequest, seed: UInt64, hallucinates: Bool) -> [String] {
    if let result = request.toolResult, !hallucinates {
      return ["The tool answered: \(result).", "That is what was asked for."]
    }
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

  /// A model that thinks spends a sixteenth of the prompt, at least 8 and at most 256 tokens, on it.
  private static func reasoningTokens(of request: ModelRequest, promptTokens: Int) -> Int {
    let thinks =
      switch request.thinking {
      case .on: true
      case .off: false
      case .asTheModelDoes: ["gemini-2.5", "gemini-3", "gpt-5", "o1", "o3", "o4"].contains { request.model.hasPrefix($0) }
      }
    return thinks ? min(256, max(8, promptTokens / 16)) : 0
  }
}
