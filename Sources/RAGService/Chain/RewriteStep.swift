// Makes a question of a conversation one that can be searched for by itself.
import LLMInstrumentation
import LLMTelemetry
import Pricing

/// How a question that refers back is completed.
package enum RewriteMode: String, CaseIterable, Sendable {
  case off
  /// The question before it is searched for too; no call.
  case words
  /// The model is asked to write it out; one short call more.
  case model
}

struct RewriteStep: PipelineStep {
  let name = "rewrite question"
  let mode: RewriteMode
  let caller: ModelCaller
  private static let lengthLimit = 400

  func applies(to state: AnswerState) -> Bool {
    mode != .off && !state.history.isEmpty && (mode == .model || FollowUp.refersBack(state.question.text))
  }

  func run(_ state: inout AnswerState, in span: ActiveSpan) async throws {
    span.record(input: [ContentMessage(role: "user", text: state.question.text)])
    let byWords = [state.history.last?.question, state.question.text].compactMap(\.self).joined(separator: " ")
    state.standaloneQuestion = FollowUp.refersBack(state.question.text) ? byWords : state.question.text
    if mode == .model {
      let history = state.history.suffix(3).map { "Question: \($0.question)\nAnswer: \($0.answer.prefix(500))" }
      let request = GenerationRequest(
        system:
          "Write the user's last question so that it can be understood without the conversation. Answer with the question alone.",
        turns: [
          .user(
            "Conversation:\n\(history.joined(separator: "\n"))\n\nLast question, to be written out: \(state.question.text)")
        ],
        temperature: caller.settings.temperature.map { min($0, 0.2) }, maxOutputTokens: 256)
      let reply = try await caller.call(request, headers: [], state: &state, reportsText: false)
      let written = reply.text.trimmingSpace
      // Something else than a question is no better than what there was.
      if written.hasSuffix("?"), !written.contains(where: \.isNewline), written.count <= Self.lengthLimit {
        state.standaloneQuestion = written
      }
    }
    let standalone = state.standaloneQuestion
    span.record(output: standalone)
  }
}

enum FollowUp {
  private static let pronouns: Set<String> = [
    "it", "its", "they", "them", "their", "that", "this", "those", "these", "he", "she", "one", "ones", "there", "both", "either",
    "neither", "former", "latter", "same", "also", "else", "instead",
  ]
  private static let beginnings = ["and ", "or ", "but ", "what about", "how about", "why", "what if", "so "]

  /// Whether a question leans on the one before it.
  static func refersBack(_ question: String) -> Bool {
    let lower = question.lowercased()
    if beginnings.contains(where: lower.hasPrefix) { return true }
    let words = lower.split { !$0.isLetter && !$0.isNumber }.map(String.init)
    return words.contains(where: pronouns.contains) || Words.terms(of: question).count <= 2
  }
}
