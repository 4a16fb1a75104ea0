// Embeddings by an OpenAI-compatible server: `POST /v1/embeddings`, vectors as packed floats.
import Foundation
import LLMTelemetry

package struct OpenAIEmbedder: Embedder {
  package let provider = "openai"
  package let model: String
  package let dimensions: Int?
  package let batchLimit: Int
  package let concurrency = 4
  let baseURL: String
  let caller: ServiceCaller

  package init(model: String, dimensions: Int?, batchLimit: Int?, baseURL: String, caller: ServiceCaller) {
    self.model = model
    self.dimensions = dimensions
    self.batchLimit = batchLimit ?? 64
    self.baseURL = baseURL
    self.caller = caller
  }

  package func embed(_ texts: [EmbeddingText], purpose _: EmbeddingPurpose, headers: [(name: String, value: String)]) async throws
    -> EmbeddingReply
  {
    let answer = try await caller.post(
      baseURL + "/v1/embeddings", Self.body(texts, model: model, dimensions: dimensions).bytes, headers: headers)
    let read = try await JSONAnswer<Answer>.read(answer, of: caller)
    let vectors = read.data.sorted { $0.index < $1.index }.map(\.embedding.values)
    guard vectors.count == texts.count else {
      throw caller.unreadable("\(vectors.count) vectors for \(texts.count) texts", answer)
    }
    var reply = EmbeddingReply(vectors: vectors, gateway: answer.gateway)
    reply.count(tokens: read.usage?.prompt_tokens)
    return reply
  }

  static func body(_ texts: [EmbeddingText], model: String, dimensions: Int?) -> JSON {
    // OpenAI's models know no titles: a heading is part of the text.
    let inputs = texts.map { [$0.title, $0.text].compactMap(\.self).joined(separator: "\n") }
    var body: [String: JSON] = [
      "model": .string(model), "encoding_format": "base64",
      "input": inputs.count == 1 ? .string(inputs[0]) : .array(inputs.map(JSON.string)),
    ]
    body["dimensions"] = dimensions.map(JSON.integer)
    return .object(body)
  }

  private struct Answer: Decodable, Sendable {
    struct Entry: Decodable, Sendable {
      var index: Int
      var embedding: Vector
    }
    struct Usage: Decodable, Sendable { var prompt_tokens: Int? }
    var data: [Entry]
    var usage: Usage?
  }

  /// Compatible servers that do not know `encoding_format` answer with numbers.
  private struct Vector: Decodable, Sendable {
    var values: [Float]

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let numbers = try? container.decode([Float].self) {
        values = numbers
        return
      }
      guard let bytes = Data(base64Encoded: try container.decode(String.self)), bytes.count % 4 == 0 else {
        throw DecodingError.dataCorruptedError(in: container, debugDescription: "no packed floats")
      }
      values = VectorBytes.floats(bytes)
    }
  }
}
