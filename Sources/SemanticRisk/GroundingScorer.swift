// The short way to a groundedness score, for callers that have two texts and want one number.

package enum GroundingScorer {
  /// 0 (everything is supported) to 1 (nothing is); nil when the evidence is too thin, the answer is code, declines, or is in a
  /// language that the model does not know.
  package static func score(evidence: String, answer: String) -> Double? {
    let exchange = RiskExchange(question: "", context: evidence, answer: answer)
    return RiskScoring.shared.groundedness(of: exchange).score
  }
}
