// A Swift application with the SDK and without a commander: what Datadog's test agent has of it, traces, statistics and LLM Observability.

import DatadogInstrumentation
import Foundation
import Testing

@Suite struct SDKAgentTests {
  @Test(.timeLimit(.minutes(3)))
  func anApplicationSendsStraightToAnAgent() async throws {
    let (ids, traces, statistics) = try await TraceServerTests.whileAgentRuns { url in
      let llm = LLMTracer.bootstrap(
        service: "handbook", env: "dev", version: "1.0",
        exporter: .datadogAgent(url: url, mlApp: "books", llmObservability: true),
        captureContent: true, metrics: false)
      var ids: [String] = []
      for _ in 0..<3 {
        let id = await llm.workflow("answer question") { workflow in
          await llm.chat(model: "fake-1", provider: "in-process") { span in
            span.record(usage: TokenUsage(input: 6, output: 3))
            span.record(output: "Hello")
          }
          return String(workflow.context.spanID.bits)
        }
        ids.append(id)
      }
      await llm.shutdown()
      return ids
    }
    #expect(traces.count == 3 && traces.allSatisfy { $0.count == 2 })
    #expect(Set(traces.compactMap { $0.first { $0.name == "llm.workflow" }?.span_id }) == Set(ids))
    for span in traces.joined() {
      #expect(span.service == "handbook" && span.meta["env"] == "dev" && span.meta["gen_ai.application.name"] == "books")
      #expect(span.metrics["_dd.top_level"] == (span.name == "llm.workflow" ? 1 : nil))
      #expect(!span.meta.values.contains("Hello"))
    }
    // One group for the workflow and one for the call, however many ten seconds they fell into.
    #expect(Set(statistics.map(\.Name)) == ["llm.workflow", "llm.request"])
    #expect(statistics.reduce(0) { $0 + $1.Hits } == 6 && statistics.reduce(0) { $0 + $1.TopLevelHits } == 3)
  }

  /// The example of docs/swift-sdk.md, a process that ends at once: what it has to say arrives before its end.
  @Test(.timeLimit(.minutes(3)))
  func theExampleArrives() async throws {
    let (status, traces, _) = try await TraceServerTests.whileAgentRuns { url in
      let process = Process()
      process.executableURL = URL(filePath: #filePath).deletingLastPathComponent().appending(
        path: "../../.build/debug/datadog-app")
      process.environment = ["DD_TRACE_AGENT_URL": url, "DD_VERSION": "7"]
      try process.run()
      process.waitUntilExit()
      return process.terminationStatus
    }
    #expect(status == 0)
    #expect(traces.map { $0.map(\.name).sorted() } == [["llm.request", "llm.workflow"]])
    #expect(traces.joined().allSatisfy { $0.service == "handbook" && $0.meta["version"] == "7" })
  }
}
