// Finds the passages that are nearest to the question, and looks at each before a model may: whoever wrote a document is no operator.
import LLMInstrumentation
import LLMTelemetry

struct RetrieveStep: PipelineStep {
  let name = "search documents"
  let kind = SpanKind.retrieval
  let index: DocumentIndex
  let embedding: TracedEmbedding
  let candidates: Int
  let screen: PassageScreen

  func run(_ state: inout AnswerState, in span: ActiveSpan) async throws {
    let question = state.standaloneQuestion
    span.record(input: [ContentMessage(role: "user", text: question)])
    let (vectors, cost) = try await embedding.embed(
      [EmbeddingText(text: question)], purpose: .query, origin: state.question.origin)
    state.cost.add(cost)
    var found = try await index.nearest(to: vectors[0], limit: candidates, filter: state.question.filter)
    for (place, score) in screen.scores(found.map(\.passage), question: question).enumerated() { found[place].injection = score }
    state.candidates = found.filter { !screen.withholds($0) }
    state.withheld = found.filter(screen.withholds)
    let (all, worst) = (found, found.compactMap(\.injection).max())
    span.update { $0.risk[.indirectInjection] = worst }
    span.record(
      documents: all.map {
        ContentDocument(id: $0.passage.id, name: $0.passage.title, text: $0.passage.text, score: $0.similarity)
      })
  }
}
