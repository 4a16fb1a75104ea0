// A whole commander and PagerDuty, over HTTP: paged, acknowledged there, heard here, and not sent round in circles.

import AsyncHTTPClient
import Commander
import Crypto
import Foundation
import Hummingbird
import Incidents
import LLMTelemetry
import NIOCore
import Storage
import Synchronization
import Testing

@Suite struct PagerDutyStoryTests {
  static let secret = "o9TtYXfG2hJd4EbKq7WmZr1sVn5c"

  /// PagerDuty's Events API: every event is kept.
  private final class Pager: Sendable {
    let (events, continuation) = AsyncStream.makeStream(of: String.self)

    func application(_ listening: @escaping @Sendable (Int) -> Void) -> some ApplicationProtocol {
      let router = Router()
      router.post("v2/enqueue") { request, _ -> Response in
        self.continuation.yield(String(buffer: try await request.body.collect(upTo: 1 << 20)))
        return Response(status: .accepted, body: .init(byteBuffer: ByteBuffer(string: #"{"status":"success"}"#)))
      }
      return Application(
        router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
        onServerRunning: { listening($0.localAddress?.port ?? 0) }, logger: NotificationStoryTests.silent)
    }
  }

  private func running<Value>(_ yaml: String, _ body: (CommanderServer) async throws -> Value) async throws -> Value {
    try await NotificationStoryTests.running(
      yaml, environment: ["KEY": String(repeating: "r", count: 32), "HOOK": Self.secret], body)
  }

  private func yaml(store: String, pager: String, hears: Bool = true) -> String {
    let slack = NotificationStoryTests.yaml(store: store, slack: pager)
    let receivers = """
      notifications:
        pagerduty:
          - {name: pager, routing_key: {environment: KEY}, endpoint: "\(pager)", allow_private: true\(hears ? ", webhook_secret: {environment: HOOK}" : "")}

      """
    return String(slack[..<(slack.firstRange(of: "notifications:")?.lowerBound ?? slack.endIndex)]) + receivers
  }

  private func send(_ event: String, to server: CommanderServer, secret: String = secret) async throws -> UInt {
    let code = HMAC<SHA256>.authenticationCode(for: Data(event.utf8), using: SymmetricKey(data: Data(secret.utf8)))
    var request = HTTPClientRequest(url: "http://\(try await server.consoleAddress())/pagerduty/events")
    request.method = .POST
    request.headers = [
      "content-type": "application/json", "x-webhook-id": "1",
      "x-pagerduty-signature": "v1=" + String(repeating: "0", count: 64) + ",v1="
        + code.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined(),
    ]
    request.body = .bytes(ByteBuffer(string: event))
    return try await HTTPClient.shared.execute(request, timeout: .seconds(5)).status.code
  }

  private func event(_ type: String, id: String, agent: String) -> String {
    """
    {"event":{"id":"\(id)","event_type":"\(type)","resource_type":"incident","occurred_at":"\(Timestamp.now().rfc3339)",\
    "agent":{"id":"PUSER01","summary":"Dana Day","type":"\(agent)"},"client":null,\
    "data":{"id":"PINCIDENT","type":"incident","incident_key":"INC-1","title":"[SEV-2] Requests fail","assignees":[]}}}
    """
  }

  private struct PeoplesPart: Equatable {
    let owner: String?
    let acknowledgedAt: Timestamp?
    let entries: [TimelineEntry]
  }

  /// What people did with the incident. What the commander itself does in its turns goes on meanwhile.
  private func peoplesPart(in server: CommanderServer) async throws -> PeoplesPart {
    let incident = try #require(await server.center.state.incidents["INC-1"])
    return PeoplesPart(
      owner: incident.owner, acknowledgedAt: incident.acknowledgedAt,
      entries: incident.timeline.filter { $0.actor != "commander" })
  }

  @Test(.timeLimit(.minutes(2)))
  func whatIsAcknowledgedThereIsAcknowledgedHereOnce() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "commander-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try NotificationStoryTests.seed(folder)
    let pager = Pager()
    let (ports, listening) = AsyncStream.makeStream(of: Int.self)
    let application = pager.application { listening.yield($0) }
    let serving = Task { try await application.run() }
    defer { serving.cancel() }
    var portIterator = ports.makeAsyncIterator()
    let origin = "http://127.0.0.1:\(try #require(await portIterator.next()))"
    var events = pager.events.makeAsyncIterator()
    let acknowledged = event("incident.acknowledged", id: "E1", agent: "user_reference")
    try await running(yaml(store: folder, pager: origin)) { (server: CommanderServer) async throws -> Void in
      let opened = try #require(await events.next())
      #expect(opened.contains(#""dedup_key":"INC-1""#) && opened.contains(#""event_action":"trigger""#))
      #expect(try await send(acknowledged, to: server, secret: "another secret, longer") == 401)
      #expect(await server.center.state.incidents["INC-1"]?.state == .triggered)
      #expect(try await send(acknowledged, to: server) == 202)
      #expect(await server.center.state.incidents["INC-1"]?.owner == "Dana Day (PagerDuty PUSER01)")
      // It is told there, as every acknowledgement is, and what comes back of that is an integration's doing.
      let echo = try #require(await events.next())
      #expect(echo.contains(#""event_action":"acknowledge""#) && echo.contains("INC-1"))
      let before = try await peoplesPart(in: server)
      #expect(before.entries.count == 1 && before.acknowledgedAt != nil)
      #expect(try await send(event("incident.acknowledged", id: "E2", agent: "integration_reference"), to: server) == 202)
      #expect(try await send(acknowledged, to: server) == 202)
      #expect(try await peoplesPart(in: server) == before)
    }
    // After a restart it is known what was heard.
    try await running(yaml(store: folder, pager: origin)) { (server: CommanderServer) async throws -> Void in
      let before = try await peoplesPart(in: server)
      let status = try await send(acknowledged, to: server)
      #expect(status == 202)
      #expect(try await peoplesPart(in: server) == before)
    }
    let heard = try Ledger(path: folder + "/ledger.sqlite").entries().map(\.kind).filter { $0 == "heard.pagerduty" }
    #expect(heard.count == 2)
    // Without the secret there is nobody to call.
    try await running(yaml(store: folder, pager: origin, hears: false)) { (server: CommanderServer) async throws -> Void in
      let status = try await send(acknowledged, to: server)
      #expect(status == 404)
    }
  }
}
