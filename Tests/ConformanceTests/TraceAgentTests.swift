// What we send to an Agent, received by Datadog's own test agent: it finds nothing wrong, and reads what went in.

import Delivery
import Foundation
import LLMTelemetry
import Synchronization
import Testing

@testable import Datadog

@Suite struct TraceAgentTests {
  /// A line of `trace_agent.py`: an answer, or a trace.
  struct Line: Decodable {
    var status: Int?
    var reply: String?
    var trace: [ReceivedSpan]?
    var statistics: ReceivedStatistics?
  }

  private static let settings = AgentTraces.Settings(
    service: "gateway", env: "test", application: "gw-app", runtimeID: "00000000-0000-4000-8000-000000000001", processID: 7,
    productVersion: "1.2.3")

  /// What a sink sends of batches of spans, each in a request of its own.
  private func requests(_ batches: [[LLMSpan]]) async -> [DeliveryRequest] {
    let sent = Mutex<[DeliveryRequest]>([])
    for batch in batches {
      let send: DeliverySend = { request in
        sent.withLock { $0.append(request) }
        return DeliveryResponse(status: 200)
      }
      let sink = AgentTraces(Self.settings, discovery: AgentDiscovery(agent: "http://agent", send: send), send: send)
      sink.add(batch)
      sink.lane.shutDown()
      await sink.lane.run()
    }
    return sent.withLock { $0 }
  }

  private func post(_ requests: [DeliveryRequest]) async throws -> (answers: [Line], traces: [[ReceivedSpan]]) {
    let lines = try await self.lines(requests)
    return (lines.filter { $0.status != nil }, lines.compactMap(\.trace))
  }

  private func lines(_ requests: [DeliveryRequest]) async throws -> [Line] {
    struct File: Encodable {
      var method: String
      var path: String
      var headers: [[String]]
      var body: Data
    }
    let folder = FileManager.default.temporaryDirectory.appending(path: "payloads-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    for (index, request) in requests.enumerated() {
      let file = File(
        method: request.method, path: String(request.url.dropFirst("http://agent".count)),
        headers: request.headers.map { [$0.name, $0.value] }, body: Data(request.body))
      try JSONEncoder().encode(file).write(to: folder.appending(path: "\(1000 + index).json"))
    }
    return try await PythonVerifier(environment: .testAgent).run("trace_agent.py", ["post", folder.path], decoding: Line.self)
  }

  private func span(_ trace: UInt64, _ id: UInt64, parent: UInt64? = nil, kind: SpanKind = .llm, outcome: Outcome = .ok)
    -> LLMSpan
  {
    var span = LLMSpan(
      traceID: TraceID(high: 0x6b04_9c2c_0000_0000, low: trace) ?? .random(), spanID: SpanID(bits: id) ?? .random(),
      parentSpanID: parent.flatMap { SpanID(bits: $0) }, kind: kind, name: "chat gpt-4o",
      start: Timestamp(unixSeconds: 1_795_464_236),
      duration: .milliseconds(12), outcome: outcome)
    span.dimensions.service = kind == .llm ? "gateway" : "app"
    span.dimensions.provider = "openai"
    span.dimensions.tenant = "a\u{0}c\"m\u{e9} 😀"
    span.usage = TokenUsage(input: 6, cacheRead: 4, output: 3, reasoning: 2)
    span.httpStatus = 200
    return span
  }

  @Test func whatTheAgentReadsIsWhatWentIn() async throws {
    let batches = [
      [span(.max, 1), span(2, 20, kind: .workflow), span(2, .max, parent: 20, outcome: .failed(.blocked, message: "no"))],
      // A circle, an id that comes twice, and a span that is above itself: the agent would never come to an end with them.
      [span(3, 1, parent: 2), span(3, 2, parent: 1), span(3, 2, parent: 1), span(3, 4, parent: 4)],
      (1...300).map { span(UInt64(100 + $0), UInt64($0)) },
    ]
    let sent = await requests(batches)
    #expect(sent.allSatisfy { TracePayloadCheck.faults(in: $0.body).isEmpty })
    let (answers, traces) = try await post(sent)
    #expect(answers.map(\.status) == [200, 200, 200], "\(answers.compactMap(\.reply))")
    let expected = try sent.flatMap { request in
      try (MessagePackReader.value(request.body).elements ?? []).flatMap { try ($0.elements ?? []).map(ReceivedSpan.init) }
    }
    let received = traces.flatMap { $0 }
    #expect(received.count == batches.joined().count)
    #expect(Set(received) == Set(expected))
  }

  private func hostile(using random: inout some RandomNumberGenerator) -> LLMSpan {
    let texts = [
      "", "\u{0}\r\n\"\\", "é€😀\u{202e}", String(repeating: "😀", count: 3000), "\u{fffd}", String(repeating: "a", count: 30_000),
    ]
    let numbers: [Int64] = [0, 1, -1, .max, -.max, 1 << 53, 1_795_464_236_000_000_000]
    func text() -> String? { Bool.random(using: &random) ? texts.randomElement(using: &random) : nil }
    func number() -> Int64 { numbers.randomElement(using: &random) ?? 0 }
    // Few ids, so that circles and repeated ones come about.
    func id() -> SpanID { SpanID(bits: UInt64.random(in: 1...9, using: &random)) ?? .random() }
    var span = LLMSpan(
      traceID: TraceID(high: 1, low: UInt64.random(in: 0...5, using: &random)) ?? .random(), spanID: id(), parentSpanID: id(),
      kind: SpanKind.allCases.randomElement(using: &random) ?? .llm, name: text() ?? "",
      start: Timestamp(unixNanoseconds: number()),
      duration: .nanoseconds(number()), outcome: Bool.random(using: &random) ? .ok : .failed(.timeout, message: text() ?? ""))
    span.dimensions.service = text()
    span.dimensions.env = text()
    span.dimensions.tenant = text()
    span.session = text()
    span.httpStatus = Int(number())
    span.usage = TokenUsage(input: Int(number()), cacheRead: Int(number()), output: Int(number()))
    span.cost = .exact(Nanodollars(number()), priceVersion: "")
    return span
  }

  /// Text with every trap and numbers at their ends, read by a decoder that is not ours.
  @Test func anotherDecoderReadsHostileSpansAlike() async throws {
    var random = SystemRandomNumberGenerator()
    let sent = await requests((0..<4).map { _ in (0..<30).map { _ in hostile(using: &random) } })
    let (answers, traces) = try await post(sent)
    #expect(answers.allSatisfy { $0.status == 200 }, "\(answers.compactMap(\.reply))")
    let expected = try sent.flatMap { request in
      try (MessagePackReader.value(request.body).elements ?? []).flatMap { try ($0.elements ?? []).map(ReceivedSpan.init) }
    }
    #expect(traces.joined().count == 120)
    #expect(sent.allSatisfy { TracePayloadCheck.faults(in: $0.body).isEmpty })
    #expect(Set(traces.joined()) == Set(expected))
  }

  /// Statistics of all spans, given up or not, as Datadog's agent and its sketch library read them.
  @Test func theAgentReadsOurStatistics() async throws {
    let sent = Mutex<[DeliveryRequest]>([])
    let send: DeliverySend = { request in
      if request.url.hasSuffix("/info") {
        let info = #"{"version":"7.60","endpoints":["/v0.4/traces","/v0.6/stats"],"client_drop_p0s":true}"#
        return DeliveryResponse(status: 200, body: Array(info.utf8))
      }
      sent.withLock { $0.append(request) }
      return DeliveryResponse(status: 200)
    }
    let discovery = AgentDiscovery(agent: "http://agent", send: send)
    await discovery.ask()
    let sink = AgentTraces(Self.settings, discovery: discovery, send: send)
    var spans = (1...200).map { number in
      var span = span(UInt64(number), UInt64(number))
      span.duration = .milliseconds(Int64(number))
      // A user gave most of them up.
      span.sampling = number > 20 ? SamplingDecision(.userReject, by: .manual) : SamplingDecision(.userKeep, by: .manual)
      return span
    }
    spans.append(span(300, 300, outcome: .failed(.providerError, message: "no")))
    sink.add(spans)
    sink.finish()
    for lane in [sink.lane, sink.statistics] {
      lane.shutDown()
      await lane.run()
    }
    let requests = sent.withLock { $0 }
    let lines = try await lines(requests)
    let traces = lines.compactMap(\.trace)
    #expect(lines.compactMap(\.status) == requests.map { _ in 200 }, "\(lines.compactMap(\.reply))")
    #expect(traces.count == 21)
    let kept = traces.joined().filter { $0.error != 1 }
    #expect(kept.allSatisfy { $0.metrics["_sampling_priority_v1"] == 2 && $0.meta["_dd.p.dm"] == "-4" })
    let groups = lines.compactMap(\.statistics)
    let group = try #require(groups.first)
    #expect(groups.count == 1 && group.Hits == 201 && group.TopLevelHits == 201 && group.Errors == 1 && group.Env == "test")
    #expect(group.Service == "gateway" && group.Name == "llm.request" && group.Resource == "chat gpt-4o" && group.Type == "llm")
    #expect(group.HTTPStatusCode == 200 && group.SpanKind == "client" && group.IsTraceRoot == 1)
    #expect(group.Start % 10_000_000_000 == 0 && group.Duration == (20_100 + 12) * 1_000_000)
    #expect(group.ok.count == 200 && group.error.count == 1)
    #expect(abs((group.ok.median ?? 0) - 100e6) < 0.78e6 && abs((group.error.median ?? 0) - 12e6) < 0.1e6)
  }

  /// The agent does look: wrong counts are told.
  @Test func theAgentTellsAWrongCount() async throws {
    var sent = await requests([[span(1, 1), span(2, 2)]])
    sent[0].headers = sent[0].headers.map { $0.name == "X-Datadog-Trace-Count" ? ($0.name, "7") : $0 }
    let (answers, _) = try await post(sent)
    #expect(answers.first?.status == 400)
  }
}

/// A group of statistics as a receiver has it.
struct ReceivedStatistics: Decodable {
  struct Sketch: Decodable {
    var count: Double
    var median: Double?
  }

  var Env: String
  var Start: Int64
  var Service: String
  var Name: String
  var Resource: String
  var `Type`: String
  var HTTPStatusCode: Int
  var SpanKind: String
  var IsTraceRoot: Int
  var Hits: Int
  var TopLevelHits: Int
  var Errors: Int
  var Duration: Int64
  var ok: Sketch
  var error: Sketch
}

/// A span as a receiver has it; ids and times are text.
struct ReceivedSpan: Decodable, Hashable {
  var service: String
  var name: String
  var resource: String
  var type: String?
  var trace_id: String
  var span_id: String
  var parent_id: String?
  var start: String
  var duration: String
  var error: Int?
  var meta: [String: String]
  var metrics: [String: Double]

  init(_ value: MessagePackValue) throws {
    func number(_ name: String) throws -> String { String(try #require(value[name]?.unsigned, "\(name)")) }
    func map<Content>(_ name: String, _ content: (MessagePackValue) -> Content?) throws -> [String: Content] {
      guard case .map(let entries) = value[name] else { throw MessagePackError(offset: 0, problem: name) }
      return try Dictionary(uniqueKeysWithValues: entries.map { (try #require($0.key.text), try #require(content($0.value))) })
    }
    service = try #require(value["service"]?.text)
    name = try #require(value["name"]?.text)
    resource = try #require(value["resource"]?.text)
    type = value["type"]?.text
    trace_id = try number("trace_id")
    span_id = try number("span_id")
    parent_id = try number("parent_id")
    start = try number("start")
    duration = try number("duration")
    error = Int(try number("error"))
    meta = try map("meta") { $0.text }
    metrics = try map("metrics") { $0.number }
  }
}
