// What an application's spans mean in metrics, to a Datadog Agent: the same catalogue that a commander counts by.

import Datadog
import LLMInstrumentation
import LLMMetrics
import LLMTelemetry
import Logging
import Synchronization

/// Counts spans and sends what they add up to about once a second. Whoever exports spans never waits: the queue is bounded, an Agent
/// that is absent or does not keep up costs measurements, and what is lost is counted and told in the log.
///
/// A span that another one accounts for is not counted, so that a call through a gateway counts once. A commander that takes the same
/// spans counts them too: choose one of the two.
public final class DogStatsDExporter: SpanExporter {
  /// Spans that may wait for the next second.
  static let queueCapacity = 10_000
  static let interval = Duration.seconds(1)
  /// At most one line of the log in this time about datagrams that were lost.
  private static let logInterval = Duration.seconds(60)

  private let queue = ExportQueue(capacity: DogStatsDExporter.queueCapacity)
  private let makeClient: @Sendable () throws -> DogStatsDClient
  private let logger: Logger
  private let now: @Sendable () -> Timestamp
  private let sleep: @Sendable (Duration) async throws -> Void
  private let running = Mutex<Task<Void, Never>?>(nil)

  /// - Parameter makeClient: called once, beside the requests, since it may wait for the name service.
  package init(
    logger: Logger = Logger(label: "llm.instrumentation"), now: @escaping @Sendable () -> Timestamp = { .now() },
    sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
    makeClient: @escaping @Sendable () throws -> DogStatsDClient
  ) {
    self.makeClient = makeClient
    self.logger = logger
    self.now = now
    self.sleep = sleep
  }

  /// Takes spans for counting; returns at once. The first ones begin the task that sends.
  public func export(_ spans: [LLMSpan]) {
    queue.add(spans)
    start()
  }

  /// Sends what waits, and ends.
  public func shutdown() async {
    start()
    let task = running.withLock { $0 }
    task?.cancel()
    await task?.value
  }

  private func start() {
    running.withLock { running in
      // Detached: it must not become part of the trace of whichever request came first.
      if running == nil { running = Task.detached { await self.deliver() } }
    }
  }

  private func deliver() async {
    let client: DogStatsDClient
    do { client = try makeClient() } catch {
      logger.error("no metrics are sent to Datadog", metadata: ["reason": "\(error)"])
      queue.close()
      return
    }
    var meter = SpanMeter()
    var losses = Losses()
    while !Task.isCancelled {
      do { try await sleep(Self.interval) } catch { break }
      send(to: client, &meter)
      losses.tell(client, queue, logger, isLast: false)
    }
    queue.close()
    send(to: client, &meter)
    losses.tell(client, queue, logger, isLast: true)
  }

  private func send(to client: DogStatsDClient, _ meter: inout SpanMeter) {
    let time = now()
    var batch = MeasurementBatch()
    meter.measure(queue.take(), into: &batch)
    batch.others += meter.review(now: time)
    client.add(batch)
    client.flush(at: time)
  }

  /// What the log has been told of.
  private struct Losses {
    private var told = 0
    private var toldAt: ContinuousClock.Instant?

    mutating func tell(_ client: DogStatsDClient, _ queue: ExportQueue, _ logger: Logger, isLast: Bool) {
      let waiting = queue.counts
      let lost = client.statistics.dropped.values.reduce(0, +) + waiting.full
      let time = ContinuousClock.now
      guard lost > told, isLast || toldAt.map({ time - $0 >= DogStatsDExporter.logInterval }) ?? true else { return }
      (told, toldAt) = (lost, time)
      var metadata: Logger.Metadata = ["address": "\(client.address)", "dropped_queue_full": "\(waiting.full)"]
      if let unresolved = client.unresolved { metadata["reason"] = "\(unresolved)" }
      for (reason, count) in client.statistics.dropped { metadata["dropped_\(reason.rawValue)"] = "\(count)" }
      logger.warning("metrics were lost on their way to the Datadog Agent", metadata: metadata)
    }
  }
}

extension ExporterChoice {
  /// Metrics to a Datadog Agent by DogStatsD: requests, errors, latencies, tokens, cost and risk of the spans that account for their
  /// exchange, retrievals and steps, under the names of the metric catalogue.
  ///
  /// - Parameter address: `HOST:PORT`, `/var/run/datadog/dsd.socket`, `unix://…` or `unixstream://…`; without it `DD_DOGSTATSD_URL`,
  ///   else `DD_AGENT_HOST` and `DD_DOGSTATSD_PORT`, else `127.0.0.1:8125`.
  public static func dogStatsD(address: String? = nil) -> ExporterChoice {
    ExporterChoice { environment in
      let text = address ?? dogStatsDAddress(environment)
      guard let address = DogStatsDAddress(text) else {
        Logger(label: "llm.instrumentation").error(
          "no metrics are sent: this is no address of DogStatsD; write HOST:PORT or /PATH", metadata: ["address": "\(text)"])
        return (DiscardingExporter(), false)
      }
      let exporter = DogStatsDExporter {
        var settings = DogStatsDSettings()
        settings.origin = .detected(environment: environment)
        settings.version = SDKVersion.current
        return try DogStatsDClient(address: address, settings: settings)
      }
      return (exporter, true)
    }
  }

  /// Whether `dogStatsD(address:)` can read it.
  package static func isDogStatsDAddress(_ text: String) -> Bool { DogStatsDAddress(text) != nil }

  package static func dogStatsDAddress(_ environment: [String: String]) -> String {
    if let url = DatadogExporterSettings.text(environment["DD_DOGSTATSD_URL"]) { return url }
    let host = DatadogExporterSettings.text(environment["DD_AGENT_HOST"]) ?? "127.0.0.1"
    let port = DatadogExporterSettings.text(environment["DD_DOGSTATSD_PORT"]) ?? "8125"
    return "\(host.contains(":") && !host.hasPrefix("[") ? "[\(host)]" : host):\(port)"
  }
}
