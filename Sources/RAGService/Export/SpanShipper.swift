// Sends finished spans to the commander in batches, without ever holding up a question: a full queue drops and counts.
import AsyncHTTPClient
import Foundation
import LLMTelemetry
import Logging
import NIOCore
import ServiceLifecycle
import Synchronization

package final class SpanShipper: SpanExporter, Service {
  /// Spans waiting at most; a batch is a tenth of it.
  static let queueLimit = 5000
  static let batchLimit = 500
  private static let interval = Duration.milliseconds(500)
  private static let timeout = TimeAmount.seconds(5)

  private struct State {
    var queue: [LLMSpan] = []
    var droppedByFullQueue = 0
    var droppedByFailedDelivery = 0
  }

  private let state = Mutex(State())
  private let configuration: RAGConfiguration.Telemetry
  private let httpClient: HTTPClient
  private let logger: Logger

  package init(configuration: RAGConfiguration.Telemetry, httpClient: HTTPClient, logger: Logger) {
    self.configuration = configuration
    self.httpClient = httpClient
    self.logger = logger
  }

  /// Spans dropped since the start, by reason.
  package var dropped: (queueFull: Int, deliveryFailed: Int) {
    state.withLock { ($0.droppedByFullQueue, $0.droppedByFailedDelivery) }
  }

  package func export(_ spans: [LLMSpan]) {
    state.withLock {
      let room = Self.queueLimit - $0.queue.count
      $0.queue += spans.prefix(room)
      $0.droppedByFullQueue += max(0, spans.count - room)
    }
  }

  /// Sends a batch twice a second until shutdown, then what is left.
  package func run() async throws {
    try? await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        try await Task.sleep(for: Self.interval)
        await self.flush()
      }
    }
    await flush()
    let dropped = dropped
    if dropped.queueFull + dropped.deliveryFailed > 0 {
      logger.warning(
        "spans were dropped", metadata: ["queue_full": "\(dropped.queueFull)", "delivery_failed": "\(dropped.deliveryFailed)"])
    }
  }

  /// Sends everything that waits now. A batch is tried twice, then dropped and counted.
  package func flush() async {
    while let batch = nextBatch() {
      // A shutdown that arrives during a delivery must not lose the batch: the delivery runs in a task of its own.
      let failure = await Task { await self.deliver(batch) }.value
      if let failure {
        state.withLock { $0.droppedByFailedDelivery += batch.count }
        logger.error(
          "spans were not delivered",
          metadata: ["spans": "\(batch.count)", "reason": "\(failure)", "url": "\(configuration.spansURL)"])
      }
    }
  }

  private func nextBatch() -> [LLMSpan]? {
    state.withLock {
      guard !$0.queue.isEmpty else { return nil }
      let batch = Array($0.queue.prefix(Self.batchLimit))
      $0.queue.removeFirst(batch.count)
      return batch
    }
  }

  /// Why the batch was not taken; `nil` when it was.
  private func deliver(_ batch: [LLMSpan]) async -> String? {
    var failure: String?
    do {
      let lines = try batch.map { try RecordedTraffic.line(for: .span($0)) + "\n" }
      var request = HTTPClientRequest(url: configuration.spansURL)
      request.method = .POST
      request.headers.add(name: "content-type", value: "application/jsonl")
      request.headers.add(name: "authorization", value: "Bearer \(configuration.bearerToken)")
      request.body = .bytes(ByteBuffer(string: lines.joined()))
      for _ in 1...2 {
        do {
          let response = try await httpClient.execute(request, timeout: Self.timeout)
          _ = try await response.body.collect(upTo: 64 * 1024)
          guard response.status.code >= 300 else { return nil }
          failure = "status \(response.status.code)"
          // A refusal stays a refusal; only a server's trouble is worth a second try.
          if response.status.code < 500 { break }
        } catch {
          failure = "\(type(of: error))"
        }
      }
    } catch {
      failure = "the spans cannot be encoded: \(type(of: error))"
    }
    return failure
  }
}

/// Telemetry that is not configured goes nowhere.
struct DiscardingExporter: SpanExporter {
  func export(_ spans: [LLMSpan]) {}
}
