// Changes and incidents become events that Datadog was seen to take, and lines that the Agent reads.

@testable import Datadog
import Delivery
import Foundation
import LLMMetrics
import LLMTelemetry
import Testing

@Suite struct EventSinkTests {
  private static let time = Timestamp(unixSeconds: 1_700_000_000)

  private func change(
    _ kind: ChangeEvent.Kind = .promptVersion, subject: String = "rag-answer", from: String? = "41", to: String? = "42",
    author: String? = "ana"
  ) -> ChangeEvent {
    ChangeEvent(at: Self.time, kind: kind, subject: subject, from: from, to: to, author: author)
  }

  private func incident(_ phase: IncidentReport.Phase, _ severity: IncidentReport.Severity = .critical) -> IncidentReport {
    IncidentReport(
      identifier: "INC-7", phase: phase, title: "Answers of rag-answer became poorly grounded", severity: severity, at: Self.time,
      summary: "Ungrounded answers rose\nfrom 2 % to 31 %.", tags: ["prompt:rag-answer"])
  }

  private func sent(_ road: (ScriptedIntake) -> EventSink, _ tell: (EventSink) -> Void) async -> [DeliveryRequest] {
    let intake = ScriptedIntake()
    let sink = road(intake)
    tell(sink)
    await sink.lane?.drain()
    return intake.requests
  }

  private func agentless(_ intake: ScriptedIntake) -> EventSink {
    EventSink(
      road: .intake(site: "us5.datadoghq.com", apiKey: { "secret-key" }, send: intake.send),
      constantTags: ["env:prod", "service:shop", "prompt:other"], service: "shop")
  }

  @Test func aChangeIsAChangeEvent() async throws {
    let requests = await sent(agentless) { $0.add(change()) }
    let request = try #require(requests.first)
    #expect(request.url == "https://event-management-intake.us5.datadoghq.com/api/v2/events")
    #expect(request.headers.contains { $0.name == "DD-API-KEY" && $0.value == "secret-key" })
    #expect(
      String(decoding: request.body, as: UTF8.self) == """
        {"data":{"type":"event","attributes":{"title":"Prompt rag-answer: 41 → 42",\
        "message":"Prompt `rag-answer` was changed from `41` to `42` by ana.","category":"change",\
        "integration_id":"custom-events","aggregation_key":"prompt_version:rag-answer","timestamp":"2023-11-14T22:13:20Z",\
        "tags":["change_kind:prompt_version","subject:rag-answer","prompt:rag-answer","prompt_version:42","author:ana","env:prod",\
        "service:shop"],"attributes":{"changed_resource":{"name":"rag-answer","type":"configuration"},\
        "author":{"name":"ana","type":"user"},"change_metadata":{"kind":"prompt_version"},\
        "impacted_resources":[{"name":"shop","type":"service"}],"prev_value":{"value":"41"},"new_value":{"value":"42"}}}}}
        """)
  }

  @Test func anIncidentIsAnAlertThatIsOkWhenItIsResolved() async throws {
    let requests = await sent(agentless) {
      $0.add(incident(.opened))
      $0.add(incident(.opened, .medium))
      $0.add(incident(.resolved))
    }
    let events = try requests.map { try attributes($0) }
    #expect(events.map { $0["category"] as? String } == ["alert", "alert", "alert"])
    let details = events.compactMap { $0["attributes"] as? [String: Any] }
    #expect(details.map { $0["status"] as? String } == ["error", "warn", "ok"])
    #expect(details.map { $0["priority"] as? String } == ["1", "3", "1"])
    #expect(Set(events.compactMap { $0["aggregation_key"] as? String }) == ["INC-7"])
    #expect(events[2]["title"] as? String == "INC-7 resolved: Answers of rag-answer became poorly grounded")
  }

  private func attributes(_ request: DeliveryRequest) throws -> [String: Any] {
    let document = try JSONSerialization.jsonObject(with: Data(request.body)) as? [String: Any]
    return try #require((document?["data"] as? [String: Any])?["attributes"] as? [String: Any])
  }

  @Test func everyMemberIsOneThatWasRecordedOrDescribed() async throws {
    let exchanges = try RecordedExchange.all(path: "/api/v2/events")
    guard let taken = exchanges.first(where: { $0.status == 202 }), let refused = exchanges.first(where: { $0.status == 400 })
    else {
      return
    }
    // What a value is made of is the sender's business; what stands around it is not.
    let isFree: (String) -> Bool = { $0.contains("_value.") || $0.contains("change_metadata.") }
    let recorded = shape(of: taken.request).filter { !isFree($0) }
    // Described, but in neither recording; the intake refuses members that are neither.
    let prefix = "data.attributes."
    let described: Set = ["\(prefix)timestamp: text"]
    let alert: Set = ["status: text", "priority: text", "custom.incident: text", "custom.phase: text"]
      .reduce(into: Set<String>()) { $0.insert("\(prefix)attributes.\($1)") }
    let refusal = String(describing: refused.response)
    for kind in ChangeEvent.Kind.allCases {
      let requests = await sent(agentless) { $0.add(change(kind)) }
      let ours = try shape(ofJSON: try #require(requests.first).body).filter { !isFree($0) }
      #expect(ours.subtracting(recorded) == described)
      #expect(recorded.subtracting(ours) == ["\(prefix)host: text"])
      #expect(refusal.contains(try #require(try attributes(requests[0])["category"] as? String)))
    }
    let requests = await sent(agentless) { $0.add(incident(.opened)) }
    let ours = try shape(ofJSON: try #require(requests.first).body)
    #expect(ours.subtracting(recorded) == described.union(alert))
    #expect(refusal.contains(try #require(try attributes(requests[0])["category"] as? String)))
  }

  @Test func whatIsTooLongIsCutToTheLimits() async throws {
    let long = String(repeating: "größe\n\"🙂", count: 2000)
    let requests = await sent(agentless) {
      $0.add(change(.model, subject: long, from: long, to: long, author: long))
      $0.add(
        IncidentReport(
          identifier: long, phase: .opened, title: long, severity: .low, at: Self.time, summary: long,
          tags: (0..<300).map { "t\($0):x" }))
    }
    #expect(requests.count == 2)
    for request in requests {
      let event = try attributes(request)
      func length(_ name: String) -> Int { (event[name] as? String)?.unicodeScalars.count ?? .max }
      #expect(length("title") <= 500)
      #expect(length("message") <= 4000)
      #expect(length("aggregation_key") <= 100)
      let tags = try #require(event["tags"] as? [String])
      #expect(tags.count <= 100 && tags.allSatisfy { $0.unicodeScalars.count <= 200 })
    }
  }

  @Test func throughAnAgentTheyAreEventLines() throws {
    let receiver = try LoopbackReceiver.unix()
    var settings = DogStatsDSettings()
    settings.constantTags = TagSet(["service": "shop"])
    let client = try DogStatsDClient(address: receiver.address, settings: settings)
    let sink = EventSink(road: .dogStatsD(client), constantTags: ["env:prod"], service: "shop")
    #expect(sink.lane == nil)
    sink.add(change(.override, subject: "OVR-3|x", from: nil, to: "model fast\nto slow", author: nil))
    sink.add(incident(.opened))
    sink.add(incident(.opened, .low))
    sink.add(incident(.resolved))
    let lines = try receiver.datagrams().flatMap { try AgentLine.read(datagram: Array($0.utf8)) }
    guard case .event(let first) = lines.first else {
      Issue.record("no event")
      return
    }
    #expect(first.title == "Override OVR-3|x: model fast\\nto slow")
    #expect(first.fields == ["d": "1700000000", "k": "override:OVR-3_x", "p": "normal", "t": "info"])
    #expect(first.tags == ["change_kind:override", "subject:ovr-3_x", "service:shop"])
    let types = lines.compactMap { line in if case .event(let event) = line { event.fields["t"] } else { nil } }
    #expect(types == ["info", "error", "warning", "success"])
  }

  @Test func aTextThatIsWrittenDownIsNoChange() async {
    let requests = await sent(agentless) { $0.add(change(subject: "rag-answer#43", from: nil, to: "ab12")) }
    #expect(requests.isEmpty)
  }

  @Test(
    arguments: [
      (ChangeEvent.Kind.promptVersion, "rag@canary", nil, "43 10%", "Prompt rag@canary: 43 10%"),
      (.route, "chat", "a", nil, "Route chat: a ended"), (.deploy, "shop", nil, nil, "Deployment shop changed"),
    ] as [(ChangeEvent.Kind, String, String?, String?, String)])
  func titlesSayTheStep(_ kind: ChangeEvent.Kind, _ subject: String, _ from: String?, _ to: String?, _ title: String) {
    #expect(EventReport(change(kind, subject: subject, from: from, to: to), constantTags: []).title == title)
  }
}
