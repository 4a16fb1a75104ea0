// Signed webhooks against a real listener: what arrives, what is retried, and that nobody is told twice.

import Crypto
import Foundation
import Incidents
import LLMTelemetry
import Logging
import Monitors
import Notifications
import Remediation
import Synchronization
import Testing

@Suite struct WebhookTests {
  static let secretText = "whsec_" + Data((0..<32).map { UInt8($0) }).base64EncodedString()

  static func ledger(resolved: Bool) -> [LedgerEntry] {
    var entries: [LedgerEntry] = [
      Scene.incident(
        Scene.at,
        .opened(
          .init(
            number: 1, title: "Errors on route chat", severity: .sev1, onset: Scene.at - .seconds(40),
            alert: AlertKey(monitor: "errors"), reason: "too many")))
    ]
    if resolved { entries.append(Scene.incident(Scene.at + .seconds(600), .resolved(.init("done")), actor: "dana")) }
    return entries
  }

  static let quick = RetryPolicy(attempts: 4, base: .milliseconds(1), longestWait: .milliseconds(4))

  static func receiver(_ url: String, allowsPrivate: Bool = true) throws -> WebhookReceiver {
    WebhookReceiver(
      name: "ops", address: try #require(WebAddress(url)), secret: try WebhookSecret(secretText), consoleURL: Scene.console,
      sender: HTTPSender(policy: AddressPolicy(allowsPrivate: allowsPrivate), timeout: .seconds(30)))
  }

  static func pending(_ entries: [LedgerEntry], _ receiver: any Receiver, now: Timestamp = Scene.now) -> [NotificationMessage] {
    NotificationRouter().pending(NotificationBook(folding: entries), receiver: receiver.profile, now: now)
  }

  @Test func arrivesSignedAndReadable() async throws {
    let listener = HTTPListener()
    try await listener.whileRunning { origin in
      let receiver = try Self.receiver(origin + "/hook")
      let pending = Self.pending(Self.ledger(resolved: true), receiver)
      #expect(pending.map(\.keys) == [["INC-1/opened"], ["INC-1/closed"]])
      let delivery = await Courier(policy: Self.quick).deliver(pending[0], to: receiver, references: DeliveryReferences())?.first
      #expect(delivery?.outcome == .delivered)
      #expect(delivery?.attempts == 1)
    }
    let arrival = try #require(listener.arrivals.first)
    let id = try #require(arrival.headers["webhook-id"])
    let signed = try #require(arrival.headers["webhook-signature"])
    #expect(id == "inc-1-opened-1793491200")
    let key = SymmetricKey(data: Data((0..<32).map { UInt8($0) }))
    let signature = try #require(Data(base64Encoded: String(signed.dropFirst(3))))
    #expect(signed.hasPrefix("v1,"))
    #expect(
      HMAC<SHA256>.isValidAuthenticationCode(
        signature, authenticating: Array("\(id).\(arrival.headers["webhook-timestamp"] ?? "").".utf8) + arrival.body, using: key))
    #expect(
      arrival.text == """
        {"data":{"beganAt":"2026-10-31T23:59:20Z","id":"INC-1","impact":{"affectedRequests":0,"errors":0,"tenantCount":0,"tenants":[],\
        "totalRequests":0,"ungroundedAnswers":0},"openedAt":"2026-11-01T00:00:00Z","resolvedAt":"2026-11-01T00:10:00Z",\
        "severity":"SEV-1","state":"resolved","title":"Errors on route chat","url":"http://127.0.0.1:8090/incidents/INC-1"},\
        "timestamp":"2026-11-01T00:00:00Z","type":"incident.opened"}
        """)
  }

  /// The example of the Standard Webhooks specification's reference libraries.
  @Test func signsAsTheSpecificationDoes() throws {
    let secret = try WebhookSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    let signature = secret.signature(
      id: "msg_p5jXN8AQM9LWM0D4loKWxJek", unixSeconds: 1_614_265_330, body: Array(#"{"test": 2432232314}"#.utf8))
    #expect(signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
    #expect("\(secret)" == "whsec_(hidden)")
  }

  @Test(arguments: ["", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_", "whsec_c2hvcnQ=", "whsec_not base64 at all, no"])
  func refusesWeakSecrets(text: String) {
    #expect(throws: WebhookSecret.Malformed.self) { try WebhookSecret(text) }
  }

  @Test(arguments: [
    ([503, 429], Delivery.Outcome.delivered, 3),
    ([500, 500, 500, 500, 500], .failed, 4),
    ([410], .failed, 1),
    ([302], .failed, 1),
  ])
  func retriesWhatMayPass(statuses: [Int], outcome: Delivery.Outcome, attempts: Int) async throws {
    let listener = HTTPListener(statuses: statuses)
    try await listener.whileRunning { origin in
      let receiver = try Self.receiver(origin + "/hook")
      let pending = Self.pending(Self.ledger(resolved: false), receiver)
      let delivery = await Courier(policy: Self.quick).deliver(pending[0], to: receiver, references: DeliveryReferences())?.first
      #expect(delivery?.outcome == outcome)
      #expect(delivery?.attempts == attempts)
    }
    let ids = listener.arrivals.map { $0.headers["webhook-id"] }
    #expect(ids.count == attempts)
    #expect(Set(ids).count == 1, "a retry is the same message")
  }

  @Test func unreachableReceiverIsGivenUpWithoutItsAddress() async throws {
    let receiver = try Self.receiver("http://127.0.0.1:1/hook?token=abc")
    let pending = Self.pending(Self.ledger(resolved: false), receiver)
    let policy = RetryPolicy(attempts: 2, base: .milliseconds(1))
    let delivery = await Courier(policy: policy).deliver(pending[0], to: receiver, references: DeliveryReferences())?.first
    #expect(delivery?.outcome == .failed)
    #expect(delivery?.attempts == 2)
    #expect(delivery?.detail?.contains("abc") == false)
  }

  @Test func nobodyIsToldTwice() async throws {
    let listener = HTTPListener(statuses: [503])
    try await listener.whileRunning { origin in
      let book = Mutex(NotificationBook(folding: Self.ledger(resolved: false)))
      let (deliveries, continuation) = AsyncStream.makeStream(of: Delivery.self)
      let notifier = Notifier(
        receivers: [try Self.receiver(origin + "/hook")], courier: Courier(policy: Self.quick), logger: Logger(label: "test")
      ) { delivered in
        book.withLock { book in for delivery in delivered { book.apply(.delivery(delivery)) } }
        for delivery in delivered { continuation.yield(delivery) }
        return true
      }
      let running = Task { await notifier.run() }
      var seen = deliveries.makeAsyncIterator()
      // Offered by every turn, also while the first attempt is under way.
      for _ in 0..<50 { notifier.offer(book.withLock { $0 }, now: Scene.now) }
      #expect(await seen.next()?.key == "INC-1/opened")
      for _ in 0..<50 { notifier.offer(book.withLock { $0 }, now: Scene.now) }
      book.withLock { $0.apply(Scene.incident(Scene.now, .resolved(.init("done")), actor: "dana")) }
      for _ in 0..<50 { notifier.offer(book.withLock { $0 }, now: Scene.now) }
      #expect(await seen.next()?.key == "INC-1/closed")
      #expect(notifier.health.map(\.delivered) == [2])
      running.cancel()
      await running.value
    }
    #expect(
      listener.arrivals.map { $0.headers["webhook-id"] } == [
        "inc-1-opened-1793491200", "inc-1-opened-1793491200", "inc-1-closed-1793492000",
      ])
  }

  @Test func thePastIsNotToldToANewReceiver() throws {
    let receiver = try Self.receiver("http://127.0.0.1:1/hook")
    #expect(Self.pending(Self.ledger(resolved: true), receiver, now: Scene.now + .seconds(2 * 86_400)).isEmpty)
  }

  /// The first two messages are what they always were; the others say more.
  @Test func aRemediationIsPartOfItsMessage() async throws {
    let listener = HTTPListener()
    try await listener.whileRunning { origin in
      let notification = try #require(Scene.notification("REM-1/approval_needed", Scene.waiting))
      let attempt = try await Self.receiver(origin + "/hook").attempt(
        NotificationMessage([notification]), references: DeliveryReferences(), now: Scene.now)
      #expect(attempt == .delivered(reference: nil))
    }
    let json = try #require(listener.arrivals.first?.json)
    #expect(json["type"] as? String == "incident.approval_needed")
    #expect(json.value(forKeyPath: "data.remediation.id") as? String == "REM-1")
    #expect(json.value(forKeyPath: "data.remediation.action") as? String == "Roll back prompt rag-answer from version 43 to 42")
  }
}
