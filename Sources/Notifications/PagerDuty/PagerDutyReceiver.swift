// PagerDuty's Events API v2: one alert for each incident, triggered, acknowledged and resolved under one key; changes as change events.
// https://developer.pagerduty.com/docs/events-api-v2/overview/

import Incidents
import LLMTelemetry
import Monitors
import NIOHTTP1

package struct PagerDutyReceiver: Receiver {
  package let kind = "pagerduty"
  package let profile: ReceiverProfile
  private let origin: String
  private let routingKey: Credential
  private let consoleURL: String?
  private let source: String
  private let sender: HTTPSender

  /// - Parameters:
  ///   - origin: `https://events.pagerduty.com`, or `https://events.eu.pagerduty.com`.
  ///   - source: what is affected, for example the service of the configuration.
  package init(
    name: String, origin: String, routingKey: Credential, changes: Bool, source: String, consoleURL: String?, sender: HTTPSender
  ) {
    // Mitigation is not the end, and PagerDuty has no word for it.
    let alerts: Set<NotificationEvent> = [
      .opened, .severityRaised, .acknowledged, .reopened, .resolved, .escalated, .remediationEscalated,
    ]
    profile = ReceiverProfile(
      name: name, supported: alerts.union([.approvalNeeded, .change]), usual: changes ? alerts.union([.change]) : alerts,
      isStateful: true, takesDigests: false)
    self.origin = origin
    self.routingKey = routingKey
    self.consoleURL = consoleURL
    self.source = source
    self.sender = sender
  }

  package func attempt(_ message: NotificationMessage, references: DeliveryReferences, now: Timestamp) async -> Attempt {
    for notification in message.notifications {
      let path = notification.event == .change ? "/v2/change/enqueue" : "/v2/enqueue"
      let attempt = await send(
        PagerDutyPayload.event(notification, routingKey: routingKey.text, source: source, consoleURL: consoleURL), path: path,
        now: now)
      guard case .delivered = attempt else { return attempt }
      // A test must not leave anybody paged.
      guard notification.isTest, notification.event != .change else { continue }
      let end = await send(PagerDutyPayload.end(notification, routingKey: routingKey.text), path: path, now: now)
      guard case .delivered = end else { return end }
    }
    return .delivered(reference: nil)
  }

  private func send(_ payload: PayloadJSON, path: String, now: Timestamp) async -> Attempt {
    guard let address = WebAddress(origin + path), let body = try? payload.bytes() else {
      return .refused("the payload could not be encoded")
    }
    guard body.count <= PagerDutyPayload.bodyLimit else {
      return .refused("the payload has \(body.count) bytes, and PagerDuty takes \(PagerDutyPayload.bodyLimit)")
    }
    do {
      return .judging(try await sender.send(to: address, headers: [("content-type", "application/json")], body: body), now: now)
    } catch {
      return .judging(error)
    }
  }
}

/// Bodies of the Events API v2.
package enum PagerDutyPayload {
  /// PagerDuty's limits: characters of a summary and of a key, bytes of a body.
  package static let summaryLimit = 1_024
  package static let keyLimit = 255
  package static let bodyLimit = 512 << 10
  /// Ours, so that a body stays far below PagerDuty's limit whatever is in an incident.
  static let detailLimit = 2_000

  package static func event(_ notification: Notification, routingKey: String, source: String, consoleURL: String?) -> PayloadJSON
  {
    let words = NotificationWords(notification, consoleURL: consoleURL)
    let links: PayloadJSON? = words.url.map {
      .array([.object(["href": .string($0), "text": notification.incident == nil ? "Console" : "Incident"])])
    }
    var details: [String: PayloadJSON] = ["happened": .string(TextLimit.cut(words.headline, to: detailLimit))]
    for fact in words.facts { details[fact.name.lowercased()] = .string(TextLimit.cut(fact.value, to: detailLimit)) }
    if !words.evidence.isEmpty {
      details["evidence"] = .array(words.evidence.prefix(20).map { .string(TextLimit.cut($0, to: detailLimit)) })
    }
    if let request = words.request { details["request"] = .string(request) }
    let summary = PayloadJSON.string(TextLimit.cut(TextLimit.line(words.subject), to: summaryLimit))
    guard let incident = notification.incident, notification.event != .change else {
      return .members([
        "routing_key": .string(routingKey), "links": links,
        "payload": .object([
          "summary": summary, "source": .string(TextLimit.cut(source, to: summaryLimit)),
          "timestamp": .string(notification.fact.at.rfc3339), "custom_details": .object(details),
        ]),
      ])
    }
    switch notification.event {
    case .acknowledged: return follow(notification, "acknowledge", routingKey)
    case .resolved: return end(notification, routingKey: routingKey)
    default: break
    }
    let scope = incident.cause?.dimensions ?? [:]
    return .members([
      "routing_key": .string(routingKey), "event_action": "trigger", "dedup_key": .string(key(notification)), "links": links,
      "client": "LLM Incident Commander", "client_url": words.url.map { .string($0) },
      "payload": .members([
        "summary": summary, "source": .string(TextLimit.cut(source, to: summaryLimit)),
        "severity": .string(severity(incident.severity)), "timestamp": .string(notification.fact.at.rfc3339),
        "component": (scope[Dimension.model.rawValue] ?? scope[Dimension.provider.rawValue]).map {
          .string(TextLimit.cut($0, to: summaryLimit))
        },
        "group": scope[Dimension.route.rawValue].map { .string(TextLimit.cut($0, to: summaryLimit)) },
        "class": incident.alerts.first.map { .string(TextLimit.cut($0.monitor, to: summaryLimit)) },
        "custom_details": .object(details),
      ]),
    ])
  }

  static func end(_ notification: Notification, routingKey: String) -> PayloadJSON { follow(notification, "resolve", routingKey) }

  private static func follow(_ notification: Notification, _ action: String, _ routingKey: String) -> PayloadJSON {
    .object(["routing_key": .string(routingKey), "event_action": .string(action), "dedup_key": .string(key(notification))])
  }

  private static func key(_ notification: Notification) -> String {
    // A test has a key of its own, so that it never touches a real incident's alert.
    let key = notification.isTest ? notification.fact.messageID : notification.incident?.id ?? notification.fact.key
    return TextLimit.cut(key, to: keyLimit)
  }

  package static func severity(_ severity: Severity) -> String {
    switch severity {
    case .sev1: "critical"
    case .sev2: "error"
    case .sev3: "warning"
    case .sev4: "info"
    }
  }
}
