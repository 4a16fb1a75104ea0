// Writes what the model is asked: the managed prompt by its name or a text of its own, the conversation, the passages, the question.
import LLMInstrumentation
import LLMTelemetry

struct PromptStep: PipelineStep {
  let name = "build prompt"
  let prompt: RAGConfiguration.Prompt
  let namesDocuments: Bool

  func applies(to state: AnswerState) -> Bool { state.decline == nil }

  func run(_ state: inout AnswerState, in span: ActiveSpan) async throws {
    var turns: [GenerationRequest.Turn] = []
    for turn in state.history {
      turns.append(.user(turn.question))
      turns.append(.model(turn.answer, calls: []))
    }
    let message = Self.userMessage(
      question: state.question.text, evidence: state.passages.map(\.passage), namesDocuments: namesDocuments)
    turns.append(.user(message))
    state.prompt = PreparedPrompt(system: prompt.text, turns: turns, headers: prompt.headers)
    span.record(prompt: prompt.name, version: prompt.version)
    span.record(output: message)
    let sources = state.passages
    try await state.report(.sources(sources))
  }

  /// Numbered documents, then the question: the model cites the numbers, and scorers see the evidence.
  static func userMessage(question: String, evidence: [Passage], namesDocuments: Bool) -> String {
    let documents = evidence.enumerated().map { number, passage in
      "[\(number + 1)] \(passage.title)\(namesDocuments ? " (\(passage.documentID))" : "")\n\(passage.text)"
    }
    return (["Documents:"] + documents + ["Question: \(question)"]).joined(separator: "\n\n")
  }
}

extension RAGConfiguration.Prompt {
  /// A managed prompt is named or carried, never both: the gateway puts the named one in.
  var headers: [(name: String, value: String)] {
    guard text == nil else { return [] }
    var headers = [(name: "x-commander-prompt", value: name)]
    if let version { headers.append((name: "x-commander-prompt-version", value: version)) }
    if let label { headers.append((name: "x-commander-prompt-label", value: label)) }
    return headers
  }
}
