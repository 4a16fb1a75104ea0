// Everything that can happen to an incident, as the ledger keeps it: each case is one readable JSON object with a `type`.

import LLMTelemetry
import Monitors

package enum IncidentEvent: Hashable, Sendable {
  case opened(Opening)
  case alertJoined(AlertJoining)
  /// An alert of a mitigated incident fired again.
  case relapsed(AlertNote)
  case causeAttributed(Finding)
  /// Another cause takes the place of the one that was named.
  case causeRevised(Revision)
  case chartsFrozen(Charts)
  case exemplarsFound(Exemplars)
  case impactUpdated(Impact)
  case acknowledged
  case noted(Text)
  case mitigated(Text)
  case resolved(Text)
  /// Automation has nothing left to try: a person is needed.
  case escalated(Text)
  case taskAdded(IncidentTask)
  /// The text is the task's id.
  case taskDone(Text)
  case severityChanged(SeverityChange)
  case assigned(Assignment)
  /// Came back after it was resolved.
  case reopened(Text)
  /// A person, or its cause, says that it is what an earlier incident was.
  case linked(Link)
  /// Alerts of another incident that was merged into this one.
  case alertsTaken(Moving)
  /// Alerts that a person made an incident of their own.
  case alertsGiven(Moving)
  /// Its alerts went to another incident, and it is over.
  case merged(Link)
  /// The whole Markdown of it, as a person left it; a later one takes its place.
  case postmortemPublished(Text)
  /// The same, not published yet.
  case postmortemSaved(Text)

  package struct Opening: Hashable, Sendable, Codable {
    package var number: Int
    package var title: String
    package var severity: Severity
    package var onset: Timestamp
    /// Absent where a person declared the incident.
    package var alert: AlertKey?
    package var reason: String
    package var sameAs: String?

    package init(
      number: Int, title: String, severity: Severity, onset: Timestamp, alert: AlertKey?, reason: String, sameAs: String? = nil
    ) {
      self.number = number
      self.title = title
      self.severity = severity
      self.onset = onset
      self.alert = alert
      self.reason = reason
      self.sameAs = sameAs
    }
  }

  package struct AlertJoining: Hashable, Sendable, Codable {
    package var alert: AlertKey
    package var severity: Severity
    package var reason: String

    package init(alert: AlertKey, severity: Severity, reason: String) {
      self.alert = alert
      self.severity = severity
      self.reason = reason
    }
  }

  package struct AlertNote: Hashable, Sendable, Codable {
    package var alert: AlertKey
    package var reason: String

    package init(alert: AlertKey, reason: String) {
      self.alert = alert
      self.reason = reason
    }
  }

  package struct Finding: Hashable, Sendable, Codable {
    package var attribution: Attribution
    /// The incident's title, now that the subject is known; `nil` keeps it.
    package var title: String?
    /// Why there is a cause now and was none before; `nil` for the first look.
    package var reason: String?

    package init(attribution: Attribution, title: String? = nil, reason: String? = nil) {
      self.attribution = attribution
      self.title = title
      self.reason = reason
    }
  }

  package struct Revision: Hashable, Sendable, Codable {
    package var attribution: Attribution
    package var title: String
    /// Why the new cause is believed rather than the old one.
    package var reason: String

    package init(attribution: Attribution, title: String, reason: String) {
      self.attribution = attribution
      self.title = title
      self.reason = reason
    }
  }

  package struct Charts: Hashable, Sendable, Codable {
    package var charts: [FrozenChart]
    package init(charts: [FrozenChart]) { self.charts = charts }
  }

  package struct Exemplars: Hashable, Sendable, Codable {
    /// Hexadecimal trace ids, at most ten.
    package var traces: [String]
    package init(traces: [String]) { self.traces = traces }
  }

  package struct SeverityChange: Hashable, Sendable, Codable {
    package var severity: Severity
    package var reason: String

    package init(severity: Severity, reason: String) {
      self.severity = severity
      self.reason = reason
    }
  }

  package struct Assignment: Hashable, Sendable, Codable {
    package var role: IncidentRole
    /// Nobody, when a role is given up.
    package var person: String?

    package init(role: IncidentRole, person: String?) {
      self.role = role
      self.person = person
    }
  }

  package struct Link: Hashable, Sendable, Codable {
    /// `INC-31`
    package var other: String
    package var reason: String

    package init(other: String, reason: String) {
      self.other = other
      self.reason = reason
    }
  }

  package struct Moving: Hashable, Sendable, Codable {
    package var alerts: [AlertKey]
    /// The other incident.
    package var other: String
    /// The severity of the incident they come from.
    package var severity: Severity?

    package init(alerts: [AlertKey], other: String, severity: Severity? = nil) {
      self.alerts = alerts
      self.other = other
      self.severity = severity
    }
  }

  package struct Text: Hashable, Sendable, Codable {
    package var text: String
    package init(_ text: String) { self.text = text }
  }
}

extension IncidentEvent: Codable {
  package enum Kind: String, Codable, Hashable, Sendable {
    case opened, acknowledged, noted, mitigated, resolved, escalated, relapsed, assigned, reopened, linked, merged
    case taskAdded = "task_added"
    case taskDone = "task_done"
    case severityChanged = "severity_changed"
    case alertsTaken = "alerts_taken"
    case alertsGiven = "alerts_given"
    case alertJoined = "alert_joined"
    case causeAttributed = "cause_attributed"
    case causeRevised = "cause_revised"
    case chartsFrozen = "charts_frozen"
    case exemplarsFound = "exemplars_found"
    case impactUpdated = "impact_updated"
    case postmortemPublished = "postmortem_published"
    case postmortemSaved = "postmortem_saved"
  }

  package var kind: Kind {
    switch self {
    case .opened: .opened
    case .alertJoined: .alertJoined
    case .relapsed: .relapsed
    case .causeAttributed: .causeAttributed
    case .causeRevised: .causeRevised
    case .chartsFrozen: .chartsFrozen
    case .exemplarsFound: .exemplarsFound
    case .impactUpdated: .impactUpdated
    case .acknowledged: .acknowledged
    case .noted: .noted
    case .mitigated: .mitigated
    case .resolved: .resolved
    case .escalated: .escalated
    case .taskAdded: .taskAdded
    case .taskDone: .taskDone
    case .severityChanged: .severityChanged
    case .assigned: .assigned
    case .reopened: .reopened
    case .linked: .linked
    case .alertsTaken: .alertsTaken
    case .alertsGiven: .alertsGiven
    case .merged: .merged
    case .postmortemPublished: .postmortemPublished
    case .postmortemSaved: .postmortemSaved
    }
  }

  private enum CodingKeys: String, CodingKey { case type }

  package init(from decoder: any Decoder) throws {
    switch try decoder.container(keyedBy: CodingKeys.self).decode(Kind.self, forKey: .type) {
    case .opened: self = .opened(try Opening(from: decoder))
    case .alertJoined: self = .alertJoined(try AlertJoining(from: decoder))
    case .relapsed: self = .relapsed(try AlertNote(from: decoder))
    case .causeAttributed: self = .causeAttributed(try Finding(from: decoder))
    case .causeRevised: self = .causeRevised(try Revision(from: decoder))
    case .chartsFrozen: self = .chartsFrozen(try Charts(from: decoder))
    case .exemplarsFound: self = .exemplarsFound(try Exemplars(from: decoder))
    case .impactUpdated: self = .impactUpdated(try Impact(from: decoder))
    case .acknowledged: self = .acknowledged
    case .noted: self = .noted(try Text(from: decoder))
    case .mitigated: self = .mitigated(try Text(from: decoder))
    case .resolved: self = .resolved(try Text(from: decoder))
    case .escalated: self = .escalated(try Text(from: decoder))
    case .taskAdded: self = .taskAdded(try IncidentTask(from: decoder))
    case .taskDone: self = .taskDone(try Text(from: decoder))
    case .severityChanged: self = .severityChanged(try SeverityChange(from: decoder))
    case .assigned: self = .assigned(try Assignment(from: decoder))
    case .reopened: self = .reopened(try Text(from: decoder))
    case .linked: self = .linked(try Link(from: decoder))
    case .alertsTaken: self = .alertsTaken(try Moving(from: decoder))
    case .alertsGiven: self = .alertsGiven(try Moving(from: decoder))
    case .merged: self = .merged(try Link(from: decoder))
    case .postmortemPublished: self = .postmortemPublished(try Text(from: decoder))
    case .postmortemSaved: self = .postmortemSaved(try Text(from: decoder))
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(kind, forKey: .type)
    switch self {
    case .opened(let payload): try payload.encode(to: encoder)
    case .alertJoined(let payload): try payload.encode(to: encoder)
    case .relapsed(let payload): try payload.encode(to: encoder)
    case .causeAttributed(let payload): try payload.encode(to: encoder)
    case .causeRevised(let payload): try payload.encode(to: encoder)
    case .chartsFrozen(let payload): try payload.encode(to: encoder)
    case .exemplarsFound(let payload): try payload.encode(to: encoder)
    case .impactUpdated(let payload): try payload.encode(to: encoder)
    case .acknowledged: break
    case .noted(let payload), .mitigated(let payload), .resolved(let payload), .escalated(let payload), .taskDone(let payload),
      .reopened(let payload), .postmortemPublished(let payload), .postmortemSaved(let payload):
      try payload.encode(to: encoder)
    case .taskAdded(let payload): try payload.encode(to: encoder)
    case .severityChanged(let payload): try payload.encode(to: encoder)
    case .assigned(let payload): try payload.encode(to: encoder)
    case .linked(let payload), .merged(let payload): try payload.encode(to: encoder)
    case .alertsTaken(let payload), .alertsGiven(let payload): try payload.encode(to: encoder)
    }
  }
}

/// One event of one incident with its time and who caused it.
package struct IncidentRecord: Hashable, Sendable, Codable {
  package var at: Timestamp
  /// `INC-1`
  package var incident: String
  package var actor: String
  package var event: IncidentEvent

  package init(at: Timestamp, incident: String, actor: String, event: IncidentEvent) {
    self.at = at
    self.incident = incident
    self.actor = actor
    self.event = event
  }
}
