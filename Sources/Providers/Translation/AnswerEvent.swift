// What happens in an answer, whichever vendor gives it: the one form between their frames and OpenAI's chunks or document.

/// One step of an answer. A document is read as the steps that would have led to it.
enum AnswerEvent: Equatable {
  case text(choice: Int, String)
  /// A tool call begins; its arguments follow in fragments. `index` counts the calls of the choice from 0.
  case call(choice: Int, index: Int, id: String, name: String, thoughtSignature: String?)
  case arguments(choice: Int, index: Int, String)
  case finish(choice: Int, FinishReason)
  case usage(ChatUsage)
  /// The provider said that the answer is whole.
  case end
  /// The provider reports an error in the middle of its answer.
  case failure(ChatError)

  /// OpenAI's finish reasons.
  enum FinishReason: String {
    case stop
    case length
    case toolCalls = "tool_calls"
    case contentFilter = "content_filter"
  }
}

/// Token counts in OpenAI's arithmetic: the prompt includes what was cached, the completion includes reasoning. A count the
/// provider did not give is `nil` and is not sent, because it is not zero.
struct ChatUsage: Equatable {
  var prompt = 0
  var completion = 0
  var cached: Int?
  var cacheWrite: Int?
  var promptAudio: Int?
  var reasoning: Int?

  var tree: JSONTree {
    func details(_ counts: [(String, Int?)]) -> JSONTree {
      .object(counts.compactMap { name, count in count.map { JSONTree.Member(name, .integer($0)) } })
    }
    return [
      "prompt_tokens": .integer(prompt), "completion_tokens": .integer(completion), "total_tokens": .integer(prompt + completion),
      "prompt_tokens_details": details([
        ("cached_tokens", cached), ("cache_write_tokens", cacheWrite), ("audio_tokens", promptAudio),
      ]),
      "completion_tokens_details": details([("reasoning_tokens", reasoning)]),
    ]
  }

  /// A count, or `nil` for a number no call can have: sums must not overflow, whatever a provider sends.
  static func count(_ value: JSONTree?) -> Int? {
    guard let count = value?.integer, (0...1 << 40).contains(count) else { return nil }
    return count
  }
}
