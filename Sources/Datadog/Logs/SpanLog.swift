// One line of JSON for each exchange, on standard output or in a file, as Datadog's log pipelines read it.

import LLMTelemetry
import Synchronization

/// Never waits for whoever reads: what does not fit into its buffer until the reader has caught up is dropped and counted.
package final class SpanLog: Sendable {
  /// Bytes that may wait for a slow reader; eight megabytes are about 8,000 lines.
  private let bufferLimit: Int

  private struct State: ~Copyable {
    var buffer = ByteBuffer()
    /// Bytes of `buffer` that have been written.
    var written = 0
    var output: LogOutput
    var dropped = 0
    var clock = ClockText()

    init(_ output: consuming LogOutput) { self.output = output }

    /// Writes what the reader has room for.
    mutating func flush() {
      guard buffer.count > written else { return }
      let (count, isBroken) = buffer.withBytes(from: written) { output.write($0) }
      written += count
      if isBroken {
        dropped += buffer.withBytes(from: written) { $0.count { $0 == UInt8(ascii: "\n") } }
        written = buffer.count
      }
      if written == buffer.count {
        buffer.removeAll()
        written = 0
      } else if written > buffer.count / 2 {
        buffer.removeFirst(written)
        written = 0
      }
    }
  }

  private let state: Mutex<State>

  /// Writes to `descriptor`, which stays the caller's to close.
  package init(descriptor: Int32, bufferLimit: Int = 8 << 20) {
    self.bufferLimit = bufferLimit
    state = Mutex(State(LogOutput(descriptor)))
  }

  package func write(_ spans: [LLMSpan]) {
    state.withLock { state in
      for index in spans.indices where SpanLogLine.isWritten(for: spans[index]) {
        if state.buffer.count - state.written >= bufferLimit { state.flush() }
        if state.buffer.count - state.written >= bufferLimit {
          state.dropped += 1
        } else {
          SpanLogLine.append(spans[index], to: &state.buffer, clock: &state.clock)
        }
      }
      state.flush()
    }
  }

  /// How many lines were dropped since this was last asked.
  package func takeDropped() -> Int {
    state.withLock { state in
      defer { state.dropped = 0 }
      return state.dropped
    }
  }

  /// Waits for a slow reader, but not longer than `patience`: for the end of the program. False when lines are left, which
  /// are lost.
  @discardableResult
  package func finish(patience: Duration = .seconds(1)) -> Bool {
    state.withLock { state in
      let edge = ContinuousClock.now + patience
      while true {
        state.flush()
        if state.written == state.buffer.count { return true }
        let left = edge - .now
        guard left > .zero, state.output.waitUntilWritable(left) else { return false }
      }
    }
  }
}
