// How good scores are against labels.

package enum RankingMetrics {
  /// The chance that a risky row scores higher than another; nil when one of the kinds is missing.
  package static func areaUnderCurve(scores: [Double], labels: [Bool]) -> Double? {
    let order = scores.indices.sorted { scores[$0] < scores[$1] }
    var rankSum = 0.0
    var start = 0
    while start < order.count {
      var end = start
      while end + 1 < order.count, scores[order[end + 1]] == scores[order[start]] { end += 1 }
      let rank = Double(start + end) / 2 + 1
      for place in start...end where labels[order[place]] { rankSum += rank }
      start = end + 1
    }
    let risky = Double(labels.count { $0 })
    let others = Double(labels.count) - risky
    guard risky > 0, others > 0 else { return nil }
    return (rankSum - risky * (risky + 1) / 2) / (risky * others)
  }

  package struct Decision: Sendable {
    package var precision: Double
    package var recall: Double
    package var accuracy: Double
    package var f1: Double
    /// The share of harmless rows that are flagged.
    package var falsePositiveRate: Double
  }

  package static func decision(scores: [Double], labels: [Bool], threshold: Double) -> Decision {
    var counts = (hit: 0.0, false: 0.0, missed: 0.0, right: 0.0)
    for (score, label) in zip(scores, labels) {
      switch (score >= threshold, label) {
      case (true, true): counts.hit += 1
      case (true, false): counts.false += 1
      case (false, true): counts.missed += 1
      case (false, false): counts.right += 1
      }
    }
    let precision = counts.hit / max(1, counts.hit + counts.false)
    let recall = counts.hit / max(1, counts.hit + counts.missed)
    return Decision(
      precision: precision, recall: recall, accuracy: (counts.hit + counts.right) / max(1, Double(labels.count)),
      f1: precision + recall > 0 ? 2 * precision * recall / (precision + recall) : 0,
      falsePositiveRate: counts.false / max(1, counts.false + counts.right))
  }
}
