// Who is told what, and when: rules in order, the first that fits decides.

import Incidents
import LLMTelemetry
import Monitors

package struct NotificationRule: Hashable, Sendable {
  package enum Then: String, CaseIterable, Hashable, Sendable {
    case tell
    /// Until the rule's hours end; then all that was held comes as one digest.
    case hold
    case ignore
  }

  package enum When: Hashable, Sendable {
    case within(BusinessHours)
    case outside(BusinessHours)
  }

  package var name: String
  /// Names; none means every receiver.
  package var receivers: Set<String>
  package var events: Set<NotificationEvent>
  package var severities: Set<Severity>
  /// Of the incident's cause, alerts or impact; a trailing `*` matches any rest. None means every tenant.
  package var tenants: [String]
  package var routes: [String]
  package var when: When?
  package var then: Then

  package init(
    name: String, receivers: Set<String> = [], events: Set<NotificationEvent> = [], severities: Set<Severity> = [],
    tenants: [String] = [], routes: [String] = [], when: When? = nil, then: Then = .tell
  ) {
    self.name = name
    self.receivers = receivers
    self.events = events
    self.severities = severities
    self.tenants = tenants
    self.routes = routes
    self.when = when
    self.then = then
  }

  package func concerns(_ receiver: String) -> Bool { receivers.isEmpty || receivers.contains(receiver) }

  func fits(_ notification: Notification) -> Bool {
    let fact = notification.fact
    guard events.isEmpty || events.contains(fact.event) else { return false }
    if !severities.isEmpty {
      guard let severity = fact.severity, severities.contains(severity) else { return false }
    }
    guard Self.matches(tenants, Self.values(.tenant, of: notification)),
      Self.matches(routes, Self.values(.route, of: notification))
    else { return false }
    switch when {
    case nil: return true
    case .within(let hours): return hours.contains(fact.at)
    case .outside(let hours): return !hours.contains(fact.at)
    }
  }

  /// When what is held under this rule at `at` is released; `nil` when it is not held.
  func release(of at: Timestamp) -> Timestamp? {
    guard then == .hold, case .within(let hours) = when else { return nil }
    return hours.end(of: at)
  }

  private static func matches(_ patterns: [String], _ values: Set<String>) -> Bool {
    patterns.isEmpty
      || values.contains { value in
        patterns.contains { $0.hasSuffix("*") ? value.hasPrefix($0.dropLast()) : $0 == value }
      }
  }

  /// What the incident has of a dimension: its cause's value, its alerts' groups', and the tenants it is known to hit.
  private static func values(_ dimension: Dimension, of notification: Notification) -> Set<String> {
    var values: Set<String> = []
    if let incident = notification.incident {
      if let value = incident.cause?.dimensions[dimension.rawValue] { values.insert(value) }
      for alert in incident.alerts {
        if let value = alert.group.byName[dimension.rawValue] { values.insert(value) }
      }
      if dimension == .tenant { values.formUnion(incident.impact.tenants) }
    }
    if dimension == .route, let change = notification.fact.change, change.kind == .route { values.insert(change.subject) }
    return values
  }
}
