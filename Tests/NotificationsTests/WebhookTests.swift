// Signed webhooks against a real listener: what arrives, what is retried, and that nobody is told twice.

import AsyncHTTPClient
import Crypto
import Foundation
import Hummingbird
import Incidents
import LLMTelemetry
import Logging
import Monitors
import NIOCore
import Notifications
import Remediation
import Synchronization
import Testing

@Suite struct WebhookTests {
  static let secretText = "whsec_" + Data((0..<32).map { UInt8($0) }).base64EncodedString()

  /// One request as it arrived.
  struct Arrival: Sendable {
    let id: String
    let timestamp: String
    let signature: String
    let body: [UInt8]
  }

  /// A listener on port 0 that answers with `statuses` in turn, then with 200.
  final class Listener: Sendable {
    let arrivals = Mutex<[Arrival]>([])
    private let statuses: Mutex<[Int]>

    init(statuses: [Int]) { self.statuses = Mutex(statuses) }

    func whileRunning(_ body: @Sendable @escaping (_ url: String) async throws -> Void) async throws {
      let router = Router()
      router.post("/hook") { request, _ in
        let buffer = try await request.body.collect(upTo: 1 << 20)
        func header(_ name: String) -> String { request.headers.first { $0.name.canonicalName == name }?.value ?? "" }
        self.arrivals.withLock {
          $0.append(
            Arrival(
              id: header("webhook-id"), timestamp: header("webhook-timestamp"), signature: header("webhook-signature"),
              body: Array(buffer.readableBytesView)))
        }
        let status = self.statuses.withLock { $0.isEmpty ? 200 : $0.removeFirst() }
        return Response(status: .init(code: status))
      }
      let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
      var logger = Logger(label: "listener")
      logger.logLevel = .critical
      let application = Application(
        router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
        onServerRunning: { continuation.yield($0.localAddress?.port ?? 0) }, logger: logger)
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await application.run() }
        group.addTask {
          for await port in ports {
            try await body("http://127.0.0.1:\(port)/hook")
            return
          }
        }
        // The body ends first; a listener that ends first has failed.
        try await group.next()
        group.cancelAll()
      }
    }
  }

  static func ledger(resolved: Bool) -> CommandState {
    let at = Timestamp(unixSeconds: 1_793_491_200)
    var entries: [LedgerEntry] = [
      .incident(
        IncidentRecord(
          at: at, incident: "INC-1", actor: "commander",
          event: .opened(
            .init(
              number: 1, title: "Errors on route chat", severity: .sev1, onset: at - .seconds(40),
              alert: AlertKey(monitor: "errors"), reason: "too many"))))
    ]
    if resolved {
      entries.append(
        .incident(IncidentRecord(at: at + .seconds(600), incident: "INC-1", actor: "dana", event: .resolved(.init("done")))))
    }
    return CommandState(folding: entries)
  }

  static let now = Timestamp(unixSeconds: 1_793_492_000)
  static let quick = WebhookReceiver.Policy(
    attempts: 4, timeout: .seconds(30), base: .milliseconds(1), longestWait: .milliseconds(4))

  static func receiver(_ url: String, policy: WebhookReceiver.Policy = quick) throws -> WebhookReceiver {
    WebhookReceiver(
      name: "ops", url: url, secret: try WebhookSecret(secretText), consoleURL: "http://127.0.0.1:8090", client: .shared,
      policy: policy)
  }

  @Test func arrivesSignedAndReadable() async throws {
    let listener = Listener(statuses: [])
    try await listener.whileRunning { url in
      let pending = Notification.pending(Self.ledger(resolved: true), receiver: "ops", now: Self.now)
      #expect(pending.map(\.key) == ["INC-1/opened", "INC-1/closed"])
      let delivery = try await Self.receiver(url).deliver(pending[0])
      #expect(delivery?.outcome == .delivered)
      #expect(delivery?.attempts == 1)
    }
    let arrival = try #require(listener.arrivals.withLock { $0.first })
    #expect(arrival.id == "inc-1-opened-1793491200")
    let key = SymmetricKey(data: Data((0..<32).map { UInt8($0) }))
    let signature = try #require(Data(base64Encoded: String(arrival.signature.dropFirst(3))))
    #expect(arrival.signature.hasPrefix("v1,"))
    #expect(
      HMAC<SHA256>.isValidAuthenticationCode(
        signature, authenticating: Array("\(arrival.id).\(arrival.timestamp).".utf8) + arrival.body, using: key))
    #expect(
      String(decoding: arrival.body, as: UTF8.self) == """
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
    let listener = Listener(statuses: statuses)
    try await listener.whileRunning { url in
      let pending = Notification.pending(Self.ledger(resolved: false), receiver: "ops", now: Self.now)
      let delivery = try await Self.receiver(url).deliver(pending[0])
      #expect(delivery?.outcome == outcome)
      #expect(delivery?.attempts == attempts)
    }
    let ids = listener.arrivals.withLock { $0.map(\.id) }
    #expect(ids.count == attempts)
    #expect(Set(ids).count == 1, "a retry is the same message")
  }

  @Test func unreachableReceiverIsGivenUpWithoutItsAddress() async throws {
    let pending = Notification.pending(Self.ledger(resolved: false), receiver: "ops", now: Self.now)
    let policy = WebhookReceiver.Policy(attempts: 2, timeout: .milliseconds(100), base: .milliseconds(1))
    let delivery = try await Self.receiver("http://127.0.0.1:1/hook?token=abc", policy: policy).deliver(pending[0])
    #expect(delivery?.outcome == .failed)
    #expect(delivery?.detail?.contains("abc") == false)
  }

  @Test func nobodyIsToldTwice() async throws {
    let listener = Listener(statuses: [503])
    try await listener.whileRunning { url in
      let state = Mutex(Self.ledger(resolved: false))
      let (deliveries, continuation) = AsyncStream.makeStream(of: Delivery.self)
      let notifier = Notifier(receivers: [try Self.receiver(url)], logger: Logger(label: "test")) { delivery in
        state.withLock { $0.apply(.delivery(delivery)) }
        continuation.yield(delivery)
      }
      let running = Task { await notifier.run() }
      var seen = deliveries.makeAsyncIterator()
      // Offered by every turn, also while the first attempt is under way.
      for _ in 0..<50 { notifier.offer(state.withLock { $0 }, now: Self.now) }
      #expect(await seen.next()?.key == "INC-1/opened")
      for _ in 0..<50 { notifier.offer(state.withLock { $0 }, now: Self.now) }
      state.withLock {
        $0.apply(.incident(IncidentRecord(at: Self.now, incident: "INC-1", actor: "dana", event: .resolved(.init("done")))))
      }
      for _ in 0..<50 { notifier.offer(state.withLock { $0 }, now: Self.now) }
      #expect(await seen.next()?.key == "INC-1/closed")
      running.cancel()
      await running.value
      #expect(state.withLock { Notification.pending($0, receiver: "ops", now: Self.now) }.isEmpty)
    }
    #expect(
      listener.arrivals.withLock { $0.map(\.id) } == [
        "inc-1-opened-1793491200", "inc-1-opened-1793491200", "inc-1-closed-1793492000",
      ])
  }

  @Test func thePastIsNotToldToANewReceiver() {
    let later = Self.now + .seconds(2 * 86_400)
    #expect(Notification.pending(Self.ledger(resolved: true), receiver: "new", now: later).isEmpty)
  }
}
