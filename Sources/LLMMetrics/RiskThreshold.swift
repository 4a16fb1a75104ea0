// From which score on an exchange counts as flagged, for each kind of semantic risk: the one place.

import LLMTelemetry

package enum RiskThreshold {
  package static func of(_ scorer: RiskScorer) -> Double {
    switch scorer {
    case .ungrounded, .refusal, .injection, .indirectInjection, .promptLeak, .sensitiveData, .repetition, .malformed,
      .languageMismatch, .toxicity:
      0.5
    }
  }
}
