// The road to a commander: `POST /intake/spans` with recorded traffic, one line of JSON for each span.
import Delivery
import LLMTelemetry
import Logging

extension QueuedExporter {
  /// Delivers to a commander.
  ///
  /// - Parameters:
  ///   - intake: the address of the intake, for example `http://127.0.0.1:8090/intake/spans`.
  ///   - key: a virtual key of the commander.
  package static func commander(
    intake: String, key: String, logger: Logger = Logger(label: "llm.instrumentation"), send: @escaping DeliverySend,
    sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
  ) -> QueuedExporter {
    var limits = DeliveryLimits()
    limits.itemCapacity = 5_000
    limits.batchItems = 500
    limits.interval = .milliseconds(300)
    let lane = DeliveryLane(
      name: "commander", limits: limits,
      assemble: { items in
        DeliveryRequest(
          url: intake,
          headers: [(name: "content-type", value: "application/jsonl"), (name: "authorization", value: "Bearer \(key)")],
          body: Array(items.map(\.bytes).joined()))
      }, send: send, sleep: sleep)
    return QueuedExporter(lane: lane, logger: logger, sleep: sleep) { span in
      // A span has texts only where the application captures them.
      Array((try RecordedTraffic.line(for: .span(span), contentBytes: RecordedTraffic.contentBytes) + "\n").utf8)
    }
  }
}
