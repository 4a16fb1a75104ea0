// How much of an answer its own evidence does not support, by words alone: no model, no network, well under a millisecond.

/// Lexical grounding. It sees invented facts, names and numbers; it does not see a negation that was turned around, nor that the
/// evidence itself is wrong. A score is for comparison with its own past, not an absolute probability.
package enum GroundingScorer {
  /// Content tokens below which evidence or answer are too thin to compare.
  package static let minimumEvidenceTokens = 40
  package static let minimumAnswerTokens = 5

  // Fitted on the RAGTruth QA training rows (MIT): how unigram and bigram novelty mix, which share of novelty is ordinary
  // rewording, and how much the worst sentence counts beside the average.
  private static let unigramShare = 0.7
  private static let ordinaryNovelty = 0.15
  private static let completeNovelty = 0.8
  private static let worstSentenceShare = 0.2
  /// Content tokens this far apart in the evidence count as neighbours.
  private static let neighbourDistance = 3

  /// 0 (everything is supported) to 1 (nothing is); `nil` when the evidence or the answer is too thin, or the answer declines.
  package static func score(evidence: String, answer: String) -> Double? {
    score(
      evidence: evidence, answer: answer, minimumEvidenceTokens: minimumEvidenceTokens, minimumAnswerTokens: minimumAnswerTokens)
  }

  static func score(evidence: String, answer: String, minimumEvidenceTokens: Int, minimumAnswerTokens: Int) -> Double? {
    let sentences = ContentTokens.sentences(answer.utf8)
    let answerTokens = sentences.reduce(0) { $0 + $1.count }
    guard answerTokens >= minimumAnswerTokens, !declines(answer, tokens: answerTokens) else { return nil }
    let known = ContentTokens.sentences(evidence.utf8).flatMap { $0 }
    guard known.count >= minimumEvidenceTokens else { return nil }

    let words = Set(known.map(\.hash))
    var neighbours = Set<UInt64>(minimumCapacity: known.count * neighbourDistance)
    for index in known.indices {
      for other in known[(index + 1)...].prefix(neighbourDistance) { neighbours.insert(pair(known[index].hash, other.hash)) }
    }

    var weighted = 0.0
    var worst = 0.0
    for sentence in sentences {
      let novelty = novelty(of: sentence, words: words, neighbours: neighbours)
      weighted += novelty * Double(sentence.count)
      // A fragment of one or two words is no sentence to judge an answer by.
      worst = max(worst, novelty * min(1, Double(sentence.count) / 4))
    }
    return worstSentenceShare * worst + (1 - worstSentenceShare) * weighted / Double(answerTokens)
  }

  private static func novelty(of sentence: [ContentToken], words: Set<UInt64>, neighbours: Set<UInt64>) -> Double {
    var total = 0.0
    var novel = 0.0
    for token in sentence {
      total += token.weight
      if !words.contains(token.hash) { novel += token.weight }
    }
    let unigrams = novel / total
    let pairs = zip(sentence, sentence.dropFirst())
    let newPairs = pairs.reduce(0) { neighbours.contains(pair($1.0.hash, $1.1.hash)) ? $0 : $0 + 1 }
    let bigrams = sentence.count > 1 ? Double(newPairs) / Double(sentence.count - 1) : unigrams
    let mixed = unigramShare * unigrams + (1 - unigramShare) * bigrams
    return min(1, max(0, (mixed - ordinaryNovelty) / (completeNovelty - ordinaryNovelty)))
  }

  /// The same for both orders.
  private static func pair(_ left: UInt64, _ right: UInt64) -> UInt64 {
    (left ^ right) &* 0x9e37_79b9_7f4a_7c15 &+ (left &+ right)
  }

  /// Phrases of an answer that says it has no answer. Longer answers may contain one and still claim something.
  private static func declines(_ answer: String, tokens: Int) -> Bool {
    guard tokens <= 30 else { return false }
    let text = answer.lowercased().replacing("\u{2019}", with: "'")
    return declining.contains { text.contains($0) }
  }

  private static let declining = [
    "i don't know", "i do not know", "i cannot answer", "i can't answer", "unable to answer", "cannot be answered",
    "not enough information",
    "i'm sorry", "i am sorry", "i cannot help", "i can't help", "i'm unable", "i am unable", "does not contain", "do not contain",
    "doesn't contain", "don't contain", "no information",
  ]
}
