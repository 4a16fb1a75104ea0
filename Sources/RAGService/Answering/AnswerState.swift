// What the steps of an answer hand on to each other.
import LLMTelemetry

struct AnswerState: Sendable {
  let question: Question
  let history: [SessionTurn]
  let report: @Sendable (AnswerProgress) async throws -> Void

  /// The question as the index is asked it.
  var standaloneQuestion: String
  var candidates: [ScoredPassage] = []
  var passages: [ScoredPassage] = []
  /// Found, and kept from the model since they carry instructions.
  var withheld: [ScoredPassage] = []
  var decline: Decline?
  var prompt: PreparedPrompt?
  var text = ""
  var tools: [ToolUse] = []
  var attributions: [Attribution] = []
  var grounding = Grounding(score: nil, verdict: "not checked")
  var citations: [Citation] = []
  var model: String?
  var promptVersion: String?
  var promptLabel: String?
  var usage = TokenUsage()
  var cost = CostSum()

  init(
    question: Question, history: [SessionTurn], report: @escaping @Sendable (AnswerProgress) async throws -> Void
  ) {
    self.question = question
    self.history = history
    self.report = report
    standaloneQuestion = question.text
  }
}

extension AnswerState {
  /// What the model was shown beside the question: passages, and what its tools found.
  var evidence: String { CheckStep.evidence(passages.map(\.passage), tools) }
}

/// What the model is asked, and how the prompt is named to a gateway.
struct PreparedPrompt: Sendable {
  var system: String?
  var turns: [GenerationRequest.Turn]
  var headers: [(name: String, value: String)]
}

extension TokenUsage {
  /// The tokens of several exchanges together; what is unknown of one stays unknown only where it is unknown of all.
  mutating func add(_ other: TokenUsage) {
    func sum(_ left: Int?, _ right: Int?) -> Int? {
      guard let left else { return right }
      guard let right else { return left }
      let (sum, overflow) = left.addingReportingOverflow(right)
      return overflow ? .max : sum
    }
    input = sum(input, other.input)
    cacheRead = sum(cacheRead, other.cacheRead)
    cacheWrite = sum(cacheWrite, other.cacheWrite)
    output = sum(output, other.output)
    reasoning = sum(reasoning, other.reasoning)
  }
}
