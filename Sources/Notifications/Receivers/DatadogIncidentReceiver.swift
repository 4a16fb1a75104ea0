// Datadog's incidents API v2: an incident there for each here, with its severity and state. Behind a flag, since Datadog keeps the API
// in preview and may change it. https://docs.datadoghq.com/api/latest/incidents/

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif
import Incidents
import LLMTelemetry
import Monitors
import NIOHTTP1

package struct DatadogIncidentReceiver: Receiver {
  static let referencePrefix = "datadog-incident "

  package let kind = "datadog_incidents"
  package let profile: ReceiverProfile
  private let origin: String
  private let apiKey: Credential
  private let applicationKey: Credential
  private let consoleURL: String?
  private let sender: HTTPSender

  /// - Parameter origin: `https://api.SITE`.
  package init(
    name: String, origin: String, apiKey: Credential, applicationKey: Credential, consoleURL: String?, sender: HTTPSender
  ) {
    // The API has no way to add a line to an incident's timeline, so only what changes its fields is told.
    let events: Set<NotificationEvent> = [.opened, .severityRaised, .mitigated, .reopened, .resolved]
    profile = ReceiverProfile(name: name, supported: events, usual: events, isStateful: true, takesDigests: false)
    self.origin = origin
    self.apiKey = apiKey
    self.applicationKey = applicationKey
    self.consoleURL = consoleURL
    self.sender = sender
  }

  package func attempt(_ message: NotificationMessage, references: DeliveryReferences, now: Timestamp) async -> Attempt {
    var last: String?
    for notification in message.notifications {
      guard let incident = notification.incident else { continue }
      let known = references.first(of: incident.id, prefix: Self.referencePrefix) ?? last
      let attempt: Attempt
      if let known {
        attempt = await update(String(known.dropFirst(Self.referencePrefix.count)), incident, now: now)
      } else {
        attempt = await create(notification, incident, now: now)
      }
      guard case .delivered(let reference) = attempt else { return attempt }
      last = reference
    }
    return .delivered(reference: last)
  }

  private func create(_ notification: Notification, _ incident: Incident, now: Timestamp) async -> Attempt {
    let payload = DatadogIncidentPayload.create(notification, incident, consoleURL: consoleURL)
    let answer: HTTPAnswer
    do { answer = try await send(.POST, "/api/v2/incidents", payload) } catch { return .judging(error) }
    let judged = Attempt.judging(answer, now: now)
    guard case .delivered = judged else { return judged }
    guard let created = try? JSONDecoder().decode(Created.self, from: Data(answer.body)) else {
      return .refused("HTTP \(answer.status) without the id of the incident; it cannot be updated later")
    }
    guard notification.isTest else { return .delivered(reference: Self.referencePrefix + created.data.id) }
    // A test is closed at once.
    return await update(created.data.id, incident, state: "resolved", now: now)
  }

  private func update(_ id: String, _ incident: Incident, state: String? = nil, now: Timestamp) async -> Attempt {
    guard id.utf8.allSatisfy({ $0 == 45 || (48...57).contains($0) || (97...122).contains($0) || (65...90).contains($0) }) else {
      return .refused("the delivery log names no incident of Datadog")
    }
    let payload = DatadogIncidentPayload.update(id, incident, state: state)
    do {
      return .judging(
        try await send(.PATCH, "/api/v2/incidents/\(id)", payload), now: now, reference: Self.referencePrefix + id)
    } catch {
      return .judging(error)
    }
  }

  private func send(_ method: HTTPMethod, _ path: String, _ payload: PayloadJSON) async throws -> HTTPAnswer {
    guard let address = WebAddress(origin + path) else { throw ConnectionFailure.unknownHost }
    return try await sender.send(
      method, to: address,
      headers: [
        ("content-type", "application/json"), ("dd-api-key", apiKey.text), ("dd-application-key", applicationKey.text),
        // What Datadog's own clients send with operations that are in preview.
        ("dd-operation-unstable", "true"),
      ], body: payload.bytes())
  }

  private struct Created: Decodable {
    struct Data: Decodable { let id: String }
    let data: Data
  }
}

package enum DatadogIncidentPayload {
  /// Ours: Datadog names no limit for either.
  package static let titleLimit = 500
  package static let cellLimit = 4_000

  package static func create(_ notification: Notification, _ incident: Incident, consoleURL: String?) -> PayloadJSON {
    let words = NotificationWords(notification, consoleURL: consoleURL)
    let text =
      ([words.headline] + words.facts.map { "**\($0.name)**: \($0.value)" } + words.evidence + [words.url].compactMap { $0 })
      .joined(separator: "\n\n")
    let isImpacting = incident.impact.affectedRequests > 0 && !notification.isTest
    let scope = words.facts.first { $0.name == "Impact" }?.value
    return .object([
      "data": .object([
        "type": "incidents",
        "attributes": .members([
          "title": .string(
            TextLimit.cut((notification.isTest ? "[TEST] " : "") + "\(incident.id): \(incident.title)", to: titleLimit)),
          "customer_impacted": .boolean(isImpacting),
          "customer_impact_scope": isImpacting ? .string(TextLimit.cut(scope ?? incident.title, to: cellLimit)) : nil,
          "is_test": notification.isTest ? .boolean(true) : nil, "fields": fields(incident, state: nil),
          "initial_cells": .array([
            .object([
              "cell_type": "markdown", "content": .object(["content": .string(TextLimit.cut(text, to: cellLimit))]),
            ])
          ]),
        ]),
      ])
    ])
  }

  package static func update(_ id: String, _ incident: Incident, state: String?) -> PayloadJSON {
    .object([
      "data": .object([
        "type": "incidents", "id": .string(id),
        "attributes": .object(["fields": fields(incident, state: state)]),
      ])
    ])
  }

  private static func fields(_ incident: Incident, state: String?) -> PayloadJSON {
    func dropdown(_ value: String) -> PayloadJSON { .object(["type": "dropdown", "value": .string(value)]) }
    return .object(["severity": dropdown(incident.severity.rawValue), "state": dropdown(state ?? self.state(incident.state))])
  }

  /// Datadog's three states.
  package static func state(_ state: IncidentState) -> String {
    switch state {
    case .triggered, .acknowledged: "active"
    case .mitigated: "stable"
    case .resolved: "resolved"
    }
  }
}
