// The bounded queue between the event loops that finish exchanges and the one task that processes spans.

import LLMTelemetry
import Synchronization

/// Why a span did not reach a sink: the `reason` tag of `llm.commander.spans.dropped`.
package enum DropReason: Hashable, Sendable {
  case queueFull
  /// Offered after the pipeline was told to end.
  case shutDown
  /// A sink of this name threw.
  case sinkFailed(String)

  package var tag: String {
    switch self {
    case .queueFull: "queue_full"
    case .shutDown: "shut_down"
    case .sinkFailed(let sink): "\(sink)_failed"
    }
  }
}

/// Offering never blocks and never waits; when the queue is full, the newest spans are the ones dropped, and they are counted.
final class SpanQueue: Sendable {
  private struct State {
    var spans: [LLMSpan] = []
    var drops: [DropReason: Int64] = [:]
    var isShutDown = false
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
    let accepted = state.withLock { state in
      let accepted = state.isShutDown ? 0 : min(batch.count, max(0, capacity - state.spans.count))
      state.spans.append(contentsOf: batch[..<accepted])
      if accepted < batch.count {
        state.drops[state.isShutDown ? .shutDown : .queueFull, default: 0] += Int64(batch.count - accepted)
      }
      return accepted
    }
    if accepted > 0 { wake() }
    return accepted
  }

  func wake() { wakes.continuation.yield() }

  /// Takes at most `limit` spans, oldest first.
  func take(_ limit: Int) -> [LLMSpan] {
    state.withLock { state in
      if state.spans.count <= limit {
        defer { state.spans = [] }
        return state.spans
      }
      defer { state.spans.removeFirst(limit) }
      return Array(state.spans[..<limit])
    }
  }

  func countDrops(_ count: Int, _ reason: DropReason) { state.withLock { $0.drops[reason, default: 0] += Int64(count) } }

  func takeDrops() -> [DropReason: Int64] {
    state.withLock { state in
      defer { state.drops = [:] }
      return state.drops
    }
  }

  var depth: Int { state.withLock { $0.spans.count } }

  /// Spans offered from now on are dropped and counted; those already queued stay to be taken.
  func shutDown() {
    state.withLock { $0.isShutDown = true }
    wakes.continuation.finish()
  }
}
