// What people do in PagerDuty: only what it signed is believed, once, by a person, and about an incident of ours.

import Foundation
import Incidents
import LLMTelemetry
import Logging
import Monitors
import Notifications
import Remediation
import Synchronization
import Testing

@Suite struct PagerDutyEventTests {
  static let secret = PagerDutySecret("o9TtYXfG2hJd4EbKq7WmZr1sVn5c")

  /// Of an event about an incident, as PagerDuty sends it; names and numbers are ours.
  static func event(
    _ type: String, id: String = "01DXEVENT0001", at: String = "2026-11-24T09:40:00.169Z", key: String? = "INC-1",
    agent: String? = "user_reference", assignees: [String] = ["Robin Ops"]
  ) -> [UInt8] {
    let agent =
      agent.map {
        #"{"html_url":"https://shop.pagerduty.com/users/PUSER01","id":"PUSER01","self":"https://api.pagerduty.com/users/PUSER01","summary":"Dana Day","type":"\#($0)"}"#
      } ?? "null"
    let people = assignees.map { #"{"id":"PUSER02","summary":"\#($0)","type":"user_reference"}"# }.joined(separator: ",")
    let key = key.map { "\"\($0)\"" } ?? "null"
    return Array(
      """
      {"event":{"id":"\(id)","event_type":"\(type)","resource_type":"incident","occurred_at":"\(at)","agent":\(agent),\
      "client":{"name":"PagerDuty"},"data":{"id":"PINCIDENT","type":"incident","number":7,"status":"acknowledged",\
      "incident_key":\(key),"created_at":"2026-11-24T09:31:00Z","title":"[SEV-2] INC-1 schlägt fehl",\
      "service":{"id":"PSERVICE","summary":"LLM","type":"service_reference"},"assignees":[\(people)],"urgency":"high","resolve_reason":null}}}
      """.utf8)
  }

  static func note(_ text: String, id: String = "01DXEVENT0009", incident: String = "PINCIDENT") -> [UInt8] {
    Array(
      """
      {"event":{"id":"\(id)","event_type":"incident.annotated","resource_type":"incident","occurred_at":"2026-11-24T09:41:00Z",\
      "agent":{"id":"PUSER01","summary":"Dana Day","type":"user_reference"},"client":null,\
      "data":{"incident":{"id":"\(incident)","summary":"x","type":"incident_reference"},"id":"PNOTE01","content":"\(text)","trimmed":false,"type":"incident_note"}}}
      """.utf8)
  }

  /// A ledger that an incident of 09:30 stands in.
  final class Office: Sendable {
    let entries: Mutex<[LedgerEntry]>
    let now = Timestamp(rfc3339: "2026-11-24T09:42:00Z") ?? Timestamp(unixSeconds: 0)
    let isBroken = Mutex(false)

    init(_ entries: [LedgerEntry]? = nil) {
      let opened = IncidentEvent.opened(
        .init(number: 1, title: "Requests fail", severity: .sev2, onset: now - .seconds(720), alert: nil, reason: "declared"))
      self.entries = Mutex(
        entries ?? [.incident(IncidentRecord(at: now - .seconds(720), incident: "INC-1", actor: "commander", event: opened))])
    }

    var state: CommandState { entries.withLock { CommandState(folding: $0) } }
    var incident: Incident? { state.incidents["INC-1"] }

    var events: PagerDutyEvents {
      PagerDutyEvents(
        subscriptions: [.init(receiver: "pager", secret: PagerDutyEventTests.secret)], now: { self.now },
        logger: SlackInteractionTests.quiet, state: { self.state }
      ) { event, command, actor in
        struct Broken: Error {}
        if self.isBroken.withLock({ $0 }) { throw Broken() }
        let (new, refusal) = self.state.entries(hearing: event, command, actor: actor)
        self.entries.withLock { $0 += new }
        return refusal
      }
    }

    @discardableResult
    func hear(_ body: [UInt8], signature: String? = nil) async -> Int {
      await events.handle(signature: signature ?? PagerDutyEventTests.secret.signature(of: body), body: body).status
    }
  }

  @Test func oneOfSeveralSignaturesIsEnoughAndNothingElseIs() {
    let body = Self.event("incident.acknowledged")
    // By another's hand: `printf '{"a":1' | openssl dgst -sha256 -hmac SECRET`.
    #expect(
      Self.secret.signature(of: Array("{\"a\":1".utf8))
        == "v1=fbf4212a03ed19ec0677f08afc5303f40010eeab6bfa2939c161e0289f79eaae")
    let right = Self.secret.signature(of: body)
    let other = PagerDutySecret("another secret, longer than that").signature(of: body)
    for header in [
      right, "\(other),\(right)", "\(other), \(right)", "v2=00,\(right)", right.uppercased().replacing("V1", with: "v1"),
    ] {
      #expect(Self.secret.hasSigned(body, header: header), "\(header)")
    }
    let wrong: [String?] = [
      nil, "", other, "v1=", "v0=" + right.dropFirst(3), String(right.dropFirst(3)), String(right.dropLast(2)), right + "00",
      right.replacing("v1=", with: "v1=zz"), Array(repeating: other, count: 50).joined(separator: ",") + "," + right,
    ]
    for header in wrong { #expect(!Self.secret.hasSigned(body, header: header), "\(header ?? "nil")") }
    #expect(!Self.secret.hasSigned(body + [10], header: right), "the bytes as they came")
    #expect("\(Self.secret)" == "(hidden)")
  }

  @Test func whatAPersonDidThereIsDoneHereOnce() async throws {
    let office = Office()
    #expect(await office.hear(Self.event("incident.acknowledged")) == 202)
    #expect(office.incident?.state == .acknowledged && office.incident?.owner == "Dana Day (PagerDuty PUSER01)")
    let count = office.entries.withLock { $0.count }
    #expect(await office.hear(Self.event("incident.acknowledged")) == 202, "said again")
    // Another event that asks for what is so already is heard and changes nothing.
    #expect(await office.hear(Self.event("incident.acknowledged", id: "E2")) == 202)
    #expect(office.entries.withLock { $0.count } == count + 1)
    #expect(await office.hear(Self.event("incident.reassigned", id: "E3", assignees: ["Robin Ops", "Kim Sre"])) == 202)
    #expect(office.incident?.roles["commander"] == "Robin Ops, Kim Sre")
    #expect(await office.hear(Self.note("checked the provider: grün", id: "E4")) == 202)
    #expect(await office.hear(Self.note("checked the provider: grün", id: "E4")) == 202)
    let notes = office.incident?.timeline.filter { $0.kind == .note }
    #expect(notes?.map(\.text) == ["checked the provider: grün"] && notes?.first?.actor == "Dana Day (PagerDuty PUSER01)")
    #expect(await office.hear(Self.event("incident.unacknowledged", id: "E5")) == 202)
    #expect(office.incident?.timeline.last?.text.contains("taken back or ran out") == true)
    #expect(office.incident?.state == .acknowledged)
    #expect(await office.hear(Self.event("incident.resolved", id: "E6")) == 202)
    #expect(office.incident?.state == .resolved)
    #expect(office.incident?.timeline.last?.text == "Resolved: resolved in PagerDuty by Dana Day (PagerDuty PUSER01)")
    #expect(office.state.refusedEntries == 0)
    // A restart reads the ledger, and knows what was heard and what PagerDuty calls the incident.
    let again = Office(try office.entries.withLock { $0 }.map { try LedgerEntry(json: try $0.json()) })
    #expect(again.state == office.state)
    await again.hear(Self.note("checked the provider: grün", id: "E4"))
    #expect(again.state == office.state)
    await again.hear(Self.note("after the restart", id: "E7"))
    #expect(again.incident?.timeline.last?.text == "after the restart")
  }

  @Test(arguments: ["service_reference", "integration_reference", "inbound_integration_reference", nil])
  func whatComesBackOfOurOwnEventsGoesInNoCircle(agent: String?) async {
    let office = Office()
    #expect(await office.hear(Self.event("incident.acknowledged", agent: agent)) == 202)
    #expect(await office.hear(Self.event("incident.resolved", id: "E2", agent: agent)) == 202)
    #expect(office.incident?.state == .triggered)
    // What it is called there is remembered all the same.
    await office.hear(Self.note("a note"))
    #expect(office.incident?.timeline.last?.text == "a note")
  }

  @Test func whatIsNotOursOrFromAnotherTimeIsPassedOver() async {
    let office = Office()
    let before = office.state
    for body in [
      Self.event("incident.acknowledged", key: "INC-7"), Self.event("incident.acknowledged", key: nil),
      Self.event("incident.acknowledged", key: "test/pager"), Self.note("of an incident nobody has heard of"),
      Self.event("incident.acknowledged", at: "2026-11-24T07:41:59Z"),
      Self.event("incident.acknowledged", at: "2026-11-24T09:48:00Z"),
      Self.event("incident.acknowledged", at: "yesterday"), Array(#"{"event":{"id":"1","event_type":"pagey.ping"}}"#.utf8),
      Array("not JSON".utf8), [],
    ] { #expect(await office.hear(body) == 202) }
    #expect(office.state == before)
    // Known, and nothing to us.
    #expect(await office.hear(Self.event("incident.priority_updated")) == 202)
    #expect(office.incident == before.incidents["INC-1"])
    #expect(await office.hear(Self.event("incident.acknowledged"), signature: "v1=" + String(repeating: "0", count: 64)) == 401)
    #expect(office.incident?.state == .triggered)
    office.isBroken.withLock { $0 = true }
    #expect(await office.hear(Self.event("incident.resolved", id: "E9")) == 503, "so that it is said again")
  }
}
