// Buttons that come back: only what Slack signed within five minutes is believed, once, and only approvers approve.

import Foundation
import LLMTelemetry
import Logging
import Notifications
import Remediation
import Synchronization
import Testing

@Suite struct SlackInteractionTests {
  static let secret = SlackSigningSecret("8f742231b10e8888abcd99yyyzzz85a5")

  /// The example of Slack's documentation.
  @Test func signaturesAreSlacks() {
    let body = Array(
      "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
        .utf8)
    let signature = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
    let at = Timestamp(unixSeconds: 1_531_420_618)
    func verdict(_ timestamp: String?, _ signature: String?, _ body: [UInt8], _ now: Timestamp) -> SlackSigningSecret.Verdict {
      Self.secret.verdict(timestamp: timestamp, signature: signature, body: body, now: now)
    }
    #expect(verdict("1531420618", signature, body, at) == .genuine)
    #expect(verdict("1531420618", signature, body, at + .seconds(300)) == .genuine)
    #expect(verdict("1531420618", signature, body, at + .seconds(301)) == .stale)
    #expect(verdict("1531420618", signature, body, at - .seconds(301)) == .stale)
    #expect(verdict("1531420618", signature, body + [32], at) == .forged)
    #expect(verdict("1531420619", signature, body, at) == .forged)
    #expect(verdict("1531420618", String(signature.dropLast()) + "4", body, at) == .forged)
    #expect(verdict("1531420618", String(signature.dropLast(2)), body, at) == .unsigned)
    #expect(verdict("1531420618", String(signature.dropFirst(3)), body, at) == .unsigned)
    #expect(verdict(nil, signature, body, at) == .unsigned)
    #expect(verdict("99999999999999999999", signature, body, at) == .unsigned)
    #expect("\(Self.secret)" == "(hidden)")
  }

  final class Office: Sendable {
    let commands = Mutex<[(OperatorCommand, String)]>([])
    let refusal: CommandRefusal?
    init(refusal: CommandRefusal? = nil) { self.refusal = refusal }

    func interactions(_ origin: String = "https://hooks.slack.com") -> SlackInteractions {
      let app = SlackApp(
        receiver: "slack", secret: SlackInteractionTests.secret, approvers: ["U1"], answerPrefix: origin + "/",
        sender: SlackTests.sender)
      return SlackInteractions(apps: [app], now: { Scene.now }, logger: SlackInteractionTests.quiet) { command, actor in
        if let refusal = self.refusal { throw refusal }
        self.commands.withLock { $0.append((command, actor)) }
      }
    }
  }

  static var quiet: Logger {
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    return logger
  }

  static func press(
    _ action: String, _ value: String, user: String = "U1", answerAt: String = "https://hooks.slack.com/actions/1"
  ) -> [UInt8] {
    let json = """
      {"type":"block_actions","user":{"id":"\(user)","username":"dana","name":"dana"},"api_app_id":"A1","team":{"id":"T1"},
      "actions":[{"type":"button","action_id":"\(action)","block_id":"b","value":"\(value)","action_ts":"1.1"}],"response_url":"\(answerAt)"}
      """
    var allowed = CharacterSet.alphanumerics
    allowed.insert(charactersIn: "-._~")
    return Array("payload=\(json.addingPercentEncoding(withAllowedCharacters: allowed) ?? "")".replacing("%20", with: "+").utf8)
  }

  static func send(_ interactions: SlackInteractions, _ body: [UInt8], at: Timestamp = Scene.now) async
    -> SlackInteractions.Answer
  {
    let timestamp = String(at.unixSeconds)
    return await interactions.handle(
      timestamp: timestamp, signature: secret.signature(timestamp: timestamp, body: body), body: body)
  }

  @Test func buttonsBecomeCommandsOfAPerson() async {
    let office = Office()
    let interactions = office.interactions()
    for (action, value) in [
      ("commander_acknowledge:INC-1", "INC-1"), ("commander_approve:REM-1", "REM-1"), ("commander_reject:REM-2", "REM-2"),
      ("commander_open", ""), ("another_app", "INC-1"),
    ] {
      #expect(await Self.send(interactions, Self.press(action, value)) == .init(status: 200, text: ""))
    }
    let commands = office.commands.withLock { $0 }
    #expect(
      commands.map(\.0) == [
        .acknowledge(incident: "INC-1"), .approve(remediation: "REM-1"),
        .reject(remediation: "REM-2", reason: "rejected in Slack"),
      ])
    #expect(commands.allSatisfy { $0.1 == "dana (Slack U1)" })
  }

  @Test func whatSlackDidNotSignIsRefused() async {
    let office = Office()
    let interactions = office.interactions()
    let body = Self.press("commander_acknowledge:INC-1", "INC-1")
    let timestamp = String(Scene.now.unixSeconds)
    #expect(await interactions.handle(timestamp: timestamp, signature: nil, body: body).status == 401)
    #expect(
      await interactions.handle(timestamp: timestamp, signature: "v0=" + String(repeating: "0", count: 64), body: body).status
        == 401)
    #expect(await Self.send(interactions, body, at: Scene.now - .seconds(301)).status == 401)
    #expect(await Self.send(interactions, Array("payload=nonsense".utf8)).status == 400)
    #expect(office.commands.withLock { $0.isEmpty })
  }

  @Test func aRequestSentAgainDoesNothing() async {
    let office = Office()
    let interactions = office.interactions()
    let body = Self.press("commander_acknowledge:INC-1", "INC-1")
    for _ in 0..<3 { #expect(await Self.send(interactions, body).status == 200) }
    #expect(office.commands.withLock { $0.count } == 1)
  }

  @Test func whoMayNotApproveIsToldSoAlone() async throws {
    let listener = HTTPListener()
    let office = Office()
    try await listener.whileRunning { origin in
      let body = Self.press("commander_approve:REM-1", "REM-1", user: "U2", answerAt: origin + "/actions/1")
      #expect(await Self.send(office.interactions(origin), body).status == 200)
    }
    #expect(office.commands.withLock { $0.isEmpty })
    let json = try #require(listener.arrivals.first?.json)
    #expect(json["response_type"] as? String == "ephemeral")
    #expect((json["text"] as? String)?.contains("U2") == true)
  }

  @Test func aRefusalIsToldToWhoeverPressed() async throws {
    let listener = HTTPListener()
    let office = Office(refusal: CommandRefusal("INC-1 is resolved; only a triggered incident can be acknowledged"))
    try await listener.whileRunning { origin in
      _ = await Self.send(
        office.interactions(origin), Self.press("commander_acknowledge:INC-1", "INC-1", answerAt: origin + "/actions/1"))
    }
    #expect((listener.arrivals.first?.json?["text"] as? String)?.contains("INC-1 is resolved") == true)
  }

  /// The address to answer at comes with the request; another than Slack's is not called, even when it is signed.
  @Test func answersGoToSlackOnly() async throws {
    let listener = HTTPListener()
    try await listener.whileRunning { origin in
      let body = Self.press("commander_approve:REM-1", "REM-1", user: "U2", answerAt: origin + "/actions/1")
      #expect(await Self.send(Office().interactions(), body).status == 200)
    }
    #expect(listener.arrivals.isEmpty)
  }
}
