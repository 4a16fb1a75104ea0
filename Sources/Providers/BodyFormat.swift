// What the bodies of one call look like, in both directions. A wire protocol may carry several: Vertex AI serves Google's
// and Anthropic's models, and each model family keeps its own bodies there.

import LLMTelemetry

/// The shape of a call's request and answer.
package enum BodyFormat: String, CaseIterable, Sendable {
  case openAIChat, openAIResponses, openAIEmbeddings
  /// Also on Vertex AI by `rawPredict` and `streamRawPredict`.
  case anthropicMessages, anthropicTokenCount
  case googleGenerate, googleTokenCount
  /// `:embedContent` and `:batchEmbedContents`.
  case googleEmbed
  /// Vertex AI `:predict` of embedding models.
  case vertexPredict

  /// What one exchange in this format leaves. Counting tokens calls no model: it is a `task`, which no metric counts.
  package var spanKind: SpanKind {
    switch self {
    case .openAIChat, .openAIResponses, .anthropicMessages, .googleGenerate: .llm
    case .openAIEmbeddings, .googleEmbed, .vertexPredict: .embedding
    case .anthropicTokenCount, .googleTokenCount: .task
    }
  }

  /// The operation's name in OpenTelemetry's GenAI vocabulary; the first word of a span's name.
  package var operation: String {
    switch self {
    case .openAIChat, .openAIResponses, .anthropicMessages: "chat"
    case .googleGenerate: "generate_content"
    case .openAIEmbeddings, .googleEmbed, .vertexPredict: "embeddings"
    case .anthropicTokenCount, .googleTokenCount: "count_tokens"
    }
  }
}
