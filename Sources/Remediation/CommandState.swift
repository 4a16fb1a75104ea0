// Everything the commander knows about its own doings: the fold of the ledger, a plain value.

import Incidents
import LLMTelemetry
import Monitors

package struct CommandState: Hashable, Sendable {
  /// A limit on remembered changes; older ones stay in the ledger.
  package static let changeLimit = 1_000

  package private(set) var alerts = AlertBook()
  package private(set) var incidents = IncidentBook()
  package private(set) var remediations = RemediationBook()
  /// Ordered by time.
  package private(set) var changes: [ChangeEvent] = []
  /// By receiver and notification key; read through `delivery(_:receiver:)`.
  package private(set) var deliveries: [String: Delivery] = [:]
  /// Of other systems.
  package private(set) var heard = HeardEvents()
  /// The last replay of each prompt version with each set; read through `replay(of:version:set:)`.
  private var replays: [[String]: RecordedReplay] = [:]
  /// Entries that were not legal for the state they met; a ledger written by this code has none.
  package private(set) var refusedEntries = 0

  package init() {}

  package init(folding entries: some Sequence<LedgerEntry>) {
    for entry in entries { apply(entry) }
  }

  /// What gateways must have in force.
  package var overrides: RoutingOverrides { remediations.overrides }

  package func delivery(_ key: String, receiver: String) -> Delivery? { deliveries["\(receiver) \(key)"] }

  package func replay(of prompt: String, version: String, set: String) -> RecordedReplay? { replays[[prompt, version, set]] }

  package mutating func apply(_ entry: LedgerEntry) {
    let isLegal: Bool
    switch entry {
    case .alert(let transition):
      isLegal = alerts.apply(transition)
      if isLegal, transition.to == .recovered {
        let recovery = TimelineEntry(
          at: transition.at, kind: .alert, text: "Alert \(transition.key) recovered: \(transition.reason)", actor: "commander")
        for incident in incidents.open where incident.alerts.contains(transition.key) {
          incidents.append(recovery, to: incident.id)
        }
      }
    case .incident(let record): isLegal = incidents.apply(record)
    case .remediation(let record):
      isLegal = remediations.apply(record)
      if isLegal {
        incidents.append(
          TimelineEntry(at: record.at, kind: .remediation, text: record.sentence, actor: record.actor), to: record.incident)
      }
    // A fact for the prompt registry; nothing that serves requests was changed.
    case .change(let change) where change.isPromptText: isLegal = true
    case .change(let change):
      let index = changes.lastIndex { $0.at <= change.at }.map { $0 + 1 } ?? 0
      changes.insert(change, at: index)
      if changes.count > Self.changeLimit { changes.removeFirst() }
      isLegal = true
    case .delivery(let delivery):
      deliveries["\(delivery.receiver) \(delivery.key)"] = delivery
      isLegal = true
    // A record of why; the label that moved with it is a change of its own.
    case .promotion(let record):
      if case .replayed(let evidence) = record.event, let result = evidence.result {
        replays[[record.prompt, record.version, result.set]] = RecordedReplay(result: result, at: record.at, actor: record.actor)
      }
      isLegal = true
    case .heard(let event): isLegal = heard.apply(event)
    }
    if !isLegal { refusedEntries += 1 }
  }
}

extension RemediationRecord {
  /// The line on the incident's timeline.
  var sentence: String {
    switch event {
    case .proposed(let proposal): "\(remediation) proposed: \(proposal.plan.sentence)"
    case .approved: "\(remediation) approved by \(actor)"
    case .rejected(let reason): "\(remediation) rejected by \(actor): \(reason.reason)"
    case .applied(let application):
      "\(remediation) applied\(Self.share(application.override.sharePerMille)): \(application.override.action.sentence)"
    case .advanced(let advance): "\(remediation) advanced\(Self.share(advance.sharePerMille)): \(advance.reason)"
    case .queued(let queueing): "\(remediation) waits for \(queueing.behind): \(queueing.reason)"
    case .verified(let reason): "\(remediation) verified: \(reason.reason)"
    case .reverted(let withdrawal): "\(remediation) reverted: \(withdrawal.reason)"
    case .escalated(let reason): "\(remediation) escalated: \(reason.reason)"
    case .expired(let withdrawal): "\(remediation) expired: \(withdrawal.reason)"
    case .withdrawn(let withdrawal): "\(remediation) withdrawn by \(actor): \(withdrawal.reason)"
    }
  }

  private static func share(_ perMille: Int) -> String {
    perMille >= RoutingOverride.wholePerMille ? "" : " to \(Figure.percent(Double(perMille) / 1_000)) of the requests"
  }
}
