// The whole server with an Agent: a vendor's SDK calls through it, and the traces the Agent has are the spans the store has.

import AsyncHTTPClient
import Foundation
import LLMTelemetry
import NIOCore
import Simulation
import Testing

@Suite struct TraceServerTests {
  /// Datadog's test agent, for as long as `body` runs; gives back what `body` made and the traces that came.
  static func whileAgentRuns<Value: Sendable>(
    _ body: @Sendable (_ url: String) async throws -> Value
  ) async throws -> (value: Value, traces: [[ReceivedSpan]], statistics: [ReceivedStatistics]) {
    let folder = FileManager.default.temporaryDirectory.appending(path: "agent-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    async let received = PythonVerifier(environment: .testAgent)
      .run("trace_agent.py", ["serve", folder.path], decoding: TraceAgentTests.Line.self)
    let result: Result<Value, any Error>
    do {
      let address = folder.appending(path: "url")
      let deadline = ContinuousClock.now + .seconds(60)
      while !FileManager.default.fileExists(atPath: address.path), ContinuousClock.now < deadline {
        try await Task.sleep(for: .milliseconds(20))
      }
      result = .success(try await body(String(contentsOf: address, encoding: .utf8)))
    } catch {
      result = .failure(error)
    }
    try Data().write(to: folder.appending(path: "done"))
    let lines = try await received
    return (try result.get(), lines.compactMap(\.trace), lines.compactMap(\.statistics))
  }

  @Test(.timeLimit(.minutes(3)))
  func everyExchangeIsATraceAtTheAgent() async throws {
    var failing = FaultRule.Effect()
    failing.status = 500
    let simulator = ProviderSimulator(
      faults: [FaultRule(name: "status 500", condition: .init(model: "failing-500"), effect: failing)], pace: .visible)
    let (outcome, traces, statistics) = try await Self.whileAgentRuns { url in
      try await Deployment.run(simulator: simulator, extra: "datadog: {agent: \"\(url)\", traces: agent}\n") { deployment in
        _ = try await VendorSDK.openAI.run(
          [.complete, .stream, .embed, .upstream500], in: .sdkCurrent, baseURL: deployment.gatewayURL,
          key: Deployment.key,
          models: [.upstream500: "failing-500"])
        _ = try await VendorSDK.openAI.run(
          [.badKey], in: .sdkCurrent, baseURL: deployment.gatewayURL, key: "ck-nobody", models: [:])
        var request = HTTPClientRequest(url: deployment.gatewayURL + "/v1/chat/completions")
        request.method = .POST
        request.headers.add(name: "authorization", value: "Bearer \(Deployment.key)")
        request.headers.add(name: "x-datadog-trace-id", value: "1234567890123456789")
        request.headers.add(name: "x-datadog-parent-id", value: "99")
        request.headers.add(name: "x-datadog-sampling-priority", value: "-1")
        request.headers.add(name: "x-datadog-tags", value: "_dd.p.dm=-4,_dd.p.tid=6b049c2c00000000")
        request.body = .bytes(ByteBuffer(string: #"{"model":"gpt-4o","messages":[{"role":"user","content":"Hello"}]}"#))
        #expect(try await HTTPClient.shared.execute(request, timeout: .seconds(20)).status == .ok)
        request.headers.replaceOrAdd(name: "x-datadog-trace-id", value: "1234567890123456790")
        request.headers.replaceOrAdd(name: "x-datadog-parent-id", value: "98")
        request.headers.replaceOrAdd(name: "x-datadog-sampling-priority", value: "2")
        #expect(try await HTTPClient.shared.execute(request, timeout: .seconds(20)).status == .ok)
      }
    }
    let stored = outcome.spans
    #expect(stored.count >= 6)
    let received = Dictionary(grouping: traces.joined(), by: \.span_id)
    // The agent leaves statistics to us and wants nothing that was given up: that one is counted, and not sent.
    let given = try #require(stored.first { $0.parentSpanID?.bits == 99 })
    #expect(received[String(given.spanID.bits)] == nil)
    #expect(received.count == stored.count - 1 && traces.joined().count == stored.count - 1)
    #expect(statistics.reduce(0) { $0 + $1.Hits } == stored.count && statistics.allSatisfy { $0.Service == "conformance" })
    #expect(statistics.reduce(0) { $0 + $1.Errors } == stored.count { $0.outcome.countsAsError })
    for span in stored where span.spanID != given.spanID {
      let sent = try #require(received[String(span.spanID.bits)]?.first, "\(span.name)")
      check(sent, against: span)
    }
    let joined = try #require(stored.last { $0.parentSpanID?.bits == 98 })
    let sent = try #require(received[String(joined.spanID.bits)]?.first)
    #expect(sent.trace_id == "1234567890123456790" && sent.meta["_dd.p.tid"] == "6b049c2c00000000")
    #expect(sent.metrics["_sampling_priority_v1"] == 2 && sent.meta["_dd.p.dm"] == "-4")
    // The vendor was told nothing of it.
    for request in simulator.requestLog.requests {
      #expect(
        !request.headers.contains { $0.name.lowercased().hasPrefix("x-datadog") || $0.name.lowercased().hasPrefix("trace") })
    }
  }

  private func check(_ sent: ReceivedSpan, against span: LLMSpan) {
    #expect(sent.trace_id == String(span.traceID.low) && sent.parent_id == String(span.parentSpanID?.bits ?? 0))
    #expect(sent.service == "conformance" && sent.resource == span.name && sent.type == "llm")
    #expect(sent.start == String(span.start.unixNanoseconds) && sent.duration == String(span.duration.wholeNanoseconds))
    #expect(sent.error == (span.outcome.countsAsError ? 1 : 0) && sent.meta["error.type"] == span.outcome.errorClass?.rawValue)
    #expect(sent.meta["http.status_code"] == span.httpStatus.map { String($0) })
    #expect(sent.meta["gen_ai.request.model"] == span.dimensions.model && sent.meta["env"] == "test")
    #expect(sent.metrics["gen_ai.usage.input_tokens"] == span.usage.totalInput.map { Double($0) })
    #expect(sent.metrics["gen_ai.usage.output_tokens"] == span.usage.totalOutput.map { Double($0) })
    #expect(sent.metrics["llm.cost"] == span.cost.amount?.dollars)
    #expect(sent.metrics["_dd.top_level"] == 1)
    let all = (Array(sent.meta.values) + [sent.resource]).joined(separator: "\n")
    #expect(!all.contains("upstream-secret") && !all.contains(Deployment.key))
  }
}
