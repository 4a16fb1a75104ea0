// The embedder that is built in: vectors of the words in a text, for a service that has no embedding model at hand.

/// Each word and each of its trigrams adds to a few places of the vector that its hash chooses (feature hashing, Weinberger et al.
/// 2009), so texts that share words are near each other, and texts that share none are at right angles. It knows no synonyms.
package struct WordEmbedder: Embedder {
  package let provider = "built-in"
  package let model = "hashed-words-1"
  package let dimensions: Int? = 512
  package let batchLimit = 256
  private static let size: UInt64 = 512

  package init() {}

  package func embed(_ texts: [EmbeddingText], purpose _: EmbeddingPurpose, headers _: [(name: String, value: String)]) async
    -> EmbeddingReply
  {
    EmbeddingReply(vectors: texts.map { Self.vector(of: [$0.title, $0.text].compactMap(\.self).joined(separator: " ")) })
  }

  static func vector(of text: String) -> [Float] {
    var vector = [Float](repeating: 0, count: Int(size))
    func add(_ feature: some Sequence<UInt8>, weight: Float) {
      let hash = feature.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
      // The high bits of FNV-1a are the well mixed ones.
      vector[Int((hash >> 20) % size)] += hash >> 63 == 0 ? weight : -weight
    }
    for (word, count) in Dictionary(Words.terms(of: text).map { ($0, 1) }, uniquingKeysWith: +) {
      // The tenth mention says little more than the first.
      let weight = 1 + Float(count - 1).squareRoot() * 0.5
      add(word.utf8, weight: weight)
      let bytes = Array("^\(word)$".utf8)
      guard bytes.count > 4 else { continue }
      let share = weight * 0.5 / Float(bytes.count - 2).squareRoot()
      for start in 0..<(bytes.count - 2) { add(bytes[start..<(start + 3)] + [0], weight: share) }
    }
    return vector
  }
}
