// What Prometheus scrapes: cumulative numbers of every series since the start, with a trace for each.

import LLMMetrics
import LLMTelemetry
import Synchronization

/// Counts on the ingest thread and renders on the scraper's. Memory is bounded by the number of series.
package final class PrometheusRegistry: Sendable {
  package struct Settings: Sendable {
    /// Series that are kept; a new one beyond is dropped and counted. A histogram takes about 1.5 KB.
    package var series = 20_000
    /// A series without a new value for this long goes. When it comes back it begins at zero, which `rate` takes for the restart
    /// of a counter.
    package var forgottenAfter: Duration = .seconds(3600)
    package init() {}
  }

  private struct State {
    var cells = PrometheusCells()
    /// By the number of a series in batches of one generation: its place, -1 before it is looked for, -2 when there is no room.
    var placeByNumber: [Int32] = []
    var generation: UInt64 = 0
    var dropped = 0
    var nextSweep: Timestamp?
  }

  private let settings: Settings
  private let state = Mutex(State())

  package init(settings: Settings = Settings()) { self.settings = settings }

  /// What a batch adds.
  ///
  /// - Parameter spans: those the batch was made of, in their order; they give the exemplars.
  package func add(_ batch: MeasurementBatch, spans: [LLMSpan], now: Timestamp) {
    state.withLock { state in
      sweep(&state, now: now)
      if batch.generation != state.generation {
        state.generation = batch.generation
        state.placeByNumber.removeAll(keepingCapacity: true)
      }
      let missing = batch.series.count - state.placeByNumber.count
      if missing > 0 { state.placeByNumber.append(contentsOf: repeatElement(-1, count: missing)) }
      addValues(batch, spans, &state)
      for other in batch.others {
        guard let place = state.cells.place(other.definition, other.tags, at: now, limit: settings.series) else {
          state.dropped += 1
          continue
        }
        switch other.value {
        case .count(let count): state.cells.count(place, count, nil, at: now)
        case .sample(let sample), .gauge(let sample): state.cells.sample(place, sample, nil, at: now)
        }
      }
    }
  }

  private func addValues(_ batch: MeasurementBatch, _ spans: [LLMSpan], _ state: inout State) {
    var first = 0
    var source = 0
    spans.withUnsafeBufferPointer { spans in
      for measured in batch.spans {
        // Of some spans no measurements are made; the end tells which one these are of.
        while source < spans.count, !SpanMeasurements.areMade(of: spans[source]) || spans[source].end != measured.endedAt {
          source += 1
        }
        var trace: (TraceID, SpanID)?
        if source < spans.count {
          if spans[source].isSampled { trace = (spans[source].traceID, spans[source].spanID) }
          source += 1
        }
        for value in batch.values[first..<measured.end] {
          let number = Int(value.series)
          var place = state.placeByNumber[number]
          if place < 0 {
            if place == -2 {
              state.dropped += 1
              continue
            }
            let series = batch.series[number]
            let found = state.cells.place(series.definition, series.tags, at: measured.endedAt, limit: settings.series)
            place = found.map { Int32($0) } ?? -2
            state.placeByNumber[number] = place
            guard place >= 0 else {
              state.dropped += 1
              continue
            }
          }
          if value.isSample {
            state.cells.sample(Int(place), value.sample, trace, at: measured.endedAt)
          } else {
            state.cells.count(Int(place), value.count, trace, at: measured.endedAt)
          }
        }
        first = measured.end
      }
    }
  }

  /// As `SpanMeasurements` has it.
  @inline(__always)

  private func sweep(_ state: inout State, now: Timestamp) {
    if let next = state.nextSweep, now < next { return }
    state.nextSweep = now + .seconds(60)
    guard state.cells.forget(before: now - settings.forgottenAfter) else { return }
    // Places have changed, and there may be room again.
    for number in state.placeByNumber.indices { state.placeByNumber[number] = -1 }
  }

  /// Values that were dropped because there was no room for their series, since this was last asked.
  package func takeDropped() -> Int {
    state.withLock { state in
      defer { state.dropped = 0 }
      return state.dropped
    }
  }

  package var seriesCount: Int { state.withLock { $0.cells.series.count } }

  /// The answer to a scrape, in the format its `Accept` header asks for.
  package func exposition(accept: String?, now: Timestamp) -> PrometheusExposition {
    // Only the references are copied under the lock; ingest copies the numbers when it next changes them.
    let cells = state.withLock { state in
      sweep(&state, now: now)
      return state.cells
    }
    return PrometheusExposition(cells, format: .init(accept: accept))
  }
}
