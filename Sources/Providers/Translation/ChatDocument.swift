// Gathers an answer's events into a chat.completion, the form of OpenAI's answers that do not stream.

/// What every document and chunk of an answer says about it.
struct ChatHead: Sendable {
  var id: String
  var created: Int64
  var model: String

  func members(object: String) -> [JSONTree.Member] {
    [
      .init("id", .string(id)), .init("object", .string(object)), .init("created", .integer(created)),
      .init("model", .string(model)),
    ]
  }

  /// Where Google's own OpenAI endpoint puts a call's signature; clients that send their messages back whole return it.
  static func extraContent(_ thoughtSignature: String) -> JSONTree.Member {
    .init("extra_content", ["google": ["thought_signature": .string(thoughtSignature)]])
  }
}

struct ChatDocument {
  private var choices: [Int: Choice] = [:]
  private var usage: ChatUsage?
  private var failure: ChatError?

  private struct Choice {
    var text: String?
    var calls: [(id: String, name: String, arguments: String, signature: String?)] = []
    var finishReason = AnswerEvent.FinishReason.stop
  }

  mutating func read(_ event: AnswerEvent) {
    switch event {
    case .text(let choice, let text): choices[choice, default: Choice()].text = (choices[choice]?.text ?? "") + text
    case .call(let choice, _, let id, let name, let signature):
      choices[choice, default: Choice()].calls.append((id, name, "", signature))
    case .arguments(let choice, let index, let fragment):
      guard let count = choices[choice]?.calls.count, index < count else { return }
      choices[choice]?.calls[index].arguments += fragment
    case .finish(let choice, let reason): choices[choice, default: Choice()].finishReason = reason
    case .usage(let counts): usage = counts
    case .failure(let error): failure = error
    case .end: break
    }
  }

  func tree(_ head: ChatHead) -> JSONTree {
    if let failure { return failure.tree }
    var members = head.members(object: "chat.completion")
    members.append(.init("choices", .array(choices.sorted { $0.key < $1.key }.map { Self.tree($0.key, $0.value) })))
    if let usage { members.append(.init("usage", usage.tree)) }
    return .object(members)
  }

  private static func tree(_ index: Int, _ choice: Choice) -> JSONTree {
    let content: JSONTree = choice.text.map(JSONTree.string) ?? (choice.calls.isEmpty ? "" : .null)
    var message: [JSONTree.Member] = [.init("role", "assistant"), .init("content", content), .init("refusal", .null)]
    if !choice.calls.isEmpty {
      let calls = choice.calls.map { call -> JSONTree in
        var members: [JSONTree.Member] = [
          .init("id", .string(call.id)), .init("type", "function"),
          .init("function", ["name": .string(call.name), "arguments": .string(call.arguments)]),
        ]
        if let signature = call.signature { members.append(ChatHead.extraContent(signature)) }
        return .object(members)
      }
      message.append(.init("tool_calls", .array(calls)))
    }
    return [
      "index": .integer(index), "message": .object(message), "logprobs": .null,
      "finish_reason": .string(choice.finishReason.rawValue),
    ]
  }
}
