// Holds the answer against the passages it was given, sentence by sentence.
import LLMInstrumentation
import LLMTelemetry
import SemanticRisk

struct CheckStep: PipelineStep {
  let name = "check grounding"
  let scoring: RiskScoring
  /// Scores from here on are declined; `nil` only tells them.
  let declineAbove: Double?

  func applies(to state: AnswerState) -> Bool { state.decline == nil && !state.text.isEmpty }

  func run(_ state: inout AnswerState, in span: ActiveSpan) async throws {
    state.grounding = Self.grounding(
      of: state.text, question: state.question.text, passages: state.passages.map(\.passage), tools: state.tools,
      scoring: scoring)
    if let declineAbove, let score = state.grounding.score, score >= declineAbove { state.decline = .ungrounded }
    let verdict = state.grounding.verdict
    span.record(output: verdict)
  }

  static func evidence(_ passages: [Passage], _ tools: [ToolUse]) -> String {
    (passages.map { $0.title + "\n" + $0.text } + tools.map(\.output.text)).joined(separator: "\n\n")
  }

  static func grounding(
    of answer: String, question: String, passages: [Passage], tools: [ToolUse], scoring: RiskScoring
  ) -> Grounding {
    let exchange = RiskExchange(question: question, context: evidence(passages, tools), answer: answer)
    let verdict = scoring.groundedness(of: exchange)
    guard let score = verdict.score, let found = verdict.found else {
      return Grounding(score: nil, verdict: verdict.gap?.rawValue ?? "not scored")
    }
    let bytes = Array(answer.utf8)
    let doubtful = found.sentences.filter { $0.score >= 0.5 }.sorted { $0.score > $1.score }.prefix(3).map {
      Grounding.Sentence(
        text: String(decoding: bytes[$0.range.clamped(to: 0..<bytes.count)], as: UTF8.self).trimmingSpace, score: $0.score)
    }
    return Grounding(score: score, verdict: found.band.rawValue, doubtful: Array(doubtful))
  }
}
