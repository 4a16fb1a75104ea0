// What a linter says about one Datadog object: whether it can ever fire, and why it thinks so.

package enum CanFire: String, CaseIterable, Hashable, Sendable, Codable {
  case yes, no, unknown
}

/// One thing about one object.
package struct LintFinding: Hashable, Sendable, Codable {
  package enum Weight: String, Hashable, Sendable, Codable {
    /// Because of it the object can never fire, never be good, or never be accepted by Datadog.
    case dead
    /// It works otherwise than whoever wrote it will have meant.
    case warning
    /// Nothing can be said about a part of it.
    case unknown
  }

  /// The word of the rule, for filters: `metric_missing`.
  package let rule: String
  package let weight: Weight
  /// Where in the object: `options.thresholds.critical`.
  package let place: String
  /// What is wrong; what to do.
  package let message: String

  package init(_ rule: String, _ weight: Weight, at place: String, _ message: String) {
    self.rule = rule
    self.weight = weight
    self.place = place
    self.message = message
  }
}

/// The verdict on one object.
package struct LintVerdict: Hashable, Sendable, Codable {
  package enum Kind: String, Hashable, Sendable, Codable { case monitor, slo, dashboard }

  package let kind: Kind
  package let name: String
  package let canFire: CanFire
  package let findings: [LintFinding]

  private enum CodingKeys: String, CodingKey {
    case kind, name, findings
    case canFire = "can_fire"
  }

  package init(_ kind: Kind, name: String, findings: [LintFinding]) {
    self.kind = kind
    self.name = name
    // The same thing said of two queries of one object is said once.
    var seen: Set<LintFinding> = []
    self.findings = findings.filter { seen.insert($0).inserted }
    canFire =
      findings.contains { $0.weight == .dead } ? .no : findings.contains { $0.weight == .unknown } ? .unknown : .yes
  }
}
