// Decides whether an alert belongs to an incident that is already open: grouping is part of detection.

import LLMTelemetry
import Monitors

package enum IncidentGrouping {
  /// How long alerts on the same group count as one failure when no cause tells them apart.
  package static let nearby: Duration = .seconds(600)

  /// The open incident `alert` belongs to, and why.
  /// - Parameters:
  ///   - isRelated: whether an alert of the same scope may be of the same failure at all.
  ///   - isDetected: whether an alert is detection's, which has looked at every span: a figure's alert near it, on values that do not
  ///     contradict, is the same failure by another name (a provider, and the model of it that fails).
  package static func home(
    for alert: AlertKey, attribution: Attribution, at: Timestamp, in book: IncidentBook,
    isRelated: (AlertKey) -> Bool = { _ in true }, isDetected: (AlertKey) -> Bool = { _ in false }
  ) -> (incident: Incident, reason: String)? {
    for incident in book.open.reversed() {
      // Detection has grouped its own signals already: those of one slice are one failure, whatever name the incident's cause has.
      if isDetected(alert), incident.alerts.contains(where: { isDetected($0) && $0.group == alert.group }) {
        return (incident, "the same failure, as detection sees it")
      }
      if attribution.cause == nil, incident.alerts.contains(where: { $0.monitor == alert.monitor }) {
        return (incident, "the same monitor, and no cause tells them apart")
      }
      if let cause = incident.cause, let other = attribution.cause {
        if agree(cause.dimensions, other.dimensions) { return (incident, "same cause, \(cause.title)") }
        let isOneDetected = incident.alerts.contains(where: isDetected) != isDetected(alert)
        if isOneDetected, at - incident.openedAt <= nearby * 3, !contradict(cause.dimensions, other.dimensions) {
          return (incident, "at the same time as \(cause.title), and nothing tells them apart")
        }
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

  /// No request has both.
  static func contradict(_ left: [String: String], _ right: [String: String]) -> Bool {
    left.contains { name, value in right[name].map { $0 != value } ?? false }
  }

  /// One is the other, or a part of it.
  static func agree(_ left: [String: String], _ right: [String: String]) -> Bool {
    guard !left.isEmpty, !right.isEmpty else { return false }
    let (small, large) = left.count <= right.count ? (left, right) : (right, left)
    return small.allSatisfy { large[$0.key] == $0.value }
  }
}
