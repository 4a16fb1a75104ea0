// A question as it comes in, and the answer as it goes out.
import LLMTelemetry

package struct Question: Sendable {
  package var text: String
  package var origin: CallOrigin
  package var filter: PassageFilter

  package init(text: String, origin: CallOrigin, filter: PassageFilter = PassageFilter()) {
    self.text = text
    self.origin = origin
    self.filter = filter
  }
}

/// How far the passages support an answer.
package struct Grounding: Sendable, Hashable {
  package struct Sentence: Sendable, Hashable {
    package var text: String
    package var score: Double
  }

  /// 0 (all of it is supported) to 1 (nothing is); `nil` when it cannot be told.
  package var score: Double?
  /// `supported`, `doubtful`, `unsupported`, or why there is no score.
  package var verdict: String
  /// The sentences with the least support, the worst first.
  package var doubtful: [Sentence] = []
}

/// A place of the answer that names a source.
package struct Citation: Sendable, Hashable {
  /// As it stands in the answer: `[2]`.
  package var number: Int
  package var passageID: String
  /// In characters of the answer.
  package var range: Range<Int>
}

package struct ToolUse: Sendable {
  package var name: String
  package var arguments: JSON
  package var output: JSON
}

/// Why a question was not given to the model.
package enum Decline: String, Sendable {
  /// The index has nothing that the filter admits.
  case nothingFound = "nothing_found"
  /// What it has is too far from the question.
  case tooDistant = "too_distant"
  /// What is near enough carries instructions, and was kept from the model.
  case withheld
  /// The passages do not support what the model answered.
  case ungrounded
}

package struct Answer: Sendable {
  package var text: String
  package var decline: Decline?
  package var sources: [ScoredPassage]
  /// Near enough, and kept from the model since they carry instructions.
  package var withheld: [ScoredPassage]
  package var citations: [Citation]
  package var attributions: [Attribution]
  package var grounding: Grounding
  package var tools: [ToolUse]
  package var model: String
  package var prompt: String
  package var promptVersion: String?
  package var promptLabel: String?
  package var traceID: TraceID
  package var usage: TokenUsage
  package var cost: CostSum
  package var standaloneQuestion: String
}

/// What a reader of a streamed answer is told while it is made.
package enum AnswerProgress: Sendable {
  case sources([ScoredPassage])
  case tool(ToolUse)
  case text(String)
}
