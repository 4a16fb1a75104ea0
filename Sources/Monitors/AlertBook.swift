// The fold of alert transitions: which alerts are not ok, since when and why, and when they were not.

import LLMMetrics
import LLMTelemetry

package struct AlertBook: Hashable, Sendable {
  /// Episodes kept of each alert; the oldest go.
  package static let episodeLimit = 50
  /// Alerts whose episodes are kept; beyond it, those that ended longest ago go.
  package static let episodeKeyLimit = 2_000

  /// Alerts that are not ok; bounded by the monitors' groups.
  package private(set) var statuses: [AlertKey: AlertStatus] = [:]
  /// Times an alert was bad news, which are no example of what is usual; from the episode's onset to its end, oldest first.
  package private(set) var episodes: [AlertKey: [Range<Timestamp>]] = [:]

  package init() {}

  package subscript(key: AlertKey) -> AlertStatus? { statuses[key] }

  package func state(of key: AlertKey) -> AlertState { statuses[key]?.state ?? .ok }

  /// False, and nothing changed, when the transition is not a legal successor of the present state.
  @discardableResult
  package mutating func apply(_ transition: AlertTransition) -> Bool {
    let present = statuses[transition.key]
    let state = present?.state ?? .ok
    guard state == transition.from, state.successors.contains(transition.to) else { return false }
    if let present, state.isFiring, !transition.to.isFiring, present.onset < transition.at {
      end(present.onset..<transition.at, of: transition.key)
    }
    if transition.to == .ok {
      statuses[transition.key] = nil
      return true
    }
    let startsEpisode = state == .ok || state == .recovered
    statuses[transition.key] = AlertStatus(
      state: transition.to, since: transition.isReminder ? present?.since ?? transition.at : transition.at,
      onset: startsEpisode ? transition.at : present?.onset ?? transition.at,
      value: transition.value, reason: transition.reason, toldAt: transition.at, isMuted: transition.isMuted)
    return true
  }

  /// Groups of alerts that are not ok, by monitor.
  package var groups: [String: Set<TagSet>] {
    statuses.keys.reduce(into: [:]) { $0[$1.monitor, default: []].insert($1.group) }
  }

  private mutating func end(_ episode: Range<Timestamp>, of key: AlertKey) {
    var all = episodes[key] ?? []
    all.append(episode)
    if all.count > Self.episodeLimit { all.removeFirst() }
    episodes[key] = all
    guard episodes.count > Self.episodeKeyLimit else { return }
    let oldest = episodes.min { left, right in
      (left.value.last?.upperBound ?? episode.lowerBound, left.key.description)
        < (right.value.last?.upperBound ?? episode.lowerBound, right.key.description)
    }
    if let oldest { episodes[oldest.key] = nil }
  }
}
