// The service against the simulated Vertex AI: the answer, the wire, the trace, and what failures look like.
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import LLMTelemetry
import Simulation
import Testing

@testable import RAGService

@Suite struct AskTests {
  private static let question = "How many days do I have to return an unused product?"
  private static let body = #"{"question":"\#(question)","tenant":"acme","feature":"helpdesk"}"#

  @Test func theAnswerComesFromTheDocumentsAndTheTraceIsOneTree() async throws {
    try await RunningService.with { service in
      let traceparent = try #require(HTTPField.Name("traceparent"))
      let response = try await service.ask(
        Self.body, headers: [traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"])
      #expect(response.status == .ok)
      let reply = try response.json()
      let answer = try #require(reply["answer"]?.string)
      #expect(answer.contains("30 days of delivery"))
      #expect(reply["trace_id"]?.string == "0af7651916cd43dd8448eb211c80319c")
      #expect(reply[path: "sources.0.document"]?.string == "returns.md")
      #expect(reply[path: "sources.0.cited"]?.bool == true)
      #expect(reply[path: "citations.0.source"]?.string == reply[path: "sources.0.id"]?.string)
      let start = try #require(reply[path: "citations.0.start"]?.integer)
      let end = try #require(reply[path: "citations.0.end"]?.integer)
      #expect(String(Array(answer)[start..<end]) == "[1]")
      #expect(reply[path: "grounding.verdict"]?.string == "supported")
      #expect((reply[path: "grounding.score"]?.number ?? 1) < 0.35)
      #expect(reply[path: "cost.exactness"]?.string == "exact")
      #expect((reply[path: "cost.usd"]?.string).flatMap(Double.init) ?? 0 > 0)
      #expect(reply["declined"] == nil)

      let spans = service.spans.spans.filter { $0.traceID.description == "0af7651916cd43dd8448eb211c80319c" }
      #expect(
        spans.map(\.name) == [
          "embeddings hashed-words-1", "search documents", "rerank passages", "similarity gate", "build prompt",
          "chat gemini-2.5-flash", "answer with tools", "check grounding", "cite sources", "answer question",
        ], "children end first")
      #expect(spans.map(\.kind) == [.embedding, .retrieval, .task, .task, .task, .llm, .agent, .task, .task, .workflow])
      let workflow = try #require(spans.last)
      #expect(workflow.parentSpanID?.description == "b7ad6b7169203331")
      let known = Set(spans.map(\.spanID))
      #expect(spans.dropLast().allSatisfy { $0.parentSpanID.map(known.contains) == true }, "no span hangs in the air")
      #expect(spans[0].parentSpanID == spans[1].spanID)
      #expect(spans[5].parentSpanID == spans[6].spanID)
      #expect(spans.allSatisfy { $0.dimensions.tenant == "acme" && $0.dimensions.feature == "helpdesk" && $0.outcome == .ok })
      let llm = spans[5]
      #expect(llm.accountsForExchange, "no gateway said that it keeps the record")
      #expect(llm.dimensions.provider == "gcp.vertex_ai")
      #expect(llm.dimensions.region == "us-central1")
      #expect(llm.isStreaming && llm.timeToFirstToken != nil)
      #expect(llm.usage.output == SimulatedModel.tokenCount(of: answer))
      #expect(spans[1].retrieval?.documentCount ?? 0 > 4)
      #expect(spans[2].retrieval?.documentCount == 4)
      let sent = try #require(service.generations.last)
      #expect(sent.header("x-datadog-parent-id") == String(llm.spanID.bits))
    }
  }

  @Test func theRequestNamesThePromptTheTenantAndTheSession() async throws {
    try await RunningService.with { service in
      _ = try await service.answer(Self.question, session: "s-1")
      let sent = try #require(service.generations.first)
      #expect(
        sent.target
          == "/v1beta1/projects/p1/locations/us-central1/publishers/google/models/gemini-2.5-flash:streamGenerateContent?alt=sse")
      #expect(sent.header("authorization") == "Bearer ya29.test")
      #expect(sent.header("x-commander-prompt") == "rag-answer")
      #expect(sent.header("x-commander-tenant") == "acme")
      #expect(sent.header("x-commander-session") == "s-1")
      let body = try JSON(parsing: sent.body)
      #expect(body["systemInstruction"] == nil, "a managed prompt is the gateway's to put in")
      #expect(body["labels"] == ["tenant": "acme", "feature": "helpdesk"])
      let text = try #require(body[path: "contents.0.parts.0.text"]?.string)
      #expect(text.hasPrefix("Documents:\n\n[1] Returns and refunds – Return window (returns.md)\nUnused products"))
      #expect(text.hasSuffix("Question: \(Self.question)"))
    }
  }

  @Test func aPromptOfItsOwnIsSentAndNotNamed() async throws {
    try await RunningService.with(configure: { $0.prompt = .init(name: "rag-answer", text: "Answer briefly.") }) { service in
      _ = try await service.answer(Self.question)
      let sent = try #require(service.generations.first)
      #expect(sent.header("x-commander-prompt") == nil)
      #expect(try JSON(parsing: sent.body)[path: "systemInstruction.parts.0.text"]?.string == "Answer briefly.")
    }
  }

  @Test func aVersionAndALabelOfTheManagedPromptAreNamed() async throws {
    try await RunningService.with(configure: {
      $0.prompt = .init(name: "rag-answer", version: "43", label: "staging")
    }) { service in
      let reply = try await service.answer(Self.question)
      #expect(service.generations.first?.header("x-commander-prompt-version") == "43")
      #expect(service.generations.first?.header("x-commander-prompt-label") == "staging")
      #expect(reply["prompt_version"]?.string == "43")
      #expect(service.spans.spans.last?.dimensions.promptVersion == "43")
    }
  }

  @Test func whatTheDocumentsDoNotSayIsNotAsked() async throws {
    try await RunningService.with { service in
      let reply = try await service.answer("Who composed the opera Tristan und Isolde?")
      #expect(reply["answer"]?.string == QuestionAnswerer.declined)
      #expect(reply["declined"]?.string == "too_distant")
      #expect(reply["sources"]?.array?.isEmpty == true)
      #expect(service.generations.isEmpty, "a model that is not asked cannot guess")
      #expect(reply[path: "cost.usd"]?.string == "0")
      let names = service.spans.trace(of: "answer question").map(\.name)
      #expect(names.contains("similarity gate") && !names.contains("build prompt"))
    }
  }

  @Test func anUngroundedAnswerIsDeclinedWhereThatIsAskedFor() async throws {
    let faults = #"[{"name":"h","effect":{"hallucinate":true}}]"#
    try await RunningService.with(faults: faults) { service in
      let reply = try await service.answer(Self.question)
      #expect(reply[path: "grounding.verdict"]?.string == "unsupported")
      #expect(reply[path: "grounding.doubtful"]?.array?.isEmpty == false)
      #expect(reply["declined"] == nil)
    }
    try await RunningService.with(faults: faults, configure: { $0.answering.declineAbove = 0.6 }) { service in
      let reply = try await service.answer(Self.question)
      #expect(reply["declined"]?.string == "ungrounded")
      #expect(reply["answer"]?.string == QuestionAnswerer.declined)
    }
  }

  @Test(arguments: [
    (#"{"status":429,"retry_after_s":3}"#, 503, ErrorClass.rateLimited), (#"{"status":503}"#, 503, .overloaded),
    (#"{"status":500}"#, 502, .providerError), (#"{"status":403}"#, 502, .auth), (#"{"empty_candidates":true}"#, 502, .blocked),
    (#"{"malformed":true}"#, 502, .providerError), (#"{"cut_after_chunks":1}"#, 502, .network),
    (#"{"error_after_chunks":1}"#, 503, .overloaded),
  ])
  func failuresAreToldAndRecorded(effect: String, status: Int, errorClass: ErrorClass) async throws {
    try await RunningService.with(faults: #"[{"name":"f","effect":\#(effect)}]"#) { service in
      let response = try await service.ask(Self.body)
      #expect(response.status.code == status, "\(response.text)")
      let error = try #require(try response.json()["error"])
      #expect(error["class"]?.string == errorClass.rawValue)
      #expect(error["message"]?.string?.isEmpty == false)
      #expect(response.headers[.retryAfter] == (errorClass == .rateLimited ? "3" : nil))
      let trace = service.spans.trace(of: "answer question")
      #expect(trace.last?.outcome.errorClass == errorClass)
      #expect(trace.first { $0.kind == .llm }?.outcome.errorClass == errorClass)
      #expect(error["trace_id"]?.string == trace.last?.traceID.description)
    }
  }

  @Test func anAnswerThatTakesTooLongIsATimeout() async throws {
    try await RunningService.with(
      faults: #"[{"name":"f","effect":{"latency_ms":3000}}]"#, configure: { $0.limits.timeout = .milliseconds(300) }
    ) { service in
      let response = try await service.ask(Self.body)
      #expect(response.status == .gatewayTimeout)
      #expect(try response.json()[path: "error.class"]?.string == "timeout")
      #expect(service.spans.trace(of: "answer question").last?.outcome.errorClass == .timeout)
    }
  }

  @Test func aGatewaysSpanIsTheRecordOfTheExchange() throws {
    let headers = [
      "x-commander-span-id": "00f067aa0ba902b7", "x-commander-prompt-version": "43", "x-commander-prompt-label": "canary",
      "x-commander-model": "gemini-2.5-pro",
    ]
    let notes = GatewayNotes { headers[$0] }
    #expect(notes.spanID?.description == "00f067aa0ba902b7")
    #expect(notes.promptVersion == "43")
    #expect(notes.promptLabel == "canary")
    #expect(notes.model == "gemini-2.5-pro")
  }

  @Test func aConversationIsRememberedForItsTenantAlone() async throws {
    try await RunningService.with { service in
      _ = try await service.answer("How long is the warranty of Halden devices?", session: "c1")
      let second = try await service.answer("And what does it not cover?", session: "c1")
      #expect(second["standalone_question"]?.string?.contains("warranty of Halden devices") == true)
      let body = try JSON(parsing: try #require(service.generations.last).body)
      #expect(body["contents"]?.array?.count == 3, "the turn before, its answer, and the question")
      #expect(body[path: "contents.0.parts.0.text"]?.string == "How long is the warranty of Halden devices?")
      let said = try #require(body[path: "contents.1.parts.0.text"]?.string)
      #expect(said.contains("three years") && !said.contains("[1]"), "numbers of other passages would mislead")
      #expect(service.spans.spans.filter { $0.session == "c1" }.count > 10)
      #expect(service.spans.trace(of: "answer question").contains { $0.name == "rewrite question" })

      let other = try await service.ask(
        #"{"question":"And what does the warranty not cover?","tenant":"globex","session":"c1"}"#)
      #expect(other.status == .ok)
      let foreign = try JSON(parsing: try #require(service.generations.last).body)
      #expect(foreign["contents"]?.array?.count == 1)
    }
  }
}
