// Other providers than Gemini with the built-in embeddings: OpenAI-compatible servers, Vertex AI's embeddings, Google's credentials.
import AsyncHTTPClient
import Foundation
import Hummingbird
import HummingbirdTesting
import LLMTelemetry
import Simulation
import Testing

@testable import RAGService

@Suite struct ProviderTests {
  private static let question = "How long is the warranty of Halden devices?"

  @Test func anOpenAICompatibleServerAnswersAndEmbeds() async throws {
    try await RunningService.with(configure: { configuration in
      guard case .vertex(let place, _, let credential) = configuration.generation else { return }
      configuration.generation = .openAI(baseURL: place.baseURL, model: "gpt-4o-mini", credential: credential)
      configuration.embedding = .openAI(
        baseURL: place.baseURL, model: "text-embedding-3-small", dimensions: 256, batchSize: 10, credential: credential)
      configuration.prompt.text = "Answer from the documents."
      configuration.answering.temperature = nil
    }) { service in
      let reply = try await service.answer(Self.question)
      #expect(reply["answer"]?.string?.contains("three years") == true)
      #expect(reply[path: "grounding.verdict"]?.string == "supported")
      #expect(reply[path: "usage.output"]?.integer ?? 0 > 0)
      #expect(reply[path: "cost.exactness"]?.string == "exact")
      let embeddings = service.simulator.requestLog.requests.filter { $0.target == "/v1/embeddings" }
      #expect(embeddings.count > 1)
      let chat = try #require(service.simulator.requestLog.requests.last { $0.target == "/v1/chat/completions" })
      let body = try JSON(parsing: chat.body)
      #expect(body[path: "messages.0"] == ["role": "system", "content": "Answer from the documents."])
      #expect(body[path: "stream_options.include_usage"] == true)
      let tools = try await service.answer("What do express deliveries cost together: 3 * 14.90 euros?")
      #expect(tools[path: "tools.0.output.value"]?.string == "44.7")
      let second = try JSON(parsing: try #require(service.simulator.requestLog.requests.last).body)
      #expect(second[path: "messages.3.role"]?.string == "tool")
      #expect(second[path: "messages.3.tool_call_id"] == second[path: "messages.2.tool_calls.0.id"])
      #expect(service.spans.trace(of: "answer question").first { $0.kind == .llm }?.dimensions.provider == "openai")
    }
  }

  @Test func theBuiltInEmbeddingsFindTheRightDocument() async throws {
    try await RunningService.with { service in
      for (question, document) in [
        ("How long is the warranty on batteries?", "warranty.md"), ("What does express delivery cost?", "shipping.md"),
        ("How many requests a minute does the API allow?", "api-limits.md"),
        ("When are failed payments tried again?", "billing.md"), ("How do I reset the hub?", "devices.md"),
        ("Is two-factor authentication mandatory?", "security.md"), ("Until when can I cancel an order?", "support.md"),
        ("Are opened consumables refunded?", "returns.md"),
        ("Within how many days of delivery can unused products be returned?", "returns.md"),
        ("When are refunds paid to the original payment method?", "returns.md"),
        ("How long does the Halden Sensor run on two AA batteries?", "devices.md"),
        ("How long is a password reset link valid?", "security.md"),
        ("When does support answer by chat and telephone?", "support.md"),
      ] {
        let reply = try await service.answer(question)
        #expect(reply[path: "sources.0.document"]?.string == document, "\(question)")
      }
      for question in ["Who composed the opera Tristan?", "Name the capital of Mongolia.", "How tall is Mount Everest?"] {
        let reply = try await service.answer(question)
        #expect(reply["declined"]?.string == "too_distant", "\(question): \(reply[path: "sources.0.similarity"]?.number ?? 0)")
      }
    }
  }

  @Test(arguments: ["text-embedding-005", "gemini-embedding-001"])
  func vertexAIsEmbeddingsFindTheRightDocument(model: String) async throws {
    try await RunningService.with(configure: { configuration in
      guard case .vertex(let place, _, let credential) = configuration.generation else { return }
      configuration.embedding = .vertex(place: place, model: model, dimensions: 768, batchSize: 8, credential: credential)
    }) { service in
      for (question, document) in [
        (Self.question, "warranty.md"), ("What does express delivery cost?", "shipping.md"),
        ("How many requests a minute does the API allow?", "api-limits.md"), ("How do I reset the hub?", "devices.md"),
      ] {
        let reply = try await service.answer(question)
        #expect(reply[path: "sources.0.document"]?.string == document, "\(question)")
      }
      let embedding = try #require(service.spans.trace(of: "answer question").first { $0.kind == .embedding })
      #expect(embedding.dimensions.model == model && embedding.usage.input ?? 0 > 0 && embedding.accountsForExchange)
      let reply = try await service.answer("Who composed the opera Tristan und Isolde?")
      #expect(reply["declined"]?.string == "too_distant")
    }
  }

  @Test func theModelMayRewriteAQuestion() async throws {
    try await RunningService.with(configure: { $0.answering.rewrite = .model }) { service in
      _ = try await service.answer(Self.question, session: "c")
      let before = service.generations.count
      let reply = try await service.answer("And what does it not cover?", session: "c")
      #expect(service.generations.count == before + 2, "one call to rewrite, one to answer")
      // The simulated model answers the request instead of writing a question: the words of the conversation are searched for.
      #expect(reply["standalone_question"]?.string == "\(Self.question) And what does it not cover?")
      let trace = service.spans.trace(of: "answer question")
      let rewrite = try #require(trace.first { $0.name == "rewrite question" })
      #expect(trace.contains { $0.kind == .llm && $0.parentSpanID == rewrite.spanID })
    }
  }

  @Test func applicationDefaultCredentialsAuthorizeCalls() async throws {
    let simulator = ProviderSimulator()
    try await simulator.application(logger: silent).test(.live) { upstream in
      let port = try #require(upstream.port)
      let folder = try ScratchFolder([
        "rag.yaml": """
        listen: 127.0.0.1:0
        documents: \(Examples.folder)/documents
        vertex:
          base_url: http://127.0.0.1:\(port)
          project: p1
          location: us-central1
          model: gemini-2.5-flash
          credential: {google: application_default}
        embedding: {provider: vertex, model: text-embedding-005}
        retrieval: {minimum_similarity: 0.1}
        prompt: {name: rag-answer, text: Answer.}
        """
      ])
      // The metadata server of a Google machine, which the simulator has too.
      let configuration = try ConfigurationReader.read(
        path: folder.path + "/rag.yaml", environment: ["GCE_METADATA_HOST": "127.0.0.1:\(port)"])
      let httpClient = makeHTTPClient()
      do {
        let application = try buildRAGApplication(
          configuration, httpClient: httpClient, exporter: CollectedSpans(), logger: silent)
        try await application.test(.live) { client in
          let service = RunningService(client: client, simulator: simulator, spans: CollectedSpans())
          try await service.becomesReadyInTime()
          _ = try await service.answer(Self.question)
          let token = try #require(service.generations.first?.header("authorization"))
          let predicted = simulator.requestLog.requests.filter { $0.target.hasSuffix(":predict") }
          #expect(token.hasPrefix("Bearer ") && predicted.allSatisfy { $0.header("authorization")?.hasPrefix("Bearer ") == true })
          #expect(simulator.requestLog.requests.contains { $0.target.contains("computeMetadata") })
        }
      } catch {
        try await httpClient.shutdown()
        throw error
      }
      try await httpClient.shutdown()
    }
  }
}
