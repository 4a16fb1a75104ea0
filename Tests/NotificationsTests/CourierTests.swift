// How long a delivery is tried: the receiver's wish is honoured, waits grow, and in the end it is given up in words.

import LLMTelemetry
import Notifications
import Remediation
import Synchronization
import Testing

@Suite struct CourierTests {
  /// Waits are written down and not waited.
  static func deliver(_ answer: HTTPListener.Answer, policy: RetryPolicy) async throws -> (Delivery?, [Duration]) {
    let listener = HTTPListener { _, _ in answer }
    let shared = Shared()
    try await listener.whileRunning { origin in
      let receiver = try WebhookTests.receiver(origin + "/hook")
      let message = NotificationMessage([try #require(Scene.notification("INC-1/opened", Scene.mended))])
      let courier = Courier(policy: policy, now: { Scene.now }, sleep: { wait in shared.waits.withLock { $0.append(wait) } })
      let delivery = await courier.deliver(message, to: receiver, references: DeliveryReferences())?.first
      shared.result.withLock { $0 = delivery }
    }
    return (shared.result.withLock { $0 }, shared.waits.withLock { $0 })
  }

  final class Shared: Sendable {
    let waits = Mutex<[Duration]>([])
    let result = Mutex<Delivery?>(nil)
  }

  @Test(arguments: ["61", "Sun, 01 Nov 2026 00:14:21 GMT"])
  func retryAfterIsHonoured(header: String) async throws {
    let (delivery, waits) = try await Self.deliver(
      .init(status: 429, headers: ["Retry-After": header]), policy: RetryPolicy(attempts: 3, base: .milliseconds(1)))
    #expect(delivery?.outcome == .failed)
    #expect(delivery?.attempts == 3)
    #expect(delivery?.detail == "gave up: HTTP 429")
    #expect(waits == [.seconds(61), .seconds(61)])
  }

  @Test func whoAsksForTooLongIsGivenUp() async throws {
    let (delivery, waits) = try await Self.deliver(
      .init(status: 503, headers: ["Retry-After": "901"]), policy: RetryPolicy(attempts: 3))
    #expect(delivery?.detail == "gave up: HTTP 503, and not before 901.0 s")
    #expect(waits.isEmpty)
  }

  @Test func waitsGrowToTheirLongest() {
    let policy = RetryPolicy(attempts: 14, base: .milliseconds(500), longestWait: .seconds(120))
    #expect((1...4).map { policy.wait(before: $0, random: 1) } == [.milliseconds(500), .seconds(1), .seconds(2), .seconds(4)])
    #expect(policy.wait(before: 13, random: 1) == .seconds(120))
    #expect(policy.wait(before: 13, random: 0) == .seconds(60))
    #expect(policy.wait(before: 64, random: 1) == .seconds(120))
  }
}
