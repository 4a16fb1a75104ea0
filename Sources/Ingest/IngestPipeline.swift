// The one road every span travels: bounded queue, enrichment, fold into rollups, sinks.

import LLMMetrics
import LLMTelemetry
import Redaction

package final class IngestPipeline: Sendable {
  package struct Configuration: Sendable {
    /// Spans that may wait; beyond it the newest are dropped.
    package var queueCapacity = 20_000
    /// Spans from which a sink gets what has gathered, batches being offered whole.
    package var batchLimit = 1000
    /// How long a batch may gather before it is processed: a transaction and its pages are paid for once a batch.
    package var linger: Duration = .milliseconds(50)
    /// How often rollups are closed when no span comes.
    package var tick: Duration = .seconds(1)
    /// How many values a tag and series a metric may have.
    package var cardinality = CardinalitySettings()
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

  /// Takes measurements that are of no span, such as states, from any thread; they are counted with the next batch, or at the next
  /// tick. For few callers that come seldom: beyond `SpanQueue.reportLimit` the newest are left out.
  package func report(_ measurements: [MetricMeasurement]) { queue.report(measurements) }

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
    let thread = IngestThread()
    let processing = Task(executorPreference: thread) { await self.processUntilShutDown() }
    await withTaskCancellationHandler {
      await processing.value
    } onCancel: {
      shutDown()
    }
    ticking.cancel()
    thread.end()
  }

  private func processUntilShutDown() async {
    var work = Work(cardinality: configuration.cardinality)
    for await _ in queue.wakeUps {
      await gather()
      await processQueue(&work)
      await deliverOthers(work.meter.review(now: now()), &work)
      await deliver(work.fold.closed(now: now()))
    }
    await processQueue(&work)
    await deliverOthers(work.meter.takeFolded(), &work)
    await deliver(work.fold.flush())
    // What was lost on these last steps is told too.
    await reportLosses(&work)
  }

  /// Lets a batch grow, unless there is enough of it or the end has come.
  private func gather() async {
    guard configuration.linger > .zero, !queue.isShutDown, (1..<configuration.batchLimit).contains(queue.depth) else { return }
    try? await sleep(configuration.linger)
  }

  /// What one run keeps from batch to batch; the two arrays keep only their memory.
  private struct Work: Sendable {
    var cleanValues = CleanValues()
    var meter: SpanMeter
    var fold = RollupFold()
    var spans: [LLMSpan] = []
    var measurements = MeasurementBatch()

    init(cardinality: CardinalitySettings) { meter = SpanMeter(cardinality: cardinality) }
  }

  private func processQueue(_ work: inout Work) async {
    while true {
      let rest = queue.take(configuration.batchLimit, into: &work.spans)
      if !work.spans.isEmpty { await process(&work) }
      await reportLosses(&work)
      if rest == 0 { return }
    }
  }

  /// The queue never holds a span this long.
  private static let longestLag: Duration = .seconds(600)

  private func process(_ work: inout Work) async {
    var unscored: Int64 = 0
    for index in work.spans.indices {
      // Scoring is analysis and costs many times the rest: it gives way before spans are lost.
      let scores = work.spans[index].content == nil || queue.depth <= configuration.queueCapacity / 2
      if enrichment.enrich(&work.spans[index], scores: scores, memory: &work.cleanValues) { unscored += 1 }
    }
    work.meter.measure(work.spans, into: &work.measurements)
    work.fold.add(work.measurements)
    // The lag of a batch is that of its oldest span. What ended long ago was sent late, and did not wait here.
    let time = now()
    var oldest: Timestamp?
    for index in work.spans.indices where time - work.spans[index].end <= Self.longestLag {
      oldest = min(oldest ?? work.spans[index].end, work.spans[index].end)
    }
    var others: [MetricMeasurement] = oldest.map { [.ingestLag(time - $0)] } ?? []
    if unscored > 0 { others.append(MetricMeasurement(MetricCatalogue.scoresShed, tags: TagSet([]), value: .count(unscored))) }
    work.fold.add(others, at: time)
    for index in work.spans.indices where work.spans[index].isOfJudge {
      guard let cost = MetricMeasurement.judgeCost(of: work.spans[index]) else { continue }
      others.append(cost)
      // At its own time, as the cost of traffic is, so that repricing finds the point.
      work.fold.add([cost], at: work.spans[index].end)
    }
    work.measurements.others = others
    await deliver(IngestBatch(spans: work.spans, measurements: work.measurements))
    work.spans.removeAll(keepingCapacity: true)
    work.measurements.removeAll()
  }

  /// Drops become measurements like any other, so that they are charted and monitored like any other.
  private func reportLosses(_ work: inout Work) async {
    for sink in sinks {
      let losses = sink.takeLosses()
      if losses > 0 { queue.countDrops(losses, .sinkSlow(sink.name)) }
    }
    let drops = queue.takeDrops().map { reason, count in
      MetricMeasurement(MetricCatalogue.spansDropped, tags: TagSet(["reason": reason.tag]), value: .count(count))
    }
    await deliverOthers(drops + queue.takeReports(), &work)
  }

  /// Measurements that are of no span go the way of all others.
  private func deliverOthers(_ others: [MetricMeasurement], _ work: inout Work) async {
    guard !others.isEmpty else { return }
    work.measurements.others = others
    work.fold.add(others, at: now())
    await deliver(IngestBatch(spans: [], measurements: work.measurements))
    work.measurements.removeAll()
  }

  private func deliver(_ whole: IngestBatch) async {
    let traffic =
      whole.spans.contains(where: \.isOfJudge)
      ? IngestBatch(spans: whole.spans.filter { !$0.isOfJudge }, measurements: whole.measurements) : whole
    for sink in sinks {
      let batch = sink.takesJudge ? whole : traffic
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
        // It goes with the next batch: what reports a loss must not be lost with it.
        queue.report([.rollupsLost(sink: sink.name, count: rollups.count)])
      }
    }
  }
}
