// Every span reaches every sink or is counted as dropped; content ends where it should; time is the test's.

import Foundation
import Ingest
import LLMMetrics
import LLMTelemetry
import Pricing
import Redaction
import Synchronization
import Testing

/// Keeps what a sink is given.
private final class Received: Sendable {
  private let state = Mutex<(spans: [LLMSpan], measurements: [MetricMeasurement], rollups: [Rollup])>(([], [], []))

  var spans: [LLMSpan] { state.withLock { $0.spans } }
  var measurements: [MetricMeasurement] { state.withLock { $0.measurements } }
  var rollups: [Rollup] { state.withLock { $0.rollups } }

  func take(_ batch: IngestBatch) {
    state.withLock {
      $0.spans += batch.spans
      $0.measurements += batch.measurements.measurements
    }
  }

  var sink: IngestSink {
    IngestSink(
      name: "test",
      batch: { self.take($0) },
      rollups: { rollups in self.state.withLock { $0.rollups += rollups } })
  }
}

@Suite(.timeLimit(.minutes(1))) struct IngestPipelineTests {
  private let origin = Timestamp(unixSeconds: 1_764_000_000)
  private let evidence = """
    Customers may return any unused item within 30 days of delivery for a full refund. Refunds are issued to the original payment method within \
    5 business days after the warehouse has received the item. Shipping costs are not refunded unless the item arrived damaged. Gift cards and \
    personalised items cannot be returned. Open your order in the account page and choose return; a prepaid label is sent.
    """

  private func span(_ name: String = "chat", end: Timestamp? = nil) -> LLMSpan {
    var span = LLMSpan(
      traceID: .random(), spanID: .random(), kind: .llm, name: name, start: (end ?? origin) - .seconds(1), duration: .seconds(1))
    span.dimensions.model = "gpt-4o-mini"
    span.usage = TokenUsage(input: 1000, output: 10)
    return span
  }

  private func pipeline(
    _ sinks: [IngestSink], configuration: IngestPipeline.Configuration = .init(), capture: ContentCapture = .off,
    now: @escaping @Sendable () -> Timestamp,
    sleep: @escaping @Sendable (Duration) async throws -> Void = { _ in try await Task.sleep(for: .seconds(3600)) },
    sinkFailed: @escaping @Sendable (String, any Error) -> Void = { name, error in Issue.record("\(name): \(error)") }
  ) -> IngestPipeline {
    // The clock of these tests stands still, so nothing may wait for it.
    var configuration = configuration
    configuration.linger = .zero
    return IngestPipeline(
      configuration: configuration,
      enrichment: SpanEnrichment(
        messages: { [ContentMessage(role: "user", text: String(decoding: $0, as: UTF8.self))] },
        redaction: SpanRedaction(policy: CapturePolicy(capture))),
      sinks: sinks, now: now, sleep: sleep, sinkFailed: sinkFailed)
  }

  /// Runs until everything offered has been processed.
  private func drain(_ pipeline: IngestPipeline) async {
    pipeline.shutDown()
    await pipeline.run()
  }

  @Test func spanIsPricedScoredFoldedAndRidOfContent() async throws {
    let received = Received()
    let pipeline = pipeline([received.sink], now: { [origin] in origin })
    var invented = span("invented")
    invented.content = SpanContent(
      requestBody: Array(evidence.utf8),
      responseText:
        "Our loyalty programme grants lifetime replacement, and couriers from Zurich collect broken hardware on Sundays.")
    var grounded = span("grounded")
    grounded.content = SpanContent(
      requestBody: Array(evidence.utf8), responseText: "Gift cards and personalised items cannot be returned.")
    var failed = span("failed")
    failed.outcome = .failed(.auth, message: "key sk-abcdefghijklmnop1234 refused")
    #expect(pipeline.offer([invented, grounded, failed]) == 3)
    await drain(pipeline)

    let spans = received.spans
    #expect(spans.map(\.name) == ["invented", "grounded", "failed"])
    #expect(spans.allSatisfy { $0.content == nil })
    #expect(spans[0].cost == .exact(Nanodollars(156_000), priceVersion: PriceBook.builtIn.version))
    #expect(spans[0].risk.ungrounded.map { $0 >= RiskThreshold.of(.ungrounded) } == true)
    #expect(spans[1].risk.ungrounded.map { $0 < 0.3 } == true)
    #expect(spans[2].risk.ungrounded == nil)
    #expect(spans[2].outcome.message == "key [secret] refused")
    let requests = received.rollups.flatMap(\.series).filter { $0.key.metric == "llm.requests" }
    #expect(requests.map(\.value).reduce(into: 0) { if case .count(let count) = $1 { $0 += count } } == 3)
    #expect(received.measurements.filter { $0.definition == MetricCatalogue.answersUngrounded }.count == 1)
  }

  /// The judge's own calls are kept and billed, and are nobody's traffic.
  @Test func callsOfTheJudgeReachOnlyWhoTakesThemAndCountInNoMetricOfTraffic() async throws {
    let (everything, traffic) = (Received(), Received())
    let store = IngestSink(name: "store", batch: { everything.take($0) }, takesJudge: true)
    var enrichment = SpanEnrichment(
      messages: { [ContentMessage(role: "user", text: String(decoding: $0, as: UTF8.self))] },
      redaction: SpanRedaction(policy: CapturePolicy(.full)))
    enrichment.judgeKey = "judge"
    let pipeline = IngestPipeline(
      enrichment: enrichment, sinks: [store, traffic.sink], now: { [origin] in origin },
      sleep: { _ in try await Task.sleep(for: .seconds(3600)) }, sinkFailed: { Issue.record("\($0): \($1)") })
    var users = span("users")
    users.virtualKey = "app"
    var judges = span("judges", end: origin - .seconds(20))
    judges.virtualKey = "judge"
    judges.content = SpanContent(
      requestBody: Array(evidence.utf8), responseText: "{\"score\":1} Couriers from Zurich collect it.")
    var unknown = judges
    unknown.dimensions.model = "no-such-model"
    var failed = unknown
    failed.outcome = .failed(.quotaExhausted, message: "spent")
    pipeline.offer([judges, users, unknown, failed])
    await drain(pipeline)

    #expect(everything.spans.map(\.isOfJudge) == [true, false, true, true])
    #expect(traffic.spans.map(\.name) == ["users"])
    // Neither kept nor scored: it is another exchange's text.
    #expect(everything.spans.allSatisfy { $0.content == nil && $0.risk.isEmpty })
    let counts = traffic.rollups.flatMap(\.series).reduce(into: [String: Int64]()) { counts, series in
      if case .count(let count) = series.value { counts[series.key.metric, default: 0] += count }
    }
    #expect(counts["llm.requests"] == 1 && counts["llm.errors"] == nil && counts["llm.cost.unknown"] == nil, "\(counts)")
    #expect(counts["llm.cost"] == 156_000 && counts["llm.judge.cost"] == 156_000 && counts["llm.judge.cost.unknown"] == 1)
    // At its own time, where repricing looks for it.
    let point = try #require(traffic.rollups.first { $0.series.keys.contains { $0.metric == "llm.judge.cost" } })
    #expect(point.start == (origin - .seconds(20)).floored(to: Rollup.width))
    #expect(traffic.measurements.contains { $0.definition == MetricCatalogue.judgeCost })
  }

  @Test func capturedContentIsRedacted() async {
    let received = Received()
    let pipeline = pipeline([received.sink], capture: .redacted, now: { [origin] in origin })
    var span = span()
    span.content = SpanContent(requestBody: Array("mail a@b.de".utf8), responseText: "card 4111111111111111")
    pipeline.offer([span])
    await drain(pipeline)
    let expected = SpanContent(input: [ContentMessage(role: "user", text: "mail [email]")], output: "card [card]")
    #expect(received.spans.first?.content == expected)
  }

  @Test func fullQueueDropsTheNewestAndCountsThem() async {
    let received = Received()
    var configuration = IngestPipeline.Configuration()
    configuration.queueCapacity = 3
    configuration.batchLimit = 2
    let pipeline = pipeline([received.sink], configuration: configuration, now: { [origin] in origin })
    #expect(pipeline.offer([span("1"), span("2")]) == 2)
    #expect(pipeline.offer([span("3"), span("4"), span("5")]) == 1)
    pipeline.shutDown()
    #expect(pipeline.offer([span("6")]) == 0)
    await pipeline.run()
    #expect(received.spans.map(\.name) == ["1", "2", "3"])
    let drops = received.measurements.filter { $0.definition == MetricCatalogue.spansDropped }
    #expect(Set(drops.map { "\($0.tags["reason"] ?? "") \($0.value)" }) == ["queue_full count(2)", "shut_down count(1)"])
    let dropped = SeriesKey(metric: "llm.commander.spans.dropped", tags: TagSet(["reason": "queue_full"]))
    #expect(received.rollups.compactMap { $0.series[dropped] } == [.count(2)])
  }

  @Test func scoringGivesWayWhenTheQueueIsMoreThanHalfFull() async {
    let received = Received()
    var configuration = IngestPipeline.Configuration()
    configuration.queueCapacity = 4
    configuration.batchLimit = 1
    let pipeline = pipeline([received.sink], configuration: configuration, capture: .redacted, now: { [origin] in origin })
    for name in ["1", "2", "3", "4"] {
      var span = span(name)
      span.content = SpanContent(
        requestBody: Array(evidence.utf8), responseText: "Gift cards and personalised items cannot be returned; mail a@b.de.")
      pipeline.offer([span])
    }
    await drain(pipeline)
    // Three wait while the first is processed, which is more than half; then two, then one, then none.
    #expect(received.spans.map { $0.risk.ungrounded == nil } == [true, false, false, false])
    #expect(received.spans.allSatisfy { $0.content?.responseText.contains("[email]") == true })
    let shed = SeriesKey(metric: "llm.commander.scores.shed", tags: TagSet([]))
    #expect(received.rollups.compactMap { $0.series[shed] } == [.count(1)])
    #expect(received.measurements.filter { $0.definition == MetricCatalogue.scoresShed }.map(\.value) == [.count(1)])
  }

  @Test func spansGatherWhileTheyMayAndAreNotLostWhenTheEndComes() async {
    let received = Received()
    let (ticks, tick) = AsyncStream.makeStream(of: Void.self)
    let lingered = Mutex<[Duration]>([])
    let sizes = Mutex<[Int]>([])
    let counting = IngestSink(
      name: "sizes", batch: { batch in if !batch.spans.isEmpty { sizes.withLock { $0.append(batch.spans.count) } } })
    let pipeline = IngestPipeline(
      enrichment: SpanEnrichment(messages: { _ in [] }), sinks: [received.sink, counting], now: { [origin] in origin },
      sleep: { duration in
        guard duration < .seconds(1) else { return try await Task.sleep(for: .seconds(3600)) }
        lingered.withLock { $0.append(duration) }
        var iterator = ticks.makeAsyncIterator()
        _ = await iterator.next()
      }, sinkFailed: { name, error in Issue.record("\(name): \(error)") })
    let running = Task { await pipeline.run() }
    pipeline.offer([span("1")])
    while lingered.withLock({ $0.isEmpty }) { await Task.yield() }
    pipeline.offer([span("2"), span("3")])
    tick.yield()
    while received.spans.count < 3 { await Task.yield() }
    #expect(lingered.withLock { $0.first } == .milliseconds(50))
    #expect(sizes.withLock { $0 } == [3])
    tick.finish()
    pipeline.shutDown()
    await running.value
  }

  @Test func sinksRunOnAThreadThatIsNotOfThePool() async {
    let names = Mutex<Set<String>>([])
    let sink = IngestSink(name: "thread", batch: { _ in names.withLock { _ = $0.insert(Self.threadName()) } })
    let pipeline = pipeline([sink], now: { [origin] in origin })
    pipeline.offer([span()])
    await drain(pipeline)
    #expect(names.withLock { $0 } == ["ingest"])
  }

  private static func threadName() -> String { Thread.current.name ?? "" }

  @Test func whatASinkLosesByItselfIsCountedUnderItsName() async {
    let received = Received()
    let lost = Mutex(2)
    let slow = IngestSink(
      name: "log",
      losses: {
        lost.withLock { lost in
          defer { lost = 0 }
          return lost
        }
      })
    let pipeline = pipeline([slow, received.sink], now: { [origin] in origin })
    pipeline.offer([span()])
    await drain(pipeline)
    let drops = received.measurements.filter { $0.definition == MetricCatalogue.spansDropped }
    #expect(drops.map { "\($0.tags["reason"] ?? "") \($0.value)" } == ["log_slow count(2)"])
  }

  @Test func failingSinkIsCountedAndDoesNotKeepOthersFromTheirSpans() async {
    struct DiskFull: Error {}
    let received = Received()
    let failures = Mutex<[String]>([])
    let failing = IngestSink(name: "store", batch: { batch in if !batch.spans.isEmpty { throw DiskFull() } })
    let pipeline = pipeline(
      [failing, received.sink], now: { [origin] in origin }, sinkFailed: { name, _ in failures.withLock { $0.append(name) } })
    pipeline.offer([span(), span()])
    await drain(pipeline)
    #expect(received.spans.count == 2)
    #expect(failures.withLock { $0 } == ["store"])
    let drops = received.measurements.filter { $0.definition == MetricCatalogue.spansDropped }
    #expect(drops.map { "\($0.tags["reason"] ?? "") \($0.value)" } == ["store_failed count(2)"])
    // What was lost was received too.
    #expect(received.measurements.filter { $0.definition == MetricCatalogue.spansReceived }.map(\.value) == [.count(2)])
  }

  @Test func rollupsThatASinkCannotTakeAreCounted() async {
    struct DiskFull: Error {}
    let received = Received()
    let failures = Mutex<[String]>([])
    let failing = IngestSink(name: "store", rollups: { _ in throw DiskFull() })
    let pipeline = pipeline(
      [failing, received.sink], now: { [origin] in origin }, sinkFailed: { name, _ in failures.withLock { $0.append(name) } })
    pipeline.offer([span()])
    await drain(pipeline)
    #expect(received.spans.count == 1 && received.rollups.count == 1 && failures.withLock { $0 } == ["store"])
    let lost = received.measurements.filter { $0.definition == MetricCatalogue.rollupsLost }
    #expect(lost.map { "\($0.tags["sink"] ?? "") \($0.value)" } == ["store count(1)"])
  }

  @Test func statesGoTheWayOfAllMeasurements() async {
    let received = Received()
    let pipeline = pipeline([received.sink], now: { [origin] in origin })
    pipeline.report([.heartbeat(), .budgetUsed("team", share: 0.5)])
    await drain(pipeline)
    #expect(received.measurements.map(\.definition.name) == ["llm.commander.heartbeat", "llm.budget.used"])
    #expect(received.rollups.flatMap(\.series.keys).map(\.metric).sorted() == ["llm.budget.used", "llm.commander.heartbeat"])
  }

  @Test func tickClosesRollupsWhenTheirTimeHasComeWithoutNewSpans() async {
    let received = Received()
    let clock = Mutex(origin)
    let (ticks, tick) = AsyncStream.makeStream(of: Void.self)
    let pipeline = pipeline(
      [received.sink], now: { clock.withLock { $0 } },
      sleep: { _ in
        var iterator = ticks.makeAsyncIterator()
        if await iterator.next() == nil { throw CancellationError() }
      })
    let running = Task { await pipeline.run() }
    pipeline.offer([span(end: origin)])
    while received.spans.isEmpty { await Task.yield() }
    #expect(received.rollups.isEmpty)
    clock.withLock { $0 = $0 + .seconds(12) }
    tick.yield()
    while received.rollups.isEmpty { await Task.yield() }
    #expect(received.rollups.map(\.start) == [origin])
    tick.finish()
    pipeline.shutDown()
    await running.value
  }

  @Test func spansOfferedByManyThreadsArriveOnceOrAreCounted() async {
    let received = Received()
    var configuration = IngestPipeline.Configuration()
    configuration.queueCapacity = 200
    configuration.batchLimit = 64
    let pipeline = pipeline([received.sink], configuration: configuration, now: { [origin] in origin })
    let running = Task { await pipeline.run() }
    let accepted = await withTaskGroup(of: Int.self) { group in
      for _ in 0..<8 { group.addTask { (0..<50).reduce(0) { sum, _ in sum + pipeline.offer((0..<10).map { _ in span() }) } } }
      return await group.reduce(0, +)
    }
    pipeline.shutDown()
    await running.value
    #expect(received.spans.count == accepted)
    #expect(Set(received.spans.map(\.spanID)).count == accepted)
    var dropped = 0
    for measurement in received.measurements where measurement.definition == MetricCatalogue.spansDropped {
      if case .count(let count) = measurement.value { dropped += Int(count) }
    }
    #expect(accepted + dropped == 4000)
  }

  @Test func cancellationDrainsAsShutDownDoes() async {
    let received = Received()
    let pipeline = pipeline([received.sink], now: { [origin] in origin })
    pipeline.offer((0..<100).map { span("\($0)") })
    let running = Task { await pipeline.run() }
    running.cancel()
    await running.value
    #expect(received.spans.count == 100)
    #expect(received.rollups.count == 1)
  }
}
