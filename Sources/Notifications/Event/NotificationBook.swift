// What of the ledger is worth telling: the fold of its entries into facts, each with a key that is the same after every restart.

import Incidents
import LLMTelemetry
import Monitors
import Remediation

/// One thing that happened and may have to be told.
package struct NotificationFact: Hashable, Sendable {
  /// `INC-1/opened`, `INC-1/severity_raised/SEV-1`, `REM-3/remediation_reverted`: what the ledger remembers a delivery by. The second
  /// of a kind has a number at its end.
  package let key: String
  package let event: NotificationEvent
  package let at: Timestamp
  /// `INC-1`; `nil` for a change.
  package var incident: String?
  package var remediation: String?
  package var change: ChangeEvent?
  /// The incident's severity at the time; later ones do not send old messages to those who asked for the worst only.
  package var severity: Severity?
  /// In words, from the ledger.
  package var detail: String?

  /// The same on every retry and after a restart, so that a receiver can drop a repetition. Without dots: it is part of what webhooks sign.
  package var messageID: String {
    let safe = key.lowercased().map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") ? $0 : "-" }
    return String(safe.prefix(120)) + "-\(at.unixSeconds)"
  }
}

/// The fold of the ledger as notifications see it. It compares the state before and after each entry, so that a new way to get
/// into a state is told without being known here.
package struct NotificationBook: Sendable {
  /// A limit on remembered facts; the oldest go, and those are long told.
  package static let factLimit = 5_000

  package private(set) var state = CommandState()
  /// In the order of the ledger.
  package private(set) var facts: [NotificationFact] = []
  private var occurrences: [String: Int] = [:]

  package init() {}

  package init(folding entries: some Sequence<LedgerEntry>) {
    for entry in entries { apply(entry) }
  }

  package mutating func apply(_ entry: LedgerEntry) {
    switch entry {
    case .incident(let record):
      let before = state.incidents[record.incident]
      state.apply(entry)
      if let after = state.incidents[record.incident] { observe(record, before: before, after: after) }
    case .remediation(let record):
      let before = state.remediations[record.remediation]?.state
      state.apply(entry)
      if let after = state.remediations[record.remediation], after.state != before { observe(record, after: after) }
    case .change(let change):
      state.apply(entry)
      // That a version of a prompt has a text is written down when it is first seen; nothing has changed.
      if !change.isPromptText {
        note(
          NotificationFact(
            key: "change/\(change.kind.rawValue)/\(change.subject)/\(change.at.unixSeconds)", event: .change, at: change.at,
            change: change))
      }
    case .alert, .delivery, .promotion, .heard: state.apply(entry)
    }
  }

  private mutating func observe(_ record: IncidentRecord, before: Incident?, after: Incident) {
    func fact(_ event: NotificationEvent, suffix: String = "", detail: String? = nil) -> NotificationFact {
      NotificationFact(
        key: "\(after.id)/\(event.word)\(suffix)", event: event, at: record.at, incident: after.id, severity: after.severity,
        detail: detail)
    }
    guard let before else {
      note(fact(.opened))
      return
    }
    // What joins in the turn that opened it is part of the opening.
    if after.severity.rank < before.severity.rank, record.at > after.openedAt {
      note(
        fact(
          .severityRaised, suffix: "/\(after.severity.rawValue)",
          detail: "\(before.severity.rawValue) → \(after.severity.rawValue)"))
    }
    if after.state != before.state { observeState(record, before: before, after: after, fact: { fact($0, detail: $1) }) }
    if case .escalated(let text) = record.event { note(fact(.escalated, detail: text.text)) }
    // Named by its word in the ledger: publication is one entry whatever else that entry holds.
    if record.event.kind.rawValue.hasPrefix("postmortem_published") { note(fact(.postmortem)) }
  }

  private mutating func observeState(
    _ record: IncidentRecord, before: Incident, after: Incident, fact: (NotificationEvent, String?) -> NotificationFact
  ) {
    let words = after.timeline.last { $0.at == record.at && $0.actor == record.actor }?.text
    if !after.isOpen { return note(fact(.resolved, words)) }
    let wasOver = !before.isOpen || before.state == .mitigated
    switch after.state {
    case .mitigated: note(fact(.mitigated, words))
    case .triggered, .acknowledged:
      if wasOver {
        note(fact(.reopened, words))
      } else if after.state == .acknowledged {
        note(fact(.acknowledged, "by \(record.actor)"))
      }
    case .resolved: break
    }
  }

  private mutating func observe(_ record: RemediationRecord, after: Remediation) {
    let event: NotificationEvent
    switch after.state {
    case .proposed:
      switch after.plan.mode {
      case .approve: event = .approvalNeeded
      case .suggest: event = .remediationSuggested
      // Applied in the same turn, which is told.
      case .auto: return
      }
    case .applied: event = .remediationApplied
    case .reverted: event = .remediationReverted
    case .escalated: event = .remediationEscalated
    default: return
    }
    note(
      NotificationFact(
        key: "\(record.remediation)/\(event.word)", event: event, at: record.at, incident: record.incident,
        remediation: record.remediation, severity: state.incidents[record.incident]?.severity, detail: after.reason))
  }

  private mutating func note(_ fact: NotificationFact) {
    let count = occurrences[fact.key, default: 0] + 1
    occurrences[fact.key] = count
    let key = count == 1 ? fact.key : "\(fact.key)/\(count)"
    facts.append(
      NotificationFact(
        key: key, event: fact.event, at: fact.at, incident: fact.incident, remediation: fact.remediation, change: fact.change,
        severity: fact.severity, detail: fact.detail))
    if facts.count > Self.factLimit {
      // A change never comes twice with the same key, but for the same second; its count would be kept for ever.
      for gone in facts.prefix(Self.factLimit / 10) where gone.event == .change { occurrences[gone.key] = nil }
      facts.removeFirst(Self.factLimit / 10)
    }
  }
}
