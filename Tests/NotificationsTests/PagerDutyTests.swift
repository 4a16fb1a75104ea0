// PagerDuty's Events API v2 against a listener: one alert per incident, its end, its limits, and what its answers mean.

import Foundation
import Incidents
import LLMTelemetry
import Monitors
import Notifications
import Remediation
import Testing

@Suite struct PagerDutyTests {
  static let routingKey = "0123456789abcdef0123456789abcdef"

  static func receiver(_ origin: String, changes: Bool = false) -> PagerDutyReceiver {
    PagerDutyReceiver(
      name: "pager", origin: origin, routingKey: Credential(routingKey), changes: changes, source: "llm-gateway",
      consoleURL: Scene.console, sender: HTTPSender(policy: AddressPolicy(allowsPrivate: true), timeout: .seconds(30)))
  }

  @Test func oneAlertIsTriggeredAcknowledgedAndResolved() async throws {
    let listener = HTTPListener { _, _ in HTTPListener.Answer(status: 202, body: #"{"status":"success"}"#) }
    try await listener.whileRunning { origin in
      let receiver = Self.receiver(origin)
      let pending = WebhookTests.pending(Scene.mended, receiver)
      #expect(pending.map(\.keys) == [["INC-1/opened"], ["INC-1/acknowledged"], ["INC-1/closed"]])
      for message in pending {
        let attempt = await receiver.attempt(message, references: DeliveryReferences(), now: Scene.now)
        #expect(attempt == .delivered(reference: nil))
      }
    }
    #expect(listener.arrivals.map(\.path) == ["/v2/enqueue", "/v2/enqueue", "/v2/enqueue"])
    #expect(listener.arrivals.map { $0.json?["event_action"] as? String } == ["trigger", "acknowledge", "resolve"])
    #expect(listener.arrivals.map { $0.json?["dedup_key"] as? String } == ["INC-1", "INC-1", "INC-1"])
    #expect(listener.arrivals.allSatisfy { $0.json?["routing_key"] as? String == Self.routingKey })
  }

  @Test func changesGoToTheirOwnAddress() async throws {
    let change = ChangeEvent(at: Scene.at, kind: .deploy, subject: "shop", from: "1.0", to: "1.1", author: "lee")
    let listener = HTTPListener { _, _ in HTTPListener.Answer(status: 202) }
    try await listener.whileRunning { origin in
      #expect(WebhookTests.pending([.change(change)], Self.receiver(origin)).isEmpty)
      let receiver = Self.receiver(origin, changes: true)
      for message in WebhookTests.pending([.change(change)], receiver) {
        _ = await receiver.attempt(message, references: DeliveryReferences(), now: Scene.now)
      }
    }
    #expect(listener.arrivals.map(\.path) == ["/v2/change/enqueue"])
    #expect(listener.arrivals.first?.json?["event_action"] == nil)
    #expect(listener.arrivals.first?.json?.value(forKeyPath: "payload.summary") as? String == "Deploy of shop: 1.0 → 1.1 by lee")
  }

  @Test func aTestLeavesNobodyPaged() async throws {
    let listener = HTTPListener { _, _ in HTTPListener.Answer(status: 202) }
    try await listener.whileRunning { origin in
      let attempt = await Self.receiver(origin).attempt(.test(at: Scene.now), references: DeliveryReferences(), now: Scene.now)
      #expect(attempt == .delivered(reference: nil))
    }
    #expect(listener.arrivals.map { $0.json?["event_action"] as? String } == ["trigger", "resolve"])
    let keys = listener.arrivals.map { $0.json?["dedup_key"] as? String }
    #expect(keys[0] == keys[1] && keys[0] != "INC-1" && keys[0] != nil)
  }

  @Test(arguments: [(Severity.sev1, "critical"), (.sev2, "error"), (.sev3, "warning"), (.sev4, "info")])
  func severitiesAreItsOwnWords(severity: Severity, word: String) { #expect(PagerDutyPayload.severity(severity) == word) }

  @Test(arguments: [1, 5_000, 200_000])
  func staysWithinItsLimits(length: Int) throws {
    for notification in Scene.all(Scene.hostile(length: length)) {
      let payload = PagerDutyPayload.event(
        notification, routingKey: Self.routingKey, source: String(repeating: "s", count: length), consoleURL: Scene.console)
      let bytes = try payload.bytes()
      #expect(bytes.count <= 512 * 1024)
      let json = try #require(JSONSerialization.jsonObject(with: Data(bytes)) as? NSDictionary)
      let summary = try #require(json.value(forKeyPath: "payload.summary") as? String)
      #expect((1...1_024).contains(summary.count) && !summary.contains("\n"))
      if let key = json["dedup_key"] as? String { #expect(key.count <= 255) }
      #expect(["critical", "error", "warning", "info"].contains(json.value(forKeyPath: "payload.severity") as? String ?? ""))
    }
  }

  @Test(arguments: [
    (202, Attempt.delivered(reference: nil)), (429, .failed("HTTP 429", retryAfter: .seconds(7))),
    (500, .failed("HTTP 500", retryAfter: .seconds(7))), (400, .refused("HTTP 400: {\"errors\":[\"no\"]}")),
  ])
  func answersMeanWhatTheySay(status: Int, attempt: Attempt) async throws {
    let listener = HTTPListener { _, _ in
      HTTPListener.Answer(status: status, headers: ["Retry-After": "7"], body: #"{"errors":["no"]}"#)
    }
    try await listener.whileRunning { origin in
      let receiver = Self.receiver(origin)
      let message = NotificationMessage([try #require(Scene.notification("INC-1/opened", Scene.waiting))])
      #expect(await receiver.attempt(message, references: DeliveryReferences(), now: Scene.now) == attempt)
    }
  }
}
