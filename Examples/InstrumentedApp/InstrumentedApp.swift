// A program that answers a question over a handbook, instrumented from its first line to its last: what docs/swift-sdk.md shows.
// Its spans go where the environment says: OTEL_TRACES_EXPORTER=console prints them, COMMANDER_URL and COMMANDER_KEY send them.
import LLMInstrumentation
import Tracing

@main
struct InstrumentedApp {
  static func main() async throws {
    if CommandLine.arguments.dropFirst() == ["measure"] { return await Measure.run() }
    // snippet: begin
    let llm = LLMTracer.bootstrap(service: "handbook", env: "dev", version: "1.0")
    // end of snippet
    // snippet: system
    InstrumentationSystem.bootstrap(LLMInstrument(llm))
    // end of snippet
    let app = Handbook(llm: llm, model: FakeModel())
    _ = try await app.answer("How long may I return a product?", tenant: "acme")
    // A question that the model refuses leaves its trace too.
    _ = try? await app.translate("")
    // snippet: end
    await llm.shutdown()
    // end of snippet
  }
}

struct Handbook {
  let llm: LLMTracer
  let model: FakeModel

  func answer(_ question: String, tenant: String) async throws -> String {
    // snippet: steps
    try await llm.workflow("answer question") { workflow in
      workflow.record(tenant: tenant, feature: "handbook")
      let passages = await llm.retrieval("search handbook") { span in
        let found = search(question)
        span.record(documents: found)
        return found
      }
      let days = await llm.tool("days left") { span in
        span.record(input: [ContentMessage(role: "tool", text: "2026-11-24")])
        span.record(output: "30")
        return 30
      }
      return try await write(question, from: passages, days: days, tenant: tenant)
    }
    // end of snippet
  }

  private func write(_ question: String, from passages: [ContentDocument], days: Int, tenant: String) async throws -> String {
    // snippet: stream
    try await llm.chat(model: "fake-1", provider: "in-process") { span in
      span.record(tenant: tenant, feature: "handbook")
      span.record(prompt: "handbook-answer", version: "3")
      span.record(input: [ContentMessage(role: "user", text: question)])
      let chunks = model.stream(question, evidence: passages, days: days, headers: span.headers)
      let observed = span.observe(chunks) { chunk in
        ChunkFacts(text: chunk.text, usage: chunk.usage, finishReason: chunk.isLast ? .stop : nil)
      }
      var text = ""
      for try await chunk in observed { text += chunk.text ?? "" }
      return text
    }
    // end of snippet
  }

  func translate(_ text: String) async throws -> String {
    // snippet: call
    try await llm.chat(model: "fake-1", provider: "in-process") { span in
      let reply = try await model.translate(text, headers: span.headers)
      span.record(usage: reply.usage)
      return reply.text
    }
    // end of snippet
  }

  private func search(_ question: String) -> [ContentDocument] {
    [ContentDocument(id: "returns", text: "Unused products may be returned within 30 days.", score: 0.82)]
  }
}
