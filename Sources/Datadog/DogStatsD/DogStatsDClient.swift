// Sends measurements to a Datadog Agent: counts added up, samples packed, never waiting for anybody.

import LLMMetrics
import LLMTelemetry
import Synchronization

package final class DogStatsDClient: Sendable {
  /// What became of everything handed over so far.
  package struct Statistics: Hashable, Sendable {
    package var datagramsSent = 0
    package var bytesSent = 0
    /// No receiver, or one that does not keep up.
    package var datagramsDropped = 0
    /// Lines too long for any datagram.
    package var linesDropped = 0
  }

  private struct State: ~Copyable {
    var buffer: DogStatsDBuffer
    var socket: DatagramSocket
    var statistics = Statistics()

    mutating func flush() {
      let (datagrams, oversized) = buffer.drain()
      statistics.linesDropped += oversized
      for datagram in datagrams {
        if socket.send(datagram) {
          statistics.datagramsSent += 1
          statistics.bytesSent += datagram.count
        } else {
          statistics.datagramsDropped += 1
        }
      }
    }
  }

  private let state: Mutex<State>

  /// Throws `DogStatsDError` when the host cannot be resolved or the path is too long; an Agent that is not there yet is no error.
  package init(address: DogStatsDAddress, constantTags: TagSet = TagSet([:])) throws {
    state = Mutex(
      State(
        buffer: DogStatsDBuffer(constantTags: constantTags, datagramLimit: address.datagramLimit),
        socket: try DatagramSocket(address)))
  }

  /// Sends by itself when much has gathered; otherwise the next `flush` does.
  package func add(_ measurements: [MetricMeasurement]) {
    state.withLock { state in
      for measurement in measurements {
        state.buffer.add(measurement)
        if state.buffer.isFull { state.flush() }
      }
    }
  }

  /// Everything a batch of spans means. Sends by itself when much has gathered.
  package func add(_ batch: MeasurementBatch) {
    state.withLock { state in
      state.buffer.prepare(for: batch)
      for value in batch.values {
        state.buffer.add(value, of: batch)
        if state.buffer.isFull { state.flush() }
      }
    }
    if !batch.others.isEmpty { add(batch.others) }
  }

  /// Sends everything gathered; to be called at every tick.
  package func flush() { state.withLock { $0.flush() } }

  package var statistics: Statistics { state.withLock { $0.statistics } }
}
