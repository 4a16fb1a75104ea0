// The road to a commander: nothing waits, nothing is lost in silence, and the end sends what is left.
import Delivery
import LLMInstrumentation
import Logging
import Synchronization
import Testing

/// A commander's intake that answers what it is told to.
private final class Intake: Sendable {
  let requests = Mutex<[DeliveryRequest]>([])
  private let answer: @Sendable (Int) throws -> Int

  /// - Parameter answer: the status of the nth request.
  init(_ answer: @escaping @Sendable (Int) throws -> Int = { _ in 202 }) { self.answer = answer }

  var send: DeliverySend {
    { request in
      let number = self.requests.withLock {
        $0.append(request)
        return $0.count
      }
      return DeliveryResponse(status: try self.answer(number))
    }
  }

  var spans: [LLMSpan] {
    get throws {
      try requests.withLock { $0 }.flatMap { try RecordedTraffic.records(in: $0.body, file: "intake") }.compactMap {
        if case .span(let span) = $0 { span } else { nil }
      }
    }
  }
}

@Suite struct ExporterTests {
  private let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

  /// A sleep that ends only with its task: everything is then sent by the shutdown.
  private static let forEver: @Sendable (Duration) async throws -> Void = { _ in
    let (never, _) = AsyncStream.makeStream(of: Void.self)
    for await _ in never {}
    throw CancellationError()
  }

  private func exporter(
    _ intake: Intake, sleep: @escaping @Sendable (Duration) async throws -> Void = ExporterTests.forEver
  ) -> QueuedExporter {
    .commander(intake: "http://commander/intake/spans", key: "ck-1", logger: logger, send: intake.send, sleep: sleep)
  }

  private func spans(_ count: Int) -> [LLMSpan] {
    (0..<count).map {
      LLMSpan(
        traceID: .random(), spanID: .random(), kind: .task, name: "s\($0)", start: Timestamp(unixSeconds: 1_700_000_000),
        duration: .milliseconds(1))
    }
  }

  @Test func theShutdownSendsWhatWaitsInBatches() async throws {
    let intake = Intake()
    let exporter = exporter(intake)
    let exported = spans(1201)
    exporter.export(exported)
    #expect(exporter.status.waiting == 1201)
    await exporter.shutdown()
    let requests = intake.requests.withLock { $0 }
    #expect(requests.count == 3)
    for request in requests {
      #expect(request.url == "http://commander/intake/spans")
      #expect(request.headers.contains { $0.name == "authorization" && $0.value == "Bearer ck-1" })
      #expect(request.headers.contains { $0.name == "content-type" && $0.value == "application/jsonl" })
    }
    #expect(try intake.spans == exported)
    #expect(exporter.status.delivered == 1201 && exporter.status.droppedInAll == 0 && exporter.status.waiting == 0)
  }

  @Test func spansAreSentWithoutAShutdownToo() async throws {
    let (arrived, arrival) = AsyncStream.makeStream(of: Void.self)
    let intake = Intake { _ in
      arrival.yield()
      return 202
    }
    let exporter = exporter(
      intake,
      sleep: { _ in
        await Task.yield()
        try Task.checkCancellation()
      })
    exporter.export(spans(1))
    for await _ in arrived { break }
    await exporter.shutdown()
    #expect(try intake.spans.count == 1)
  }

  @Test func aFullQueueDropsTheNewestAndCounts() async throws {
    let intake = Intake()
    let exporter = exporter(intake)
    exporter.export(spans(QueuedExporter.queueCapacity + 7))
    exporter.export(spans(1))
    #expect(exporter.status.dropped == ["queue_full": 8])
    await exporter.shutdown()
    #expect(exporter.status.delivered == QueuedExporter.queueCapacity)
  }

  @Test func whatIsRefusedIsCountedAndSaidWithoutTheAddress() async throws {
    let intake = Intake { _ in 401 }
    let exporter = exporter(intake)
    exporter.export(spans(2))
    await exporter.shutdown()
    #expect(exporter.status.dropped == ["refused": 2])
    #expect(exporter.status.lastProblem == "the receiver answered 401")
    #expect(intake.requests.withLock { $0.count } == 1)
  }

  @Test func troubleIsTriedAgain() async throws {
    let (taken, take) = AsyncStream.makeStream(of: Void.self)
    let intake = Intake { number in
      if number < 3 { return 503 }
      take.yield()
      return 202
    }
    let exporter = exporter(
      intake,
      sleep: { _ in
        await Task.yield()
        try Task.checkCancellation()
      })
    exporter.export(spans(2))
    for await _ in taken { break }
    await exporter.shutdown()
    #expect(exporter.status.delivered == 2 && exporter.status.droppedInAll == 0)
    #expect(intake.requests.withLock { $0.count } == 3)
  }

  private struct Unreachable: Error {}

  @Test func aReceiverThatIsAwayCostsSpansAndNoTime() async throws {
    let exporter = exporter(Intake { _ in throw Unreachable() })
    exporter.export(spans(3))
    await exporter.shutdown()
    #expect(exporter.status.dropped == ["shut_down": 3])
    exporter.export(spans(2))
    #expect(exporter.status.dropped == ["shut_down": 5])
    await exporter.shutdown()
  }

  /// What the application captures reaches the commander, as redacted as the application wants it; by default there is nothing.
  @Test(
    arguments: [(false, nil), (true, nil), (true, ContentRedaction.standard), (true, ContentRedaction.credentials)]
      as [(Bool, (@Sendable (String) -> String)?)])
  func textsTravelWhereTheyAreCaptured(captures: Bool, redact: (@Sendable (String) -> String)?) async throws {
    let intake = Intake()
    var settings = TracerSettings(service: "app")
    settings.capturesContent = captures
    settings.redact = redact
    let tracer = LLMTracer(settings, exporter: exporter(intake))
    let question = "I am jane.doe@example.com, my key is sk-proj-abcdefghijklmnopqrstuvwx123456"
    await tracer.chat(model: "m", provider: "p") { span in
      span.record(input: [ContentMessage(role: "user", text: question)])
      span.record(output: "Thank you.")
    }
    await tracer.shutdown()
    let body = try #require(intake.requests.withLock { $0.first?.body })
    let records = try RecordedTraffic.records(in: body, file: "intake", contentBytes: RecordedTraffic.contentBytes)
    guard case .span(let span)? = records.first else { return }
    guard captures else {
      #expect(span.content == nil && !String(decoding: body, as: UTF8.self).contains("jane"))
      return
    }
    let text = try #require(span.content?.input.first?.text)
    #expect(span.content?.responseText == "Thank you." && text == (redact?(question) ?? question))
    #expect(text.contains("sk-proj-abcdef") == (redact == nil))
    #expect(text.contains("jane.doe") == (redact?("jane.doe@example.com").contains("jane") ?? true))
  }

  @Test func theWholeDecisionAboutATraceTravels() async throws {
    let intake = Intake()
    let tracer = LLMTracer(TracerSettings(service: "app"), exporter: exporter(intake))
    let caller = TraceContext.extract {
      [
        "x-datadog-trace-id": "7", "x-datadog-parent-id": "8", "x-datadog-sampling-priority": "2",
        "x-datadog-tags": "_dd.p.dm=-4",
      ][$0]
    }
    let headers = await tracer.workflow("w", parent: caller) { span in span.headers }
    #expect(headers.contains { $0.name == "x-datadog-sampling-priority" && $0.value == "2" })
    #expect(headers.contains { $0.name == "tracestate" && $0.value.contains("s:2;t.dm:-4") })
    await tracer.shutdown()
    #expect(try intake.spans.map(\.sampling) == [SamplingDecision(.userKeep, by: .manual)])
  }

  @Test func theTracersShutdownIsTheExporters() async throws {
    let intake = Intake()
    let tracer = LLMTracer(TracerSettings(service: "app"), exporter: exporter(intake))
    await tracer.workflow("w") { _ in }
    await tracer.shutdown()
    #expect(try intake.spans.map(\.name) == ["w"])
  }

  @Test func linesAreRecordedTraffic() async throws {
    let lines = Mutex<[String]>([])
    let tracer = LLMTracer(
      TracerSettings(service: "app"), exporter: LineExporter { line in lines.withLock { $0.append(line) } })
    await tracer.chat(model: "m", provider: "p") { _ in }
    let line = try #require(lines.withLock { $0.first })
    #expect(line.hasSuffix("\n"))
    guard case .span(let span) = try RecordedTraffic.record(from: line.utf8, file: "line", line: 1) else {
      Issue.record("the line is no span")
      return
    }
    #expect(span.name == "chat m" && span.dimensions.service == "app")
  }

  @Test func memoryKeepsTheNewest() {
    let exporter = InMemoryExporter(capacity: 3)
    exporter.export(spans(5))
    #expect(exporter.spans.map(\.name) == ["s2", "s3", "s4"])
  }
}
