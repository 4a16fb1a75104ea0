// The fold of incident events: every incident and where it stands.

import LLMTelemetry
import Monitors

package struct IncidentBook: Hashable, Sendable {
  /// A limit on every timeline; entries beyond it are counted in `timelineDropped`.
  package static let timelineLimit = 500

  /// In order of opening.
  package private(set) var incidents: [Incident] = []
  private var postmortems: [String: PostmortemRevisions] = [:]

  package init() {}

  package var nextNumber: Int { (incidents.last?.number ?? 0) + 1 }
  package var open: [Incident] { incidents.filter(\.isOpen) }

  package subscript(id: String) -> Incident? { incidents.first { $0.id == id } }

  /// What people wrote of an incident's postmortem.
  package func postmortem(of id: String) -> PostmortemRevisions { postmortems[id] ?? PostmortemRevisions() }

  /// False, and nothing changed, when the event is not legal for the incident's present state.
  @discardableResult
  package mutating func apply(_ record: IncidentRecord) -> Bool {
    if case .opened(let opening) = record.event {
      guard opening.number == nextNumber, record.incident == "INC-\(opening.number)" else { return false }
      incidents.append(
        Incident(
          number: opening.number, title: opening.title, severity: opening.severity, state: .triggered, onsetAt: opening.onset,
          openedAt: record.at, alerts: opening.alert.map { [$0] } ?? [], sameAs: opening.sameAs,
          timeline: [
            TimelineEntry(
              at: record.at, kind: .incident, text: "Incident opened, \(opening.severity.rawValue): \(opening.reason)",
              actor: record.actor)
          ]))
      return true
    }
    guard let index = incidents.firstIndex(where: { $0.id == record.incident }) else { return false }
    switch record.event {
    case .postmortemSaved(let text):
      write(text, isPublished: false, record)
      return true
    case .postmortemPublished(let text):
      guard !incidents[index].isOpen else { return false }
      incidents[index].publish(write(text, isPublished: true, record))
      return true
    default: return incidents[index].apply(record.event, at: record.at, actor: record.actor)
    }
  }

  @discardableResult
  private mutating func write(_ text: IncidentEvent.Text, isPublished: Bool, _ record: IncidentRecord) -> PostmortemRevision {
    postmortems[record.incident, default: PostmortemRevisions()].append(
      text.text, isPublished: isPublished, at: record.at, author: record.actor)
  }

  /// Puts an entry of another book (an alert's recovery, a remediation's step) on an incident's timeline.
  package mutating func append(_ entry: TimelineEntry, to id: String) {
    guard let index = incidents.firstIndex(where: { $0.id == id }) else { return }
    incidents[index].append(entry)
  }
}

extension Incident {
  mutating func append(_ entry: TimelineEntry) {
    guard timeline.count < IncidentBook.timelineLimit else {
      timelineDropped += 1
      return
    }
    let index = timeline.lastIndex { $0.at <= entry.at }.map { $0 + 1 } ?? 0
    timeline.insert(entry, at: index)
  }

  mutating func apply(_ event: IncidentEvent, at: Timestamp, actor: String) -> Bool {
    func entry(_ kind: TimelineEntry.Kind, _ text: String) -> TimelineEntry {
      TimelineEntry(at: at, kind: kind, text: text, actor: actor)
    }
    // Notes, impact and evidence may still come after the end, and what was left to do gets done then; nothing else may.
    switch event {
    case .noted, .exemplarsFound, .chartsFrozen, .impactUpdated, .taskAdded, .taskDone, .linked, .reopened, .postmortemPublished,
      .postmortemSaved:
      break
    case .opened, .alertJoined, .relapsed, .causeAttributed, .causeRevised, .acknowledged, .mitigated, .resolved, .escalated,
      .severityChanged,
      .assigned, .alertsTaken, .alertsGiven, .merged:
      guard isOpen else { return false }
    }
    switch event {
    case .opened: return false
    case .alertJoined(let joining):
      guard !alerts.contains(joining.alert) else { return false }
      alerts.append(joining.alert)
      severity = severity.worse(joining.severity)
      if state == .mitigated { move(to: .triggered, at: at) }
      append(entry(.alert, "Alert \(joining.alert) joined: \(joining.reason)"))
    case .relapsed(let note):
      guard move(to: acknowledgedAt == nil ? .triggered : .acknowledged, at: at) else { return false }
      relapses += 1
      append(entry(.alert, "Alert \(note.alert) fired again: \(note.reason)"))
    case .causeAttributed(let finding):
      believe(finding.attribution)
      if let title = finding.title { self.title = title }
      let why = finding.reason.map { ": \($0)" } ?? ""
      append(entry(.cause, cause.map { "Likely cause: \($0.title)\(why)" } ?? "No cause named: \(abstention ?? "unknown")"))
    case .causeRevised(let revision):
      guard let old = cause, let new = revision.attribution.cause, old.dimensions != new.dimensions else { return false }
      believe(revision.attribution)
      title = revision.title
      causeRevisedAt = at
      append(entry(.cause, "Likely cause: \(new.title), and no longer \(old.title): \(revision.reason)"))
    case .chartsFrozen(let frozen): charts = frozen.charts
    case .exemplarsFound(let found): exemplars = Array(found.traces.prefix(10))
    case .impactUpdated(let impact):
      self.impact = impact
      impactAt = at
    case .acknowledged:
      guard move(to: .acknowledged, at: at) else { return false }
      owner = owner ?? actor
      append(entry(.incident, "Acknowledged by \(actor)"))
    case .noted(let note): append(entry(.note, note.text))
    case .mitigated(let note):
      guard move(to: .mitigated, at: at) else { return false }
      append(entry(.incident, "Mitigated: \(note.text)"))
    case .resolved(let note):
      guard move(to: .resolved, at: at) else { return false }
      append(entry(.incident, "Resolved: \(note.text)"))
    case .escalated(let note): append(entry(.incident, "Escalated: \(note.text)"))
    default: return applyByHand(event, at: at, entry: entry)
    }
    return true
  }

  private mutating func believe(_ attribution: Attribution) {
    cause = attribution.cause
    abstention = attribution.abstention
    contrast = attribution.contrast
    rejected = attribution.rejected
    further = attribution.further ?? []
    signal = attribution.signal ?? signal
    if let change = cause?.change {
      let shipped = TimelineEntry(at: change.at, kind: .change, text: change.sentence, actor: change.author ?? "unknown")
      if !timeline.contains(shipped) { append(shipped) }
    }
  }

  @discardableResult
  mutating func move(to next: IncidentState, at: Timestamp) -> Bool {
    guard state.successors.contains(next) else { return false }
    state = next
    switch next {
    case .triggered:
      mitigatedAt = nil
      resolvedAt = nil
    case .acknowledged:
      mitigatedAt = nil
      acknowledgedAt = acknowledgedAt ?? at
    case .mitigated: mitigatedAt = at
    case .resolved: resolvedAt = at
    }
    return true
  }
}

extension ChangeEvent {
  /// `Prompt version of rag-answer: 42 → 43 by lee`
  package var sentence: String {
    let words = kind.rawValue.replacing("_", with: " ")
    let values = [from, to].compactMap { $0 }.joined(separator: " → ")
    let what = "\(words.prefix(1).uppercased())\(words.dropFirst()) of \(subject)"
    return what + (values.isEmpty ? " changed" : ": \(values)") + (author.map { " by \($0)" } ?? "")
  }
}
