// Reads generateContent answers (Gemini API and Vertex AI): one document, or the pieces of a stream, which look alike.

struct AnswerFromGoogle: Sendable {
  /// Makes call identifiers unique where Google gives none: they must differ from those of earlier turns too.
  private let callPrefix: String
  private var calls: [Int: Int] = [:]
  private var callCount = 0
  /// Reasons seen, by choice. Held back until the end: some models put one into every piece.
  private var finishReasons: [Int: String] = [:]
  private var choices: Set<Int> = []
  private var wasBlocked = false

  /// Google gives at most 8 candidates; a number beyond reason is not followed.
  private static let choiceLimit = 128

  /// - Parameter answerID: unique; the identifiers of the calls are made from it.
  init(answerID: String) {
    // OpenAI takes call identifiers of at most 40 characters, Anthropic letters and digits, and the client may go on there.
    let plain = answerID.unicodeScalars.filter {
      ("a"..."z").contains($0) || ("A"..."Z").contains($0) || ("0"..."9").contains($0)
    }
    callPrefix = "call_" + String(String.UnicodeScalarView(plain.suffix(24)))
  }

  /// The events of one piece; `nil` when it is not what Google sends.
  mutating func events(_ frame: JSONTree) -> [AnswerEvent]? {
    guard frame.members != nil else { return nil }
    if let error = frame.present("error") { return [.failure(ChatError(error: error, status: nil))] }
    var events: [AnswerEvent] = []
    if let candidates = frame.present("candidates") {
      guard let candidates = candidates.elements else { return nil }
      for candidate in candidates {
        guard let found = self.candidate(candidate) else { return nil }
        events += found
      }
    }
    if frame["promptFeedback"]?.present("blockReason") != nil { wasBlocked = true }
    if let usage = frame.present("usageMetadata") { events.append(.usage(Self.usage(usage))) }
    return events
  }

  /// The events that end the answer; `nil` when the provider broke off before it was whole.
  ///
  /// - Parameter isDocument: nothing can follow a document, so that a candidate without a reason is finished as well.
  func ending(isDocument: Bool) -> [AnswerEvent]? {
    if choices.isEmpty { return wasBlocked ? [.finish(choice: 0, .contentFilter), .end] : nil }
    var events: [AnswerEvent] = []
    for choice in choices.sorted() {
      guard let reason = finishReasons[choice] ?? (isDocument ? "STOP" : nil) else { return nil }
      events.append(.finish(choice: choice, Self.finishReason(reason, hasCalls: calls[choice] != nil)))
    }
    return events + [.end]
  }

  private mutating func candidate(_ candidate: JSONTree) -> [AnswerEvent]? {
    // Proto JSON leaves zeros out.
    guard candidate.members != nil, let choice = candidate.present("index").map(\.integer) ?? 0,
      (0..<Self.choiceLimit).contains(choice)
    else { return nil }
    choices.insert(choice)
    var events: [AnswerEvent] = []
    for part in candidate["content"]?["parts"]?.elements ?? [] {
      if part["thought"] == true { continue }
      if let text = part["text"]?.text, !text.isEmpty { events.append(.text(choice: choice, text)) }
      guard let call = part.present("functionCall") else { continue }
      guard let name = call["name"]?.text else { return nil }
      let index = calls[choice] ?? 0
      calls[choice] = index + 1
      callCount += 1
      let id = call.present("id")?.text ?? "\(callPrefix)_\(callCount)"
      events.append(
        .call(choice: choice, index: index, id: id, name: name, thoughtSignature: part["thoughtSignature"]?.text))
      let arguments = call.present("args") ?? .object([])
      events.append(.arguments(choice: choice, index: index, String(decoding: arguments.serialised, as: UTF8.self)))
    }
    if let reason = candidate.present("finishReason")?.text { finishReasons[choice] = reason }
    return events
  }

  private static func finishReason(_ reason: String, hasCalls: Bool) -> AnswerEvent.FinishReason {
    switch reason {
    case "MAX_TOKENS", "CONTINUATION": .length
    case "SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY",
      "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION", "MODEL_ARMOR", "ESCALATION", "PUP_LIMITED_DISABLED":
      .contentFilter
    // OpenAI has no word for a malformed call and the like: the model stopped.
    default: hasCalls ? .toolCalls : .stop
    }
  }

  /// Google: thoughts are outside the candidates, prompts of tool use outside the prompt, cached tokens inside it. Proto JSON
  /// leaves zeros out, so that here absent is zero.
  private static func usage(_ usage: JSONTree) -> ChatUsage {
    func count(_ name: String) -> Int { ChatUsage.count(usage[name]) ?? 0 }
    let thoughts = count("thoughtsTokenCount")
    let audio = (usage["promptTokensDetails"]?.elements ?? []).first { $0["modality"] == "AUDIO" }
    return ChatUsage(
      prompt: count("promptTokenCount") + count("toolUsePromptTokenCount"),
      completion: count("candidatesTokenCount") + thoughts, cached: count("cachedContentTokenCount"),
      promptAudio: ChatUsage.count(audio?["tokenCount"]), reasoning: thoughts)
  }
}
