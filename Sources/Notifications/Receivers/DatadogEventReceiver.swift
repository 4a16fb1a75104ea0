// Datadog's events of version 2: incidents as events of the category alert, changes as events of the category change.
// https://docs.datadoghq.com/api/latest/events/#post-an-event

import Incidents
import LLMTelemetry
import Monitors
import NIOHTTP1

package struct DatadogEventReceiver: Receiver {
  package let kind = "datadog_events"
  package let profile: ReceiverProfile
  private let address: WebAddress
  private let apiKey: Credential
  private let service: String
  private let env: String
  private let consoleURL: String?
  private let sender: HTTPSender

  /// - Parameter address: the intake, `https://event-management-intake.SITE/api/v2/events`.
  package init(
    name: String, address: WebAddress, apiKey: Credential, service: String, env: String, consoleURL: String?, sender: HTTPSender
  ) {
    let all = Set(NotificationEvent.allCases)
    profile = ReceiverProfile(name: name, supported: all, usual: all, takesDigests: false)
    self.address = address
    self.apiKey = apiKey
    self.service = service
    self.env = env
    self.consoleURL = consoleURL
    self.sender = sender
  }

  package func attempt(_ message: NotificationMessage, references: DeliveryReferences, now: Timestamp) async -> Attempt {
    for notification in message.notifications {
      let payload = DatadogEventPayload.event(notification, service: service, env: env, consoleURL: consoleURL)
      guard let body = try? payload.bytes() else { return .refused("the payload could not be encoded") }
      do {
        let answer = try await sender.send(
          to: address, headers: [("content-type", "application/json"), ("dd-api-key", apiKey.text)], body: body)
        let attempt = Attempt.judging(answer, now: now)
        guard case .delivered = attempt else { return attempt }
      } catch {
        return .judging(error)
      }
    }
    return .delivered(reference: nil)
  }
}

package enum DatadogEventPayload {
  /// Datadog's limits, in characters and in number.
  package static let titleLimit = 500
  package static let messageLimit = 4_000
  package static let keyLimit = 100
  package static let tagLimit = 100

  package static func event(_ notification: Notification, service: String, env: String, consoleURL: String?) -> PayloadJSON {
    let words = NotificationWords(notification, consoleURL: consoleURL)
    var lines = [words.headline] + words.facts.map { "\($0.name): \($0.value)" } + words.evidence.prefix(5)
    if let request = words.request { lines.append(request) }
    if let url = words.url { lines.append(url) }
    var tags = ["service:\(service)", "env:\(env)", "event:\(notification.event.word)"]
    if let incident = notification.incident {
      tags += ["incident:\(incident.id)", "severity:\(incident.severity.rawValue)"]
      tags += (incident.cause?.dimensions ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key):\($0.value)" }
    }
    if notification.isTest { tags.append("test:true") }
    let change = notification.fact.change
    let key = notification.incident?.id ?? change.map { "\($0.kind.rawValue):\($0.subject)" } ?? notification.fact.key
    return .object([
      "data": .object([
        "type": "event",
        "attributes": .object([
          "title": .string(TextLimit.cut("\(notification.event.title): \(words.subject)", to: titleLimit)),
          "message": .string(TextLimit.cut(lines.joined(separator: "\n"), to: messageLimit)),
          "category": change == nil ? "alert" : "change", "integration_id": "custom-events",
          "aggregation_key": .string(TextLimit.cut(key, to: keyLimit)), "timestamp": .string(notification.fact.at.rfc3339),
          "tags": .array(tags.prefix(tagLimit).map { .string(tag($0)) }),
          "attributes": change.map { attributes(of: $0, service: service) } ?? attributes(of: notification),
        ]),
      ])
    ])
  }

  private static func attributes(of notification: Notification) -> PayloadJSON {
    let severity = notification.severity ?? .sev4
    let status: String
    switch notification.event {
    case .resolved, .mitigated, .postmortem: status = "ok"
    default: status = severity.rank <= 2 ? "error" : "warn"
    }
    return .members([
      "status": .string(status), "priority": .string(String(severity.rank)),
      "custom": .members([
        "event": .string(notification.event.word), "incident": notification.incident.map { .string($0.id) },
        "remediation": notification.remediation.map { .string($0.id) },
      ]),
    ])
  }

  private static func attributes(of change: ChangeEvent, service: String) -> PayloadJSON {
    // The two types there are: a feature flag, and everything else. Nobody's name means that no person did it.
    let isPerson = change.author != nil && change.author != "commander"
    return .members([
      "changed_resource": .object(["name": .string(TextLimit.cut(change.subject, to: titleLimit)), "type": "configuration"]),
      "author": .object([
        "name": .string(TextLimit.cut(change.author ?? "commander", to: titleLimit)), "type": isPerson ? "user" : "system",
      ]),
      "change_metadata": .object(["kind": .string(change.kind.rawValue)]),
      "impacted_resources": .array([.object(["name": .string(service), "type": "service"])]),
      "prev_value": change.from.map { .object(["value": .string(TextLimit.cut($0, to: messageLimit))]) },
      "new_value": change.to.map { .object(["value": .string(TextLimit.cut($0, to: messageLimit))]) },
    ])
  }

  /// In lower case, with the characters a tag may have, at most 200 of them.
  private static func tag(_ text: String) -> String {
    String(
      text.lowercased().prefix(200).map { character in
        character.isLetter || character.isNumber || "_-:./".contains(character) ? character : "_"
      })
  }
}
