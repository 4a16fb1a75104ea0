// Embeddings that depend on the text alone, exact in every number format they are sent in.
import Foundation

/// One text, or one list of tokens, to be embedded.
struct EmbeddingInput: Sendable {
  var seed: UInt64
  var tokens: Int
  /// What Vertex AI bills some models by.
  var characters: Int

  init(text: String) {
    seed = SimulatedModel.seed(of: text.utf8)
    tokens = SimulatedModel.tokenCount(of: text)
    characters = text.unicodeScalars.count
  }

  /// Tokens made by the caller count as they are.
  private init(tokens: [Int]) {
    seed = SimulatedModel.seed(of: tokens.flatMap { withUnsafeBytes(of: $0.littleEndian, Array.init) })
    self.tokens = tokens.count
    characters = tokens.count * 4
  }

  /// OpenAI's `input`: a text, texts, tokens, or lists of tokens.
  static func list(_ input: JSONValue?) -> [EmbeddingInput] {
    if let text = input?.string { return [EmbeddingInput(text: text)] }
    guard let elements = input?.array, !elements.isEmpty else { return [] }
    let tokens = elements.compactMap(\.integer)
    if tokens.count == elements.count { return [EmbeddingInput(tokens: tokens)] }
    return elements.compactMap { element in
      element.string.map(EmbeddingInput.init(text:)) ?? element.array.map { EmbeddingInput(tokens: $0.compactMap(\.integer)) }
    }
  }
}

struct EmbeddingVector: Sendable {
  /// Multiples of 1/1024 from -1 to 1: the same number as a decimal text and as a 32-bit float.
  var values: [Float]

  init(of input: EmbeddingInput, dimensions: Int) {
    var state = input.seed
    values = (0..<dimensions).map { _ in
      // A step of Knuth's linear congruential generator; its high bits are the random ones.
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Float(Int(state >> 53) - 1024) / 1024
    }
  }

  var json: JSONValue { .array(values.map { .number(Double($0)) }) }

  /// 32-bit floats, the low byte first, as OpenAI packs them.
  var base64: String {
    var bytes = Data(capacity: values.count * 4)
    for value in values { withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) } }
    return bytes.base64EncodedString()
  }

  /// How long the vectors of a model are when the caller does not say.
  static func defaultDimensions(of model: String) -> Int {
    switch model {
    case "text-embedding-3-large", "gemini-embedding-001": 3072
    case "text-embedding-3-small", "text-embedding-ada-002": 1536
    default: 768
    }
  }
}
