// Reads Messages answers (Anthropic, and Anthropic on Vertex AI), documents and streams. Thinking is not shown.
// Source: docs.anthropic.com/en/api/messages and /messages-streaming.

struct AnswerFromAnthropic: Sendable {
  /// The tool-use blocks in progress, by block index.
  private var open: [Int: Call] = [:]
  private var callCount = 0
  private var counts = Counts()
  private var hasReason = false

  private struct Call {
    var index: Int
    /// What the block began with: some servers give the whole input there.
    var input: JSONTree
    var hasFragments = false
  }

  /// Token counts as they come: each is the last one seen.
  private struct Counts {
    var input: Int?
    var output: Int?
    var cacheRead: Int?
    var cacheWrite: Int?

    mutating func read(_ usage: JSONTree?) {
      input = ChatUsage.count(usage?["input_tokens"]) ?? input
      output = ChatUsage.count(usage?["output_tokens"]) ?? output
      cacheRead = ChatUsage.count(usage?["cache_read_input_tokens"]) ?? cacheRead
      cacheWrite = ChatUsage.count(usage?["cache_creation_input_tokens"]) ?? cacheWrite
    }

    /// Anthropic: cache reads and writes are outside the input; thinking is inside the output and not counted apart.
    var usage: ChatUsage? {
      guard let input, let output else { return nil }
      return ChatUsage(
        prompt: input + (cacheRead ?? 0) + (cacheWrite ?? 0), completion: output, cached: cacheRead, cacheWrite: cacheWrite)
    }
  }

  /// Blocks one answer may have open at a time; they come one after the other.
  private static let openLimit = 64

  /// The events of one stream event; `nil` when it is not what Anthropic sends. Unknown events mean nothing, as documented.
  mutating func events(_ frame: JSONTree) -> [AnswerEvent]? {
    guard let type = frame["type"]?.text else { return nil }
    switch type {
    case "error":
      guard let error = frame["error"] else { return nil }
      return [.failure(ChatError(error: error, status: nil))]
    case "message_start":
      counts.read(frame["message"]?["usage"])
      return []
    case "content_block_start":
      guard let index = frame["index"]?.integer, let block = frame["content_block"] else { return nil }
      return start(block, index)
    case "content_block_delta":
      guard let index = frame["index"]?.integer, let delta = frame["delta"] else { return nil }
      return self.delta(delta, index)
    case "content_block_stop":
      guard let index = frame["index"]?.integer else { return nil }
      guard let call = open.removeValue(forKey: index), !call.hasFragments else { return [] }
      return [Self.arguments(call.index, call.input)]
    case "message_delta":
      counts.read(frame["usage"])
      guard let reason = frame["delta"]?.present("stop_reason")?.text else { return [] }
      hasReason = true
      return [.finish(choice: 0, Self.finishReason(reason))]
    case "message_stop":
      guard hasReason else { return nil }
      return (counts.usage.map { [.usage($0)] } ?? []) + [.end]
    default: return []
    }
  }

  /// The events of a whole document.
  mutating func documentEvents(_ document: JSONTree) -> [AnswerEvent]? {
    if document["type"] == "error" { return events(document) }
    guard let blocks = document["content"]?.elements else { return nil }
    var result: [AnswerEvent] = []
    for (index, block) in blocks.enumerated() {
      guard let started = start(block, index) else { return nil }
      result += started
      if let call = open.removeValue(forKey: index) { result.append(Self.arguments(call.index, call.input)) }
    }
    counts.read(document["usage"])
    result.append(.finish(choice: 0, Self.finishReason(document["stop_reason"]?.text ?? "end_turn")))
    return result + (counts.usage.map { [.usage($0)] } ?? []) + [.end]
  }

  private mutating func start(_ block: JSONTree, _ index: Int) -> [AnswerEvent]? {
    switch block["type"]?.text {
    case "text":
      guard let text = block["text"]?.text, !text.isEmpty else { return [] }
      return [.text(choice: 0, text)]
    case "tool_use":
      guard let id = block["id"]?.text, let name = block["name"]?.text, open.count < Self.openLimit else { return nil }
      let call = Call(index: callCount, input: block.present("input") ?? .object([]))
      open[index] = call
      callCount += 1
      return [.call(choice: 0, index: call.index, id: id, name: name, thoughtSignature: nil)]
    case nil: return nil
    // Thinking, and the blocks of server tools, which no translated request asks for.
    default: return []
    }
  }

  private mutating func delta(_ delta: JSONTree, _ index: Int) -> [AnswerEvent]? {
    switch delta["type"]?.text {
    case "text_delta":
      guard let text = delta["text"]?.text else { return nil }
      return text.isEmpty ? [] : [.text(choice: 0, text)]
    case "input_json_delta":
      guard let fragment = delta["partial_json"]?.text else { return nil }
      guard let call = open[index], !fragment.isEmpty else { return [] }
      open[index]?.hasFragments = true
      return [.arguments(choice: 0, index: call.index, fragment)]
    case nil: return nil
    default: return []
    }
  }

  private static func arguments(_ index: Int, _ input: JSONTree) -> AnswerEvent {
    .arguments(choice: 0, index: index, String(decoding: input.serialised, as: UTF8.self))
  }

  private static func finishReason(_ reason: String) -> AnswerEvent.FinishReason {
    switch reason {
    case "max_tokens", "model_context_window_exceeded": .length
    case "tool_use": .toolCalls
    case "refusal": .contentFilter
    default: .stop
    }
  }
}
