// Tells passages that give orders to the model from those that tell something.
import LLMMetrics
import SemanticRisk

/// What becomes of a passage that carries instructions.
package enum InjectedPassages: String, CaseIterable, Sendable {
  /// The model is shown it, and the answer says so.
  case keep
  /// The model never sees it.
  case drop
}

package struct PassageScreen: Sendable {
  let scoring: RiskScoring
  let treatment: InjectedPassages

  package init(scoring: RiskScoring = .shared, treatment: InjectedPassages) {
    self.scoring = scoring
    self.treatment = treatment
  }

  /// 0 to 1: how much the worst sentence of a passage looks like an order to the model.
  func score(_ passage: Passage, question: String) -> Double {
    let text = Array((passage.title + "\n" + passage.text).utf8)
    return scoring.orders(in: text, question: Array(question.utf8))?.score ?? 0
  }

  /// Whether the model must not see it.
  func withholds(_ found: ScoredPassage) -> Bool { treatment == .drop && found.isInjected }

  /// The same of a passage that was not searched for.
  func withholds(_ passage: Passage, question: String) -> Bool {
    withholds(ScoredPassage(passage: passage, similarity: 0, injection: score(passage, question: question)))
  }
}

extension ScoredPassage {
  /// Whether it gives orders to the model.
  var isInjected: Bool { injection.map { $0 >= RiskThreshold.of(.indirectInjection) } ?? false }
}
