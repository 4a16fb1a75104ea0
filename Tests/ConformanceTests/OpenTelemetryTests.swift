// OpenTelemetry's own SDK and instrumentations against our receiver and sink: real bytes both ways.
import Foundation
import LLMTelemetry
import OpenTelemetry
import Testing

@Suite struct OpenTelemetryTests {
  /// One request that the SDK's exporter made.
  struct CapturedRequest: Decodable {
    var contentType: String
    var contentEncoding: String
    var body: String
    var trace: String

    enum CodingKeys: String, CodingKey {
      case contentType = "content_type"
      case contentEncoding = "content_encoding"
      case body, trace
    }
  }

  @Test(arguments: ["none", "gzip", "deflate"])
  func anInstrumentedApplicationBecomesSpans(compression: String) async throws {
    let requests = try await PythonVerifier(environment: .openTelemetry)
      .run("otlp_capture.py", [compression], decoding: CapturedRequest.self)
    var settings = OTLPTraceReceiver.Settings()
    settings.gateways = ["commander.internal:8080"]
    let receiver = OTLPTraceReceiver(settings: settings)
    var spans: [LLMSpan] = []
    var unrelated = 0
    for request in requests {
      let received = receiver.handle(
        method: "POST", path: "/v1/traces",
        headers: [("content-type", request.contentType), ("content-encoding", request.contentEncoding)],
        body: Array(try #require(Data(base64Encoded: request.body))))
      #expect(received.status == 200)
      #expect(received.rejected == 0)
      spans += received.spans
      unrelated += received.unrelated
    }
    // The database's span is about no model.
    #expect(unrelated == 1)
    #expect(
      spans.map(\.name).sorted() == [
        "POST /ask", "answer", "chat gpt-4o-mini", "chat gpt-4o-mini", "chat unknown-model", "embeddings text-embedding-3-small",
        "generate_content gemini-2.5-flash", "generate_content gemini-2.5-flash",
      ])
    #expect(Set(spans.map(\.traceID.description)) == Set(requests.map(\.trace)))
    #expect(
      spans.allSatisfy {
        $0.dimensions.service == "traced-app" && $0.dimensions.env == "test" && $0.dimensions.version == "1.2.3"
      })
    #expect(spans.allSatisfy { $0.dimensions.tenant == "acme" && $0.accountsForExchange })

    let chats = spans.filter { $0.name == "chat gpt-4o-mini" }
    let answer = try #require(spans.first { $0.name == "answer" })
    #expect(answer.kind == .task)
    #expect(chats.allSatisfy { $0.parentSpanID == answer.spanID && $0.kind == .llm && $0.outcome == .ok })
    #expect(chats.allSatisfy { $0.dimensions.provider == "openai" && $0.responseModel == "gpt-4o-mini-2024-07-18" })
    // This instrumentation reports no cached and no reasoning tokens: sums are all there is.
    #expect(chats.allSatisfy { $0.usage == TokenUsage(input: 120, output: 30) })
    let root = try #require(spans.first { $0.name == "POST /ask" })
    #expect(root.kind == .workflow)
    #expect(answer.parentSpanID == root.spanID)

    let refused = try #require(spans.first { $0.name == "chat unknown-model" })
    #expect(refused.outcome.errorClass == .invalidRequest)
    #expect(refused.httpStatus == 404)

    let embedding = try #require(spans.first { $0.kind == .embedding })
    #expect(embedding.usage == TokenUsage(input: 3))

    let gemini = spans.filter { $0.dimensions.model == "gemini-2.5-flash" }
    #expect(gemini.allSatisfy { $0.dimensions.provider == "gcp.gemini" && $0.finishReason == .stop && $0.kind == .llm })
    #expect(gemini.allSatisfy { $0.usage == TokenUsage(input: 50, cacheRead: 40, output: 7, reasoning: 5) })
    #expect(gemini.filter { $0.isStreaming && $0.timeToFirstToken != nil }.count == 1)
    for span in gemini {
      #expect(span.content == SpanContent(input: [.init(role: "user", text: "What does the ticket cost?")], output: "12 euros"))
    }
  }
}
