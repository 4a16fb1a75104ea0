// Finds the passages that share the rarest words with a question: Okapi BM25 over an inverted index.
import Foundation

package struct RetrievedPassage: Sendable {
  package var passage: Passage
  /// The share, 0 to 1, of the score that a passage could reach for this question.
  package var score: Double
}

package struct LexicalRetriever: Sendable {
  private struct Posting: Sendable {
    var passage: Int
    var count: Int
  }

  private let passages: [Passage]
  private let postings: [String: [Posting]]
  private let lengths: [Int]
  private let averageLength: Double

  // Robertson & Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009), usual values.
  private static let saturation = 1.2
  private static let lengthWeight = 0.75

  package init(passages: [Passage]) {
    var postings: [String: [Posting]] = [:]
    var lengths: [Int] = []
    for (index, passage) in passages.enumerated() {
      let terms = Self.terms(of: passage.title + " " + passage.text)
      lengths.append(terms.count)
      for (term, count) in Dictionary(terms.map { ($0, 1) }, uniquingKeysWith: +) {
        postings[term, default: []].append(Posting(passage: index, count: count))
      }
    }
    self.passages = passages
    self.postings = postings
    self.lengths = lengths
    averageLength = max(1, Double(lengths.reduce(0, +)) / Double(max(1, lengths.count)))
  }

  /// At most `limit` passages, the best first; none when no word of the question is known.
  package func search(_ question: String, limit: Int) -> [RetrievedPassage] {
    var scores: [Int: Double] = [:]
    var reachable = 0.0
    for term in Set(Self.terms(of: question)).sorted() {
      let found = postings[term] ?? []
      let containing = Double(found.count)
      let rarity: Double = log(1 + (Double(passages.count) - containing + 0.5) / (containing + 0.5))
      reachable += rarity * (Self.saturation + 1)
      for posting in found {
        let relativeLength: Double = Double(lengths[posting.passage]) / averageLength
        let norm: Double = 1 - Self.lengthWeight + Self.lengthWeight * relativeLength
        let count = Double(posting.count)
        let weight: Double = count * (Self.saturation + 1) / (count + Self.saturation * norm)
        scores[posting.passage, default: 0] += rarity * weight
      }
    }
    let ranked = scores.sorted { left, right in
      left.value == right.value ? left.key < right.key : left.value > right.value
    }
    return ranked.prefix(limit).map { RetrievedPassage(passage: passages[$0.key], score: $0.value / reachable) }
  }

  private static func terms(of text: String) -> [String] {
    text.lowercased().split { !$0.isLetter && !$0.isNumber }.filter { $0.count > 1 && !stopWords.contains(String($0)) }.map {
      word in
      for suffix in ["ing", "ed", "es", "s"] where word.count > suffix.count + 3 && word.hasSuffix(suffix) {
        return String(word.dropLast(suffix.count))
      }
      return String(word)
    }
  }

  private static let stopWords: Set<String> = [
    "an", "and", "are", "be", "can", "do", "does", "for", "from", "have", "how", "if", "in", "is", "it", "long", "many", "me",
    "much", "my",
    "of", "on", "or", "our", "that", "the", "there", "this", "to", "was", "we", "what", "when", "which", "who", "why", "will",
    "with", "you",
    "your",
  ]
}
