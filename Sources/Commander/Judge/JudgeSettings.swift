// The section `judge` as a value, and why an answer that was chosen gets no verdict.

import LLMTelemetry
import SemanticRisk

/// Nothing is judged unless it is written there.
package struct JudgeSettings: Sendable, Equatable {
  /// What is asked for, of a route of this gateway.
  package var model: String
  /// The name of its virtual key: by it alone its calls are told from traffic, and its budget is found.
  package var key: String
  /// The virtual key itself.
  package var secret: String
  package var sample: JudgeSample
  /// Calls of the judge in a minute, whatever the traffic.
  package var perMinute: Int
  package var scorers: [RiskScorer]

  /// Whose verdicts may be compared: the same model, asked the same.
  var judge: String { "\(model), question \(JudgeQuestion.version)" }
}

/// The raw value is the tag `reason` of `llm.judge.unanswered`.
enum JudgeObstacle: String, CaseIterable, Hashable, Sendable {
  case perMinute = "per_minute"
  case queueFull = "queue_full"
  case tooLong = "too_long"
  /// Its budget was spent a while ago, so that it was not asked.
  case paused
  case budget
  case timeout
  case unreachable
  /// The gateway or the provider did not take the call as it was.
  case refused
  case providerError = "provider_error"
  case unparseable

  var words: String {
    switch self {
    case .perMinute: "more than `per_minute` allows"
    case .queueFull: "too many waited already"
    case .tooLong: "texts of more than \(JudgeQuestion.characterLimit) characters"
    case .paused: "not asked, because its budget was spent"
    case .budget: "refused, because its budget is spent"
    case .timeout: "no answer in time"
    case .unreachable: "no connection to the gateway"
    case .refused: "the call was refused"
    case .providerError: "the provider failed"
    case .unparseable: "the answer was no verdict"
    }
  }
}
