// What a person may ask of a managed prompt, and what the console shows of one.

/// One step of a prompt's life; whoever carries it out says what it changed.
package enum PromptAction: Hashable, Sendable {
  /// Gives a version a label; `production` is the one that requests get which name none.
  case promote(version: String, label: String)
  /// Gives a label back to the version it had before.
  case rollBack(label: String)
  /// Sends a share (`10%`) of the requests of `production` to another version.
  case startCanary(version: String, share: String)
  case stopCanary
}

/// What a person says beside a promotion.
package struct PromotionTerms: Hashable, Sendable {
  /// Why to promote although an error budget is spent; `nil` for not to.
  package var overrideFreeze: String?
  /// Why to promote without the replay that the configuration asks for; `nil` for not to.
  package var overrideReplay: String?
  /// The replay that the promotion was made to depend on, in words; for the ledger.
  package var evidence: String?

  package init(overrideFreeze: String? = nil, overrideReplay: String? = nil, evidence: String? = nil) {
    self.overrideFreeze = overrideFreeze
    self.overrideReplay = overrideReplay
    self.evidence = evidence
  }
}

/// One prompt of the registry.
package struct PromptSummary: Hashable, Sendable, Codable {
  package struct Canary: Hashable, Sendable, Codable {
    package var version: String
    /// 0 to 1.
    package var share: Double

    package init(version: String, share: Double) {
      self.version = version
      self.share = share
    }
  }

  package var name: String
  package var versions: [String]
  /// The version with the label `production`.
  package var production: String?
  /// Label to version, `production` among them.
  package var labels: [String: String]
  /// Label to the version that a rollback would give it; labels that have no earlier version are absent.
  package var earlier: [String: String]
  package var canary: Canary?

  package init(
    name: String, versions: [String], production: String?, labels: [String: String] = [:], earlier: [String: String] = [:],
    canary: Canary? = nil
  ) {
    self.name = name
    self.versions = versions
    self.production = production
    self.labels = labels
    self.earlier = earlier
    self.canary = canary
  }
}

/// The text of one version, for those who compare versions.
package struct PromptVersionText: Hashable, Sendable, Codable {
  package var version: String
  package var text: String
  /// The start of the text's SHA-256 as the ledger has it.
  package var sha256: String

  package init(version: String, text: String, sha256: String) {
    self.version = version
    self.text = text
    self.sha256 = sha256
  }
}
