// A model in the same process, so that the example needs neither a network nor a credential.
import LLMInstrumentation

struct FakeModel {
  struct Chunk {
    var text: String?
    var usage: TokenUsage?
    var isLast = false
  }

  struct Reply {
    var text: String
    var usage: TokenUsage
  }

  // snippet: error
  struct Refusal: ClassifiedError {
    var errorClass: ErrorClass { .invalidRequest }
    var spanMessage: String { "the model was given no text" }
  }
  // end of snippet

  /// An answer in pieces; the usage comes with the last one.
  func stream(
    _ question: String, evidence: [ContentDocument], days: Int, headers: [(name: String, value: String)]
  ) -> AsyncThrowingStream<Chunk, any Error> {
    let words = ["You ", "may ", "return ", "it ", "within ", "\(days) ", "days."]
    let input = ([question] + evidence.map(\.text)).reduce(0) { $0 + $1.split(separator: " ").count }
    return AsyncThrowingStream { continuation in
      for word in words { continuation.yield(Chunk(text: word)) }
      continuation.yield(Chunk(usage: TokenUsage(input: input, output: words.count), isLast: true))
      continuation.finish()
    }
  }

  func translate(_ text: String, headers: [(name: String, value: String)]) async throws -> Reply {
    if text.isEmpty { throw Refusal() }
    return Reply(text: text, usage: TokenUsage(input: 1, output: 1))
  }
}
