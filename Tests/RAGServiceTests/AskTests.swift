// The service against the simulated Vertex AI: the answer, the wire, the trace, and what failures look like.
import AsyncHTTPClient
import Foundation
import Hummingbird
import HummingbirdTesting
import LLMTelemetry
import Logging
import Simulation
import Synchronization
import Testing

@testable import RAGService

final class CollectedSpans: SpanExporter {
  private let collected = Mutex<[LLMSpan]>([])
  var spans: [LLMSpan] { collected.withLock { $0 } }
  func export(_ spans: [LLMSpan]) { collected.withLock { $0 += spans } }
}

private struct WireRequest: Decodable {
  struct Content: Decodable { var role: String; var parts: [Part] }
  struct Part: Decodable { var text: String }
  var contents: [Content]
  var systemInstruction: Content?
  var labels: [String: String]
}

@Suite struct AskTests {
  private static let question =
    #"{"question":"How many days do I have to return an unused product?","tenant":"acme","feature":"helpdesk"}"#

  private func withService(
    faults: String = "[]", promptText: String? = nil,
    _ test: @escaping @Sendable (any TestClientProtocol, ProviderSimulator, CollectedSpans) async throws -> Void
  ) async throws {
    let simulator = ProviderSimulator(faults: try FaultRule.list(parsing: faults.utf8))
    let documents = try DocumentLibrary.passages(inFolder: Examples.folder + "/documents")
    try await simulator.application().test(.live) { upstream in
      let port = try #require(upstream.port)
      let configuration = RAGConfiguration(
        host: "127.0.0.1", port: 0, documents: documents,
        vertex: .init(
          baseURL: "http://127.0.0.1:\(port)", project: "p1", location: "us-central1", model: "gemini-2.5-flash",
          bearerToken: "ya29.test"),
        prompt: .init(name: "rag-answer", text: promptText), telemetry: nil, tenant: "default", env: "test")
      let spans = CollectedSpans()
      let httpClient = makeHTTPClient()
      do {
        let application = buildRAGApplication(
          configuration, httpClient: httpClient, exporter: spans,
          logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        try await application.test(.live) { client in try await test(client, simulator, spans) }
      } catch {
        try await httpClient.shutdown()
        throw error
      }
      try await httpClient.shutdown()
    }
  }

  private func ask(_ client: any TestClientProtocol, _ body: String = question, headers: HTTPFields = [:]) async throws
    -> TestResponse
  {
    try await client.execute(uri: "/ask", method: .post, headers: headers, body: ByteBuffer(string: body))
  }

  @Test func theAnswerComesFromTheDocumentsAndTheTraceIsOneTree() async throws {
    try await withService { client, simulator, collected in
      let traceparent = try #require(HTTPFields.Element.Name("traceparent"))
      let response = try await ask(client, headers: [traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"])
      #expect(response.status == .ok)
      let reply = try #require(try JSONSerialization.jsonObject(with: Data(response.body.readableBytesView)) as? [String: Any])
      #expect((reply["answer"] as? String)?.contains("30 days of delivery") == true)
      #expect(reply["trace_id"] as? String == "0af7651916cd43dd8448eb211c80319c")
      let sources = try #require(reply["sources"] as? [[String: Any]])
      #expect(sources.first?["id"] as? String == "returns#1")

      let spans = collected.spans
      #expect(spans.map(\.kind) == [.retrieval, .llm, .workflow], "children end first")
      let workflow = try #require(spans.last)
      #expect(workflow.parentSpanID?.description == "b7ad6b7169203331")
      #expect(spans.dropLast().allSatisfy { $0.parentSpanID == workflow.spanID })
      #expect(Set(spans.map(\.traceID.description)) == ["0af7651916cd43dd8448eb211c80319c"])
      #expect(spans.allSatisfy { $0.dimensions.tenant == "acme" && $0.dimensions.feature == "helpdesk" && $0.outcome == .ok })
      let retrieval = try #require(spans[0].retrieval)
      #expect(retrieval.documentCount == 4)
      #expect((0.1...1).contains(try #require(retrieval.topScore)))
      let llm = spans[1]
      #expect(llm.accountsForExchange, "no gateway said that it keeps the record")
      #expect(llm.dimensions.provider == "gcp.vertex_ai")

      let sent = try #require(simulator.requestLog.requests.first)
      #expect(sent.header("x-datadog-parent-id") == String(llm.spanID.bits))
      let answer = try #require(reply["answer"] as? String)
      #expect(llm.usage.output == SimulatedModel.tokenCount(of: answer))
    }
  }

  @Test func theRequestHasVertexAIsShape() async throws {
    try await withService { client, simulator, _ in
      _ = try await ask(client)
      let sent = try #require(simulator.requestLog.requests.first)
      #expect(sent.target == "/v1/projects/p1/locations/us-central1/publishers/google/models/gemini-2.5-flash:generateContent")
      #expect(sent.header("authorization") == "Bearer ya29.test")
      #expect(sent.header("x-commander-prompt") == "rag-answer")
      #expect(sent.header("x-commander-tenant") == "acme")
      let body = try JSONDecoder().decode(WireRequest.self, from: Data(sent.body))
      #expect(body.systemInstruction == nil, "a managed prompt is the gateway's to put in")
      #expect(body.labels == ["tenant": "acme", "feature": "helpdesk"])
      let text = try #require(body.contents.first?.parts.first?.text)
      #expect(body.contents.first?.role == "user")
      #expect(text.hasPrefix("Documents:\n\n[1] Returns and refunds – Return window\nUnused products"))
      #expect(text.hasSuffix("Question: How many days do I have to return an unused product?"))
    }
  }

  @Test func aPromptOfItsOwnIsSentAndNotNamed() async throws {
    try await withService(promptText: "Answer briefly.") { client, simulator, _ in
      _ = try await ask(client)
      let sent = try #require(simulator.requestLog.requests.first)
      #expect(sent.header("x-commander-prompt") == nil)
      let body = try JSONDecoder().decode(WireRequest.self, from: Data(sent.body))
      #expect(body.systemInstruction?.parts.first?.text == "Answer briefly.")
    }
  }

  @Test(arguments: [
    (#"{"status":429,"retry_after_s":3}"#, 503, ErrorClass.rateLimited), (#"{"status":503}"#, 503, .overloaded),
    (#"{"status":500}"#, 502, .providerError), (#"{"status":403}"#, 502, .auth), (#"{"empty_candidates":true}"#, 502, .blocked),
    (#"{"malformed":true}"#, 502, .providerError), (#"{"cut_after_chunks":1}"#, 502, .network),
  ])
  func failuresAreToldAndRecorded(effect: String, status: Int, errorClass: ErrorClass) async throws {
    try await withService(faults: #"[{"name":"f","effect":\#(effect)}]"#) { client, _, collected in
      let response = try await ask(client)
      #expect(response.status.code == status)
      let reply = try JSONSerialization.jsonObject(with: Data(response.body.readableBytesView)) as? [String: [String: String]]
      let error = try #require(reply?["error"])
      #expect(error["class"] == errorClass.rawValue)
      #expect(error["message"]?.isEmpty == false)
      #expect(response.headers[.retryAfter] == (status == 503 && errorClass == .rateLimited ? "3" : nil))
      #expect(collected.spans.map(\.kind) == [.retrieval, .llm, .workflow])
      #expect(collected.spans.map(\.outcome.errorClass) == [nil, errorClass, errorClass])
      #expect(error["trace_id"] == collected.spans.last?.traceID.description)
    }
  }

  @Test(arguments: [
    "", "{}", #"{"question":"  "}"#, #"{"question":"q","tenant":"a b"}"#, #"{"question":"q","feature":"x\r\ny"}"#,
  ])
  func wrongQuestionsAreRefusedAndLeaveNoSpan(body: String) async throws {
    try await withService { client, simulator, collected in
      let response = try await ask(client, body)
      #expect(response.status == .badRequest)
      #expect(simulator.requestLog.requests.isEmpty)
      #expect(collected.spans.isEmpty)
    }
  }

  @Test func aGatewaysSpanIsTheRecordOfTheExchange() throws {
    let body = ByteBuffer(string: #"{"candidates":[{"content":{"parts":[{"text":"yes"}]},"finishReason":"STOP"}]}"#)
    let headers = [
      "x-commander-span-id": "00f067aa0ba902b7", "x-commander-prompt-version": "43", "x-commander-model": "gemini-2.5-pro",
    ]
    let reply = try VertexClient.reply(status: 200, header: { headers[$0] }, body: body)
    #expect(reply.gateway.spanID?.description == "00f067aa0ba902b7")
    #expect(reply.gateway.promptVersion == "43")
    #expect(reply.gateway.model == "gemini-2.5-pro")
    #expect(reply.usage.isUnknown)
  }
}
