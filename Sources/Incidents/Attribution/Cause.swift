// What an incident is attributed to, with the numbers for and against: correlation is cited as such, never dressed up.

import LLMTelemetry

/// One value of one dimension, in the affected requests against the baseline.
package struct ContrastRow: Hashable, Sendable, Codable {
  package enum Verdict: String, Hashable, Sendable, Codable {
    case decisive, supporting, none
  }

  /// Dimension name: `prompt_version`.
  package let dimension: String
  package let value: String
  /// Share of the affected events with this value, 0 to 1.
  package let affectedShare: Double
  /// Share of the baseline's requests with this value, 0 to 1.
  package let baselineShare: Double
  package let verdict: Verdict

  package init(dimension: String, value: String, affectedShare: Double, baselineShare: Double, verdict: Verdict) {
    self.dimension = dimension
    self.value = value
    self.affectedShare = affectedShare
    self.baselineShare = baselineShare
    self.verdict = verdict
  }
}

/// A candidate that was considered and set aside.
package struct RejectedAlternative: Hashable, Sendable, Codable {
  package let title: String
  package let reason: String

  package init(title: String, reason: String) {
    self.title = title
    self.reason = reason
  }
}

package struct Cause: Hashable, Sendable, Codable {
  /// Dimension name to value; the conjunction that explains the deviation.
  package var dimensions: [String: String]
  /// `Prompt rag-answer version 43`
  package var title: String
  /// 0 to 1; a score of the evidence, not a probability.
  package var confidence: Double
  /// Share of the total deviation that lies inside `dimensions`, 0 to 1.
  package var explained: Double
  /// Sentences with numbers.
  package var evidence: [String]
  /// The change shortly before the onset that names this cause, if there was one.
  package var change: ChangeEvent?

  package init(
    dimensions: [String: String], title: String, confidence: Double, explained: Double, evidence: [String],
    change: ChangeEvent? = nil
  ) {
    self.dimensions = dimensions
    self.title = title
    self.confidence = confidence
    self.explained = explained
    self.evidence = evidence
    self.change = change
  }
}

/// The outcome of looking for a cause. Without one, `abstention` says why.
package struct Attribution: Hashable, Sendable, Codable {
  package var cause: Cause?
  package var abstention: String?
  package var contrast: [ContrastRow]
  package var rejected: [RejectedAlternative]
  /// When the failure began, estimated from the series; `nil` when they could not tell.
  package var startedAt: Timestamp?
  /// What else went wrong at the same time: other values of the same dimensions, or something unrelated; `nil` for none.
  package var further: [Cause]?
  /// What detection saw best in the failing requests; `nil` where a figure's alert was looked into.
  package var signal: String?

  package init(
    cause: Cause?, abstention: String?, contrast: [ContrastRow], rejected: [RejectedAlternative], startedAt: Timestamp? = nil,
    further: [Cause]? = nil, signal: String? = nil
  ) {
    self.cause = cause
    self.abstention = abstention
    self.contrast = contrast
    self.rejected = rejected
    self.startedAt = startedAt
    self.further = further
    self.signal = signal
  }
}
