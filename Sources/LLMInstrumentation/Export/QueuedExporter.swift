// An exporter behind a queue: spans leave the request's path at once, a task encodes them, a lane delivers them.
import Delivery
import LLMTelemetry
import Logging
import Synchronization

/// Delivers spans by HTTP without ever holding up whoever exports them: the queue is bounded, batches are tried again, and
/// what is lost is counted by reason and told in the log.
public final class QueuedExporter: SpanExporter {
  /// Spans that may wait for their encoding.
  package static let queueCapacity = 5_000
  /// How long spans gather before they are encoded.
  private static let interval = Duration.milliseconds(200)
  /// At most one line of the log in this time about spans that were lost.
  private static let logInterval = Duration.seconds(60)

  private struct State {
    var running: Task<Void, Never>?
    var notEncodable = 0
    var told = 0
    var toldAt: ContinuousClock.Instant?
  }

  private let queue: ExportQueue
  private let lane: DeliveryLane
  private let encode: @Sendable (LLMSpan) throws -> [UInt8]
  private let logger: Logger
  private let sleep: @Sendable (Duration) async throws -> Void
  private let state = Mutex(State())

  /// - Parameter encode: the bytes of one span; runs off the path of requests.
  package init(
    lane: DeliveryLane, queueCapacity: Int = QueuedExporter.queueCapacity, logger: Logger = Logger(label: "llm.instrumentation"),
    sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
    encode: @escaping @Sendable (LLMSpan) throws -> [UInt8]
  ) {
    queue = ExportQueue(capacity: queueCapacity)
    self.lane = lane
    self.encode = encode
    self.logger = logger
    self.sleep = sleep
  }

  /// Takes spans for delivery; returns at once. The first ones begin the task that delivers.
  public func export(_ spans: [LLMSpan]) {
    queue.add(spans)
    start()
  }

  /// What arrived, what waits, what was lost.
  public var status: ExportStatus {
    let waiting = queue.counts
    let lane = lane.status
    var status = ExportStatus()
    status.delivered = lane.delivered
    status.waiting = waiting.waiting + lane.waiting
    status.lastProblem = lane.lastProblem
    func add(_ reason: String, _ count: Int) { if count > 0 { status.dropped[reason, default: 0] += count } }
    for (reason, count) in lane.dropped { add(reason.rawValue, count) }
    add(DeliveryDrop.queueFull.rawValue, waiting.full)
    add(DeliveryDrop.shutDown.rawValue, waiting.late)
    add("not_encodable", state.withLock { $0.notEncodable })
    return status
  }

  private func start() {
    state.withLock { state in
      // Detached: a delivery must not become part of the trace of whichever request came first.
      if state.running == nil { state.running = Task.detached { await self.deliver() } }
    }
  }

  /// Sends what waits, once, for at most three seconds, and ends.
  public func shutdown() async {
    start()
    let running = state.withLock { $0.running }
    running?.cancel()
    await running?.value
  }

  private func deliver() async {
    // Not a child of this task: the lane must still take what is encoded after the cancellation.
    let delivery = Task { [lane] in await lane.run() }
    while !Task.isCancelled {
      do { try await sleep(Self.interval) } catch { break }
      encodeWaiting()
      tellLosses(isLast: false)
    }
    queue.close()
    encodeWaiting()
    lane.shutDown()
    delivery.cancel()
    await delivery.value
    tellLosses(isLast: true)
  }

  private func encodeWaiting() {
    var items: [DeliveryItem] = []
    var failures = 0
    for span in queue.take() {
      if let bytes = try? encode(span) { items.append(DeliveryItem(bytes)) } else { failures += 1 }
    }
    lane.offer(items)
    if failures > 0 { state.withLock { [failures] in $0.notEncodable += failures } }
  }

  private func tellLosses(isLast: Bool) {
    let status = status
    let lost = status.droppedInAll
    let isDue = state.withLock { state in
      let now = ContinuousClock.now
      guard lost > state.told, isLast || state.toldAt.map({ now - $0 >= Self.logInterval }) ?? true else { return false }
      state.told = lost
      state.toldAt = now
      return true
    }
    guard isDue else { return }
    var metadata: Logger.Metadata = ["reason": "\(status.lastProblem ?? "")"]
    for (reason, count) in status.dropped { metadata["dropped_\(reason)"] = "\(count)" }
    logger.warning("spans were lost", metadata: metadata)
  }
}
