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

  /// Passages that are read together: an order stands out from its surroundings, and a passage alone has none. More would be beyond the
  /// sentences that the scorer reads of one document.
  static let group = 8

  /// 0 to 1 for each passage: how much its worst sentence looks like an order to the model.
  func scores(_ passages: [Passage], question: String) -> [Double] {
    let question = Array(question.utf8)
    return stride(from: 0, to: passages.count, by: Self.group).flatMap { start in
      let end = min(start + Self.group, passages.count)
      // The last ones have company of those before.
      return scores(together: passages[max(0, end - Self.group)..<end], question: question).suffix(end - start)
    }
  }

  private func scores(together passages: ArraySlice<Passage>, question: [UInt8]) -> [Double] {
    var text: [UInt8] = []
    let ranges = passages.map { passage in
      let start = text.count
      text += Array((passage.title + "\n" + passage.text + "\n\n").utf8)
      return start..<text.count
    }
    let sentences = scoring.orders(in: text, question: question)?.sentences ?? []
    return ranges.map { range in
      sentences.filter { $0.range.overlaps(range) }.map(\.score).max() ?? 0
    }
  }

  /// Whether the model must not see it.
  func withholds(_ found: ScoredPassage) -> Bool { treatment == .drop && found.isInjected }

  /// Those of a document that the model may see; `nil` for the others.
  func admitted(_ passages: [Passage], question: String) -> [Passage?] {
    zip(passages, scores(passages, question: question)).map { passage, score in
      withholds(ScoredPassage(passage: passage, similarity: 0, injection: score)) ? nil : passage
    }
  }
}

extension ScoredPassage {
  /// Whether it gives orders to the model.
  var isInjected: Bool { injection.map { $0 >= RiskThreshold.of(.indirectInjection) } ?? false }
}
