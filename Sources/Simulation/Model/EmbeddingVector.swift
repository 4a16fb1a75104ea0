// Embeddings that depend on the words of a text alone, exact in every number format they are sent in.
import Foundation

/// One text, or one list of tokens, to be embedded.
struct EmbeddingInput: Sendable {
  var seed: UInt64
  var tokens: Int
  /// What Vertex AI bills some models by.
  var characters: Int
  /// What the text is about; empty for tokens, which nobody can read back.
  var words: [String] = []

  init(text: String, title: String? = nil) {
    let text = [title, text].compactMap(\.self).joined(separator: "\n")
    words = ExtractiveReader.words(of: text)
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
      element.string.map { EmbeddingInput(text: $0) } ?? element.array.map { EmbeddingInput(tokens: $0.compactMap(\.integer)) }
    }
  }
}

struct EmbeddingVector: Sendable {
  /// Multiples of 1/1024 from -1 to 1: the same number as a decimal text and as a 32-bit float.
  var values: [Float]

  /// Texts that share words are near each other, as a model's vectors of related texts are: each word adds to some places, which
  /// depend on the word alone.
  init(of input: EmbeddingInput, dimensions: Int) {
    guard !input.words.isEmpty else {
      var random = Generator(state: input.seed)
      values = (0..<dimensions).map { _ in Float(Int(random.next() >> 53) - 1024) / 1024 }
      return
    }
    var sums = [Float](repeating: 0, count: dimensions)
    for (word, count) in Dictionary(input.words.map { ($0, 1) }, uniquingKeysWith: +) {
      var random = Generator(state: SimulatedModel.seed(of: word.utf8))
      let weight = 1 + Float(min(count, 9) - 1) / 4
      for _ in 0..<Self.placesPerWord {
        let bits = random.next() >> 20
        sums[Int((bits >> 1) % UInt64(dimensions))] += bits & 1 == 0 ? weight : -weight
      }
    }
    let largest = max(1, sums.reduce(0) { max($0, abs($1)) })
    values = sums.map { ($0 / largest * 1024).rounded() / 1024 }
  }

  private static let placesPerWord = 12

  /// Knuth's linear congruential generator; its high bits are the random ones.
  private struct Generator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state
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
