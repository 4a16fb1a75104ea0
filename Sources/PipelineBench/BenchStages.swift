// The table of what is measured: a stage or a sink is one line.

import Datadog
import Delivery
import Foundation
import Ingest
import LLMMetrics
import LLMTelemetry
import OpenTelemetry
import Pricing
import Providers
import Redaction
import Storage

/// One line of the report: `body` does for a batch what the product does for one.
struct BenchStage {
  let name: String
  var note = ""
  /// Batches to feed; what they need to have gone through before.
  let batches: [[LLMSpan]]
  let body: ([LLMSpan]) throws -> Void

  /// Nanoseconds a span: the median of the rounds, each over all batches, after one that warms up.
  func measure(rounds: Int) -> Double {
    let count = batches.reduce(0) { $0 + $1.count }
    var results: [Double] = []
    for round in 0...rounds {
      let time = ContinuousClock().measure {
        for batch in batches {
          do { try body(batch) } catch { FileHandle.standardError.write(Data("\(name): \(error)\n".utf8)) }
        }
      }
      if round > 0 { results.append(Double(time / .nanoseconds(1)) / Double(count)) }
    }
    return results.sorted()[results.count / 2]
  }
}

/// One way through the whole pipeline.
struct BenchRun {
  let name: String
  let note: String
  let batches: [[LLMSpan]]
  let makePipeline: () throws -> (IngestPipeline, flush: () -> Void)

  /// Seconds a span, from the first offer until every sink has everything. Nothing is dropped: who offers waits for room.
  func seconds(count: Int) async throws -> Double {
    let (pipeline, flush) = try makePipeline()
    let running = Task { await pipeline.run() }
    let clock = ContinuousClock()
    let start = clock.now
    var offered = 0
    while offered < count {
      for batch in batches where offered < count {
        while pipeline.queueDepth > 9000 { try await Task.sleep(for: .microseconds(200)) }
        // As the gateway hands them over.
        for first in stride(from: 0, to: batch.count, by: 125) { offered += pipeline.offer(Array(batch[first..<first + 125])) }
      }
    }
    pipeline.shutDown()
    await running.value
    flush()
    return Double((clock.now - start) / .nanoseconds(1)) / 1e9 / Double(offered)
  }
}

final class BenchStages {
  private let folder: URL
  private let agent: DatagramDrain
  private let isMixed: Bool
  private let devNull = open("/dev/null", O_WRONLY)
  private(set) var stages: [BenchStage] = []

  private static let enrichment = SpanEnrichment(
    messages: { RequestContent.messages(inRequestBody: $0) }, scorers: { _, _ in RiskScores() }, redaction: SpanRedaction())

  private static func capturing(_ capture: ContentCapture) -> SpanEnrichment {
    var enrichment = enrichment
    enrichment.redaction.policy = CapturePolicy(capture)
    return enrichment
  }

  /// - Parameter isMixed: see `BenchSpans.make`.
  init(folder: URL, agent: DatagramDrain, isMixed: Bool) throws {
    self.folder = folder
    self.agent = agent
    self.isMixed = isMixed
    let raw = BenchSpans.make(isMixed: isMixed)
    let full = BenchSpans.make(withContent: true, isMixed: isMixed)
    // What sinks get: priced and redacted.
    let clean = Self.enriched(raw, Self.enrichment)
    let captured = Self.enriched(full, Self.capturing(.redacted))
    let unpriced = raw.map { batch in
      batch.map { span in
        var span = span
        span.cost = .unknown
        return span
      }
    }

    addRequestPath(raw)
    var memory = CleanValues()
    stages.append(
      BenchStage(name: "redact", note: "every text but content", batches: raw) { batch in
        var batch = batch
        for index in batch.indices { SpanRedaction().redactFacts(&batch[index], &memory) }
      })
    for capture in [ContentCapture.hashed, .redacted, .full] {
      let enrichment = Self.capturing(capture)
      stages.append(
        BenchStage(name: "redact, content \(capture.rawValue)", note: "messages read, 2.3 kB", batches: full) { batch in
          var batch = batch
          for index in batch.indices { enrichment.enrich(&batch[index], memory: &memory) }
        })
    }
    stages.append(
      BenchStage(name: "price", batches: unpriced) { batch in
        for index in batch.indices { Sink.keep(PriceBook.builtIn.cost(of: batch[index])) }
      })
    stages.append(
      BenchStage(name: "score (grounding)", note: "2.3 kB", batches: [Array(full[0].prefix(200))]) { batch in
        for span in batch {
          guard var content = span.content else { continue }
          content.input = RequestContent.messages(inRequestBody: content.requestBody)
          Sink.keep(SpanEnrichment.grounding(span, content))
        }
      })
    var meter = SpanMeter()
    var fold = RollupFold()
    var measurements = MeasurementBatch()
    stages.append(
      BenchStage(name: "fold", note: "measured and rolled up", batches: clean) { batch in
        meter.measure(batch, into: &measurements)
        fold.add(measurements)
        measurements.removeAll()
      })
    try addSinks(clean, captured)
  }

  private func addSinks(_ clean: [[LLMSpan]], _ captured: [[LLMSpan]]) throws {
    let statsD = try DogStatsDClient(address: .unix(path: agent.path))
    var meter = SpanMeter()
    var measurements = MeasurementBatch()
    // Measured once: the client is what is looked at.
    let measured = clean.map { batch in
      measurements.removeAll()
      meter.measure(batch, into: &measurements)
      return measurements
    }
    var next = 0
    stages.append(
      BenchStage(name: "dogstatsd", note: "to a Unix socket that is read; it sends whenever it is full", batches: clean) { _ in
        statsD.add(measured[next % measured.count])
        next += 1
      })
    try addDeliveries(clean, measured)
    let log = SpanLog(descriptor: devNull)
    stages.append(BenchStage(name: "span log", note: "to /dev/null", batches: clean) { log.write($0) })
    let store = try TelemetryStore(path: folder.appending(path: "stage.sqlite").path)
    stages.append(BenchStage(name: "store", note: "SQLite on disk", batches: clean) { try store.append(spans: $0) })
    let contentStore = try TelemetryStore(path: folder.appending(path: "content.sqlite").path)
    stages.append(
      BenchStage(name: "store, with content", note: "2.3 kB redacted", batches: [captured[0]]) {
        try contentStore.append(spans: $0)
      })
  }

  /// Sinks that encode and hand over to a lane; what the lane does is not on this thread, and nobody runs it here: it keeps what fits
  /// and drops the rest, which costs the same.
  private func addDeliveries(_ clean: [[LLMSpan]], _ measured: [MeasurementBatch]) throws {
    let send: DeliverySend = { _ in DeliveryResponse(status: 202) }
    func append(_ name: String, _ add: @escaping ([LLMSpan]) -> Void) {
      stages.append(BenchStage(name: name, note: "encoded and offered to its lane", batches: clean, body: add))
    }
    let settings = AgentTraces.Settings(
      service: "bench", env: "bench", application: "bench", runtimeID: UUID().uuidString.lowercased(), productVersion: "bench")
    let traces = AgentTraces(settings, discovery: AgentDiscovery(agent: "http://127.0.0.1:1", send: send), send: send)
    append("apm traces") { traces.add($0) }
    var info = AgentInfo()
    info.endpoints = ["/v0.4/traces", AgentInfo.statisticsPath]
    info.dropsUnsampledAtClient = true
    let counting = AgentTraces(
      settings, discovery: AgentDiscovery(agent: "http://127.0.0.1:1", state: .present(info), send: send), send: send)
    append("apm traces, statistics ours") { counting.add($0) }
    let given = clean.map { batch in
      batch.map { span in
        var span = span
        span.sampling = SamplingDecision(.autoReject)
        return span
      }
    }
    stages.append(
      BenchStage(name: "apm statistics alone", note: "all traces given up", batches: given) { counting.add($0) })
    let intake = LLMObservabilityIntake.agentless(site: "datadoghq.com", apiKey: { "" })
    let observability = LLMObservabilitySpans(intake: intake, settings: LLMObservabilitySettings(), send: send)
    append("llm observability") { observability.add($0) }
    let logs = LogIntake(settings: LogIntakeSettings(site: "datadoghq.com", apiKey: { "" }), send: send)
    append("log intake") { logs.add($0) }
    let otlp = OTLPTraceSink(settings: OTLPTraceSink.Settings(url: "http://127.0.0.1:1"), send: send)
    append("otlp") { otlp.add($0) }
    let registry = PrometheusRegistry()
    var next = 0
    append("prometheus") {
      registry.add(measured[next % measured.count], spans: $0, now: .now())
      next += 1
    }
    let metrics = AgentlessMetrics(intake: .datadog(site: "datadoghq.com", apiKey: { "" }), host: "bench", send: send)
    var following = 0
    append("agentless metrics") { _ in
      metrics.add(measured[following % measured.count])
      following += 1
    }
  }

  /// What an event loop of the gateway pays beyond relaying: to make the span, price it, and hand it over in batches.
  private func addRequestPath(_ raw: [[LLMSpan]]) {
    var random = BenchSpans.Generator(state: 1)
    let start = Timestamp.now()
    var pending: [LLMSpan] = []
    var pipeline = IngestPipeline(enrichment: Self.enrichment, sinks: [], sinkFailed: { _, _ in })
    stages.append(
      BenchStage(name: "request path: make and offer", note: "what the event loop pays", batches: raw) { [self] batch in
        for number in batch.indices {
          var span = requestSpan(like: batch[number], number, start, &random)
          span.cost = PriceBook.builtIn.cost(of: span)
          pending.append(span)
          if pending.count == 128 {
            if pipeline.offer(pending) < pending.count {
              // Full: the next one takes over, so that no span takes the cheaper way of being dropped.
              pipeline = IngestPipeline(enrichment: Self.enrichment, sinks: [], sinkFailed: { _, _ in })
              pipeline.offer(pending)
            }
            pending = []
            pending.reserveCapacity(128)
          }
        }
      })
  }

  /// As `SpanIdentity` and `Exchange` make one: ids, name, the dimensions of the request, what the meter read.
  private func requestSpan(
    like source: borrowing LLMSpan, _ number: Int, _ start: Timestamp, _ random: inout BenchSpans.Generator
  ) -> LLMSpan {
    var span = LLMSpan(
      traceID: .random(at: start, using: &random), spanID: .random(using: &random), parentSpanID: nil, kind: .llm,
      name: source.dimensions.model.map { "chat \($0)" } ?? "chat", start: start, duration: source.duration,
      dimensions: source.dimensions, outcome: source.outcome)
    span.virtualKey = source.virtualKey
    span.isStreaming = source.isStreaming
    span.httpStatus = source.httpStatus
    span.timeToFirstToken = source.timeToFirstToken
    span.longestGap = source.longestGap
    span.responseModel = source.responseModel
    span.finishReason = source.finishReason
    span.usage = source.usage
    return span
  }

  private static func enriched(_ batches: [[LLMSpan]], _ enrichment: SpanEnrichment) -> [[LLMSpan]] {
    var memory = CleanValues()
    return batches.map { batch in
      var batch = batch
      for index in batch.indices { enrichment.enrich(&batch[index], memory: &memory) }
      return batch
    }
  }

  func endToEnd() throws -> [BenchRun] {
    let raw = BenchSpans.make(isMixed: isMixed)
    let full = BenchSpans.make(withContent: true, isMixed: isMixed)
    return [
      BenchRun(name: "redact, price, fold, dogstatsd", note: "target: 50,000", batches: raw) { [self] in
        try pipeline(Self.enrichment)
      },
      BenchRun(name: "the same, content redacted", note: "2.3 kB a span", batches: full) { [self] in
        try pipeline(Self.capturing(.redacted))
      },
      BenchRun(name: "with span log and store", note: "", batches: raw) { [self] in
        try pipeline(Self.enrichment, isWhole: true)
      },
      BenchRun(name: "the same, content redacted", note: "2.3 kB a span, stored", batches: full) { [self] in
        try pipeline(Self.capturing(.redacted), isWhole: true)
      },
    ]
  }

  private func pipeline(_ enrichment: SpanEnrichment, isWhole: Bool = false) throws -> (IngestPipeline, flush: () -> Void) {
    let statsD = try DogStatsDClient(address: .unix(path: agent.path))
    var sinks = [IngestSink(name: "dogstatsd", batch: { statsD.add($0.measurements) })]
    if isWhole {
      let log = SpanLog(descriptor: devNull)
      let store = try TelemetryStore(path: folder.appending(path: "\(UUID().uuidString).sqlite").path)
      sinks.append(IngestSink(name: "log", batch: { log.write($0.spans) }))
      sinks.append(
        IngestSink(name: "store", batch: { try store.append(spans: $0.spans) }, rollups: { try store.append(rollups: $0) }))
    }
    let pipeline = IngestPipeline(
      enrichment: enrichment, sinks: sinks,
      sinkFailed: { FileHandle.standardError.write(Data("\($0): \($1)\n".utf8)) })
    return (pipeline, { statsD.flush() })
  }
}

/// Where results go that nobody needs, so that the compiler does not leave their making out.
enum Sink {
  @inline(never)
  static func keep<Value>(_ value: Value) {}
}
