// What the console says about the commander itself: how fresh the data is and what was dropped.

import Ingest
import LLMMetrics
import LLMTelemetry
import Synchronization

final class HealthCounters: Sendable {
  private struct Counters {
    var newest: Timestamp?
    var dropped: [String: Int] = [:]
  }

  private let counters = Mutex(Counters())

  func observe(_ batch: IngestBatch) {
    counters.withLock { counters in
      // A clock that runs ahead must not make old data look new for ever.
      let now = Timestamp.now()
      if let newest = batch.spans.map({ min($0.end, now) }).max() { counters.newest = max(counters.newest ?? newest, newest) }
      for measurement in batch.measurements.others {
        guard case .count(let count) = measurement.value else { continue }
        if measurement.definition == MetricCatalogue.spansDropped {
          counters.dropped[measurement.tags["reason"] ?? "unknown", default: 0] += Int(count)
        } else if measurement.definition == MetricCatalogue.rollupsLost {
          counters.dropped["\(measurement.tags["sink"] ?? "unknown")_rollups_failed", default: 0] += Int(count)
        }
      }
    }
  }

  var newestSpan: Timestamp? { counters.withLock { $0.newest } }
  /// Since the start, by reason.
  var dropped: [String: Int] { counters.withLock { $0.dropped } }
}
