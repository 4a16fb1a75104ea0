// A program whose calls to models show in Datadog without a commander: what docs/swift-sdk.md shows of DatadogInstrumentation.
// DD_AGENT_HOST and DD_TRACE_AGENT_PORT say where the Agent is.
import DatadogInstrumentation

@main
struct DatadogApp {
  static func main() async throws {
    // snippet: datadog
    let llm = LLMTracer.bootstrap(service: "handbook", env: "dev", exporter: .datadogAgent(llmObservability: true))
    // end of snippet
    await llm.workflow("answer question") { workflow in
      workflow.record(tenant: "acme", feature: "handbook")
      await llm.chat(model: "fake-1", provider: "in-process") { span in
        span.record(usage: TokenUsage(input: 6, output: 3))
        span.record(finishReason: .stop)
      }
    }
    await llm.shutdown()
  }
}
