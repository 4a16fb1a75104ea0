// Finds the passages that are nearest to the question.
import LLMInstrumentation
import LLMTelemetry

struct RetrieveStep: PipelineStep {
  let name = "search documents"
  let kind = SpanKind.retrieval
  let index: DocumentIndex
  let embedding: TracedEmbedding
  let candidates: Int

  func run(_ state: inout AnswerState, in span: ActiveSpan) async throws {
    let question = state.standaloneQuestion
    span.record(input: [ContentMessage(role: "user", text: question)])
    let (vectors, cost) = try await embedding.embed(
      [EmbeddingText(text: question)], purpose: .query, origin: state.question.origin)
    state.cost.add(cost)
    state.candidates = try await index.nearest(to: vectors[0], limit: candidates, filter: state.question.filter)
    span.record(
      documents: state.candidates.map {
        ContentDocument(id: $0.passage.id, name: $0.passage.title, text: $0.passage.text, score: $0.similarity)
      })
  }
}
