// The service's own road for spans: they are at the commander's intake when the service has ended.
import Hummingbird
import HummingbirdTesting
import LLMInstrumentation
import LLMTelemetry
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
          var configuration = RAGConfiguration.test(upstream: "http://127.0.0.1:\(try #require(upstream.port))")
          configuration.telemetry.commander = .init(spansURL: "http://127.0.0.1:\(commanderPort)/intake/spans", key: "vk")
          let application = try buildRAGApplication(configuration, httpClient: httpClient, logger: silent)
          try await application.test(.live) { client in
            let service = RunningService(client: client, simulator: simulator, spans: CollectedSpans())
            try await service.becomesReady()
            _ = try await service.answer("How many days do I have to return an unused product?")
          }
          let deliveries = intake.deliveries.withLock { $0 }
          #expect(deliveries.allSatisfy { $0.contentType == "application/jsonl" && $0.authorization == "Bearer vk" })
          let spans = try deliveries.flatMap { try RecordedTraffic.records(in: $0.body, file: "intake") }
          let answer = spans.filter { if case .span(let span) = $0 { span.dimensions.feature == "helpdesk" } else { false } }
          #expect(answer.count == 10)
        }
      }
    } catch {
      try await httpClient.shutdown()
      throw error
    }
    try await httpClient.shutdown()
  }

  @Test func everyRoadGetsEverySpanAndEndsWithTheService() async {
    let roads = [CollectedSpans(), CollectedSpans()]
    let exporter = FanOutExporter(exporters: roads)
    let span = LLMSpan(
      traceID: .random(at: .now()), spanID: .random(), kind: .task, name: "a", start: .now(), duration: .seconds(1))
    exporter.export([span])
    await exporter.shutdown()
    #expect(roads.allSatisfy { $0.spans == [span] && $0.isEnded })
    FanOutExporter(exporters: []).export([span])
  }

  @Test func aLogLineIsJoinedWithItsTrace() throws {
    let line = try #require(
      JSONLogHandler.line(
        label: "rag-service", level: .warning, message: "not\n\"answered\"", metadata: ["trace_id": "abc", "tenant": "acme"],
        time: Timestamp(unixSeconds: 1_800_000_000)))
    #expect(
      try JSON(parsing: line) == [
        "time": "2027-01-15T08:00:00Z", "level": "warning", "logger": "rag-service", "service": "rag-service",
        "message": "not\n\"answered\"", "trace_id": "abc", "dd.trace_id": "abc", "tenant": "acme",
      ])
    #expect(!line.contains(UInt8(ascii: "\n")), "a line is one line")
  }
}
