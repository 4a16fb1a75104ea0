// How well passages match the words of a question: Okapi BM25 among the candidates at hand.
import Foundation

enum WordRelevance {
  // Robertson & Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009), usual values.
  private static let saturation = 1.2
  private static let lengthWeight = 0.75

  /// For each text the share, 0 to 1, of the score that a text could reach for this question.
  static func scores(of texts: [String], for question: String) -> [Double] {
    let wanted = Set(Words.terms(of: question))
    guard !wanted.isEmpty, !texts.isEmpty else { return texts.map { _ in 0 } }
    let counted = texts.map { text -> (counts: [String: Int], length: Int) in
      let terms = Words.terms(of: text)
      return (Dictionary(terms.filter(wanted.contains).map { ($0, 1) }, uniquingKeysWith: +), terms.count)
    }
    let total = Double(texts.count)
    let averageLength = max(1, Double(counted.reduce(0) { $0 + $1.length }) / total)
    var rarity: [String: Double] = [:]
    for term in wanted {
      let containing = Double(counted.count { $0.counts[term] != nil })
      rarity[term] = log(1 + (total - containing + 0.5) / (containing + 0.5))
    }
    // In the order of the words, so that equal questions have equal sums.
    let reachable = wanted.sorted().reduce(0.0) { $0 + (rarity[$1] ?? 0) * (saturation + 1) }
    return counted.map { text in
      let norm = 1 - lengthWeight + lengthWeight * Double(text.length) / averageLength
      let score = text.counts.sorted { $0.key < $1.key }.reduce(0.0) { sum, entry in
        let count = Double(entry.value)
        return sum + (rarity[entry.key] ?? 0) * count * (saturation + 1) / (count + saturation * norm)
      }
      return reachable > 0 ? score / reachable : 0
    }
  }
}
