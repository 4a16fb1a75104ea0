// Somebody who can be told: what it can be told, and one try to tell it.

import LLMTelemetry
import Remediation

package protocol Receiver: Sendable {
  var profile: ReceiverProfile { get }

  /// `webhook`, `slack`, …: for people.
  var kind: String { get }

  /// One try. `references` are those that earlier deliveries left, newest last.
  func attempt(_ message: NotificationMessage, references: DeliveryReferences, now: Timestamp) async -> Attempt
}

extension Receiver {
  package var name: String { profile.name }
}

/// What earlier deliveries to one receiver left for later ones, by notification key.
package struct DeliveryReferences: Hashable, Sendable {
  private var byKey: [String: String] = [:]

  package init() {}

  package mutating func remember(_ delivery: Delivery) {
    guard delivery.outcome == .delivered, let detail = delivery.detail else { return }
    byKey[delivery.key] = detail
  }

  package subscript(key: String) -> String? { byKey[key] }

  /// The reference that the first delivery about `incident` left, of those with `prefix`.
  func first(of incident: String, prefix: String) -> String? {
    if let opened = byKey["\(incident)/\(NotificationEvent.opened.word)"], opened.hasPrefix(prefix) { return opened }
    // Rules may begin with a later event than the opening.
    return byKey.filter { $0.key.hasPrefix(incident + "/") && $0.value.hasPrefix(prefix) }.min { $0.value < $1.value }?.value
  }
}
