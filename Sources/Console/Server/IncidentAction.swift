// What can be done to an incident, by the names in addresses.

import Incidents
import Monitors
import Remediation

enum IncidentAction: String, CaseIterable {
  case acknowledge, note, resolve, reopen, severity, assign, link, merge, split, task, done, postmortem, approve, reject
  case postmortemDraft = "postmortem-draft"

  init(_ name: String) throws {
    guard let action = IncidentAction(rawValue: name) else {
      throw RequestProblem(
        .notFound, "No such action",
        "There is no action \(name); an incident knows \(Self.allCases.map(\.rawValue).joined(separator: ", ")).")
    }
    self = action
  }

  /// Whose text is long.
  var isPostmortem: Bool { self == .postmortem || self == .postmortemDraft }

  /// The names of the fields that actions read.
  static let fields = ["text", "reason", "remediation", "severity", "role", "person", "other", "alerts", "task", "title", "base"]

  func command(incident: String, fields: [String: String], state: CommandState) throws -> OperatorCommand {
    let reason = fields["reason"] ?? ""
    switch self {
    case .acknowledge: return .acknowledge(incident: incident)
    case .note: return .note(incident: incident, text: fields["text"] ?? "")
    case .resolve: return .resolve(incident: incident, reason: reason)
    case .reopen: return .reopen(incident: incident, reason: reason)
    case .severity: return .setSeverity(incident: incident, try Self.severity(fields["severity"]), reason: reason)
    case .assign:
      guard let role = IncidentRole(rawValue: fields["role"] ?? "commander") else {
        throw Self.unreadable("role", IncidentRole.allCases.map(\.rawValue))
      }
      return .assign(incident: incident, role, person: fields["person"])
    case .link: return .link(incident: incident, sameAs: try Self.other(fields), reason: reason)
    case .merge: return .merge(incident: incident, into: try Self.other(fields), reason: reason)
    case .split: return .split(incident: incident, alerts: fields["alerts"] ?? "", reason: reason)
    case .task: return .addTask(incident: incident, text: fields["text"] ?? "")
    case .done: return .finishTask(incident: incident, task: fields["task"] ?? "")
    case .postmortem:
      return .publishPostmortem(incident: incident, text: fields["text"] ?? "", base: try Self.base(fields))
    case .postmortemDraft:
      return .savePostmortem(incident: incident, text: fields["text"] ?? "", base: try Self.base(fields))
    case .approve: return .approve(remediation: try Self.remediation(fields["remediation"], of: incident, in: state))
    case .reject:
      return .reject(remediation: try Self.remediation(fields["remediation"], of: incident, in: state), reason: reason)
    }
  }

  /// An incident that a person opens.
  static func declaration(_ fields: [String: String]) throws -> OperatorCommand {
    .declare(title: fields["title"] ?? "", severity: try severity(fields["severity"]))
  }

  /// The revision of a postmortem that was edited.
  private static func base(_ fields: [String: String]) throws -> Int? {
    guard let text = fields["base"], !text.isEmpty else { return nil }
    guard let base = Int(text), base >= 0 else {
      throw RequestProblem(.badRequest, "Unreadable base", "\"base\" is the number of the revision that was edited, 0 for none.")
    }
    return base
  }

  private static func severity(_ text: String?) throws -> Severity {
    guard let severity = text.flatMap(Severity.init(rawValue:)) else {
      throw unreadable("severity", Severity.allCases.map(\.rawValue))
    }
    return severity
  }

  private static func other(_ fields: [String: String]) throws -> String {
    guard let other = fields["other"], !other.isEmpty else {
      throw RequestProblem(.badRequest, "Which other incident", "Name the other incident as \"other\", for example INC-1.")
    }
    return other
  }

  private static func unreadable(_ field: String, _ values: [String]) -> RequestProblem {
    RequestProblem(.badRequest, "Unreadable \(field)", "\"\(field)\" is one of \(values.joined(separator: ", ")).")
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
