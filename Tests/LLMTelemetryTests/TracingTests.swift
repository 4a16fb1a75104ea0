// Trace propagation and the tracer: one tree, each span exported once, however its work ends.
import Synchronization
import Testing

@testable import LLMTelemetry

private final class CollectedSpans: SpanExporter {
  private let collected = Mutex<[LLMSpan]>([])
  var spans: [LLMSpan] { collected.withLock { $0 } }
  func export(_ spans: [LLMSpan]) { collected.withLock { $0 += spans } }
}

@Suite struct TracingTests {
  // As ddtrace 4.16 sends them.
  private let datadog = [
    (name: "X-Datadog-Trace-Id", value: "1234567890123456789"), (name: "x-datadog-parent-id", value: "987654321"),
    (name: "x-datadog-sampling-priority", value: "1"), (name: "x-datadog-tags", value: "_dd.p.dm=-0,_dd.p.tid=6923a1b200000000"),
  ]
  private let standard = (name: "traceparent", value: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00")

  @Test func datadogHeadersWinOverTraceparent() throws {
    let context = try #require(TraceContext(headers: [standard] + datadog))
    #expect(context.traceID == TraceID(high: 0x6923_a1b2_0000_0000, low: 1_234_567_890_123_456_789))
    #expect(context.spanID.bits == 987_654_321)
    #expect(context.isSampled)
  }

  @Test func traceparentIsReadAndSuppliesTheUpperHalf() throws {
    let context = try #require(TraceContext(headers: [standard]))
    #expect(context.traceID.description == "0af7651916cd43dd8448eb211c80319c")
    #expect(!context.isSampled)
    let low = try #require(UInt64("8448eb211c80319c", radix: 16))
    let joined = try #require(
      TraceContext(headers: [(name: "x-datadog-trace-id", value: String(low)), (name: "x-datadog-parent-id", value: "7"), standard]))
    #expect(joined.traceID == context.traceID)
    #expect(joined.spanID.bits == 7)
  }

  @Test(arguments: [
    "00-00000000000000000000000000000000-b7ad6b7169203331-01", "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
    "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x", "00-8448eb211c80319c-b7ad6b7169203331-01", "",
  ])
  func wrongTraceparentsAreNoContext(value: String) {
    #expect(TraceContext(headers: [(name: "traceparent", value: value)]) == nil)
  }

  @Test func aContextReadsBackWhatItSends() {
    for isSampled in [true, false] {
      let context = TraceContext(traceID: .random(), spanID: .random(), isSampled: isSampled)
      #expect(TraceContext(headers: context.headers) == context)
      #expect(TraceContext(headers: context.headers.filter { $0.name == "traceparent" }) == context)
    }
  }

  @Test func nestedWorkIsOneTreeAndEachSpanIsExportedOnce() async throws {
    let exporter = CollectedSpans()
    let tracer = LLMTracer(service: "app", env: "test", version: "1", exporter: exporter)
    let caller = TraceContext(traceID: .random(), spanID: .random())
    await tracer.withSpan(.workflow, "outer", parent: caller) { outer in
      await withTaskGroup { group in
        for index in 0..<5 {
          group.addTask {
            await tracer.withSpan(.llm, "inner \(index)") { $0.update { $0.usage.output = index } }
          }
        }
      }
      outer.update {
        $0.spanID = .random()
        $0.duration = .seconds(1_000_000)
      }
    }
    let spans = exporter.spans
    #expect(spans.count == 6)
    let outer = try #require(spans.last)
    #expect(outer.name == "outer")
    #expect(outer.parentSpanID == caller.spanID)
    #expect(outer.duration < .seconds(1000))
    #expect(spans.dropLast().allSatisfy { $0.parentSpanID == outer.spanID && $0.traceID == caller.traceID })
    #expect(Set(spans.map(\.spanID)).count == 6)
    #expect(Set(spans.dropLast().compactMap(\.usage.output)) == Set(0..<5))
    #expect(LLMTracer.current == nil)
  }

  private struct Overloaded: ClassifiedError {
    var errorClass: ErrorClass { .overloaded }
    var spanMessage: String { "try later" }
  }
  private struct Secretive: Error { var content = "a user's words" }

  @Test func errorsAreRecordedAndThrownOn() async {
    let exporter = CollectedSpans()
    let tracer = LLMTracer(service: "app", env: "test", exporter: exporter)
    for error in [Overloaded(), CancellationError(), Secretive()] as [any Error] {
      await #expect(throws: (any Error).self) { try await tracer.withSpan(.llm, "call") { _ in throw error } }
    }
    #expect(
      exporter.spans.map(\.outcome) == [
        .failed(.overloaded, message: "try later"), .failed(.cancelled, message: "the task was cancelled"),
        .failed(.providerError, message: "Secretive"),
      ])
  }
}
