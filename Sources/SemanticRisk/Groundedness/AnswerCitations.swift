// Whether what a sentence says stands in the passages that it cites: `(Passage 2)`, `document 3`, `[1]`.

extension AnswerReader {
  /// Passages of one answer's context that are told apart.
  private static let limit = 64

  /// How many passages the sentence cites, and how far the best one covers more of its words than the cited ones together.
  func citations(_ sentence: SentenceRange, _ features: inout FeatureRow) {
    let cited = citedPassages(sentence)
    guard cited != 0, evidence.passages.count <= Self.limit else { return }
    features[.citations] = Float(cited.nonzeroBitCount)
    var coverage = ContiguousArray<Float>(repeating: 0, count: evidence.passages.count)
    var total: Float = 0
    var covered: Float = 0
    for index in sentence.words where answer.words[index].isContent && !answer.words[index].classes.contains(.source) {
      guard let stem = evidence.stems[answer.words[index].stem] else {
        total += 1
        continue
      }
      let weight = evidence.weights[Int(stem)]
      total += weight
      var passages: UInt64 = 0
      var posting = evidence.heads[Int(stem)]
      while posting >= 0 {
        let entry = evidence.postings[Int(posting)]
        passages |= 1 << UInt64(evidence.passages.ofSentence[Int(entry.sentence)])
        posting = entry.next
      }
      if passages & cited != 0 { covered += weight }
      while passages != 0 {
        coverage[passages.trailingZeroBitCount] += weight
        passages &= passages - 1
      }
    }
    guard total > 0 else { return }
    features[.citedElsewhere] = max(0, (coverage.max() ?? 0) - covered) / total
  }

  /// A bit for each passage.
  private func citedPassages(_ sentence: SentenceRange) -> UInt64 {
    var cited: UInt64 = 0
    var isNamed = false
    for index in sentence.words {
      let word = answer.words[index]
      if word.classes.contains(.source) {
        isNamed = true
      } else if word.classes.contains(.number) {
        let isBracketed = word.start > 0 && bytes[Int(word.start) - 1] == UInt8(ascii: "[")
        if isNamed || isBracketed, let passage = evidence.passages[word.stem], passage < Self.limit {
          cited |= 1 << UInt64(passage)
        }
      } else if word.isContent {
        isNamed = false
      }
    }
    return cited
  }
}
