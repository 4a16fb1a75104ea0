// Streamed answers: the time to the first token, the longest pause, and a span that ends with its stream however that ends.
import LLMInstrumentation
import Synchronization
import Testing

@testable import LLMInstrumentation

/// A clock that the test moves.
private final class TestClock: Sendable {
  private let moved = Mutex(Duration.zero)
  private let origin = ContinuousClock.now

  func advance(_ duration: Duration) { moved.withLock { $0 += duration } }

  var clock: TracerClock {
    TracerClock(
      now: { Timestamp(unixSeconds: 1_700_000_000) + self.moved.withLock { $0 } },
      instant: { self.origin + self.moved.withLock { $0 } })
  }
}

/// Chunks, each after its wait on the test's clock.
private struct TimedChunks: AsyncSequence, Sendable {
  var chunks: [(wait: Duration, text: String)]
  var clock: TestClock
  var failure: (any Error)?

  struct Iterator: AsyncIteratorProtocol {
    var rest: ArraySlice<(wait: Duration, text: String)>
    let clock: TestClock
    let failure: (any Error)?

    mutating func next() async throws -> String? {
      guard let chunk = rest.popFirst() else {
        if let failure { throw failure }
        return nil
      }
      clock.advance(chunk.wait)
      return chunk.text
    }
  }

  func makeAsyncIterator() -> Iterator { Iterator(rest: chunks[...], clock: clock, failure: failure) }
}

@Suite struct StreamTests {
  private let exporter = InMemoryExporter()
  private let clock = TestClock()

  private func tracer(capturing: Bool = false) -> LLMTracer {
    var settings = TracerSettings(service: "app")
    settings.capturesContent = capturing
    return LLMTracer(settings, exporter: exporter, clock: clock.clock)
  }

  private func chunks(_ chunks: [(Duration, String)], failure: (any Error)? = nil) -> TimedChunks {
    TimedChunks(chunks: chunks.map { (wait: $0.0, text: $0.1) }, clock: clock, failure: failure)
  }

  private static func reading(_ chunk: String) -> ChunkFacts {
    switch chunk {
    case "<start>": ChunkFacts(usage: TokenUsage(input: 12), responseModel: "m-1")
    case "<end>": ChunkFacts(usage: TokenUsage(output: 3), finishReason: .stop)
    default: ChunkFacts(text: chunk)
    }
  }

  @Test func theFirstTokenAndTheLongestPauseAreMeasured() async throws {
    let stream = chunks([
      (.milliseconds(100), "<start>"), (.milliseconds(150), "a"), (.milliseconds(400), "b"), (.milliseconds(10), "<end>"),
    ])
    let text = try await tracer(capturing: true).chat(model: "m", provider: "p") { span in
      var text = ""
      for try await chunk in span.observe(stream, reading: Self.reading) {
        text += chunk
        // A reader that takes its time is not the model's pause.
        clock.advance(.seconds(5))
      }
      return text
    }
    #expect(text == "<start>ab<end>")
    let span = try #require(exporter.spans.first)
    #expect(exporter.spans.count == 1)
    #expect(span.isStreaming)
    #expect(span.timeToFirstToken == .milliseconds(5250))
    #expect(span.longestGap == .milliseconds(400))
    #expect(span.duration == .milliseconds(20_660))
    #expect(span.usage == TokenUsage(input: 12, output: 3))
    #expect(span.finishReason == .stop && span.responseModel == "m-1" && span.outcome == .ok)
    #expect(span.content?.responseText == "ab")
  }

  @Test func withoutReadingEveryChunkIsATokenAndNoTextIsKept() async throws {
    try await tracer().chat(model: "m", provider: "p") { span in
      for try await _ in span.observe(chunks([(.milliseconds(30), "a"), (.milliseconds(5), "b")])) {}
    }
    #expect(exporter.spans[0].timeToFirstToken == .milliseconds(30))
    #expect(exporter.spans[0].longestGap == .milliseconds(5))
    #expect(exporter.spans[0].content == nil)
  }

  @Test func aStreamThatIsHandedOnEndsTheSpanWhenItEnds() async throws {
    let stream = await tracer().chat(model: "m", provider: "p") { span in
      span.observe(chunks([(.seconds(1), "a"), (.seconds(1), "<end>")]), reading: Self.reading)
    }
    #expect(exporter.spans.isEmpty)
    for try await _ in stream {}
    let span = try #require(exporter.spans.first)
    #expect(span.duration == .seconds(2))
    #expect(span.timeToFirstToken == .seconds(1))
    #expect(span.outcome == .ok && span.usage.output == 3)
  }

  private struct Broken: ClassifiedError {
    var errorClass: ErrorClass { .network }
    var spanMessage: String { "the connection broke" }
  }

  @Test func aStreamThatBreaksFailsTheSpan() async throws {
    let stream = await tracer().chat(model: "m", provider: "p") { $0.observe(chunks([(.seconds(1), "a")], failure: Broken())) }
    await #expect(throws: Broken.self) { for try await _ in stream {} }
    #expect(exporter.spans.map(\.outcome) == [.failed(.network, message: "the connection broke")])
    #expect(exporter.spans[0].timeToFirstToken == .seconds(1))
  }

  @Test func aReaderThatLeavesCancelsTheSpanUnlessTheAnswerWasWhole() async throws {
    for stop in ["a", "<end>"] {
      try await tracer().chat(model: "m", provider: "p") { span in
        let stream = chunks([(.seconds(1), "a"), (.seconds(1), "<end>"), (.seconds(1), "<more>")])
        for try await chunk in span.observe(stream, reading: Self.reading) where chunk == stop { break }
      }
    }
    #expect(exporter.spans.map(\.outcome) == [.failed(.cancelled, message: "the reader left before the end"), .ok])
  }

  @Test func aStreamThatNobodyReadsIsCancelledWhenItIsDropped() async throws {
    do {
      let stream = await tracer().chat(model: "m", provider: "p") { $0.observe(chunks([(.seconds(1), "a")])) }
      #expect(exporter.spans.isEmpty)
      _ = stream
    }
    #expect(exporter.spans.map(\.outcome.errorClass) == [.cancelled])
    #expect(exporter.spans[0].timeToFirstToken == nil)
  }

  @Test func aCancelledReaderCancelsTheSpan() async throws {
    let (source, producer) = AsyncStream.makeStream(of: String.self)
    let (started, start) = AsyncStream.makeStream(of: Void.self)
    let tracer = tracer()
    let reader = Task {
      await tracer.chat(model: "m", provider: "p") { span in
        for await _ in span.observe(source) { start.yield() }
      }
    }
    producer.yield("a")
    for await _ in started { break }
    reader.cancel()
    await reader.value
    #expect(exporter.spans.map(\.outcome.errorClass) == [.cancelled])
    #expect(exporter.spans[0].timeToFirstToken != nil)
  }

  @Test func failedWorkDoesNotWaitForItsStream() async {
    let kept = Mutex<ObservedStream<TimedChunks>?>(nil)
    await #expect(throws: Broken.self) {
      try await tracer().chat(model: "m", provider: "p") { span in
        let stream = span.observe(chunks([(.seconds(1), "a")]))
        kept.withLock { $0 = stream }
        throw Broken()
      }
    }
    #expect(exporter.spans.map(\.outcome.errorClass) == [.network])
    kept.withLock { $0 = nil }
    #expect(exporter.spans.count == 1)
  }
}
