// What an answer is judged by: the scores of its sentences, and its features as a whole.

/// What the scores of its sentences say about an answer.
package enum AnswerAggregate {
  package static let width = 8

  /// `features` are those of any of its sentences; only what they share is read. `margin` is what trees over the whole answer say.
  package static func values(
    _ scores: some Collection<Double>, features: some RandomAccessCollection<Float>, margin: Float
  ) -> [Float] {
    var harmless = 1.0
    var first = 0.02
    var second = 0.02
    var sum = 0.0
    for score in scores {
      harmless *= 1 - score
      sum += score
      if score > first { (first, second) = (score, first) } else { second = max(second, score) }
    }
    func shared(_ feature: GroundednessFeature) -> Float {
      features.isEmpty ? 0 : features[features.index(features.startIndex, offsetBy: feature.rawValue)]
    }
    return [
      logOdds(1 - harmless), logOdds(first), logOdds(second), logOdds(sum / Double(max(1, scores.count))),
      shared(.responseNovelty), shared(.worstNovelty), shared(.questionInContext), margin,
    ]
  }

  private static func logOdds(_ probability: Double) -> Float {
    let bounded = min(0.998, max(0.002, probability))
    return Float(Logistic.logarithm(bounded / (1 - bounded)))
  }
}

/// One row of features for an answer: the mean of each over its sentences, then the highest, then the lowest.
package enum AnswerRow {
  package static let width = GroundednessFeature.count * 3

  package static func make<Row: RandomAccessCollection<Float>>(_ sentences: some Collection<Row>) -> ContiguousArray<Float> {
    let count = GroundednessFeature.count
    var row = ContiguousArray<Float>(repeating: 0, count: width)
    var isFirst = true
    for sentence in sentences {
      var feature = 0
      for value in sentence {
        row[feature] += value
        row[count + feature] = isFirst ? value : max(row[count + feature], value)
        row[2 * count + feature] = isFirst ? value : min(row[2 * count + feature], value)
        feature += 1
      }
      isFirst = false
    }
    let share = 1 / Float(max(1, sentences.count))
    for feature in 0..<count { row[feature] *= share }
    return row
  }

  /// The direction of each, as the features have it.
  package static var directions: [Int] {
    let own = GroundednessFeature.allCases.map(\.direction)
    return own + own + own
  }
}
