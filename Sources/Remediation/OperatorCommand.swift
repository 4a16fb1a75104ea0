// What a person may ask of the commander, checked against the state before it becomes a fact.

import Incidents
import LLMTelemetry
import Monitors

package enum OperatorCommand: Hashable, Sendable {
  /// Opens an incident that no monitor saw.
  case declare(title: String, severity: Severity)
  case acknowledge(incident: String)
  case note(incident: String, text: String)
  case resolve(incident: String, reason: String)
  case reopen(incident: String, reason: String)
  case setSeverity(incident: String, Severity, reason: String)
  /// Nobody, when `person` is nil.
  case assign(incident: String, IncidentRole, person: String?)
  case link(incident: String, sameAs: String, reason: String)
  /// The alerts of `incident` go to `into`, and `incident` is over.
  case merge(incident: String, into: String, reason: String)
  /// Alerts of one monitor, or one alert by its whole name, become an incident of their own.
  case split(incident: String, alerts: String, reason: String)
  case addTask(incident: String, text: String)
  case finishTask(incident: String, task: String)
  /// The whole Markdown, edited by a person. `base` is the revision that was edited, 0 for the draft of the ledger: another one
  /// since then refuses it. `nil` asks for no such check.
  case publishPostmortem(incident: String, text: String, base: Int? = nil)
  /// The same as a draft, which may be saved while the incident is open.
  case savePostmortem(incident: String, text: String, base: Int? = nil)
  case approve(remediation: String)
  case reject(remediation: String, reason: String)
  /// Takes back an override in force; `OVR-7`.
  case withdraw(override: String, reason: String)
  case recordChange(ChangeEvent)
}

/// Why a command was refused, with the remedy; `isUnknown` tells a wrong name from a wrong moment.
package struct CommandRefusal: Error, Hashable, CustomStringConvertible {
  package let description: String
  package let isUnknown: Bool

  package init(_ description: String, isUnknown: Bool = false) {
    self.description = description
    self.isUnknown = isUnknown
  }
}

extension CommandState {
  /// The facts `command` adds to the ledger; throws `CommandRefusal` when the present state does not allow it.
  package func entries(for command: OperatorCommand, actor: String, at: Timestamp) throws(CommandRefusal) -> [LedgerEntry] {
    func record(_ incident: String, _ event: IncidentEvent) -> LedgerEntry {
      .incident(IncidentRecord(at: at, incident: incident, actor: actor, event: event))
    }
    func record(_ remediation: Remediation, _ event: RemediationEvent) -> LedgerEntry {
      .remediation(
        RemediationRecord(at: at, remediation: remediation.id, incident: remediation.incident, actor: actor, event: event))
    }
    switch command {
    case .declare(let title, let severity):
      let title = title.trimmed
      guard !title.isEmpty, title.utf8.count <= 200 else {
        throw CommandRefusal("an incident needs a title of 1 to 200 bytes: what do users suffer?")
      }
      let number = incidents.nextNumber
      return [
        record(
          "INC-\(number)",
          .opened(.init(number: number, title: title, severity: severity, onset: at, alert: nil, reason: "declared by \(actor)")))
      ]
    case .acknowledge(let id):
      let incident = try incident(id)
      guard incident.state == .triggered else {
        throw CommandRefusal("\(id) is \(incident.state.rawValue); only a triggered incident can be acknowledged")
      }
      return [record(id, .acknowledged)]
    case .note(let id, let text): return [record(try incident(id).id, .noted(.init(try Self.text(text, "a note"))))]
    case .resolve(let id, let reason):
      let incident = try incident(id)
      guard incident.isOpen else { throw CommandRefusal("\(id) is already resolved") }
      return [record(id, .resolved(.init(reason.trimmed.isEmpty ? "closed by \(actor)" : reason.trimmed)))]
    case .reopen(let id, let reason):
      let incident = try incident(id)
      guard !incident.isOpen else {
        throw CommandRefusal("\(id) is \(incident.state.rawValue); only a resolved one can be reopened")
      }
      if let other = incident.mergedInto { throw CommandRefusal("\(id) was merged into \(other); its alerts are there") }
      if let key = incident.alerts.first(where: { key in incidents.open.contains { $0.alerts.contains(key) } }) {
        throw CommandRefusal("alert \(key) of \(id) belongs to another open incident by now; link that one instead")
      }
      return [record(id, .reopened(.init(reason.trimmed.isEmpty ? "reopened by \(actor)" : reason.trimmed)))]
    case .setSeverity(let id, let severity, let reason):
      let incident = try openIncident(id)
      guard incident.severity != severity else { throw CommandRefusal("\(id) is \(severity.rawValue) already") }
      return [
        record(
          id, .severityChanged(.init(severity: severity, reason: reason.trimmed.isEmpty ? "set by \(actor)" : reason.trimmed)))
      ]
    case .assign(let id, let role, let person):
      let incident = try openIncident(id)
      let person = person?.trimmed.nilWhenEmpty
      guard person.map({ $0.utf8.count <= 100 }) ?? true else { throw CommandRefusal("a name has at most 100 bytes") }
      guard incident.roles[role.rawValue] != person else {
        throw CommandRefusal("the \(role.rawValue) of \(id) is \(person ?? "nobody") already")
      }
      return [record(id, .assigned(.init(role: role, person: person)))]
    case .link(let id, let other, let reason):
      let incident = try incident(id)
      let earlier = try self.incident(other)
      guard earlier.number < incident.number else { throw CommandRefusal("\(other) is not earlier than \(id)") }
      guard incident.sameAs != other else { throw CommandRefusal("\(id) is linked to \(other) already") }
      return [record(id, .linked(.init(other: other, reason: reason.trimmed.nilWhenEmpty ?? "linked by \(actor)")))]
    case .merge(let id, let other, let reason):
      let incident = try openIncident(id)
      let target = try openIncident(other)
      guard id != other else { throw CommandRefusal("\(id) cannot be merged into itself") }
      if let remediation = remediations.of(incident: id).first(where: { $0.state == .applied || $0.state == .approved }) {
        throw CommandRefusal("\(remediation.id) of \(id) is \(remediation.state.rawValue); wait for its verdict, or withdraw it")
      }
      let why = reason.trimmed.nilWhenEmpty ?? "merged by \(actor)"
      // First gone there, then over here: cut short in between, an alert would belong to two open incidents, or to none.
      return [
        record(id, .merged(.init(other: other, reason: why))),
        record(target.id, .alertsTaken(.init(alerts: incident.alerts, other: id, severity: incident.severity))),
      ]
    case .split(let id, let wanted, let reason):
      let incident = try openIncident(id)
      let alerts = incident.alerts.filter { $0.monitor == wanted || $0.description == wanted }
      guard let first = alerts.first else {
        throw CommandRefusal(
          "\(id) has no alert \(wanted); it has \(incident.alerts.map(\.description).joined(separator: ", "))", isUnknown: true)
      }
      guard alerts.count < incident.alerts.count else {
        throw CommandRefusal("\(id) would be left without an alert; split off fewer of them")
      }
      let number = incidents.nextNumber
      let new = "INC-\(number)"
      let why = reason.trimmed.nilWhenEmpty ?? "split off \(id) by \(actor)"
      var entries = [
        record(id, .alertsGiven(.init(alerts: alerts, other: new))),
        record(
          new,
          .opened(
            .init(
              number: number, title: "\(first.monitor): split off \(id)", severity: incident.severity,
              onset: self.alerts[first]?.onset ?? incident.onsetAt, alert: first, reason: why))),
      ]
      for alert in alerts.dropFirst() {
        entries.append(record(new, .alertJoined(.init(alert: alert, severity: incident.severity, reason: why))))
      }
      return entries
    case .addTask(let id, let text):
      let incident = try incident(id)
      guard incident.tasks.count < 100 else { throw CommandRefusal("\(id) has 100 tasks; that is a project, not an incident") }
      return [record(id, .taskAdded(IncidentTask(id: "T-\(incident.tasks.count + 1)", text: try Self.text(text, "a task"))))]
    case .finishTask(let id, let task):
      let incident = try incident(id)
      guard let found = incident.tasks.first(where: { $0.id == task }) else {
        throw CommandRefusal("\(id) has no task \(task)", isUnknown: true)
      }
      guard found.doneAt == nil else { throw CommandRefusal("\(task) of \(id) is done already") }
      return [record(id, .taskDone(.init(task)))]
    case .publishPostmortem(let id, let text, let base):
      return [record(id, .postmortemPublished(try postmortem(of: id, text, base: base, publish: true)))]
    case .savePostmortem(let id, let text, let base):
      return [record(id, .postmortemSaved(try postmortem(of: id, text, base: base, publish: false)))]
    case .approve(let id): return [record(try approvable(id, by: actor), .approved)]
    case .reject(let id, let reason):
      let remediation = try remediation(id)
      guard remediation.state == .proposed else {
        throw CommandRefusal("\(id) is \(remediation.state.rawValue); only a proposed remediation can be rejected")
      }
      return [record(remediation, .rejected(.init(reason.trimmed.isEmpty ? "no reason given" : reason.trimmed)))]
    case .withdraw(let id, let reason):
      guard let remediation = remediations.remediations.first(where: { $0.override?.id == id }) else {
        throw CommandRefusal("there is no override \(id); list those in force with `commander override list`", isUnknown: true)
      }
      guard remediation.isInForce else {
        throw CommandRefusal(
          "override \(id) is no longer in force: its remediation \(remediation.id) is \(remediation.state.rawValue)")
      }
      let reason = reason.trimmed.isEmpty ? "no reason given" : reason.trimmed
      return [record(remediation, .withdrawn(.init(reason: reason, generation: overrides.generation + 1)))]
    case .recordChange(let change):
      guard !change.subject.trimmed.isEmpty else { throw CommandRefusal("a change needs a subject: what was changed") }
      return [.change(change)]
    }
  }

  private func approvable(_ id: String, by actor: String) throws(CommandRefusal) -> Remediation {
    let remediation = try remediation(id)
    guard remediation.state == .proposed else {
      throw CommandRefusal("\(id) is \(remediation.state.rawValue); only a proposed remediation can be approved")
    }
    guard remediation.plan.mode != .suggest else {
      throw CommandRefusal(
        "\(id) is a suggestion: playbook \"\(remediation.plan.playbook)\" has mode suggest; do it by hand or set mode approve")
    }
    if let approvers = remediation.plan.approvers, !approvers.contains(actor) {
      throw CommandRefusal("\(id) needs the approval of \(approvers.joined(separator: " or ")); \(actor) is not among them")
    }
    if let other = steering(remediation.plan), let target = remediation.plan.target {
      throw CommandRefusal(
        "override \(other.plan.overrideID) of \(other.incident) already steers \(target); withdraw it first, or reject \(id)")
    }
    return remediation
  }

  static func text(_ text: String, _ what: String, limit: Int = 4_096) throws(CommandRefusal) -> String {
    let text = text.trimmed
    guard !text.isEmpty, text.utf8.count <= limit else {
      throw CommandRefusal(
        "\(what) needs 1 to \(Figure.count(Int64(limit))) bytes of text; this one has \(Figure.count(Int64(text.utf8.count)))")
    }
    return text
  }

  func incident(_ id: String) throws(CommandRefusal) -> Incident {
    guard let incident = incidents[id] else {
      throw CommandRefusal("there is no incident \(id); list them with `commander incident list`", isUnknown: true)
    }
    return incident
  }

  private func openIncident(_ id: String) throws(CommandRefusal) -> Incident {
    let incident = try incident(id)
    guard incident.isOpen else { throw CommandRefusal("\(id) is resolved; reopen it first") }
    return incident
  }

  private func remediation(_ id: String) throws(CommandRefusal) -> Remediation {
    guard let remediation = remediations[id] else {
      throw CommandRefusal("there is no remediation \(id); the incident's page lists those it has", isUnknown: true)
    }
    return remediation
  }
}

extension String {
  fileprivate var nilWhenEmpty: String? { isEmpty ? nil : self }

  fileprivate var trimmed: String {
    var text = self[...]
    while text.first?.isWhitespace == true { text.removeFirst() }
    while text.last?.isWhitespace == true { text.removeLast() }
    return String(text)
  }
}
