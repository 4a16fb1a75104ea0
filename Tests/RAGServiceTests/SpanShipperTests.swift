// The span shipper against a real intake: recorded traffic arrives, and what cannot arrive is counted.
import AsyncHTTPClient
import Hummingbird
import HummingbirdTesting
import LLMTelemetry
import Logging
import Synchronization
import Testing

@testable import RAGService

@Suite struct SpanShipperTests {
  private final class Intake: Sendable {
    struct Delivery { var contentType: String?; var authorization: String?; var body: [UInt8] }
    let deliveries = Mutex<[Delivery]>([])
  }

  private func span(_ name: String) -> LLMSpan {
    LLMSpan(traceID: .random(), spanID: .random(), kind: .task, name: name, start: .now(), duration: .milliseconds(1))
  }

  private func withShipper(
    status: HTTPResponse.Status, _ test: @escaping @Sendable (SpanShipper, Intake) async throws -> Void
  ) async throws {
    let intake = Intake()
    let router = Router()
    router.post("intake/spans") { request, _ in
      let body = try await request.body.collect(upTo: 1 << 24)
      let delivery = Intake.Delivery(
        contentType: request.headers[.contentType], authorization: request.headers[.authorization],
        body: Array(body.readableBytesView))
      intake.deliveries.withLock { $0.append(delivery) }
      return Response(status: status)
    }
    try await Application(router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0))).test(.live) { server in
      let httpClient = makeHTTPClient()
      let shipper = SpanShipper(
        configuration: .init(spansURL: "http://127.0.0.1:\(try #require(server.port))/intake/spans", bearerToken: "vk"),
        httpClient: httpClient,
        logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
      do {
        try await test(shipper, intake)
      } catch {
        try await httpClient.shutdown()
        throw error
      }
      try await httpClient.shutdown()
    }
  }

  @Test func spansArriveInBatchesAsRecordedTraffic() async throws {
    try await withShipper(status: .accepted) { shipper, intake in
      let spans = (0..<SpanShipper.batchLimit + 1).map { span("s\($0)") }
      shipper.export(spans)
      await shipper.flush()
      let deliveries = intake.deliveries.withLock { $0 }
      #expect(deliveries.count == 2)
      #expect(deliveries.allSatisfy { $0.contentType == "application/jsonl" && $0.authorization == "Bearer vk" })
      let received = try deliveries.flatMap { try RecordedTraffic.records(in: $0.body, file: "intake") }
      #expect(received == spans.map { .span($0) })
      #expect(shipper.dropped == (0, 0))
    }
  }

  @Test func aFullQueueDropsAndCounts() async throws {
    try await withShipper(status: .accepted) { shipper, _ in
      shipper.export((0..<SpanShipper.queueLimit + 7).map { span("s\($0)") })
      shipper.export([span("one more")])
      #expect(shipper.dropped == (8, 0))
    }
  }

  @Test(arguments: [(HTTPResponse.Status.unauthorized, 1), (.internalServerError, 2)])
  func aRefusedBatchIsCountedAndOnlyTroubleIsTriedAgain(status: HTTPResponse.Status, attempts: Int) async throws {
    try await withShipper(status: status) { shipper, intake in
      shipper.export([span("a"), span("b")])
      await shipper.flush()
      #expect(intake.deliveries.withLock { $0.count } == attempts)
      #expect(shipper.dropped == (0, 2))
    }
  }
}
