// The vectors of a list of texts in the form of each vendor, with the tokens they cost where that vendor says so.

struct EmbeddingAnswer {
  var request: ModelRequest
  var effect: FaultRule.Effect

  private var vectors: [EmbeddingVector] {
    let dimensions = request.embeddingDimensions ?? EmbeddingVector.defaultDimensions(of: request.model)
    return request.embeddingInputs.map { EmbeddingVector(of: $0, dimensions: min(max(1, dimensions), 4096)) }
  }

  private var tokens: Int { request.embeddingInputs.reduce(0) { $0 + $1.tokens } }

  var openAI: JSONValue {
    var members: [(String, JSONValue)] = [
      ("object", "list"),
      (
        "data",
        .array(
          vectors.enumerated().map { index, vector in
            [
              "object": "embedding", "index": .integer(index),
              "embedding": request.wantsBase64 ? .string(vector.base64) : vector.json,
            ]
          })
      ),
      ("model", .string(request.model)),
    ]
    if !effect.omitsUsage {
      members.append(("usage", ["prompt_tokens": .integer(tokens), "total_tokens": .integer(tokens)]))
    }
    return .object(members)
  }

  /// `embedContent`: one vector.
  var embedContent: JSONValue {
    .object([("embedding", ["values": vectors.first?.json ?? []])] + usageMetadata)
  }

  /// `batchEmbedContents`: a vector for each request.
  var batchEmbedContents: JSONValue {
    .object([("embeddings", .array(vectors.map { ["values": $0.json] }))] + usageMetadata)
  }

  /// Vertex AI's `predict` counts the tokens of each text, and characters for the whole.
  var predict: JSONValue {
    let predictions = zip(request.embeddingInputs, vectors).map { input, vector -> JSONValue in
      var members: [(String, JSONValue)] = [("values", vector.json)]
      if !effect.omitsUsage {
        members.append(("statistics", ["truncated": false, "token_count": .integer(input.tokens)]))
      }
      return ["embeddings": .object(members)]
    }
    let characters = request.embeddingInputs.reduce(0) { $0 + $1.characters }
    return ["predictions": .array(predictions), "metadata": ["billableCharacterCount": .integer(characters)]]
  }

  private var usageMetadata: [(String, JSONValue)] {
    guard !effect.omitsUsage else { return [] }
    let details: JSONValue = [["modality": "TEXT", "tokenCount": .integer(tokens)]]
    return [
      (
        "usageMetadata",
        ["promptTokenCount": .integer(tokens), "totalTokenCount": .integer(tokens), "promptTokensDetails": details]
      )
    ]
  }
}
