// Slack as a webhook and as a bot, against a listener: one message for an incident that is kept up to date, the rest in its thread.

import Foundation
import Incidents
import LLMTelemetry
import Monitors
import Notifications
import Remediation
import Synchronization
import Testing

@Suite struct SlackTests {
  static let blocks = SlackBlocks(consoleURL: Scene.console, canAcknowledge: true, canApprove: true)
  static let sender = HTTPSender(policy: AddressPolicy(allowsPrivate: true), timeout: .seconds(30))

  static func bot(_ origin: String) -> SlackReceiver {
    SlackReceiver(
      name: "slack", road: .bot(origin: origin, token: Credential("xoxb-1"), channel: "C024BE91L"), blocks: blocks, sender: sender
    )
  }

  static func answer(_ arrival: HTTPListener.Arrival, ts: String = "1503435956.000247") -> HTTPListener.Answer {
    HTTPListener.Answer(body: #"{"ok":true,"channel":"C024BE91L","ts":"\#(ts)"}"#)
  }

  @Test func anIncidentIsOneMessageAndItsThread() async throws {
    let listener = HTTPListener { arrival, index in
      Self.answer(arrival, ts: index == 0 ? "1503435956.000247" : "1503435999.000001")
    }
    try await listener.whileRunning { origin in
      let receiver = Self.bot(origin)
      var references = DeliveryReferences()
      for message in WebhookTests.pending(Scene.mended, receiver) {
        for delivery in await Courier().deliver(message, to: receiver, references: references) ?? [] {
          #expect(delivery.outcome == .delivered)
          references.remember(delivery)
        }
      }
      #expect(references["INC-1/closed"] == "slack C024BE91L 1503435956.000247", "the thread stays that of the first message")
    }
    let arrivals = listener.arrivals
    // The proposal's reply comes before the acknowledgement; each update shows the incident as it is.
    #expect(arrivals.first?.path == "/api/chat.postMessage")
    #expect(arrivals.dropFirst().map(\.path) == (0..<5).flatMap { _ in ["/api/chat.update", "/api/chat.postMessage"] })
    #expect(arrivals.allSatisfy { $0.headers["authorization"] == "Bearer xoxb-1" })
    #expect(arrivals.allSatisfy { $0.json?["channel"] as? String == "C024BE91L" })
    #expect(arrivals.filter { $0.path.hasSuffix("update") }.allSatisfy { $0.json?["ts"] as? String == "1503435956.000247" })
    #expect(
      arrivals.dropFirst().filter { $0.path.hasSuffix("postMessage") }.allSatisfy {
        $0.json?["thread_ts"] as? String == "1503435956.000247"
      })
  }

  @Test(arguments: [
    (200, #"{"ok":false,"error":"ratelimited"}"#, Attempt.failed("chat.postMessage: ratelimited", retryAfter: .seconds(30))),
    (429, "", .failed("HTTP 429", retryAfter: .seconds(30))),
    (200, #"{"ok":false,"error":"internal_error"}"#, .failed("chat.postMessage: internal_error", retryAfter: .seconds(30))),
    (
      200, #"{"ok":false,"error":"not_in_channel"}"#,
      .refused("chat.postMessage: not_in_channel; invite the app to the channel, or give it chat:write.public")
    ),
    (200, #"{"ok":false,"error":"invalid_auth"}"#, .refused("chat.postMessage: invalid_auth; renew the bot token")),
    (200, "<html>", .failed("chat.postMessage was answered with something that is not Slack's", retryAfter: nil)),
  ])
  func slacksErrorsAreUnderstood(status: Int, body: String, expected: Attempt) async throws {
    let listener = HTTPListener { _, _ in HTTPListener.Answer(status: status, headers: ["Retry-After": "30"], body: body) }
    try await listener.whileRunning { origin in
      let message = NotificationMessage([try #require(Scene.notification("INC-1/opened", Scene.waiting))])
      #expect(await Self.bot(origin).attempt(message, references: DeliveryReferences(), now: Scene.now) == expected)
    }
  }

  /// A message that somebody deleted cannot be updated, and the news is told all the same.
  @Test func aDeletedMessageDoesNotSilenceItsIncident() async throws {
    let listener = HTTPListener { arrival, _ in
      arrival.path.hasSuffix("update")
        ? HTTPListener.Answer(body: #"{"ok":false,"error":"message_not_found"}"#) : Self.answer(arrival)
    }
    try await listener.whileRunning { origin in
      var references = DeliveryReferences()
      references.remember(
        Delivery(
          key: "INC-1/opened", receiver: "slack", at: Scene.at, outcome: .delivered, attempts: 1,
          detail: "slack C024BE91L 1503435956.000247"))
      let message = NotificationMessage([try #require(Scene.notification("INC-1/closed", Scene.mended))])
      let attempt = await Self.bot(origin).attempt(message, references: references, now: Scene.now)
      #expect(attempt == .delivered(reference: "slack C024BE91L 1503435956.000247"))
    }
    #expect(listener.arrivals.map(\.path) == ["/api/chat.update", "/api/chat.postMessage"])
  }

  @Test func aWebhookIsToldEverythingAtOnceAndDigests() async throws {
    let listener = HTTPListener { _, _ in HTTPListener.Answer(body: "ok") }
    try await listener.whileRunning { origin in
      let receiver = SlackReceiver(
        name: "slack", road: .webhook(try #require(WebAddress(origin + "/services/T0/B0/x"))), blocks: Self.blocks,
        sender: Self.sender)
      let digest = NotificationMessage(Scene.all(Scene.mended))
      #expect(await receiver.attempt(digest, references: DeliveryReferences(), now: Scene.now) == .delivered(reference: nil))
    }
    let json = try #require(listener.arrivals.first?.json)
    #expect(json["text"] as? String == "6 notifications were held")
    #expect((json["blocks"] as? [Any])?.count == 7)
  }

  /// Every limit of Block Kit, whatever is in an incident.
  @Test(arguments: [1, 300, 5_000, 100_000])
  func staysWithinBlockKit(length: Int) throws {
    let all = Scene.all(Scene.hostile(length: length))
    #expect(all.count >= 3)
    var messages = all.flatMap { [Self.blocks.message($0), Self.blocks.reply($0)] }
    messages.append(Self.blocks.digest(NotificationMessage(Array(repeating: all, count: 40).flatMap { $0 })))
    for message in messages { try Self.check(message) }
  }

  static func check(_ message: [String: PayloadJSON]) throws {
    let bytes = try PayloadJSON.object(message).bytes()
    let json = try #require(JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
    #expect((1...4_000).contains(((json["text"] as? String) ?? "").utf16.count))
    let blocks = try #require(json["blocks"] as? [[String: Any]])
    #expect((1...50).contains(blocks.count))
    func text(_ value: Any?, _ limit: Int) {
      let text = ((value as? [String: Any])?["text"] as? String) ?? ""
      #expect((1...limit).contains(text.utf16.count), "\(text.utf16.count) of \(limit)")
      if (value as? [String: Any])?["type"] as? String == "mrkdwn" {
        #expect(!text.contains("<!") && !text.contains("<@"), "nobody is mentioned by a name in an incident")
      }
    }
    for block in blocks {
      switch block["type"] as? String {
      case "header": text(block["text"], 150)
      case "section":
        if let value = block["text"] { text(value, 3_000) }
        let fields = block["fields"] as? [Any] ?? []
        #expect(fields.count <= 10 && (block["text"] != nil || !fields.isEmpty))
        for field in fields { text(field, 2_000) }
      case "context":
        let elements = try #require(block["elements"] as? [Any])
        #expect((1...10).contains(elements.count))
        for element in elements { text(element, 2_000) }
      case "actions":
        let elements = try #require(block["elements"] as? [[String: Any]])
        #expect((1...25).contains(elements.count))
        let ids = elements.compactMap { $0["action_id"] as? String }
        #expect(Set(ids).count == elements.count && ids.allSatisfy { $0.count <= 255 })
        for element in elements {
          text(element["text"], 75)
          #expect(((element["value"] as? String) ?? "").utf16.count <= 2_000)
          if let confirm = element["confirm"] as? [String: Any] {
            text(confirm["title"], 100)
            text(confirm["text"], 300)
            text(confirm["confirm"], 30)
            text(confirm["deny"], 30)
          }
        }
      default: Issue.record("an unknown block: \(block)")
      }
    }
  }

  @Test func buttonsAreThereWhileTheyCanBeUsed() throws {
    func ids(_ entries: [LedgerEntry], _ blocks: SlackBlocks = Self.blocks) throws -> [String] {
      let text = String(
        decoding: try PayloadJSON.object(blocks.message(try #require(Scene.notification("INC-1/opened", entries)))).bytes(),
        as: UTF8.self)
      return text.matches(of: /"action_id":"([^"]+)"/).map { String($0.1) }
    }
    #expect(
      try ids(Scene.waiting) == [
        "commander_acknowledge:INC-1", "commander_approve:REM-1", "commander_reject:REM-1", "commander_open",
      ])
    #expect(try ids(Scene.mended) == ["commander_open"])
    let deaf = SlackBlocks(consoleURL: Scene.console, canAcknowledge: false, canApprove: false)
    #expect(try ids(Scene.waiting, deaf) == ["commander_open"])
  }
}
