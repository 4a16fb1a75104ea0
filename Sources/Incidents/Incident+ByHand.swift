// What people do to incidents beside acknowledging and closing them: tasks, severity, roles, links, merging and splitting.

import LLMTelemetry
import Monitors

extension Incident {
  /// False, and nothing changed, when the event is not legal for the present state.
  mutating func applyByHand(
    _ event: IncidentEvent, at: Timestamp, entry: (TimelineEntry.Kind, String) -> TimelineEntry
  ) -> Bool {
    switch event {
    case .taskAdded(let task):
      guard !tasks.contains(where: { $0.id == task.id }) else { return false }
      tasks.append(task)
      append(entry(.incident, "To do: \(task.text)"))
    case .taskDone(let note):
      guard let index = tasks.firstIndex(where: { $0.id == note.text && $0.doneAt == nil }) else { return false }
      let done = entry(.incident, "Done: \(tasks[index].text)")
      tasks[index].doneAt = at
      tasks[index].doneBy = done.actor
      append(done)
    case .severityChanged(let change):
      guard change.severity != severity else { return false }
      append(entry(.incident, "Severity \(severity.rawValue) → \(change.severity.rawValue): \(change.reason)"))
      severity = change.severity
    case .assigned(let assignment):
      guard roles[assignment.role.rawValue] != assignment.person else { return false }
      roles[assignment.role.rawValue] = assignment.person
      if assignment.role == .commander { owner = assignment.person }
      append(entry(.incident, "\(assignment.role.rawValue.capitalizedFirst): \(assignment.person ?? "nobody any more")"))
    case .reopened(let note):
      guard state == .resolved, mergedInto == nil, move(to: .triggered, at: at) else { return false }
      relapses += 1
      append(entry(.incident, "Reopened: \(note.text)"))
    case .linked(let link):
      guard sameAs != link.other, link.other != id else { return false }
      sameAs = link.other
      append(entry(.incident, "Same as \(link.other): \(link.reason)"))
    case .alertsTaken(let moving):
      let new = moving.alerts.filter { !alerts.contains($0) }
      alerts += new
      if let other = moving.severity { severity = severity.worse(other) }
      append(entry(.incident, "\(moving.other) was merged into this incident"))
    case .alertsGiven(let moving):
      guard alerts.contains(where: { !moving.alerts.contains($0) }) else { return false }
      alerts.removeAll(where: moving.alerts.contains)
      append(entry(.incident, "Split off into \(moving.other): \(moving.alerts.map(\.description).joined(separator: ", "))"))
    case .merged(let link):
      guard link.other != id, move(to: .resolved, at: at) else { return false }
      mergedInto = link.other
      append(entry(.incident, "Merged into \(link.other): \(link.reason)"))
    case .opened, .alertJoined, .relapsed, .causeAttributed, .causeRevised, .chartsFrozen, .exemplarsFound, .impactUpdated,
      .acknowledged,
      .noted,
      .mitigated, .resolved, .escalated, .postmortemPublished, .postmortemSaved:
      return false
    }
    return true
  }
}

extension Incident {
  mutating func publish(_ revision: PostmortemRevision) {
    let text = postmortem == nil ? "Postmortem published" : "Postmortem published again"
    append(
      TimelineEntry(
        at: revision.at, kind: .incident, text: "\(text), revision \(revision.revision)", actor: revision.author))
    postmortem = revision
  }
}

extension String {
  fileprivate var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
