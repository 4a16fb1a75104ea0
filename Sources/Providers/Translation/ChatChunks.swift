// Writes an answer's events as chat.completion.chunk events, the form in which OpenAI streams.

struct ChatChunks: Sendable {
  /// `data: {…,"choices":[`: what all chunks begin with.
  private let opening: [UInt8]
  private let includesUsage: Bool
  /// The choices whose role was told.
  private var begun: Set<Int> = []
  private var usage: ChatUsage?

  init(head: ChatHead, includesUsage: Bool) {
    self.includesUsage = includesUsage
    var bytes = Array("data: ".utf8)
    JSONTree.object(head.members(object: "chat.completion.chunk")).write(to: &bytes)
    bytes.removeLast()
    opening = bytes + Array(#","choices":["#.utf8)
  }

  mutating func write(_ event: AnswerEvent, to bytes: inout [UInt8]) {
    switch event {
    case .text(let choice, let text):
      begin(choice, content: "", &bytes)
      chunk(choice, ["content": .string(text)], &bytes)
    case .call(let choice, let index, let id, let name, let signature):
      begin(choice, content: .null, &bytes)
      var call: [JSONTree.Member] = [
        .init("index", .integer(index)), .init("id", .string(id)), .init("type", "function"),
        .init("function", ["name": .string(name), "arguments": ""]),
      ]
      if let signature { call.append(ChatHead.extraContent(signature)) }
      chunk(choice, ["tool_calls": [.object(call)]], &bytes)
    case .arguments(let choice, let index, let fragment):
      chunk(choice, ["tool_calls": [["index": .integer(index), "function": ["arguments": .string(fragment)]]]], &bytes)
    case .finish(let choice, let reason):
      begin(choice, content: "", &bytes)
      chunk(choice, [:], finishReason: .string(reason.rawValue), &bytes)
    case .usage(let counts): usage = counts
    case .end:
      if includesUsage, let usage {
        bytes += opening
        bytes += Array(#"],"usage":"#.utf8)
        usage.tree.write(to: &bytes)
        bytes += Array("}\n\n".utf8)
      }
      bytes += Array("data: [DONE]\n\n".utf8)
    case .failure(let error):
      // OpenAI's SDKs raise an error on this event.
      bytes += Array("data: ".utf8)
      error.tree.write(to: &bytes)
      bytes += Array("\n\n".utf8)
    }
  }

  /// The first chunk of a choice tells the role; OpenAI's has no content when a tool call comes first.
  private mutating func begin(_ choice: Int, content: JSONTree, _ bytes: inout [UInt8]) {
    guard begun.insert(choice).inserted else { return }
    chunk(choice, ["role": "assistant", "content": content], &bytes)
  }

  private func chunk(_ choice: Int, _ delta: JSONTree, finishReason: JSONTree = .null, _ bytes: inout [UInt8]) {
    bytes += opening
    let tree: JSONTree = ["index": .integer(choice), "delta": delta, "logprobs": .null, "finish_reason": finishReason]
    tree.write(to: &bytes)
    bytes += Array((includesUsage ? "],\"usage\":null}\n\n" : "]}\n\n").utf8)
  }
}
