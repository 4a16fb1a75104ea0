// A webhook signed by the Standard Webhooks scheme.

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif
import Incidents
import LLMTelemetry
import Monitors
import Remediation

package struct WebhookReceiver: Receiver {
  package let kind = "webhook"
  package let profile: ReceiverProfile
  private let address: WebAddress
  private let secret: WebhookSecret
  private let consoleURL: String?
  private let sender: HTTPSender

  package init(name: String, address: WebAddress, secret: WebhookSecret, consoleURL: String? = nil, sender: HTTPSender) {
    // What it has always been told; rules ask for more.
    profile = ReceiverProfile(name: name, usual: [.opened, .resolved])
    self.address = address
    self.secret = secret
    self.consoleURL = consoleURL
    self.sender = sender
  }

  package func attempt(_ message: NotificationMessage, references: DeliveryReferences, now: Timestamp) async -> Attempt {
    let body: [UInt8]
    do { body = try WebhookPayload.json(message, consoleURL: consoleURL) } catch {
      return .refused("the payload could not be encoded")
    }
    let id = message.messageID
    let seconds = now.unixSeconds
    do {
      let answer = try await sender.send(
        to: address,
        headers: [
          ("content-type", "application/json"), ("webhook-id", id), ("webhook-timestamp", String(seconds)),
          ("webhook-signature", secret.signature(id: id, unixSeconds: seconds, body: body)),
        ], body: body)
      return .judging(answer, now: now)
    } catch {
      return .judging(error)
    }
  }
}

/// The body of a webhook, in the shape Standard Webhooks recommends. Fields are added to it, never renamed.
struct WebhookPayload: Encodable {
  struct Reason: Encodable {
    let title: String
    let dimensions: [String: String]
    let confidence: Double
    let evidence: [String]
  }

  struct Step: Encodable {
    let id: String
    let playbook: String
    let state: String
    let action: String
    let expectedEffect: String
    let reason: String
  }

  struct Body: Encodable {
    var id: String?
    var title: String?
    var severity: Severity?
    var state: IncidentState?
    var beganAt: Timestamp?
    var openedAt: Timestamp?
    var mitigatedAt: Timestamp?
    var resolvedAt: Timestamp?
    var owner: String?
    var cause: Reason?
    var impact: Impact?
    var url: String?
    var detail: String?
    var remediation: Step?
    var change: ChangeEvent?
    var isTest: Bool?
    /// Of a digest: the messages that were held, as they would have come one by one.
    var notifications: [WebhookPayload]?
  }

  let type: String
  let timestamp: Timestamp
  let data: Body

  init(_ notification: Notification, consoleURL: String?) {
    let fact = notification.fact
    type = fact.event == .change ? "change" : "incident.\(fact.event.word)"
    timestamp = fact.at
    var body = Body()
    if let incident = notification.incident {
      body.id = incident.id
      body.title = incident.title
      body.severity = incident.severity
      body.state = incident.state
      body.beganAt = incident.onsetAt
      body.openedAt = incident.openedAt
      body.mitigatedAt = incident.mitigatedAt
      body.resolvedAt = incident.resolvedAt
      body.owner = incident.owner
      body.cause = incident.cause.map {
        Reason(title: $0.title, dimensions: $0.dimensions, confidence: $0.confidence, evidence: $0.evidence)
      }
      body.impact = incident.impact
      body.url = consoleURL.map { "\($0)/incidents/\(incident.id)" }
    }
    // The first two messages there were say it in their type alone.
    if ![.opened, .resolved].contains(fact.event) { body.detail = fact.detail }
    body.remediation = notification.remediation.map {
      Step(
        id: $0.id, playbook: $0.plan.playbook, state: $0.state.rawValue, action: $0.plan.action.sentence,
        expectedEffect: $0.plan.expectedEffect, reason: $0.reason)
    }
    body.change = fact.change
    body.isTest = notification.isTest ? true : nil
    data = body
  }

  private init(digest: [WebhookPayload], at: Timestamp) {
    type = "digest"
    timestamp = at
    data = Body(notifications: digest)
  }

  static func json(_ message: NotificationMessage, consoleURL: String?) throws -> [UInt8] {
    let payloads = message.notifications.map { WebhookPayload($0, consoleURL: consoleURL) }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    if !message.isDigest, let single = payloads.first { return Array(try encoder.encode(single)) }
    let at = message.notifications.map(\.fact.at).max() ?? Timestamp(unixSeconds: 0)
    return Array(try encoder.encode(WebhookPayload(digest: payloads, at: at)))
  }
}
