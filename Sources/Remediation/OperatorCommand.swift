// What a person may ask of the commander, checked against the state before it becomes a fact.

import Incidents
import LLMTelemetry

package enum OperatorCommand: Hashable, Sendable {
  case acknowledge(incident: String)
  case note(incident: String, text: String)
  case resolve(incident: String, reason: String)
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
    func record(_ incident: Incident, _ event: IncidentEvent) -> LedgerEntry {
      .incident(IncidentRecord(at: at, incident: incident.id, actor: actor, event: event))
    }
    func record(_ remediation: Remediation, _ event: RemediationEvent) -> LedgerEntry {
      .remediation(
        RemediationRecord(at: at, remediation: remediation.id, incident: remediation.incident, actor: actor, event: event))
    }
    switch command {
    case .acknowledge(let id):
      let incident = try incident(id)
      guard incident.state == .triggered else {
        throw CommandRefusal("\(id) is \(incident.state.rawValue); only a triggered incident can be acknowledged")
      }
      return [record(incident, .acknowledged)]
    case .note(let id, let text):
      let text = text.trimmed
      guard !text.isEmpty, text.utf8.count <= 4_096 else {
        throw CommandRefusal("a note needs 1 to 4,096 bytes of text; this one has \(text.utf8.count)")
      }
      return [record(try incident(id), .noted(.init(text)))]
    case .resolve(let id, let reason):
      let incident = try incident(id)
      guard incident.isOpen else { throw CommandRefusal("\(id) is already resolved") }
      return [record(incident, .resolved(.init(reason.trimmed.isEmpty ? "closed by \(actor)" : reason.trimmed)))]
    case .approve(let id):
      let remediation = try remediation(id)
      guard remediation.state == .proposed else {
        throw CommandRefusal("\(id) is \(remediation.state.rawValue); only a proposed remediation can be approved")
      }
      guard remediation.plan.mode != .suggest else {
        throw CommandRefusal(
          "\(id) is a suggestion: playbook \"\(remediation.plan.playbook)\" has mode suggest; do it by hand or set mode approve")
      }
      return [record(remediation, .approved)]
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
        throw CommandRefusal("override \(id) is no longer in force: its remediation \(remediation.id) is \(remediation.state.rawValue)")
      }
      let reason = reason.trimmed.isEmpty ? "no reason given" : reason.trimmed
      return [record(remediation, .withdrawn(.init(reason: reason, generation: overrides.generation + 1)))]
    case .recordChange(let change):
      guard !change.subject.trimmed.isEmpty else { throw CommandRefusal("a change needs a subject: what was changed") }
      return [.change(change)]
    }
  }

  private func incident(_ id: String) throws(CommandRefusal) -> Incident {
    guard let incident = incidents[id] else {
      throw CommandRefusal("there is no incident \(id); list them with `commander incident list`", isUnknown: true)
    }
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
  fileprivate var trimmed: String {
    var text = self[...]
    while text.first?.isWhitespace == true { text.removeFirst() }
    while text.last?.isWhitespace == true { text.removeLast() }
    return String(text)
  }
}
