// What the console says about the commander itself: how fresh the data is and what was dropped.

import Ingest
import LLMMetrics
import LLMTelemetry
import Synchronization

final class HealthCounters: Sendable {
  private let counters = Mutex((newest: Timestamp?.none, dropped: [String: Int]()))

  func observe(_ batch: IngestBatch) {
    counters.withLock { counters in
      for span in batch.spans where span.end > counters.newest ?? span.start { counters.newest = span.end }
      for measurement in batch.measurements where measurement.metric == MetricCatalogue.spansDropped {
        if case .count(let count) = measurement.value { counters.dropped[measurement.tags["reason"] ?? "unknown", default: 0] += Int(count) }
      }
    }
  }

  var newestSpan: Timestamp? { counters.withLock { $0.newest } }
  /// Since the start, by reason.
  var dropped: [String: Int] { counters.withLock { $0.dropped } }
}
