// Declines a question that the documents are too far from, before a model can guess.
import LLMInstrumentation
import LLMTelemetry

struct GateStep: PipelineStep {
  let name = "similarity gate"
  /// Cosine that the best passage has to reach.
  let minimumSimilarity: Double

  func run(_ state: inout AnswerState, in span: ActiveSpan) async throws {
    // What was withheld is told where it would have had a part.
    state.withheld = state.withheld.filter { $0.similarity >= minimumSimilarity }
    state.decline = Self.decline(state.passages, minimumSimilarity: minimumSimilarity)
    if state.decline != nil, !state.withheld.isEmpty { state.decline = .withheld }
    let verdict = state.decline?.rawValue ?? "admitted"
    // What is too far by itself would only distract the model.
    state.passages = state.decline == nil ? state.passages.filter { $0.similarity >= minimumSimilarity } : []
    span.record(output: verdict)
  }

  static func decline(_ passages: [ScoredPassage], minimumSimilarity: Double) -> Decline? {
    guard let best = passages.map(\.similarity).max() else { return .nothingFound }
    return best < minimumSimilarity ? .tooDistant : nil
  }
}
