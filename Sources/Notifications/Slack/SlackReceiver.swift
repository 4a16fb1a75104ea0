// Slack, by an incoming webhook or as an app's bot: the bot keeps one message per incident up to date and tells the rest in its thread.

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif
import LLMTelemetry
import NIOHTTP1

package struct SlackReceiver: Receiver {
  package enum Road: Hashable, Sendable {
    /// The address is itself the secret.
    case webhook(WebAddress)
    /// - `origin`: `https://slack.com`. `channel`: an id such as `C024BE91L`, or a name with `#`.
    case bot(origin: String, token: Credential, channel: String)
  }

  static let referencePrefix = "slack "

  package let kind = "slack"
  package let profile: ReceiverProfile
  private let road: Road
  private let blocks: SlackBlocks
  private let sender: HTTPSender

  package init(name: String, road: Road, blocks: SlackBlocks, sender: HTTPSender) {
    profile = ReceiverProfile(name: name, usual: Set(NotificationEvent.allCases).subtracting([.change]))
    self.road = road
    self.blocks = blocks
    self.sender = sender
  }

  package func attempt(_ message: NotificationMessage, references: DeliveryReferences, now: Timestamp) async -> Attempt {
    guard let notification = message.notifications.first else { return .delivered(reference: nil) }
    switch road {
    case .webhook(let address):
      return await post(message.isDigest ? blocks.digest(message) : blocks.message(notification), to: address, now: now)
    case .bot(let origin, let token, let channel):
      let api = SlackAPI(origin: origin, token: token, sender: sender)
      if message.isDigest { return await api.call("chat.postMessage", blocks.digest(message), channel: channel, now: now) }
      guard let incident = notification.incident,
        let thread = references.first(of: incident.id, prefix: Self.referencePrefix).flatMap(SlackThread.init)
      else { return await api.call("chat.postMessage", blocks.message(notification), channel: channel, now: now) }
      // The update first: it can be repeated without harm, should the reply fail.
      let update = await api.call(
        "chat.update", blocks.message(notification), channel: thread.channel, [("ts", thread.ts)], now: now)
      if case .failed = update { return update }
      // A message that is gone cannot be updated, and the news still has to be told.
      return await api.call(
        "chat.postMessage", blocks.reply(notification), channel: thread.channel,
        [("thread_ts", thread.ts)], broadcast: Self.broadcasts(notification.event), now: now
      ).keeping(thread.reference)
    }
  }

  /// What a channel must see even when nobody follows the thread.
  private static func broadcasts(_ event: NotificationEvent) -> Bool {
    switch event {
    case .severityRaised, .reopened, .escalated, .approvalNeeded, .remediationEscalated: true
    default: false
    }
  }

  private func post(_ members: [String: PayloadJSON], to address: WebAddress, now: Timestamp) async -> Attempt {
    guard let body = try? PayloadJSON.object(members).bytes() else { return .refused("the payload could not be encoded") }
    do {
      return .judging(
        try await sender.send(to: address, headers: [("content-type", "application/json; charset=utf-8")], body: body), now: now)
    } catch {
      return .judging(error)
    }
  }
}

/// Where the message of an incident is, as the delivery log keeps it: `slack C024BE91L 1503435956.000247`.
package struct SlackThread: Hashable, Sendable {
  package let channel: String
  package let ts: String

  init(channel: String, ts: String) {
    self.channel = channel
    self.ts = ts
  }

  package init?(_ reference: String) {
    let words = reference.split(separator: " ").map(String.init)
    guard words.count == 3, words[0] + " " == SlackReceiver.referencePrefix else { return nil }
    (channel, ts) = (words[1], words[2])
  }

  var reference: String { "\(SlackReceiver.referencePrefix)\(channel) \(ts)" }
}

extension Attempt {
  /// The thread's first message stays the one that later messages refer to.
  fileprivate func keeping(_ reference: String) -> Attempt {
    if case .delivered = self { .delivered(reference: reference) } else { self }
  }
}

/// Slack's web API, as far as it is used here.
struct SlackAPI: Sendable {
  let origin: String
  let token: Credential
  let sender: HTTPSender

  /// Errors that may pass, of those that Slack answers with status 200.
  private static let passing: Set<String> = [
    "ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable", "request_timeout",
    "team_added_to_org", "message_limit_exceeded",
  ]

  private struct Answer: Decodable {
    let ok: Bool
    let error: String?
    let channel: String?
    let ts: String?
  }

  func call(
    _ method: String, _ message: [String: PayloadJSON], channel: String, _ more: [(String, String)] = [], broadcast: Bool = false,
    now: Timestamp
  ) async -> Attempt {
    var members = message
    members["channel"] = .string(channel)
    for (name, value) in more { members[name] = .string(value) }
    if broadcast { members["reply_broadcast"] = .boolean(true) }
    if method == "chat.postMessage" {
      // Links to the console are not for Slack's servers to open.
      members["unfurl_links"] = .boolean(false)
      members["unfurl_media"] = .boolean(false)
    }
    guard let address = WebAddress("\(origin)/api/\(method)"), let body = try? PayloadJSON.object(members).bytes() else {
      return .refused("the payload could not be encoded")
    }
    let http: HTTPAnswer
    do {
      http = try await sender.send(
        to: address,
        headers: [("content-type", "application/json; charset=utf-8"), ("authorization", "Bearer \(token.text)")], body: body)
    } catch {
      return .judging(error)
    }
    let judged = Attempt.judging(http, now: now)
    guard case .delivered = judged else { return judged }
    guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(http.body)) else {
      return .failed("\(method) was answered with something that is not Slack's", retryAfter: nil)
    }
    if answer.ok {
      guard let channel = answer.channel, let ts = answer.ts, method == "chat.postMessage" else {
        return .delivered(reference: nil)
      }
      return .delivered(reference: SlackThread(channel: channel, ts: ts).reference)
    }
    let error = TextLimit.cut(TextLimit.line(answer.error ?? "unknown error"), to: 100)
    if Self.passing.contains(error) {
      return .failed("\(method): \(error)", retryAfter: Attempt.retryAfter(http, now: now))
    }
    return .refused("\(method): \(error)\(Self.remedy(error))")
  }

  private static func remedy(_ error: String) -> String {
    switch error {
    case "not_in_channel": "; invite the app to the channel, or give it chat:write.public"
    case "channel_not_found": "; name the channel by its id, and invite the app when it is private"
    case "invalid_auth", "not_authed", "token_revoked", "account_inactive", "token_expired": "; renew the bot token"
    case "missing_scope": "; give the app the scope chat:write and install it again"
    default: ""
    }
  }
}
