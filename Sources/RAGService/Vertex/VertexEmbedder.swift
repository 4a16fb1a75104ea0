// Embeddings by Vertex AI: text-embedding models by `:predict`, Gemini's by `:embedContent`.
import LLMTelemetry

package struct VertexEmbedder: Embedder {
  package let provider = "gcp.vertex_ai"
  package let model: String
  package let dimensions: Int?
  package let batchLimit: Int
  package let concurrency = 4
  let place: VertexPlace
  let caller: ServiceCaller

  package init(model: String, dimensions: Int?, batchLimit: Int?, place: VertexPlace, caller: ServiceCaller) {
    self.model = model
    self.dimensions = dimensions
    self.place = place
    self.caller = caller
    // `:predict` takes at most 250 texts and 20,000 tokens; `:embedContent` one text.
    self.batchLimit = Self.takesContent(model) ? 1 : min(batchLimit ?? 16, 250)
  }

  /// Gemini's embedding models have the form of content; the older ones that of predictions.
  static func takesContent(_ model: String) -> Bool { model.hasPrefix("gemini-embedding") }

  package func embed(_ texts: [EmbeddingText], purpose: EmbeddingPurpose, headers: [(name: String, value: String)]) async throws
    -> EmbeddingReply
  {
    if Self.takesContent(model) {
      var reply = EmbeddingReply()
      for text in texts {
        let answer = try await caller.post(
          place.url(model: model, verb: "embedContent"),
          Self.contentBody(text, purpose: purpose, dimensions: dimensions).bytes, headers: headers)
        let read = try await JSONAnswer<ContentAnswer>.read(answer, of: caller)
        reply.vectors.append(read.embedding.values)
        reply.count(tokens: read.usageMetadata?.promptTokenCount)
        reply.gateway = answer.gateway
      }
      return reply
    }
    let answer = try await caller.post(
      place.url(model: model, verb: "predict"), Self.predictBody(texts, purpose: purpose, dimensions: dimensions).bytes,
      headers: headers)
    let read = try await JSONAnswer<PredictAnswer>.read(answer, of: caller)
    guard read.predictions.count == texts.count else {
      throw caller.unreadable("\(read.predictions.count) vectors for \(texts.count) texts", answer)
    }
    var reply = EmbeddingReply(gateway: answer.gateway)
    for prediction in read.predictions {
      reply.vectors.append(prediction.embeddings.values)
      reply.count(tokens: prediction.embeddings.statistics.flatMap { Int(exactly: $0.token_count) })
    }
    return reply
  }

  static func predictBody(_ texts: [EmbeddingText], purpose: EmbeddingPurpose, dimensions: Int?) -> JSON {
    var body: [String: JSON] = [
      "instances": .array(
        texts.map { text in
          var instance: [String: JSON] = ["content": .string(text.text), "task_type": .string(purpose.taskType)]
          // Google takes a title for documents alone.
          if purpose == .document, let title = text.title { instance["title"] = .string(title) }
          return .object(instance)
        })
    ]
    // Passages are made to fit; one that does not is better cut than lost.
    var parameters: [String: JSON] = ["autoTruncate": true]
    parameters["outputDimensionality"] = dimensions.map(JSON.integer)
    body["parameters"] = .object(parameters)
    return .object(body)
  }

  static func contentBody(_ text: EmbeddingText, purpose: EmbeddingPurpose, dimensions: Int?) -> JSON {
    var config: [String: JSON] = ["taskType": .string(purpose.taskType)]
    if purpose == .document, let title = text.title { config["title"] = .string(title) }
    config["outputDimensionality"] = dimensions.map(JSON.integer)
    return [
      "content": ["role": "user", "parts": [["text": .string(text.text)]]], "embedContentConfig": .object(config),
    ]
  }

  private struct ContentAnswer: Decodable, Sendable {
    struct Embedding: Decodable, Sendable { var values: [Float] }
    struct Usage: Decodable, Sendable { var promptTokenCount: Int? }
    var embedding: Embedding
    var usageMetadata: Usage?
  }

  private struct PredictAnswer: Decodable, Sendable {
    struct Prediction: Decodable, Sendable { var embeddings: Embeddings }
    struct Embeddings: Decodable, Sendable {
      var values: [Float]
      var statistics: Statistics?
    }
    // Google's REST interface sends this count as 3.0.
    struct Statistics: Decodable, Sendable { var token_count: Double }
    var predictions: [Prediction]
  }
}
