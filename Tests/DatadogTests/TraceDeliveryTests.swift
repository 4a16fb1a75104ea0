// Traces on their way to an Agent that is absent, slow, full, wrong or gone: nothing is lost in silence and memory has a limit.

import Delivery
import LLMTelemetry
import Synchronization
import Testing

@testable import Datadog

@Suite struct TraceDeliveryTests {
  private func end(_ sink: AgentTraces) async {
    sink.lane.shutDown()
    await sink.lane.run()
  }

  @Test func aRequestHasTheHeadersOfATracer() async throws {
    let request = await TraceSamples.sent((1...3).map { TraceSamples.span(trace: $0) })
    let headers = Dictionary(uniqueKeysWithValues: request.headers.map { ($0.name, $0.value) })
    #expect(request.method == "POST" && request.url == "http://agent:8126/v0.4/traces")
    #expect(
      headers.filter { $0.key != "Datadog-Meta-Lang-Version" } == [
        "Content-Type": "application/msgpack", "X-Datadog-Trace-Count": "3", "Datadog-Meta-Lang": "swift",
        "Datadog-Meta-Lang-Interpreter": "swift", "Datadog-Meta-Tracer-Version": "1.2.3",
        "Datadog-Client-Computed-Top-Level": "yes",
        "Datadog-Send-Real-Http-Status": "1", "Datadog-Entity-ID": "in-1",
      ])
    #expect(headers["Datadog-Meta-Lang-Version"]?.hasPrefix("6.") == true)
    #expect(TracePayloadCheck.faults(in: request.body).isEmpty)
  }

  @Test func whatTheAgentSaidChangesTheNextRequest() async throws {
    let agent = ScriptedAgent(
      [
        .status(
          200, headers: [(name: "datadog-rates-payload-version", value: "v7")], body: #"{"rate_by_service":{"service:,env:":0}}"#)
      ],
      pauses: 4)
    let box = SinkBox()
    let sink = agent.sink(whilePausing: { pause in
      // While the lane gathers, the application goes on.
      if pause <= 3 { box.sink?.add([TraceSamples.span(id: UInt64(pause))]) }
    })
    box.sink = sink
    await sink.lane.run()
    let priorities = try agent.spans().map { $0.map { $0["metrics"]?["_sampling_priority_v1"]?.number ?? -9 } }
    #expect(priorities == [[1], [0], [0]])
    let versions = agent.requests.map { $0.headers.first { $0.name == "Datadog-Rates-Payload-Version" }?.value }
    #expect(versions == [nil, "v7", "v7"])
  }

  @Test(arguments: [
    [ScriptedAgent.Answer.nothing, .nothing, .status(200)],
    [.status(429, headers: [(name: "Retry-After", value: "2")]), .status(200)], [.status(503), .status(200)],
    [.status(200, body: "<html>not an agent</html>")], [.status(200, body: #"{"rate_by_service":"#)],
  ])
  func anAgentThatIsBackTakesWhatWaited(answers: [ScriptedAgent.Answer]) async throws {
    let agent = ScriptedAgent(answers, pauses: 6)
    let sink = agent.sink()
    sink.add((1...5).map { TraceSamples.span(trace: $0) })
    await sink.lane.run()
    #expect(sink.lane.status.delivered == 5 && sink.lane.takeDrops().isEmpty)
    // The same bytes each time.
    #expect(Set(agent.requests.map(\.body)).count == 1 && agent.requests.count == answers.count)
    if case .status(429, _, _) = answers[0] { #expect(agent.pauses.contains(.seconds(2))) }
  }

  @Test func whatIsTooLargeIsSentInHalvesAndOnlyThePieceThatStaysTooLargeIsDropped() async throws {
    let agent = ScriptedAgent([.status(413), .status(200), .status(413), .status(200), .status(413)], pauses: 1)
    let sink = agent.sink()
    // Four pieces and a rest.
    sink.add((1...160).map { TraceSamples.span(trace: $0) })
    let pieces = sink.lane.status.waiting
    await sink.lane.run()
    let status = sink.lane.status
    #expect(status.delivered + (status.dropped[.tooLarge] ?? 0) == pieces && (status.dropped[.tooLarge] ?? 0) > 0)
    #expect(agent.requests.allSatisfy { TracePayloadCheck.faults(in: $0.body).isEmpty })
    for request in agent.requests {
      let count = request.headers.first { $0.name == "X-Datadog-Trace-Count" }?.value
      #expect(try MessagePackReader.value(request.body).elements?.count == count.flatMap { Int($0) })
    }
  }

  @Test(arguments: [400, 404, 415])
  func whatIsRefusedIsCountedAndNotRepeated(status: Int) async {
    let agent = ScriptedAgent([.status(status)], pauses: 1)
    let sink = agent.sink()
    sink.add([TraceSamples.span(), TraceSamples.span(id: 2)])
    await sink.lane.run()
    #expect(agent.requests.count == 1)
    #expect(sink.lane.takeDrops() == [.refused: 2])
  }

  /// An hour of traffic for nobody: what waits stays within its limit, and all that has no room is counted.
  @Test func anAbsentAgentCostsTracesAndNoMemory() async {
    let agent = ScriptedAgent([.nothing])
    var limits = AgentTraces.limits
    limits.byteCapacity = 200_000
    let sink = agent.sink(limits: limits)
    let batch = (1...100).map { TraceSamples.span(trace: $0) }
    for _ in 0..<500 { sink.add(batch) }
    let waiting = sink.lane.status.waiting
    #expect(waiting > 0 && waiting < 600)
    #expect(sink.lane.takeDrops()[.queueFull] == 50_000 - waiting)
    await end(sink)
    #expect(sink.lane.status.waiting == 0 && sink.lane.takeDrops() == [.shutDown: waiting])
    sink.add(batch)
    #expect(sink.lane.takeDrops() == [.shutDown: 100])
  }

  @Test func spansOfManyThreadsAllArrive() async throws {
    let agent = ScriptedAgent([.status(200)])
    let sink = agent.sink()
    await withTaskGroup { group in
      for thread in UInt64(1)...8 {
        group.addTask { for id in UInt64(1)...50 { sink.add([TraceSamples.span(trace: thread, id: thread << 32 | id)]) } }
      }
    }
    await end(sink)
    let ids = try agent.spans().flatMap { $0 }.compactMap { $0["span_id"]?.unsigned }
    #expect(ids.count == 400 && Set(ids).count == 400)
  }
}

/// A sink that its own clock knows.
final class SinkBox: Sendable {
  private let held = Mutex<AgentTraces?>(nil)
  var sink: AgentTraces? {
    get { held.withLock { $0 } }
    set { held.withLock { $0 = newValue } }
  }
}

@Suite struct TraceAgentDiscoveryTests {
  private static let info = """
    {"version":"7.71.0","endpoints":["/v0.3/traces","/v0.4/traces","/v0.6/stats","/evp_proxy/v2/","/evp_proxy/v4/"],
     "client_drop_p0s":true,"span_meta_structs":true,"peer_tags":["peer.service"],"evp_proxy_allowed_headers":["X-Datadog-EVP-Subdomain"],
     "config":{"default_env":"none"}}
    """

  @Test func whatAnAgentSaysIsRead() throws {
    let info = try #require(AgentInfo(Array(Self.info.utf8)))
    #expect(info.version == "7.71.0" && info.tracesPath == "/v0.4/traces" && info.eventProxyPath == "/evp_proxy/v4")
    #expect(info.dropsUnsampledAtClient && info.takesSpanStructures && info.peerTags == ["peer.service"])
    let older = try #require(AgentInfo(Array(#"{"endpoints":["/v0.3/traces"]}"#.utf8)))
    #expect(older.tracesPath == "/v0.3/traces" && older.eventProxyPath == nil)
    #expect(AgentInfo(Array("[]".utf8)) == nil && AgentInfo([]) == nil && AgentInfo(Array(#"{"endpoints":7}"#.utf8)) == nil)
  }

  @Test func theAgentIsAskedAgainAndSoonerWhileItIsAway() async {
    let agent = ScriptedAgent(
      [
        .nothing, .status(500), .status(200, body: "hello"), .status(404), .status(200, body: Self.info),
        .status(200, body: Self.info),
      ])
    let pauses = Mutex<[Duration]>([])
    let states = Mutex<[AgentState]>([])
    let box = Mutex<AgentDiscovery?>(nil)
    let discovery = AgentDiscovery(agent: "http://agent:8126/", send: { try agent.send($0) }) { duration in
      let count = pauses.withLock { pauses in
        pauses.append(duration)
        return pauses.count
      }
      if let state = box.withLock({ $0?.state }) { states.withLock { $0.append(state) } }
      if count == 6 { throw CancellationError() }
    }
    #expect(discovery.state == .unasked && discovery.state.tracesPath == "/v0.4/traces")
    box.withLock { $0 = discovery }
    await discovery.run()
    let away = AgentDiscovery.absentInterval
    let there = AgentDiscovery.interval
    #expect(pauses.withLock { $0 } == [away, away, away, there, there, there])
    #expect(agent.requests.allSatisfy { $0.method == "GET" && $0.url == "http://agent:8126/info" })
    let seen = states.withLock { $0 }
    #expect(
      seen.map(\.problem) == [
        "no answer: NoAnswer", "the Agent answered 500", "what answers there is no Datadog Agent", nil, nil, nil,
      ])
    #expect(seen[3] == .old && seen.last?.info?.version == "7.71.0")
  }

  @Test func tracesGoWhereTheAgentTakesThem() async {
    let agent = ScriptedAgent([.status(200, body: #"{"version":"6","endpoints":["/v0.3/traces"]}"#)])
    let discovery = AgentDiscovery(agent: "http://agent:8126", send: { try agent.send($0) })
    await discovery.ask()
    let sink = AgentTraces(TraceSamples.settings, discovery: discovery, send: { try agent.send($0) })
    sink.add([TraceSamples.span()])
    sink.lane.shutDown()
    await sink.lane.run()
    #expect(agent.requests.last?.url == "http://agent:8126/v0.3/traces")
    #expect(AgentState.present(AgentInfo()).problem != nil)
  }
}
