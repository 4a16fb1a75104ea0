// One incident: what users suffer, why, and everything that was seen and done about it.

import LLMTelemetry
import Monitors

package enum IncidentState: String, CaseIterable, Hashable, Sendable, Codable {
  case triggered, acknowledged, mitigated, resolved

  package var successors: Set<IncidentState> {
    switch self {
    case .triggered: [.acknowledged, .mitigated, .resolved]
    case .acknowledged: [.mitigated, .resolved]
    // Back to triggered when an alert fires again before the incident was resolved.
    case .mitigated: [.triggered, .acknowledged, .resolved]
    // Reopened, which is an event of its own: nothing else moves what is over.
    case .resolved: [.triggered]
    }
  }
}

package struct TimelineEntry: Hashable, Sendable, Codable {
  package enum Kind: String, Hashable, Sendable, Codable {
    case change, alert, incident, cause, remediation, note
  }

  package let at: Timestamp
  package let kind: Kind
  package let text: String
  /// `commander`, or the name of a person.
  package let actor: String

  package init(at: Timestamp, kind: Kind, text: String, actor: String) {
    self.at = at
    self.kind = kind
    self.text = text
    self.actor = actor
  }
}

/// Something a person has to do about an incident, and the runbook that says how.
package struct IncidentTask: Hashable, Sendable, Codable, Identifiable {
  /// The remediation that asks for it, `REM-4`, or `T-1` for one that a person added.
  package let id: String
  package let text: String
  /// An address, or a few words; `nil` for none.
  package let runbook: String?
  package internal(set) var doneAt: Timestamp?
  package internal(set) var doneBy: String?

  package init(id: String, text: String, runbook: String? = nil) {
    self.id = id
    self.text = text
    self.runbook = runbook
  }
}

/// What someone answers for while an incident is open.
package enum IncidentRole: String, CaseIterable, Hashable, Sendable, Codable {
  case commander, communications, operations, scribe
}

/// One small chart as it looked when the incident opened, so that the page outlives the retention of series.
package struct FrozenChart: Hashable, Sendable, Codable {
  package struct Point: Hashable, Sendable, Codable {
    package let at: Timestamp
    package let value: Double
    package init(at: Timestamp, value: Double) {
      self.at = at
      self.value = value
    }
  }

  package let title: String
  /// The monitor query's canonical text.
  package let query: String
  /// `ratio`, or the metric's unit.
  package let unit: String
  package let threshold: Double?
  /// Ordered by time; a gap is an absent point.
  package let points: [Point]

  package init(title: String, query: String, unit: String, threshold: Double?, points: [Point]) {
    self.title = title
    self.query = query
    self.unit = unit
    self.threshold = threshold
    self.points = points
  }
}

package struct Incident: Hashable, Sendable, Codable, Identifiable {
  package let number: Int
  /// Symptom and subject in words: `Answers of rag-answer became poorly grounded`.
  package internal(set) var title: String
  package internal(set) var severity: Severity
  package internal(set) var state: IncidentState
  /// When the failure began, as estimated from the series, or else when its first alert left ok.
  package let onsetAt: Timestamp
  package let openedAt: Timestamp
  package internal(set) var acknowledgedAt: Timestamp?
  package internal(set) var mitigatedAt: Timestamp?
  package internal(set) var resolvedAt: Timestamp?
  package internal(set) var owner: String?
  /// Role to person.
  package internal(set) var roles: [String: String] = [:]
  package internal(set) var tasks: [IncidentTask] = []
  /// Other causes that showed at the same time.
  package internal(set) var further: [Cause] = []
  /// How often an alert of it fired again after it was mitigated, or it was reopened.
  package internal(set) var relapses = 0
  /// The incident its alerts went to, when a person merged it.
  package internal(set) var mergedInto: String?
  /// The revision that was published last.
  package internal(set) var postmortem: PostmortemRevision?
  /// In order of joining; the first one opened it. None where a person declared the incident.
  package internal(set) var alerts: [AlertKey]
  package internal(set) var cause: Cause?
  /// Why no cause is named, when none is.
  package internal(set) var abstention: String?
  /// When another cause was named in the place of the first; `nil` where that did not happen.
  package internal(set) var causeRevisedAt: Timestamp?
  /// What detection saw best in the failing requests; `nil` where a figure's alert opened it.
  package internal(set) var signal: String?
  package internal(set) var contrast: [ContrastRow] = []
  package internal(set) var rejected: [RejectedAlternative] = []
  package internal(set) var impact = Impact()
  package internal(set) var impactAt: Timestamp?
  package internal(set) var charts: [FrozenChart] = []
  /// Trace ids in hexadecimal.
  package internal(set) var exemplars: [String] = []
  /// An earlier, resolved incident with the same alert or cause, or one that a person says is the same.
  package internal(set) var sameAs: String?
  /// Ordered by time; at most `IncidentBook.timelineLimit` entries.
  package internal(set) var timeline: [TimelineEntry]
  package internal(set) var timelineDropped = 0

  /// `INC-1`
  package var id: String { "INC-\(number)" }
  package var isOpen: Bool { state != .resolved }
}

extension Incident {
  /// How long users suffered before it was seen, before it was eased, before it was over: all counted from the onset.
  package var timeToDetect: Duration { max(.zero, openedAt - onsetAt) }
  /// From the opening, since nobody can acknowledge what nobody was told.
  package var timeToAcknowledge: Duration? { acknowledgedAt.map { max(.zero, $0 - openedAt) } }
  package var timeToMitigate: Duration? { mitigatedAt.map { max(.zero, $0 - onsetAt) } }
  package var timeToResolve: Duration? { resolvedAt.map { max(.zero, $0 - onsetAt) } }
}
