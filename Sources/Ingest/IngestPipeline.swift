// The one road every span travels: bounded queue, enrichment, fold into rollups, sinks.

import LLMMetrics
import LLMTelemetry

package final class IngestPipeline: Sendable {
  package struct Configuration: Sendable {
    /// Spans that may wait; beyond it the newest are dropped.
    package var queueCapacity = 20_000
    /// Spans a sink gets at once.
    package var batchLimit = 1000
    /// How often rollups are closed when no span comes.
    package var tick: Duration = .seconds(1)
    package init() {}
  }

  private let configuration: Configuration
  private let enrichment: SpanEnrichment
  private let sinks: [IngestSink]
  private let queue: SpanQueue
  private let now: @Sendable () -> Timestamp
  private let sleep: @Sendable (Duration) async throws -> Void
  private let sinkFailed: @Sendable (String, any Error) -> Void

  /// `now` and `sleep` are the clock; `sinkFailed` is told the name of a sink and what it threw.
  package init(
    configuration: Configuration = Configuration(), enrichment: SpanEnrichment, sinks: [IngestSink],
    now: @escaping @Sendable () -> Timestamp = { .now() },
    sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
    sinkFailed: @escaping @Sendable (_ sink: String, any Error) -> Void
  ) {
    self.configuration = configuration
    self.enrichment = enrichment
    self.sinks = sinks
    self.now = now
    self.sleep = sleep
    self.sinkFailed = sinkFailed
    queue = SpanQueue(capacity: configuration.queueCapacity)
  }

  /// Takes finished spans from any thread, an event loop included: neither blocks nor waits. Returns how many were taken; the
  /// rest, the newest of the batch, are dropped and counted.
  @discardableResult
  package func offer(_ batch: [LLMSpan]) -> Int { queue.offer(batch) }

  /// Spans waiting to be processed.
  package var queueDepth: Int { queue.depth }

  /// Ends `run` after everything queued has been processed and every open rollup handed out.
  package func shutDown() { queue.shutDown() }

  /// Processes until `shutDown` or the task's cancellation; both drain first. Call once.
  package func run() async {
    let ticking = Task { [queue, sleep, tick = configuration.tick] in
      while !Task.isCancelled {
        do { try await sleep(tick) } catch { return }
        queue.wake()
      }
    }
    // The drain must reach the sinks even when this task is cancelled, so it does not run in it.
    let processing = Task {
      var fold = RollupFold()
      var limit = SeriesLimit()
      for await _ in queue.wakeUps {
        await processQueue(into: &fold, limit: &limit)
        limit.forget(now: now())
        await deliver(fold.closed(now: now()))
      }
      await processQueue(into: &fold, limit: &limit)
      await deliver(fold.flush())
    }
    await withTaskCancellationHandler {
      await processing.value
    } onCancel: {
      shutDown()
    }
    ticking.cancel()
  }

  private func processQueue(into fold: inout RollupFold, limit: inout SeriesLimit) async {
    while true {
      let batch = queue.take(configuration.batchLimit)
      if !batch.isEmpty { await process(batch, into: &fold, limit: &limit) }
      await reportDrops(into: &fold)
      if batch.count < configuration.batchLimit { return }
    }
  }

  private func process(_ raw: [LLMSpan], into fold: inout RollupFold, limit: inout SeriesLimit) async {
    let spans = raw.map(enrichment.enrich)
    var all: [MetricMeasurement] = []
    for span in spans {
      let measurements = SpanMeasurements.measurements(of: span).map { limit.admit($0, at: span.end) }
      fold.add(measurements, endedAt: span.end)
      all += measurements
    }
    await deliver(IngestBatch(spans: spans, measurements: all))
  }

  /// Drops become measurements like any other, so that they are charted and monitored like any other.
  private func reportDrops(into fold: inout RollupFold) async {
    let drops = queue.takeDrops()
    guard !drops.isEmpty else { return }
    let measurements = drops.map { reason, count in
      MetricMeasurement(MetricCatalogue.spansDropped, tags: TagSet(["reason": reason.tag]), value: .count(count))
    }
    fold.add(measurements, endedAt: now())
    await deliver(IngestBatch(spans: [], measurements: measurements))
  }

  private func deliver(_ batch: IngestBatch) async {
    for sink in sinks {
      do {
        try await sink.acceptBatch(batch)
      } catch {
        sinkFailed(sink.name, error)
        if !batch.spans.isEmpty { queue.countDrops(batch.spans.count, .sinkFailed(sink.name)) }
      }
    }
  }

  private func deliver(_ rollups: [Rollup]) async {
    guard !rollups.isEmpty else { return }
    for sink in sinks {
      do {
        try await sink.acceptRollups(rollups)
      } catch {
        sinkFailed(sink.name, error)
      }
    }
  }
}
