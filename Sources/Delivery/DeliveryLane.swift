// One road out of the program: gathers encoded telemetry, sends it in batches, tries again, and counts what it could not deliver.

/// What a receiver takes, and how long it is waited for.
package struct DeliveryLimits: Sendable {
  /// Items that may wait.
  package var itemCapacity = 10_000
  /// Bytes that may wait: the memory one receiver that is away can cost.
  package var byteCapacity = 16 << 20
  /// Items in one request.
  package var batchItems = 1_000
  /// Bytes of the items of one request.
  package var batchBytes = 3 << 20
  /// How long a batch gathers when it is not full.
  package var interval: Duration = .seconds(1)
  /// How often one batch is sent before it is given up.
  package var attempts = 5
  /// The first pause between two attempts; doubled each time up to `longestPause`, with jitter.
  package var firstPause: Duration = .milliseconds(500)
  package var longestPause: Duration = .seconds(30)
  /// How long the end of the program may take.
  package var patience: Duration = .seconds(3)
  package init() {}
}

package final class DeliveryLane: Sendable {
  /// A short word for tags and pages: `apm`, `llm_observability`, `logs`.
  package let name: String
  private let limits: DeliveryLimits
  private let queue: DeliveryQueue
  private let assemble: @Sendable ([DeliveryItem]) -> DeliveryRequest
  private let answered: @Sendable (DeliveryResponse) -> Void
  private let send: DeliverySend
  private let sleep: @Sendable (Duration) async throws -> Void
  private let jitter: @Sendable () -> Double

  /// - Parameters:
  ///   - assemble: puts the request for a batch together; called again for each attempt and for halves.
  ///   - answered: told every answer that was taken.
  ///   - jitter: 0 to 1, a new one for each call.
  package init(
    name: String, limits: DeliveryLimits = DeliveryLimits(), assemble: @escaping @Sendable ([DeliveryItem]) -> DeliveryRequest,
    answered: @escaping @Sendable (DeliveryResponse) -> Void = { _ in }, send: @escaping DeliverySend,
    sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
    jitter: @escaping @Sendable () -> Double = { .random(in: 0...1) }
  ) {
    self.name = name
    self.limits = limits
    self.assemble = assemble
    self.answered = answered
    self.send = send
    self.sleep = sleep
    self.jitter = jitter
    queue = DeliveryQueue(itemCapacity: limits.itemCapacity, byteCapacity: limits.byteCapacity)
  }

  /// From any thread; neither blocks nor waits.
  package func offer(_ items: [DeliveryItem]) { queue.offer(items) }

  /// What was dropped since this was last asked.
  package func takeDrops() -> [DeliveryDrop: Int] { queue.takeDrops() }

  package var status: DeliveryStatus { queue.status }

  /// Ends `run` when what waits has been sent once, or the patience is used up.
  package func shutDown() { queue.shutDown() }

  /// Sends until `shutDown` or the task's cancellation. Call once.
  package func run() async {
    while !queue.isShutDown, !Task.isCancelled {
      if queue.waitingItems < limits.batchItems {
        // A sleep that is cut short means that the end has come.
        do { try await sleep(limits.interval) } catch { break }
      }
      await flush()
    }
    queue.shutDown()
    // The last words are sent in a task of their own: this one may be cancelled already.
    let last = Task { await self.flush(isLast: true) }
    let watch = Task { [sleep, patience = limits.patience] in
      try? await sleep(patience)
      last.cancel()
    }
    await last.value
    watch.cancel()
    while case let rest = queue.take(items: .max, bytes: .max), !rest.isEmpty { queue.drop(rest, .shutDown) }
  }

  /// Sends everything that waits now.
  private func flush(isLast: Bool = false) async {
    while true {
      if isLast, Task.isCancelled { return }
      let batch = queue.take(items: limits.batchItems, bytes: limits.batchBytes)
      if batch.isEmpty { return }
      await deliver(batch, isLast: isLast)
      if !isLast, queue.isShutDown || Task.isCancelled { return }
    }
  }

  private func deliver(_ batch: [DeliveryItem], isLast: Bool) async {
    var pause = limits.firstPause
    for attempt in 1...max(1, limits.attempts) {
      var wait: Duration?
      do {
        let response = try await exchange(assemble(batch), isLast: isLast)
        switch DeliveryVerdict(response) {
        case .accepted:
          queue.delivered(batch)
          answered(response)
          return
        case .tooLarge:
          await deliverHalves(batch, isLast: isLast)
          return
        case .refused:
          queue.drop(batch, .refused, problem: "the receiver answered \(response.status)")
          return
        case .retry(let after):
          queue.note(problem: "the receiver answered \(response.status)")
          wait = after
        }
      } catch {
        // The type and not the text: an address may hold a credential.
        queue.note(problem: (error as? DeliveryFailure)?.words ?? "no answer: \(type(of: error))")
      }
      if isLast || attempt == limits.attempts { break }
      let backoff = pause * (0.5 + jitter() / 2)
      guard (try? await sleep(max(wait ?? .zero, backoff))) != nil else {
        // The end came while it waited for its next attempt, which it gets with everything else that waits.
        queue.putBack(batch)
        return
      }
      pause = min(pause * 2, limits.longestPause)
    }
    queue.drop(batch, isLast ? .shutDown : .unreachable)
  }

  /// A request that is under way is not given up at once because the end has come, since nobody could say whether it was taken; but
  /// it is not waited for longer than the end has patience.
  private func exchange(_ request: DeliveryRequest, isLast: Bool) async throws -> DeliveryResponse {
    if isLast { return try await send(request) }
    let sending = Task { [send] in try await send(request) }
    return try await withTaskCancellationHandler {
      try await sending.value
    } onCancel: { [sleep, patience = limits.patience] in
      Task {
        try? await sleep(patience)
        sending.cancel()
      }
    }
  }

  private func deliverHalves(_ batch: [DeliveryItem], isLast: Bool) async {
    guard batch.count > 1 else {
      queue.drop(batch, .tooLarge, problem: "the receiver answered 413")
      return
    }
    let middle = batch.count / 2
    await deliver(Array(batch[..<middle]), isLast: isLast)
    await deliver(Array(batch[middle...]), isLast: isLast)
  }
}
