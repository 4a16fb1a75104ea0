// The service's own road for spans: they are at the commander's intake when the service has ended.
import Hummingbird
import HummingbirdTesting
import LLMTelemetry
import Logging
import Simulation
import Synchronization
import Testing

@testable import RAGService

@Suite struct TelemetryTests {
  private final class Intake: Sendable {
    struct Delivery: Sendable { var contentType: String?; var authorization: String?; var body: [UInt8] }
    let deliveries = Mutex<[Delivery]>([])
  }

  @Test func theSpansOfAQuestionReachTheIntakeBeforeTheEnd() async throws {
    let intake = Intake()
    let router = Router()
    router.post("intake/spans") { request, _ in
      let body = try await request.body.collect(upTo: 1 << 24)
      let delivery = Intake.Delivery(
        contentType: request.headers[.contentType], authorization: request.headers[.authorization],
        body: Array(body.readableBytesView))
      intake.deliveries.withLock { $0.append(delivery) }
      return Response(status: .accepted)
    }
    let httpClient = makeHTTPClient()
    let commander = Application(router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)))
    let simulator = ProviderSimulator(faults: [])
    do {
      try await commander.test(.live) { commander in
        let commanderPort = try #require(commander.port)
        try await simulator.application().test(.live) { upstream in
          let configuration = RAGConfiguration(
            host: "127.0.0.1", port: 0,
            documents: try DocumentLibrary.passages(inFolder: Examples.folder + "/documents"),
            vertex: .init(
              baseURL: "http://127.0.0.1:\(try #require(upstream.port))", project: "p1", location: "us-central1",
              model: "gemini-2.5-flash", bearerToken: "ya29.test"),
            prompt: .init(name: "rag-answer", text: nil),
            telemetry: .init(spansURL: "http://127.0.0.1:\(commanderPort)/intake/spans", bearerToken: "vk"), tenant: "default",
            env: "test")
          let application = buildRAGApplication(
            configuration, httpClient: httpClient, logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
          try await application.test(.live) { client in
            let question = #"{"question":"How many days do I have to return an unused product?","tenant":"acme"}"#
            try await client.execute(uri: "/ask", method: .post, body: ByteBuffer(string: question)) { response in
              #expect(response.status == .ok)
            }
          }
          let deliveries = intake.deliveries.withLock { $0 }
          #expect(deliveries.allSatisfy { $0.contentType == "application/jsonl" && $0.authorization == "Bearer vk" })
          let spans = try deliveries.flatMap { try RecordedTraffic.records(in: $0.body, file: "intake") }
          #expect(spans.count == 3)
        }
      }
    } catch {
      try await httpClient.shutdown()
      throw error
    }
    try await httpClient.shutdown()
  }
}
