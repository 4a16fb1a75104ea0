// What the scorers say about one exchange: a number for each kind of semantic risk.

/// A kind of semantic risk. The raw value is the word in metrics, YAML, JSON, the command line and on pages.
public enum RiskScorer: String, CaseIterable, Hashable, Sendable, Codable {
  /// The answer says what the request's own context does not support.
  case ungrounded
  /// The answer refuses, or says that it cannot answer.
  case refusal
  /// The user's text tries to make the model disobey its instructions.
  case injection
  /// A retrieved document or tool result tries to.
  case indirectInjection = "indirect_injection"
  /// The answer repeats the system instruction.
  case promptLeak = "prompt_leak"
  /// The answer has personal data or credentials in it.
  case sensitiveData = "sensitive_data"
  /// The answer runs in a loop.
  case repetition
  /// The answer is not the JSON, schema or tool call that was asked for.
  case malformed
  /// The answer is in another language than the question.
  case languageMismatch = "language_mismatch"
  /// The answer insults or threatens. Off unless it is configured.
  case toxicity
}

/// Semantic-risk scores, 0 to 1; a missing score means "not scored", never "no risk".
///
/// Kept inline, since a span is copied often and a dictionary would be an allocation for each scored one. A score keeps six decimals.
public struct RiskScores: Hashable, Sendable {
  /// By the scorer's place among all cases; negative where there is none.
  private var values = SIMD16<Float>(repeating: -1)

  public init(ungrounded: Double? = nil) { self[.ungrounded] = ungrounded }

  /// Values outside 0 to 1 are brought to the nearer end; what is no number is no score.
  public subscript(scorer: RiskScorer) -> Double? {
    get {
      let value = values[scorer.place]
      return value < 0 ? nil : (Double(value) * 1e6).rounded() / 1e6
    }
    set {
      guard let newValue, !newValue.isNaN else {
        values[scorer.place] = -1
        return
      }
      values[scorer.place] = Float(min(1, max(0, newValue)))
    }
  }

  public var ungrounded: Double? {
    get { self[.ungrounded] }
    set { self[.ungrounded] = newValue }
  }

  /// True when no scorer said anything.
  public var isEmpty: Bool { values == SIMD16(repeating: -1) }

  /// Every score there is, in the order of the scorers.
  public var all: [(scorer: RiskScorer, score: Double)] {
    RiskScorer.allCases.compactMap { scorer in self[scorer].map { (scorer, $0) } }
  }
}

extension RiskScorer {
  /// A switch and not a search of `allCases`: it is read for every span.
  fileprivate var place: Int {
    switch self {
    case .ungrounded: 0
    case .refusal: 1
    case .injection: 2
    case .indirectInjection: 3
    case .promptLeak: 4
    case .sensitiveData: 5
    case .repetition: 6
    case .malformed: 7
    case .languageMismatch: 8
    case .toxicity: 9
    }
  }
}
