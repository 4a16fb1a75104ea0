// Answers one question by the steps of the chain, inside one trace: workflow ▶ rewrite, retrieval, …, agent ▶ llm, tool ▶ check, cite.
import LLMInstrumentation
import LLMTelemetry
import Pricing
import SemanticRisk

package struct QuestionAnswerer: Sendable {
  /// What is answered instead of a guess.
  package static let declined = "I do not know: the documents do not answer this question."

  let pipeline: Pipeline<AnswerState>
  let sessions: SessionStore
  let tracer: LLMTracer
  let model: String
  let prompt: RAGConfiguration.Prompt
  let timeout: Duration

  init(
    configuration: RAGConfiguration, index: DocumentIndex, embedding: TracedEmbedding, model: any GenerationModel,
    sessions: SessionStore, tracer: LLMTracer, prices: PriceBook
  ) {
    self.sessions = sessions
    self.tracer = tracer
    self.model = model.model
    prompt = configuration.prompt
    timeout = configuration.limits.timeout
    let answering = configuration.answering
    let screen = PassageScreen(treatment: configuration.retrieval.injectedPassages)
    let caller = ModelCaller(
      model: model, tracer: tracer, prices: prices, scoring: .shared, prompt: prompt,
      settings: .init(temperature: answering.temperature, maxOutputTokens: answering.maxOutputTokens))
    let tools = answering.tools.map { name -> any AnswerTool in
      switch name {
      case .calculate: CalculatorTool()
      case .readDocument: ReadDocumentTool(store: index.store, screen: screen)
      }
    }
    pipeline = Pipeline(
      steps: [
        RewriteStep(mode: answering.rewrite, caller: caller),
        RetrieveStep(index: index, embedding: embedding, candidates: configuration.retrieval.candidates, screen: screen),
        RerankStep(passages: configuration.retrieval.passages, wordWeight: configuration.retrieval.wordWeight),
        GateStep(minimumSimilarity: configuration.retrieval.minimumSimilarity),
        PromptStep(prompt: prompt, namesDocuments: answering.tools.contains(.readDocument)),
        GenerateStep(caller: caller, tools: tools, rounds: answering.toolRounds),
        CheckStep(scoring: .shared, declineAbove: answering.declineAbove),
        CiteStep(),
      ], tracer: tracer)
  }

  /// - Parameters:
  ///   - caller: the trace the question belongs to; `nil` begins one.
  ///   - report: told what happens on the way, for a reader that does not want to wait; what it throws ends the work.
  package func answer(
    _ question: Question, caller: TraceContext?, report: @escaping @Sendable (AnswerProgress) async throws -> Void = { _ in }
  ) async throws -> Answer {
    try await tracer.workflow("answer question", parent: caller) { workflow in
      describe(question, workflow)
      workflow.record(input: [ContentMessage(role: "user", text: question.text)])
      let traceID = workflow.context.traceID
      do {
        let history = question.origin.session.map { sessions.turns(of: $0, tenant: question.origin.tenant) } ?? []
        let begun = AnswerState(question: question, history: history, report: report)
        let state = try await Deadline.run(timeout) {
          var state = begun
          try await pipeline.run(&state) { describe(question, $0) }
          return state
        }
        let answer = answer(from: state, traceID: traceID)
        workflow.record(prompt: prompt.name, version: answer.promptVersion)
        workflow.record(output: answer.text)
        if let session = question.origin.session {
          let said = CiteStep.withoutCitations(answer.text, answer.citations)
          sessions.add(SessionTurn(question: question.text, answer: said), to: session, tenant: question.origin.tenant)
        }
        return answer
      } catch var error as ModelCallError {
        error.traceID = traceID
        throw error
      }
    }
  }

  private func describe(_ question: Question, _ span: ActiveSpan) {
    question.origin.describe(span)
    span.record(prompt: prompt.name)
  }

  private func answer(from state: AnswerState, traceID: TraceID) -> Answer {
    let isDeclined = state.decline != nil
    return Answer(
      text: isDeclined ? Self.declined : state.text, decline: state.decline, sources: state.passages, withheld: state.withheld,
      citations: isDeclined ? [] : state.citations, attributions: state.attributions, grounding: state.grounding,
      tools: state.tools, model: state.model ?? model, prompt: prompt.name, promptVersion: state.promptVersion,
      promptLabel: state.promptLabel, traceID: traceID, usage: state.usage, cost: state.cost,
      standaloneQuestion: state.standaloneQuestion)
  }
}

/// Work with an end.
enum Deadline {
  /// Cancels `work` after `limit`, and says so in the vocabulary of calls.
  static func run<Value: Sendable>(_ limit: Duration, _ work: @escaping @Sendable () async throws -> Value) async throws -> Value
  {
    try await withThrowingTaskGroup(of: Value?.self) { group in
      group.addTask { try await work() }
      group.addTask {
        try await Task.sleep(for: limit)
        return nil
      }
      defer { group.cancelAll() }
      guard let first = try await group.next(), let value = first else {
        throw ModelCallError(errorClass: .timeout, spanMessage: "there was no answer within \(limit)")
      }
      return value
    }
  }
}
