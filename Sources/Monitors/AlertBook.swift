// The fold of alert transitions: which alerts are not ok, since when and why.

import LLMTelemetry

package struct AlertBook: Hashable, Sendable {
  /// Alerts that are not ok; bounded by the monitors' groups.
  package private(set) var statuses: [AlertKey: AlertStatus] = [:]

  package init() {}

  package subscript(key: AlertKey) -> AlertStatus? { statuses[key] }

  package func state(of key: AlertKey) -> AlertState { statuses[key]?.state ?? .ok }

  /// False, and nothing changed, when the transition is not a legal successor of the present state.
  @discardableResult
  package mutating func apply(_ transition: AlertTransition) -> Bool {
    let present = statuses[transition.key]
    let state = present?.state ?? .ok
    guard state == transition.from, state.successors.contains(transition.to) else { return false }
    if transition.to == .ok {
      statuses[transition.key] = nil
      return true
    }
    let startsEpisode = state == .ok || state == .recovered
    statuses[transition.key] = AlertStatus(
      state: transition.to, since: transition.at, onset: startsEpisode ? transition.at : present?.onset ?? transition.at,
      value: transition.value, reason: transition.reason)
    return true
  }
}
