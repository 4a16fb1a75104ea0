// What can be done to an incident, by the names in addresses.

import Incidents
import Remediation

enum IncidentAction: String {
  case acknowledge, note, resolve, approve, reject

  init(_ name: String) throws {
    guard let action = IncidentAction(rawValue: name) else {
      throw RequestProblem(
        .notFound, "No such action",
        "There is no action \(name); an incident knows acknowledge, note, resolve, approve and reject.")
    }
    self = action
  }

  func command(incident: String, text: String?, reason: String?, remediation: String?, state: CommandState) throws
    -> OperatorCommand
  {
    switch self {
    case .acknowledge: return .acknowledge(incident: incident)
    case .note: return .note(incident: incident, text: text ?? "")
    case .resolve: return .resolve(incident: incident, reason: reason ?? "")
    case .approve: return .approve(remediation: try Self.remediation(remediation, of: incident, in: state))
    case .reject: return .reject(remediation: try Self.remediation(remediation, of: incident, in: state), reason: reason ?? "")
    }
  }

  /// The named remediation, or the only one that waits for a decision.
  private static func remediation(_ id: String?, of incident: String, in state: CommandState) throws -> String {
    let all = state.remediations.of(incident: incident)
    if let id {
      guard all.contains(where: { $0.id == id }) else {
        throw RequestProblem(.notFound, "No such remediation", "\(incident) has no remediation \(id).")
      }
      return id
    }
    let proposed = all.filter { $0.state == .proposed }
    guard proposed.count == 1 else {
      throw RequestProblem(
        .conflict, "Nothing to decide",
        proposed.isEmpty
          ? "\(incident) has no proposed remediation."
          : "\(incident) has \(proposed.count) proposed remediations; name one as \"remediation\".")
    }
    return proposed[0].id
  }
}
