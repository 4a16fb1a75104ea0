// Buttons pressed in Slack: checked, read, and turned into commands of a person whose name the ledger keeps.

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif
import LLMTelemetry
import Logging
import Remediation
import Synchronization

/// One app of Slack whose buttons are heard.
package struct SlackApp: Sendable {
  package let receiver: String
  package let secret: SlackSigningSecret
  /// Slack's ids of those who may approve and reject.
  package let approvers: Set<String>
  /// Where the answer to whoever pressed may be sent: `https://hooks.slack.com/`, or another for a test.
  package let answerPrefix: String
  package let sender: HTTPSender

  package init(
    receiver: String, secret: SlackSigningSecret, approvers: Set<String>, answerPrefix: String = "https://hooks.slack.com/",
    sender: HTTPSender
  ) {
    self.receiver = receiver
    self.secret = secret
    self.approvers = approvers
    self.answerPrefix = answerPrefix
    self.sender = sender
  }
}

package struct SlackPress: Hashable, Sendable {
  package let button: SlackButton
  /// `INC-1` or `REM-3`
  package let value: String
  package let userID: String
  package let userName: String
  package let responseURL: String?

  /// As the ledger knows a person of Slack: `dana (Slack U024BE7LH)`.
  package var actor: String {
    "\(TextLimit.cut(TextLimit.line(userName), to: 60)) (Slack \(TextLimit.cut(TextLimit.line(userID), to: 30)))"
  }

  package func command() -> OperatorCommand? {
    switch button {
    case .acknowledge: .acknowledge(incident: value)
    case .approve: .approve(remediation: value)
    case .reject: .reject(remediation: value, reason: "rejected in Slack")
    case .open: nil
    }
  }
}

package final class SlackInteractions: Sendable {
  package static let bodyLimit = 256 << 10
  private static let rememberedLimit = 1_000

  private let apps: [SlackApp]
  private let now: @Sendable () -> Timestamp
  private let submit: @Sendable (OperatorCommand, _ actor: String) async throws -> Void
  private let logger: Logger
  /// Signatures of the last minutes: within them a request could be sent again by whoever saw it.
  private let seen = Mutex<[String: Int64]>([:])

  package init(
    apps: [SlackApp], now: @escaping @Sendable () -> Timestamp = { .now() }, logger: Logger,
    submit: @escaping @Sendable (OperatorCommand, _ actor: String) async throws -> Void
  ) {
    self.apps = apps
    self.now = now
    self.logger = logger
    self.submit = submit
  }

  package var isEmpty: Bool { apps.isEmpty }

  /// What Slack has to be answered: 200 to everything that is Slack's, since it shows anything else as a failure of the app.
  package struct Answer: Hashable, Sendable {
    package let status: Int
    package let text: String

    package init(status: Int, text: String) {
      self.status = status
      self.text = text
    }
  }

  /// - Parameters: the headers `X-Slack-Request-Timestamp` and `X-Slack-Signature`, and the body as it came.
  package func handle(timestamp: String?, signature: String?, body: [UInt8]) async -> Answer {
    let verdicts = apps.map { ($0, $0.secret.verdict(timestamp: timestamp, signature: signature, body: body, now: now())) }
    guard let app = verdicts.first(where: { $0.1 == .genuine })?.0, let signature else {
      let isStale = verdicts.contains { $0.1 == .stale }
      logger.warning(
        "a request to the Slack address was refused",
        metadata: ["reason": isStale ? "its time is not ours" : "not signed by Slack"])
      return Answer(
        status: 401,
        text: isStale
          ? "the request's timestamp is more than five minutes from now" : "the request is not signed with the signing secret")
    }
    guard isNew(signature) else { return Answer(status: 200, text: "") }
    guard let presses = Self.presses(inForm: body) else {
      return Answer(status: 400, text: "not an interaction of Slack")
    }
    for press in presses { await act(press, app) }
    return Answer(status: 200, text: "")
  }

  private func isNew(_ signature: String) -> Bool {
    let time = now().unixSeconds
    return seen.withLock { seen in
      if seen.count >= Self.rememberedLimit { seen = seen.filter { time - $0.value <= 600 } }
      if seen.count >= Self.rememberedLimit, let oldest = seen.min(by: { $0.value < $1.value }) { seen[oldest.key] = nil }
      return seen.updateValue(time, forKey: signature.lowercased()) == nil
    }
  }

  private func act(_ press: SlackPress, _ app: SlackApp) async {
    guard let command = press.command() else { return }
    if press.button != .acknowledge, !app.approvers.contains(press.userID) {
      logger.warning("somebody in Slack may not approve", metadata: ["user": "\(press.userID)", "remediation": "\(press.value)"])
      return await answer(
        "You may not approve here. Your Slack id is \(press.userID); it has to be under `approvers` of the receiver \(app.receiver).",
        press, app)
    }
    do {
      try await submit(command, press.actor)
    } catch let refusal as CommandRefusal {
      await answer("Not possible: \(refusal.description)", press, app)
    } catch {
      logger.error("a command from Slack failed", metadata: ["error": "\(error)"])
      await answer("The commander could not do it; its log says why.", press, app)
    }
  }

  /// Shown only to whoever pressed. Slack gives an address for it; only Slack's is believed.
  private func answer(_ text: String, _ press: SlackPress, _ app: SlackApp) async {
    guard let url = press.responseURL, url.hasPrefix(app.answerPrefix), let address = WebAddress(url) else { return }
    let payload = PayloadJSON.object([
      "response_type": "ephemeral", "replace_original": .boolean(false),
      "text": .string(SlackBlocks.escape(text, to: SlackLimit.messageText)),
    ])
    guard let body = try? payload.bytes() else { return }
    do {
      let answer = try await app.sender.send(to: address, headers: [("content-type", "application/json")], body: body)
      if !(200..<300).contains(answer.status) {
        logger.warning("Slack did not take an answer", metadata: ["status": "\(answer.status)"])
      }
    } catch {
      logger.warning("Slack did not take an answer", metadata: ["reason": "\(type(of: error))"])
    }
  }

  private struct Payload: Decodable {
    struct User: Decodable {
      let id: String
      let username: String?
      let name: String?
    }
    struct Action: Decodable {
      let action_id: String
      let value: String?
    }
    let type: String
    let user: User
    let actions: [Action]?
    let response_url: String?
  }

  /// The presses of a `payload=…` form; `nil` for what is no interaction.
  static func presses(inForm body: [UInt8]) -> [SlackPress]? {
    guard let field = String(decoding: body, as: UTF8.self).split(separator: "&").first(where: { $0.hasPrefix("payload=") }),
      let json = String(field.dropFirst(8)).replacing("+", with: " ").removingPercentEncoding,
      let payload = try? JSONDecoder().decode(Payload.self, from: Data(json.utf8))
    else { return nil }
    // Other interactions (modals, shortcuts) are none of ours.
    guard payload.type == "block_actions" else { return [] }
    return (payload.actions ?? []).prefix(5).compactMap { action in
      let name = action.action_id.prefix { $0 != ":" }
      guard let button = SlackButton(rawValue: String(name)) else { return nil }
      return SlackPress(
        button: button, value: action.value ?? "", userID: payload.user.id,
        userName: payload.user.username ?? payload.user.name ?? payload.user.id, responseURL: payload.response_url)
    }
  }
}
