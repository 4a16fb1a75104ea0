// The state of one alert and the facts the ledger keeps about its changes.

import LLMMetrics
import LLMTelemetry

package enum AlertState: String, CaseIterable, Hashable, Sendable, Codable {
  case ok, pending, alert
  case noData = "no_data"
  case recovered

  /// The states that may follow; anything else in a ledger is refused. What is bad news may be said again: a reminder, or that it is
  /// muted from now on, or no longer.
  package var successors: Set<AlertState> {
    switch self {
    case .ok: [.pending, .alert, .noData]
    case .pending: [.ok, .alert, .noData]
    case .alert: [.alert, .recovered, .noData]
    case .noData: [.noData, .ok, .pending, .alert, .recovered]
    case .recovered: [.ok, .pending, .alert, .noData]
    }
  }
}

/// One alert: a monitor and the group it speaks about.
package struct AlertKey: Hashable, Sendable, Codable, CustomStringConvertible {
  package let monitor: String
  package let group: TagSet

  package init(monitor: String, group: TagSet = TagSet([TagSet.Tag]())) {
    self.monitor = monitor
    self.group = group
  }

  private enum CodingKeys: String, CodingKey { case monitor, group }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    monitor = try container.decode(String.self, forKey: .monitor)
    group = TagSet(try container.decode([String: String].self, forKey: .group))
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(monitor, forKey: .monitor)
    try container.encode(group.byName, forKey: .group)
  }

  /// `rag-answer-ungrounded{prompt="rag-answer"}`
  package var description: String {
    group.tags.isEmpty ? monitor : "\(monitor){\(group.tags.map { "\($0.name)=\"\($0.value)\"" }.joined(separator: ","))}"
  }
}

extension TagSet {
  package var byName: [String: String] { Dictionary(tags.map { ($0.name, $0.value) }) { first, _ in first } }
}

/// One change of an alert's state, as the ledger keeps it. From a state to itself it is a reminder.
package struct AlertTransition: Hashable, Sendable, Codable {
  package let key: AlertKey
  package let from: AlertState
  package let to: AlertState
  package let at: Timestamp
  /// The evaluated value; absent when there was no data.
  package let value: Double?
  package let threshold: Double
  /// One sentence with the numbers, without a final full stop.
  package let reason: String
  /// Absent in the ledger unless it is so.
  private let muted: Bool?

  /// True in a mute window: nobody is paged.
  package var isMuted: Bool { muted ?? false }
  package var isReminder: Bool { from == to }

  package init(
    key: AlertKey, from: AlertState, to: AlertState, at: Timestamp, value: Double?, threshold: Double, reason: String,
    isMuted: Bool = false
  ) {
    muted = isMuted ? true : nil
    self.key = key
    self.from = from
    self.to = to
    self.at = at
    self.value = value
    self.threshold = threshold
    self.reason = reason
  }
}

/// Where one alert stands; an alert without a status is ok.
package struct AlertStatus: Hashable, Sendable {
  package let state: AlertState
  /// When the state began.
  package let since: Timestamp
  /// When this episode left ok.
  package let onset: Timestamp
  package let value: Double?
  package let reason: String
  /// When people were last told: at the state's begin, or by a reminder since.
  package let toldAt: Timestamp
  package let isMuted: Bool

  package init(
    state: AlertState, since: Timestamp, onset: Timestamp, value: Double?, reason: String, toldAt: Timestamp? = nil,
    isMuted: Bool = false
  ) {
    self.state = state
    self.since = since
    self.onset = onset
    self.value = value
    self.reason = reason
    self.toldAt = toldAt ?? since
    self.isMuted = isMuted
  }
}
