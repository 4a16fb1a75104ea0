// Datadog's events and its incidents API, against a listener and within their limits.

import Foundation
import Incidents
import LLMTelemetry
import Monitors
import Notifications
import Remediation
import Testing

@Suite struct DatadogTests {
  static let sender = HTTPSender(policy: AddressPolicy(allowsPrivate: true), timeout: .seconds(30))

  static func incidents(_ origin: String) -> DatadogIncidentReceiver {
    DatadogIncidentReceiver(
      name: "dd", origin: origin, apiKey: Credential("api"), applicationKey: Credential("app"), consoleURL: Scene.console,
      sender: sender)
  }

  static let created = #"{"data":{"type":"incidents","id":"e7a543e2-56dd-5618-9504-3d21644f7505"}}"#

  @Test func oneIncidentIsCreatedAndThenUpdated() async throws {
    let listener = HTTPListener { arrival, _ in
      HTTPListener.Answer(status: arrival.method == "POST" ? 201 : 200, body: Self.created)
    }
    try await listener.whileRunning { origin in
      let receiver = Self.incidents(origin)
      var references = DeliveryReferences()
      for message in WebhookTests.pending(Scene.mended, receiver) {
        let deliveries = await Courier().deliver(message, to: receiver, references: references)
        for delivery in deliveries ?? [] { references.remember(delivery) }
      }
      #expect(references["INC-1/opened"] == "datadog-incident e7a543e2-56dd-5618-9504-3d21644f7505")
    }
    let path = "/api/v2/incidents"
    #expect(
      listener.arrivals.map { "\($0.method) \($0.path)" } == [
        "POST \(path)", "PATCH \(path)/e7a543e2-56dd-5618-9504-3d21644f7505",
        "PATCH \(path)/e7a543e2-56dd-5618-9504-3d21644f7505",
      ])
    #expect(listener.arrivals.allSatisfy { $0.headers["dd-operation-unstable"] == "true" && $0.headers["dd-api-key"] == "api" })
    #expect(listener.arrivals.allSatisfy { $0.headers["dd-application-key"] == "app" })
    #expect(listener.arrivals.last?.json?.value(forKeyPath: "data.attributes.fields.state.value") as? String == "resolved")
    #expect(listener.arrivals.first?.json?.value(forKeyPath: "data.attributes.customer_impacted") as? Bool == true)
    #expect(listener.arrivals.first?.json?.value(forKeyPath: "data.attributes.customer_impact_scope") != nil)
  }

  @Test func aTestIncidentIsMarkedAndClosedAtOnce() async throws {
    let listener = HTTPListener { _, _ in HTTPListener.Answer(status: 201, body: Self.created) }
    try await listener.whileRunning { origin in
      _ = await Self.incidents(origin).attempt(.test(at: Scene.now), references: DeliveryReferences(), now: Scene.now)
    }
    #expect(listener.arrivals.map(\.method) == ["POST", "PATCH"])
    #expect(listener.arrivals.first?.json?.value(forKeyPath: "data.attributes.is_test") as? Bool == true)
    #expect(listener.arrivals.last?.json?.value(forKeyPath: "data.attributes.fields.state.value") as? String == "resolved")
  }

  @Test(arguments: [1, 20_000])
  func eventsStayWithinTheirLimits(length: Int) throws {
    let change = ChangeEvent(
      at: Scene.at, kind: .deploy, subject: String(repeating: "é", count: length), from: nil, to: "1.1", author: nil)
    for notification in Scene.all(Scene.hostile(length: length) + [.change(change)]) {
      let bytes = try DatadogEventPayload.event(notification, service: "shop", env: "prod", consoleURL: Scene.console).bytes()
      let json = try #require(JSONSerialization.jsonObject(with: Data(bytes)) as? NSDictionary)
      let attributes = try #require(json.value(forKeyPath: "data.attributes") as? NSDictionary)
      #expect((1...500).contains((attributes["title"] as? String ?? "").count))
      #expect((1...4_000).contains((attributes["message"] as? String ?? "").count))
      #expect((1...100).contains((attributes["aggregation_key"] as? String ?? "").count))
      let tags = try #require(attributes["tags"] as? [String])
      #expect(tags.count <= 100 && tags.allSatisfy { $0.count <= 200 && !$0.contains(where: \.isWhitespace) })
      #expect(attributes["category"] as? String == (notification.event == .change ? "change" : "alert"))
    }
  }

  @Test func eventsAreSentOneByOneWithTheKey() async throws {
    let listener = HTTPListener { _, _ in HTTPListener.Answer(status: 202) }
    try await listener.whileRunning { origin in
      let receiver = DatadogEventReceiver(
        name: "events", address: try #require(WebAddress(origin + "/api/v2/events")), apiKey: Credential("api"), service: "shop",
        env: "prod", consoleURL: nil, sender: Self.sender)
      let pending = WebhookTests.pending(Scene.mended, receiver)
      #expect(pending.count == 6)
      for message in pending { _ = await receiver.attempt(message, references: DeliveryReferences(), now: Scene.now) }
    }
    #expect(listener.arrivals.count == 6 && listener.arrivals.allSatisfy { $0.headers["dd-api-key"] == "api" })
    #expect(
      listener.arrivals.map { $0.json?.value(forKeyPath: "data.attributes.attributes.status") as? String } == [
        "error", "error", "error", "error", "ok", "ok",
      ])
  }
}
