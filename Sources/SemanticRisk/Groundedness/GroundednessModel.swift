// The model of groundedness: trees over a sentence's features, trees over an answer's, and a line over what both say.

package struct GroundednessModel: Sendable {
  package let trees: BoostedTrees
  /// Over `AnswerRow`.
  package let answerTrees: BoostedTrees
  /// For each of `AnswerAggregate.width`, then the bias.
  package let answerWeights: [Float]

  package init(trees: BoostedTrees, answerTrees: BoostedTrees, answerWeights: [Float]) {
    self.trees = trees
    self.answerTrees = answerTrees
    self.answerWeights = answerWeights
  }

  package var encoded: [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(int: answerWeights.count)
    for weight in answerWeights { bytes.append(float: weight) }
    let sentences = trees.encoded
    bytes.append(int: sentences.count)
    return bytes + sentences + answerTrees.encoded
  }

  /// Nil when the bytes are not a model of these features.
  package init?(encoded bytes: [UInt8]) {
    var cursor = ByteCursor(bytes)
    let count = cursor.int()
    guard count == AnswerAggregate.width + 1 else { return nil }
    let weights = (0..<count).map { _ in cursor.float() }
    let size = cursor.int()
    guard !cursor.isExhausted, weights.allSatisfy(\.isFinite), size <= bytes.count - cursor.place,
      let trees = BoostedTrees(encoded: Array(bytes[cursor.place..<(cursor.place + size)])),
      let answerTrees = BoostedTrees(encoded: Array(bytes[(cursor.place + size)...])),
      trees.width == GroundednessFeature.count, answerTrees.width == AnswerRow.width
    else { return nil }
    self.init(trees: trees, answerTrees: answerTrees, answerWeights: weights)
  }

  package func answerProbability(_ aggregate: [Float]) -> Double {
    var margin = Double(answerWeights.last ?? 0)
    for (weight, value) in zip(answerWeights, aggregate) { margin += Double(weight) * Double(value) }
    return Logistic.probability(margin)
  }
}
