// Spans between the path of a request and the task that encodes them: bounded, and what does not fit is counted.
import LLMTelemetry
import Synchronization

package final class ExportQueue: Sendable {
  private struct State {
    var spans: [LLMSpan] = []
    var isClosed = false
    var full = 0
    var late = 0
  }

  private let capacity: Int
  private let state = Mutex(State())

  package init(capacity: Int) { self.capacity = capacity }

  /// Never waits: what does not fit is the newest, and is dropped.
  package func add(_ spans: [LLMSpan]) {
    state.withLock { state in
      guard !state.isClosed else {
        state.late += spans.count
        return
      }
      let room = min(spans.count, capacity - state.spans.count)
      state.spans += spans.prefix(room)
      state.full += spans.count - room
    }
  }

  /// Everything that waits, oldest first.
  package func take() -> [LLMSpan] {
    state.withLock { state in
      defer { state.spans = [] }
      return state.spans
    }
  }

  /// Takes nothing more.
  package func close() { state.withLock { $0.isClosed = true } }

  package var counts: (waiting: Int, full: Int, late: Int) { state.withLock { ($0.spans.count, $0.full, $0.late) } }
}
