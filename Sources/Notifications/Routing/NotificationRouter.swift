// Decides what a receiver has to be told now: purely, from the facts, the rules, the delivery log and the time.

import LLMTelemetry
import Remediation

/// What the router has to know of a receiver.
package struct ReceiverProfile: Hashable, Sendable {
  package let name: String
  /// What it can be told at all.
  package let supported: Set<NotificationEvent>
  /// What it is told when no rule names it.
  package let usual: Set<NotificationEvent>
  /// It keeps something open from the opening to the end, so the end of what it was told of is told whatever the rules say.
  package let isStateful: Bool
  /// False for one that is told of each held fact by itself.
  package let takesDigests: Bool

  package init(
    name: String, supported: Set<NotificationEvent> = Set(NotificationEvent.allCases), usual: Set<NotificationEvent>,
    isStateful: Bool = false, takesDigests: Bool = true
  ) {
    self.name = name
    self.supported = supported
    self.usual = usual
    self.isStateful = isStateful
    self.takesDigests = takesDigests
  }
}

package struct NotificationRouter: Sendable {
  package enum Verdict: Hashable, Sendable {
    case tell
    case hold(until: Timestamp)
    case ignore
  }

  /// Beyond this age nobody is told any more: a receiver that was just configured does not get the past. What was held counts from
  /// its release.
  package static let oldest: Duration = .seconds(86_400)

  /// Hours of the week begin again after seven days.
  static let longestHold: Duration = .seconds(7 * 86_400)

  package let rules: [NotificationRule]

  package init(rules: [NotificationRule] = []) { self.rules = rules }

  package func verdict(_ notification: Notification, for receiver: ReceiverProfile) -> Verdict {
    guard receiver.supported.contains(notification.event) else { return .ignore }
    let concerned = rules.filter { $0.concerns(receiver.name) }
    let isUsual = receiver.usual.contains(notification.event)
    guard let rule = concerned.first(where: { $0.fits(notification) }) else {
      // Rules that tell say all that is told; rules that only hold or ignore are exceptions to the usual.
      return isUsual && !concerned.contains { $0.then == .tell } ? .tell : .ignore
    }
    guard rule.then != .ignore, isUsual || !rule.events.isEmpty else { return .ignore }
    return rule.release(of: notification.fact.at).map { .hold(until: $0) } ?? .tell
  }

  /// What `receiver` has not been told and has to be told at `now`, oldest first.
  package func pending(_ book: NotificationBook, receiver: ReceiverProfile, now: Timestamp) -> [NotificationMessage] {
    var singles: [(at: Timestamp, message: NotificationMessage)] = []
    var held: [Timestamp: [Notification]] = [:]
    let holds = rules.contains { $0.then == .hold && $0.concerns(receiver.name) }
    let horizon = now - (holds ? Self.oldest + Self.longestHold : Self.oldest)
    let isRuled = rules.contains { $0.concerns(receiver.name) }
    for fact in book.facts
    where fact.at >= horizon && receiver.supported.contains(fact.event) && (isRuled || receiver.usual.contains(fact.event))
      && book.state.delivery(fact.key, receiver: receiver.name) == nil
    {
      let notification = Notification(fact, in: book.state)
      switch verdict(notification, for: receiver) {
      case .ignore:
        guard receiver.isStateful, fact.event == .resolved, wasTold(of: fact, book, receiver) else { continue }
        if now - fact.at <= Self.oldest { singles.append((fact.at, NotificationMessage([notification]))) }
      case .tell: if now - fact.at <= Self.oldest { singles.append((fact.at, NotificationMessage([notification]))) }
      case .hold(let release): if release <= now, now - release <= Self.oldest { held[release, default: []].append(notification) }
      }
    }
    for (release, notifications) in held {
      if receiver.takesDigests {
        singles.append((release, NotificationMessage(notifications)))
      } else {
        singles += notifications.map { (release, NotificationMessage([$0])) }
      }
    }
    // Stable: what happened at the same time stays in the order of the ledger.
    return singles.enumerated().sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }.map(\.element.message)
  }

  /// True when something of the same incident reached the receiver.
  private func wasTold(of fact: NotificationFact, _ book: NotificationBook, _ receiver: ReceiverProfile) -> Bool {
    book.facts.contains {
      $0.incident == fact.incident && $0.event != .resolved
        && book.state.delivery($0.key, receiver: receiver.name)?.outcome == .delivered
    }
  }
}
