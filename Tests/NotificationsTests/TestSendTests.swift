// `commander notify test`: every kind of receiver sends a message that says that it is one, and leaves nothing behind.

import Foundation
import LLMTelemetry
import Notifications
import Synchronization
import Testing

@Suite struct TestSendTests {
  private func send(
    status: Int = 200, body: String = #"{"ok":true,"channel":"C1","ts":"1.2"}"#,
    _ make: @Sendable @escaping (_ origin: String) throws -> any Receiver
  ) async throws -> (Attempt, [HTTPListener.Arrival]) {
    let listener = HTTPListener { _, _ in HTTPListener.Answer(status: status, body: body) }
    let attempts = AttemptLog()
    try await listener.whileRunning { origin in
      let attempt = try await make(origin).attempt(.test(at: Scene.now), references: DeliveryReferences(), now: Scene.now)
      attempts.kept.withLock { $0.append(attempt) }
    }
    return (try #require(attempts.kept.withLock { $0.first }), listener.arrivals)
  }

  private final class AttemptLog: Sendable { let kept = Mutex<[Attempt]>([]) }

  @Test func aWebhookSaysThatItIsATest() async throws {
    let (attempt, arrivals) = try await send { try WebhookTests.receiver($0 + "/hook") }
    #expect(attempt == .delivered(reference: nil) && arrivals.count == 1)
    #expect(arrivals.first?.json?.value(forKeyPath: "data.isTest") as? Bool == true)
    #expect(arrivals.first?.text.contains("Test of the notifications, nothing is wrong") == true)
  }

  @Test func slackIsToldOneMessageThatSaysSo() async throws {
    let (attempt, arrivals) = try await send { SlackTests.bot($0) }
    guard case .delivered = attempt else {
      Issue.record("\(attempt)")
      return
    }
    #expect(arrivals.map(\.path) == ["/api/chat.postMessage"] && arrivals[0].text.contains("[TEST]"))
  }

  @Test func pagerDutysIsEndedAtOnceAndDatadogsIsMarked() async throws {
    let (paged, events) = try await send(status: 202) { PagerDutyTests.receiver($0) }
    #expect(paged == .delivered(reference: nil))
    #expect(events.compactMap { $0.json?["event_action"] as? String } == ["trigger", "resolve"])
    #expect(events[0].text.contains("[TEST]"))
  }

  @Test func whatIsRefusedIsToldToWhoeverTests() async throws {
    let (attempt, _) = try await send(status: 403, body: "no such hook") { try WebhookTests.receiver($0 + "/hook") }
    #expect(attempt == .refused("HTTP 403: no such hook"))
  }
}
