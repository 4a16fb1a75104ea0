// Orders the candidates by similarity and by the rare words they share with the question, and keeps the best.
import LLMInstrumentation
import LLMTelemetry

struct RerankStep: PipelineStep {
  let name = "rerank passages"
  let passages: Int
  /// 0 orders by similarity alone, 1 by words alone.
  let wordWeight: Double

  func applies(to state: AnswerState) -> Bool { !state.candidates.isEmpty }

  func run(_ state: inout AnswerState, in span: ActiveSpan) async throws {
    state.passages = Self.ranked(
      state.candidates, question: state.standaloneQuestion, wordWeight: wordWeight, limit: passages)
    let kept = state.passages
    span.update {
      $0.retrieval = RetrievalFacts(documentCount: kept.count, topScore: kept.map(\.similarity).max())
    }
  }

  static func ranked(_ candidates: [ScoredPassage], question: String, wordWeight: Double, limit: Int) -> [ScoredPassage] {
    let relevance = WordRelevance.scores(of: candidates.map { $0.passage.title + " " + $0.passage.text }, for: question)
    var seen: Set<String> = []
    let scored = zip(candidates, relevance).map { candidate, words in
      ScoredPassage(
        passage: candidate.passage, similarity: candidate.similarity,
        score: (1 - wordWeight) * candidate.similarity + wordWeight * words, injection: candidate.injection)
    }.sorted { ($1.score, $0.passage.id) < ($0.score, $1.passage.id) }
    // The same text in two documents would be told twice and cited as two.
    return Array(scored.filter { seen.insert($0.passage.text).inserted }.prefix(limit))
  }
}
