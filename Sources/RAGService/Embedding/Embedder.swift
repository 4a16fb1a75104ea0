// What turns text into vectors, whoever provides it.
import LLMTelemetry

/// A text to be embedded.
package struct EmbeddingText: Sendable {
  package var title: String?
  package var text: String

  package init(title: String? = nil, text: String) {
    self.title = title
    self.text = text
  }
}

/// Models put a question and the passage that answers it near each other when they are told which is which.
package enum EmbeddingPurpose: Sendable {
  case document, query

  var taskType: String {
    switch self {
    case .document: "RETRIEVAL_DOCUMENT"
    case .query: "RETRIEVAL_QUERY"
    }
  }
}

package struct EmbeddingReply: Sendable {
  package var vectors: [[Float]] = []
  package var usage = TokenUsage()
  package var gateway = GatewayNotes()

  package init(vectors: [[Float]] = [], usage: TokenUsage = TokenUsage(), gateway: GatewayNotes = GatewayNotes()) {
    self.vectors = vectors
    self.usage = usage
    self.gateway = gateway
  }

  mutating func count(tokens: Int?) {
    if let tokens { usage.input = (usage.input ?? 0) + tokens }
  }
}

package protocol Embedder: Sendable {
  var provider: String { get }
  var model: String { get }
  /// The length that was asked for; `nil` is the model's own.
  var dimensions: Int? { get }
  /// Texts that one call may bring.
  var batchLimit: Int { get }
  /// Calls that may be under way at a time.
  var concurrency: Int { get }

  /// A vector for each text, in their order.
  func embed(_ texts: [EmbeddingText], purpose: EmbeddingPurpose, headers: [(name: String, value: String)]) async throws
    -> EmbeddingReply
}

extension Embedder {
  package var concurrency: Int { 1 }

  /// Vectors can be compared when this is the same for both.
  package var identity: String { "\(provider)/\(model)/\(dimensions.map(String.init) ?? "default")" }
}
