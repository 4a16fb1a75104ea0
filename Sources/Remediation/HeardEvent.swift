// What other systems said about our incidents: remembered in the ledger, so that what is said twice is done once.

import LLMTelemetry

/// One event of another system that was believed, whether or not it changed anything.
package struct HeardEvent: Hashable, Sendable, Codable {
  package var at: Timestamp
  /// `pagerduty`
  package var source: String
  /// The other system's name of the event: the same event said again has the same.
  package var id: String
  /// What happened there, in its words: `incident.acknowledged`.
  package var what: String
  /// `INC-1`
  package var incident: String
  /// What the other system calls this incident.
  package var reference: String?

  package init(at: Timestamp, source: String, id: String, what: String, incident: String, reference: String?) {
    self.at = at
    self.source = source
    self.id = id
    self.what = what
    self.incident = incident
    self.reference = reference
  }
}

package struct HeardEvents: Hashable, Sendable {
  /// What is older was said again long ago, if ever.
  package static let limit = 5_000

  /// In order of hearing, as `pagerduty 5ac64822`.
  private var order: [String] = []
  private var known: Set<String> = []
  /// By source and reference.
  private var incidents: [String: String] = [:]

  package init() {}

  package func contains(_ event: HeardEvent) -> Bool { known.contains(Self.key(event.source, event.id)) }

  /// The incident that another system knows by a name of its own.
  package func incident(_ reference: String, of source: String) -> String? { incidents[Self.key(source, reference)] }

  /// False, and nothing changed, when it was heard before.
  mutating func apply(_ event: HeardEvent) -> Bool {
    guard known.insert(Self.key(event.source, event.id)).inserted else { return false }
    order.append(Self.key(event.source, event.id))
    if order.count > Self.limit { known.remove(order.removeFirst()) }
    if let reference = event.reference { incidents[Self.key(event.source, reference)] = event.incident }
    return true
  }

  private static func key(_ source: String, _ name: String) -> String { "\(source) \(name)" }
}

extension CommandState {
  /// The facts that an event of another system adds, with those of what it asks for; nothing where it was heard before. What the
  /// present state does not allow is left out, with the reason: it was heard all the same.
  package func entries(
    hearing event: HeardEvent, _ command: OperatorCommand?, actor: String
  ) -> (entries: [LedgerEntry], refusal: CommandRefusal?) {
    guard !heard.contains(event) else { return ([], nil) }
    var entries: [LedgerEntry] = []
    var refusal: CommandRefusal?
    do throws(CommandRefusal) {
      if let command { entries = try self.entries(for: command, actor: actor, at: event.at) }
    } catch {
      refusal = error
    }
    return (entries + [.heard(event)], refusal)
  }
}
