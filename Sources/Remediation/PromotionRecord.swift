// Why a prompt version was promoted although, or because: what the ledger keeps beside the label that moved.

import LLMTelemetry

package enum PromotionEvent: Hashable, Sendable {
  /// A person promoted while a spent error budget said no.
  case freezeOverridden(Override)
  /// A replay of a regression set that the promotion was made to depend on, and passed.
  case replayed(Evidence)
  /// A person promoted without the replay that the configuration asks for.
  case replayOverridden(ReplayOverride)

  package struct Override: Hashable, Sendable, Codable {
    /// Names of the objectives whose budgets were spent.
    package var objectives: [String]
    /// How far each was over, in words.
    package var standing: [String]
    package var reason: String

    package init(objectives: [String], standing: [String], reason: String) {
      self.objectives = objectives
      self.standing = standing
      self.reason = reason
    }
  }

  package struct Evidence: Hashable, Sendable, Codable {
    /// `INC-1.jsonl (3f2a…): better, 12 of 40 bad then and 1 now`
    package var text: String
    /// The figures; absent where only words were given.
    package var result: ReplayResult?

    package init(_ text: String, result: ReplayResult? = nil) {
      self.text = text
      self.result = result
    }
  }

  package struct ReplayOverride: Hashable, Sendable, Codable {
    /// Why the replay was missing: `it was not replayed with INC-1.jsonl`
    package var missing: String
    package var reason: String

    package init(missing: String, reason: String) {
      self.missing = missing
      self.reason = reason
    }
  }
}

extension PromotionEvent: Codable {
  package enum Kind: String, Codable, Hashable, Sendable {
    case freezeOverridden = "freeze_overridden"
    case replayed
    case replayOverridden = "replay_overridden"
  }

  package var kind: Kind {
    switch self {
    case .freezeOverridden: .freezeOverridden
    case .replayed: .replayed
    case .replayOverridden: .replayOverridden
    }
  }

  private enum CodingKeys: String, CodingKey { case type }

  package init(from decoder: any Decoder) throws {
    switch try decoder.container(keyedBy: CodingKeys.self).decode(Kind.self, forKey: .type) {
    case .freezeOverridden: self = .freezeOverridden(try Override(from: decoder))
    case .replayed: self = .replayed(try Evidence(from: decoder))
    case .replayOverridden: self = .replayOverridden(try ReplayOverride(from: decoder))
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(kind, forKey: .type)
    switch self {
    case .freezeOverridden(let payload): try payload.encode(to: encoder)
    case .replayed(let payload): try payload.encode(to: encoder)
    case .replayOverridden(let payload): try payload.encode(to: encoder)
    }
  }
}

/// One such reason, with the prompt, its time and who gave it.
package struct PromotionRecord: Hashable, Sendable, Codable {
  package var at: Timestamp
  package var prompt: String
  package var version: String
  package var actor: String
  package var event: PromotionEvent

  package init(at: Timestamp, prompt: String, version: String, actor: String, event: PromotionEvent) {
    self.at = at
    self.prompt = prompt
    self.version = version
    self.actor = actor
    self.event = event
  }
}
