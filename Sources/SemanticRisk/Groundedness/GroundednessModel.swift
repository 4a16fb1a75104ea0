// The model of groundedness: trees over a sentence's features, and a line over the sentences' scores for the answer.

package struct GroundednessModel: Sendable {
  package let trees: BoostedTrees
  /// For each of `AnswerAggregate.width`, then the bias.
  package let answerWeights: [Float]

  package init(trees: BoostedTrees, answerWeights: [Float]) {
    self.trees = trees
    self.answerWeights = answerWeights
  }

  package var encoded: [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(int: answerWeights.count)
    for weight in answerWeights { bytes.append(float: weight) }
    return bytes + trees.encoded
  }

  /// Nil when the bytes are not a model of these features.
  package init?(encoded bytes: [UInt8]) {
    var cursor = ByteCursor(bytes)
    let count = cursor.int()
    guard count == AnswerAggregate.width + 1, bytes.count > 4 + count * 4 else { return nil }
    let weights = (0..<count).map { _ in cursor.float() }
    guard weights.allSatisfy(\.isFinite), let trees = BoostedTrees(encoded: Array(bytes[(4 + count * 4)...])),
      trees.width == GroundednessFeature.count
    else { return nil }
    self.init(trees: trees, answerWeights: weights)
  }

  package func answerProbability(_ aggregate: [Float]) -> Double {
    var margin = Double(answerWeights.last ?? 0)
    for (weight, value) in zip(answerWeights, aggregate) { margin += Double(weight) * Double(value) }
    return Logistic.probability(margin)
  }
}

/// What the scores of its sentences say about an answer.
package enum AnswerAggregate {
  package static let width = 7

  /// `features` are those of any of its sentences; only what they share is read.
  package static func values(_ scores: some Collection<Double>, features: some RandomAccessCollection<Float>) -> [Float] {
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
      shared(.responseNovelty), shared(.worstNovelty), shared(.questionInContext),
    ]
  }

  private static func logOdds(_ probability: Double) -> Float {
    let bounded = min(0.998, max(0.002, probability))
    return Float(Logistic.logarithm(bounded / (1 - bounded)))
  }
}
