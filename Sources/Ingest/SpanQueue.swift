// The bounded queue between the event loops that finish exchanges and the one task that processes spans.

import LLMMetrics
import LLMTelemetry
import Synchronization

/// Why a span did not reach a sink: the `reason` tag of `llm.commander.spans.dropped`.
package enum DropReason: Hashable, Sendable {
  case queueFull
  /// Offered after the pipeline was told to end.
  case shutDown
  /// A sink of this name threw.
  case sinkFailed(String)
  /// A sink of this name lost them because its receiver does not keep up.
  case sinkSlow(String)

  package var tag: String {
    switch self {
    case .queueFull: "queue_full"
    case .shutDown: "shut_down"
    case .sinkFailed(let sink): "\(sink)_failed"
    case .sinkSlow(let sink): "\(sink)_slow"
    }
  }
}

/// Offering never blocks and never waits; when the queue is full, the newest spans are the ones dropped, and they are counted.
final class SpanQueue: Sendable {
  private struct State {
    /// Batches as they were offered: taking one over is a reference, whatever its size. Those before `first` are taken.
    var batches: [[LLMSpan]] = []
    var first = 0
    var spanCount = 0
    var drops: [DropReason: Int64] = [:]
    var reports: [MetricMeasurement] = []
    /// Since it was last asked, what was dropped included.
    var offered = 0
    var isShutDown = false

    mutating func take() -> (batch: [LLMSpan]?, rest: Int) {
      guard first < batches.count else { return (nil, 0) }
      var batch: [LLMSpan] = []
      swap(&batch, &batches[first])
      first += 1
      spanCount -= batch.count
      if first == batches.count {
        batches.removeAll(keepingCapacity: true)
        first = 0
      } else if first >= 64 {
        batches.removeFirst(first)
        first = 0
      }
      return (batch, spanCount)
    }
  }

  private let capacity: Int
  private let state = Mutex(State())
  /// One element is enough to say "look again"; a second would say the same.
  private let wakes: (stream: AsyncStream<Void>, continuation: AsyncStream<Void>.Continuation)

  init(capacity: Int) {
    self.capacity = capacity
    wakes = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
  }

  /// Yields when there may be spans, or when `wake` was called; ends after `shutDown`. For one consumer.
  var wakeUps: AsyncStream<Void> { wakes.stream }

  /// Returns how many of `batch` were taken.
  func offer(_ batch: [LLMSpan]) -> Int {
    guard !batch.isEmpty else { return 0 }
    let accepted = state.withLock { state in
      state.offered += batch.count
      let accepted = state.isShutDown ? 0 : min(batch.count, max(0, capacity - state.spanCount))
      if accepted > 0 { state.batches.append(accepted == batch.count ? batch : Array(batch[..<accepted])) }
      state.spanCount += accepted
      if accepted < batch.count {
        state.drops[state.isShutDown ? .shutDown : .queueFull, default: 0] += Int64(batch.count - accepted)
      }
      return accepted
    }
    if accepted > 0 { wake() }
    return accepted
  }

  func wake() { wakes.continuation.yield() }

  /// Appends whole batches, oldest first, until `spans` has at least `limit` or none is left. Returns how many spans stay.
  func take(_ limit: Int, into spans: inout [LLMSpan]) -> Int {
    while spans.count < limit {
      let (batch, rest) = state.withLock { $0.take() }
      guard let batch else { return 0 }
      spans.append(contentsOf: batch)
      if spans.count >= limit { return rest }
    }
    return depth
  }

  func countDrops(_ count: Int, _ reason: DropReason) { state.withLock { $0.drops[reason, default: 0] += Int64(count) } }

  func takeDrops() -> [DropReason: Int64] {
    state.withLock { state in
      defer { state.drops = [:] }
      return state.drops
    }
  }

  /// Measurements that may wait: those of some minutes in which nothing was processed.
  static let reportLimit = 10_000

  func report(_ measurements: [MetricMeasurement]) {
    state.withLock { state in
      state.reports += measurements.prefix(max(0, Self.reportLimit - state.reports.count))
    }
  }

  /// What was reported, and how many spans were offered.
  func takeReports() -> [MetricMeasurement] {
    state.withLock { state in
      if state.offered > 0 { state.reports.append(.spansReceived(state.offered)) }
      state.offered = 0
      guard !state.reports.isEmpty else { return [] }
      defer { state.reports = [] }
      return state.reports
    }
  }

  var depth: Int { state.withLock { $0.spanCount } }

  var isShutDown: Bool { state.withLock { $0.isShutDown } }

  /// Spans offered from now on are dropped and counted; those already queued stay to be taken.
  func shutDown() {
    state.withLock { $0.isShutDown = true }
    wakes.continuation.finish()
  }
}
