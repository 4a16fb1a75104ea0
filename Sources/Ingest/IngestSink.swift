// Where spans and rollups go after ingest: the store, Datadog, whoever evaluates.

import LLMMetrics
import LLMTelemetry

/// Spans of one batch, enriched, with everything they mean in metrics.
package struct IngestBatch: Sendable {
  package let spans: [LLMSpan]
  package let measurements: MeasurementBatch
}

/// A receiver. It is awaited before the next batch, so a slow one fills the queue and shows in the drops; what it throws is
/// counted as drops under its name, and does not keep the other sinks from their batch.
package struct IngestSink: Sendable {
  /// A short word for tags and logs, for example `store`.
  package let name: String
  let acceptBatch: @Sendable (IngestBatch) async throws -> Void
  let acceptRollups: @Sendable ([Rollup]) async throws -> Void
  let takeLosses: @Sendable () -> Int
  /// Whether it is given the judge's own calls too. They are no traffic, so that only what keeps and bills spans wants them.
  let takesJudge: Bool

  /// `losses` gives the number of spans the sink itself has lost since it was last asked, because its own receiver is slow;
  /// they are counted as drops under its name too.
  package init(
    name: String,
    batch: @escaping @Sendable (IngestBatch) async throws -> Void = { _ in },
    rollups: @escaping @Sendable ([Rollup]) async throws -> Void = { _ in },
    losses: @escaping @Sendable () -> Int = { 0 }, takesJudge: Bool = false
  ) {
    self.name = name
    self.acceptBatch = batch
    self.acceptRollups = rollups
    self.takeLosses = losses
    self.takesJudge = takesJudge
  }
}
