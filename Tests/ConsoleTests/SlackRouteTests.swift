// Slack's buttons at the console's listener: the bytes reach whoever decides as they came, without session or form token.

import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import Synchronization
import Testing

@testable import Console

@Suite struct SlackRouteTests {
  struct Seen: Sendable, Equatable {
    let timestamp: String?
    let signature: String?
    let body: String
  }

  final class Log: Sendable {
    let seen = Mutex<[Seen]>([])
  }

  static func ask(body: String, status: Int = 200) async throws -> (HTTPResponse.Status, String, [Seen]) {
    let story = Story(.proposed)
    let log = Log()
    let router = Console.buildRouter(source: story.source, configuration: ConsoleConfiguration(), logger: Logger(label: "test"))
    SignedRoute.slack(bodyLimit: 64) { timestamp, signature, body in
      log.seen.withLock {
        $0.append(Seen(timestamp: timestamp, signature: signature, body: String(decoding: body, as: UTF8.self)))
      }
      return (status, status == 200 ? "" : "not signed")
    }.add(to: router)
    return try await Application(responder: router.buildResponder()).test(.router) { client in
      // What Slack's servers send; an Origin that is not ours must not matter, since the signature says who it is.
      let headers: HTTPFields = [
        .contentType: "application/x-www-form-urlencoded", .origin: "https://slack.example", .slackSignature: "v0=00",
        .slackRequestTimestamp: "1531420618",
      ]
      let response = try await client.execute(
        uri: "/slack/interactions", method: .post, headers: headers, body: ByteBuffer(string: body))
      return (response.status, String(buffer: response.body), log.seen.withLock { $0 })
    }
  }

  @Test func theBytesArriveAsTheyCame() async throws {
    let (status, text, seen) = try await Self.ask(body: "payload=%7B%22a%22%3A+1%7D")
    #expect(status == .ok && text.isEmpty)
    #expect(seen == [Seen(timestamp: "1531420618", signature: "v0=00", body: "payload=%7B%22a%22%3A+1%7D")])
  }

  @Test func aRefusalIsAnswered() async throws {
    let (status, text, _) = try await Self.ask(body: "payload=x", status: 401)
    #expect(status == .unauthorized && text == "not signed")
  }

  @Test func aBodyBeyondTheLimitIsNotRead() async throws {
    let (status, _, seen) = try await Self.ask(body: String(repeating: "x", count: 65))
    #expect(status == .contentTooLarge && seen.isEmpty)
  }
}
