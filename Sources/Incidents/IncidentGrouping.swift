// Decides whether an alert belongs to an incident that is already open: grouping is part of detection.

import LLMTelemetry
import Monitors

package enum IncidentGrouping {
  /// How long alerts on the same group count as one failure when no cause tells them apart.
  package static let nearby: Duration = .seconds(600)

  /// The open incident `alert` belongs to, and why.
  /// - Parameter isRelated: whether an alert of the same scope may be of the same failure at all.
  package static func home(
    for alert: AlertKey, attribution: Attribution, at: Timestamp, in book: IncidentBook,
    isRelated: (AlertKey) -> Bool = { _ in true }
  ) -> (incident: Incident, reason: String)? {
    for incident in book.open.reversed() {
      if let cause = incident.cause, let other = attribution.cause {
        if agree(cause.dimensions, other.dimensions) { return (incident, "same cause, \(cause.title)") }
        continue
      }
      let isNear = at - incident.openedAt <= nearby
      if isNear, incident.alerts.contains(where: { $0.group == alert.group && isRelated($0) }) {
        return (incident, "same scope within \(Figure.duration(nearby))")
      }
    }
    return nil
  }

  /// The latest resolved incident with the same alert or the same cause.
  package static func predecessor(of alert: AlertKey, attribution: Attribution, in book: IncidentBook) -> Incident? {
    book.incidents.last { incident in
      guard !incident.isOpen else { return false }
      if let cause = incident.cause, let other = attribution.cause { return cause.dimensions == other.dimensions }
      return incident.alerts.contains(alert)
    }
  }

  /// One is the other, or a part of it.
  static func agree(_ left: [String: String], _ right: [String: String]) -> Bool {
    guard !left.isEmpty, !right.isEmpty else { return false }
    let (small, large) = left.count <= right.count ? (left, right) : (right, left)
    return small.allSatisfy { large[$0.key] == $0.value }
  }
}
