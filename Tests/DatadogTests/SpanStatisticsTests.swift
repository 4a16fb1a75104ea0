// Statistics of spans: every span is counted once, kept or not; and only where the Agent leaves it to us.

import Delivery
import LLMTelemetry
import TestSeries
import Testing

@testable import Datadog

@Suite struct SpanStatisticsTests {
  private static let leaving = #"{"version":"7.60","endpoints":["/v0.4/traces","/v0.6/stats"],"client_drop_p0s":true"#

  /// A sink that has asked an Agent what it wants.
  private func sink(info: String, rates: String = "", pauses: Int = 0) async -> (AgentTraces, ScriptedAgent) {
    let agent = ScriptedAgent([.status(200, body: info), .status(200, body: rates)], pauses: pauses)
    let discovery = AgentDiscovery(agent: "http://agent:8126", send: { try agent.send($0) })
    await discovery.ask()
    return (
      AgentTraces(
        TraceSamples.settings, discovery: discovery, send: { try agent.send($0) }, now: { TraceSamples.now }, jitter: { 1 }),
      agent
    )
  }

  private func end(_ sink: AgentTraces) async {
    sink.finish()
    for lane in [sink.statistics, sink.lane] {
      lane.shutDown()
      await lane.run()
    }
  }

  private func groups(_ agent: ScriptedAgent) throws -> [MessagePackValue] {
    try agent.requests.filter { $0.url.hasSuffix("/v0.6/stats") }.flatMap { request in
      try (MessagePackReader.value(request.body)["Stats"]?.elements ?? []).flatMap { $0["Stats"]?.elements ?? [] }
    }
  }

  private func sentSpans(_ agent: ScriptedAgent) throws -> [MessagePackValue] {
    try agent.requests.filter { $0.url.hasSuffix("/traces") }
      .flatMap { try (MessagePackReader.value($0.body).elements ?? []).flatMap { $0.elements ?? [] } }
  }

  private func sum(_ name: String, _ groups: [MessagePackValue]) -> UInt64 {
    groups.reduce(0) { $0 + ($1[name]?.unsigned ?? 0) }
  }

  @Test func allSpansAreCountedAndWhatIsGivenUpIsLeftOut() async throws {
    let (sink, agent) = await sink(info: Self.leaving + "}")
    var spans = (1...20).map { TraceSamples.span(trace: UInt64($0)) }
    for place in 0..<15 { spans[place].sampling = SamplingDecision(place % 2 == 0 ? .autoReject : .userReject) }
    // It failed: it goes to the Agent although it is given up.
    spans[0].outcome = .failed(.providerError, message: "no")
    sink.add(spans)
    await end(sink)
    let traces = try #require(agent.requests.first { $0.url.hasSuffix("/traces") })
    let headers = Dictionary(uniqueKeysWithValues: traces.headers.map { ($0.name, $0.value) })
    #expect(headers["Datadog-Client-Computed-Stats"] == "yes" && headers["Datadog-Client-Computed-Top-Level"] == "yes")
    #expect(headers["Datadog-Client-Dropped-P0-Traces"] == "14" && headers["Datadog-Client-Dropped-P0-Spans"] == "14")
    #expect(headers["X-Datadog-Trace-Count"] == "6" && TracePayloadCheck.faults(in: traces.body).isEmpty)
    let sent = try sentSpans(agent)
    #expect(sent.count { $0["error"]?.number == 1 && $0["metrics"]?["_sampling_priority_v1"]?.number == 0 } == 1)
    let groups = try groups(agent)
    #expect(sum("Hits", groups) == 20 && sum("TopLevelHits", groups) == 20 && sum("Errors", groups) == 1)
    #expect(sum("Duration", groups) == 20 * 250_000_000)
  }

  @Test(arguments: [
    #"{"version":"7.60","endpoints":["/v0.4/traces","/v0.6/stats"]}"#,
    #"{"version":"7.60","endpoints":["/v0.4/traces"],"client_drop_p0s":true}"#, "not an agent",
  ])
  func anAgentThatCountsItselfIsSentEverything(info: String) async throws {
    let (sink, agent) = await sink(info: info)
    var rejected = TraceSamples.span(trace: 2)
    rejected.sampling = SamplingDecision(.userReject, by: .manual)
    sink.add([TraceSamples.span(trace: 1), rejected])
    await end(sink)
    let traces = agent.requests.filter { $0.url.hasSuffix("/traces") }
    #expect(traces.count == 1 && agent.requests.allSatisfy { !$0.url.hasSuffix("/stats") })
    #expect(traces[0].headers.allSatisfy { !$0.name.hasPrefix("Datadog-Client-Computed-Stats") && !$0.name.contains("Dropped") })
    let priorities = try sentSpans(agent).compactMap { $0["metrics"]?["_sampling_priority_v1"]?.number }
    #expect(priorities.sorted() == [-1, 1])
  }

  @Test func aGroupSaysWhatItsTracesSay() async throws {
    let (sink, agent) = await sink(info: Self.leaving + #","peer_tags":["peer.service"]}"#)
    var step = TraceSamples.span(trace: 5, id: 2, parent: 1, kind: .task)
    step.dimensions.env = "prod"
    var call = TraceSamples.full()
    call.traceID = TraceSamples.trace(5)
    call.parentSpanID = SpanID(bits: 1)
    var entry = TraceSamples.span(trace: 5, kind: .workflow, service: "app")
    (entry.dimensions.env, entry.dimensions.version, entry.name) = ("prod", "1.0", "POST /ask")
    sink.add([entry, call, step])
    await end(sink)
    let request = try #require(agent.requests.first { $0.url.hasSuffix("/v0.6/stats") })
    let payload = try MessagePackReader.value(request.body)
    #expect(request.headers.contains { $0 == ("Content-Type", "application/msgpack") })
    let texts = ["Hostname", "Env", "Lang", "TracerVersion", "RuntimeID", "Service"].map { payload[$0]?.text }
    #expect(texts == ["", "prod", "swift", "1.2.3", TraceSamples.settings.runtimeID, "gateway"])
    // A payload has one version.
    let versions = try agent.requests.filter { $0.url.hasSuffix("/v0.6/stats") }
      .map { try MessagePackReader.value($0.body)["Version"]?.text }
    #expect(versions == ["", "1.0"])
    let bucket = try #require(payload["Stats"]?.elements?.first)
    #expect(bucket["Start"]?.unsigned == 1_795_464_230_000_000_000 && bucket["Duration"]?.unsigned == 10_000_000_000)
    let groups = try groups(agent)
    // The task is entered from another service, so that it is counted; within its own it would not be.
    #expect(groups.count == 3 && sum("Hits", groups) == 3 && sum("TopLevelHits", groups) == 3)
    let llm = try #require(groups.first { $0["Name"]?.text == "llm.request" })
    #expect(llm["Service"]?.text == "gateway" && llm["Resource"]?.text == "chat gemini-2.5-flash" && llm["Type"]?.text == "llm")
    #expect(llm["HTTPStatusCode"]?.unsigned == 200 && llm["SpanKind"]?.text == "client" && llm["IsTraceRoot"]?.unsigned == 2)
    #expect(llm["PeerTags"]?.elements?.compactMap(\.text) == ["peer.service:google"])
    let root = try #require(groups.first { $0["Name"]?.text == "llm.workflow" })
    #expect(root["SpanKind"]?.text == "server" && root["IsTraceRoot"]?.unsigned == 1 && root["PeerTags"] == nil)
  }

  @Test func stepsWithinAServiceAreNoHits() async throws {
    let (sink, agent) = await sink(info: Self.leaving + "}")
    sink.add([
      TraceSamples.span(id: 1, kind: .workflow), TraceSamples.span(id: 2, parent: 1, kind: .task),
      TraceSamples.span(id: 3, parent: 1), TraceSamples.span(id: 3, parent: 1),
    ])
    await end(sink)
    let groups = try groups(agent)
    // The workflow; the call, which is measured; and the same id once more, which is a trace of its own.
    #expect(sum("Hits", groups) == 3 && sum("TopLevelHits", groups) == 2)
  }

  @Test func hostileSpansAreCountedLikeAllOthers() async throws {
    var random = SplitMix(state: 4)
    let (sink, agent) = await sink(info: Self.leaving + #","peer_tags":["peer.service"]}"#)
    var expected: UInt64 = 0
    for _ in 0..<20 {
      var spans = HostileSpans.make(40, using: &random)
      for place in spans.indices {
        // Kinds that are counted wherever they stand.
        if spans[place].kind == .workflow || spans[place].kind == .task { spans[place].kind = .llm }
      }
      expected += UInt64(spans.count)
      sink.add(spans)
    }
    await end(sink)
    let groups = try groups(agent)
    #expect(sum("Hits", groups) == expected)
    for request in agent.requests where request.url.hasSuffix("/stats") {
      let buckets = try MessagePackReader.value(request.body)["Stats"]?.elements ?? []
      #expect(buckets.allSatisfy { ($0["Start"]?.unsigned ?? 1) % 10_000_000_000 == 0 })
    }
  }

  private func key(_ resource: String, service: String = "s") -> StatisticsKey {
    StatisticsKey(
      env: "e", version: nil, service: service, kind: .llm, resource: resource, httpStatus: 200, isServer: false,
      isTraceRoot: true, peer: nil)
  }

  private func add(_ statistics: inout SpanStatistics, _ key: StatisticsKey, at second: Int64, now: Int64) {
    statistics.add(
      key, endedAt: second * 1_000_000_000, duration: 5, isError: false, isTopLevel: true, now: now * 1_000_000_000,
      fallback: "gateway")
  }

  @Test func aBucketIsSentOnceAndNothingIsCountedTwice() {
    var statistics = SpanStatistics()
    add(&statistics, key("a"), at: 1005, now: 1006)
    // From the future, and long ago.
    add(&statistics, key("a"), at: 9999, now: 1006)
    add(&statistics, key("a"), at: 3, now: 1006)
    #expect(statistics.take(now: 1_012_000_000_000).map(\.start) == [980_000_000_000])
    let due = statistics.take(now: 1_013_000_000_000)
    #expect(due.map(\.start) == [1_000_000_000_000] && due[0].groups[key("a")]?.hits == 2)
    // What is late for a bucket that was sent is counted in the next.
    add(&statistics, key("a"), at: 1005, now: 1014)
    #expect(statistics.take(now: 1_015_000_000_000).isEmpty)
    #expect(statistics.take(now: 0, isLast: true).map(\.start) == [1_010_000_000_000])
    #expect(statistics.take(now: .max / 2, isLast: true).isEmpty)
  }

  /// A million resources cost as much memory as a thousand, and every hit is there.
  @Test func resourcesFromOutsideAreBounded() throws {
    var statistics = SpanStatistics()
    for number in 0..<50_000 { add(&statistics, key("r\(number)", service: "s\(number % 5_000)"), at: 1001, now: 1001) }
    let bucket = try #require(statistics.take(now: 0, isLast: true).first)
    #expect(bucket.groups.count <= SpanStatistics.groupLimitOfServices + 10)
    #expect(bucket.groups.values.reduce(0) { $0 + $1.hits } == 50_000)
    #expect(bucket.groups.keys.contains { $0.resource == "other" && $0.service == "gateway" })
    var payload = StatisticsPayload(TraceSamples.settings)
    let items = payload.items([bucket])
    #expect(items.count >= 4 && items.allSatisfy { $0.bytes.count < 2 << 20 })
    #expect(items.reduce(0) { $0 + $1.count } == bucket.groups.count)
  }
}
