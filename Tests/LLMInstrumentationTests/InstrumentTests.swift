// Our spans among those of swift-distributed-tracing: under a foreign tracer, and as the application's own one.
import InMemoryTracing
import LLMInstrumentation
import Testing
import Tracing

/// A tracing backend that is not ours, with W3C Trace Context as OpenTelemetry's have it.
private struct ForeignTracer: Tracer {
  typealias Span = InMemorySpan
  let inner = InMemoryTracer(
    idGenerator: .init(
      nextTraceID: { TraceID.random().description }, nextSpanID: { LLMInstrumentation.SpanID.random().description }))

  func startSpan<Instant: TracerInstant>(
    _ operationName: String, context: @autoclosure () -> InstrumentationContext, ofKind kind: Tracing.SpanKind,
    at instant: @autoclosure () -> Instant, function: String, file fileID: String, line: UInt
  ) -> InMemorySpan {
    inner.startSpan(
      operationName, context: context(), ofKind: kind, at: instant(), function: function, file: fileID, line: line)
  }

  func forceFlush() {}

  func extract<Carrier, Extract: Extractor>(
    _ carrier: Carrier, into context: inout InstrumentationContext, using extractor: Extract
  ) where Extract.Carrier == Carrier {
    guard let parts = extractor.extract(key: "traceparent", from: carrier)?.split(separator: "-"), parts.count == 4 else {
      return
    }
    inner.extract(
      [InMemoryTracer.traceIDKey: String(parts[1]), InMemoryTracer.spanIDKey: String(parts[2])], into: &context,
      using: DictionaryExtractor())
  }

  func inject<Carrier, Inject: Injector>(
    _ context: InstrumentationContext, into carrier: inout Carrier, using injector: Inject
  ) where Inject.Carrier == Carrier {
    guard let span = context.inMemorySpanContext else { return }
    injector.inject("00-\(span.traceID)-\(span.spanID)-01", forKey: "traceparent", into: &carrier)
    injector.inject("kept", forKey: "X-Foreign", into: &carrier)
  }
}

private struct DictionaryExtractor: Extractor {
  func extract(key: String, from carrier: [String: String]) -> String? { carrier[key] }
}
private struct DictionaryInjector: Injector {
  func inject(_ value: String, forKey key: String, into carrier: inout [String: String]) { carrier[key] = value }
}

@Suite struct ForeignTracerTests {
  private let exporter = InMemoryExporter()
  private var tracer: LLMTracer { LLMTracer(TracerSettings(service: "app"), exporter: exporter) }
  private let foreign = ForeignTracer()

  @Test func ourSpansAreTheBackendsAndItsSpansAreTheirParents() async throws {
    let tracer = tracer
    await withTracer(foreign) {
      await Tracing.withSpan("GET /ask") { _ in
        await tracer.workflow("answer") { _ in
          await Tracing.withSpan("database") { _ in
            await tracer.chat(model: "m", provider: "openai") { span in
              span.record(usage: TokenUsage(input: 10, cacheRead: 5, output: 7, reasoning: 2))
              span.record(responseModel: "m-1", finishReason: .stop)
            }
          }
        }
      }
    }
    let theirs = Dictionary(uniqueKeysWithValues: foreign.inner.finishedSpans.map { ($0.operationName, $0) })
    #expect(Set(theirs.keys) == ["GET /ask", "answer", "database", "chat m"])
    let server = try #require(theirs["GET /ask"])
    let ours = exporter.spans
    #expect(ours.map(\.name) == ["chat m", "answer"])
    #expect(Set(ours.map(\.traceID.description)) == [server.traceID])
    // The same ids on both sides, so that a trace is one trace wherever it is looked at.
    #expect(ours[0].spanID.description == theirs["chat m"]?.spanID)
    #expect(ours[1].spanID.description == theirs["answer"]?.spanID)
    #expect(ours[1].parentSpanID?.description == server.spanID)
    // Their tree has the database in between, ours has no hole where it is.
    #expect(theirs["chat m"]?.parentSpanID == theirs["database"]?.spanID)
    #expect(ours[0].parentSpanID == ours[1].spanID)

    let attributes = try #require(theirs["chat m"]?.attributes)
    #expect(theirs["chat m"]?.kind == .client && theirs["answer"]?.kind == .internal)
    #expect(attributes.get("gen_ai.operation.name") == "chat")
    #expect(attributes.get("gen_ai.provider.name") == "openai")
    #expect(attributes.get("gen_ai.request.model") == "m")
    #expect(attributes.get("gen_ai.response.model") == "m-1")
    #expect(attributes.get("gen_ai.usage.input_tokens") == 15)
    #expect(attributes.get("gen_ai.usage.output_tokens") == 9)
    #expect(attributes.get("gen_ai.usage.cache_read.input_tokens") == 5)
    #expect(attributes.get("gen_ai.response.finish_reasons") == .stringArray(["stop"]))
  }

  private struct Secretive: Error { var content = "a user's words" }

  @Test func aFailureIsTheirsTooWithoutItsText() async throws {
    let tracer = tracer
    await #expect(throws: Secretive.self) {
      try await withTracer(foreign) { try await tracer.chat(model: "m", provider: "p") { _ in throw Secretive() } }
    }
    let span = try #require(foreign.inner.finishedSpans.first)
    #expect(span.status?.code == .error)
    #expect(span.attributes.get("error.type") == "provider_error")
    #expect(span.errors.isEmpty)
    #expect(!"\(span)".contains("a user's words"))
  }

  @Test func headersCarryTheirsAndDatadogsEachOnce() async throws {
    let tracer = tracer
    await withTracer(foreign) {
      await tracer.chat(model: "m", provider: "p") { span in
        let headers = Dictionary(span.headers.map { ($0.name, [$0.value]) }) { $0 + $1 }
        #expect(headers["traceparent"] == ["00-\(span.context.traceID)-\(span.context.spanID)-01"])
        #expect(headers["x-foreign"] == ["kept"])
        #expect(headers["x-datadog-parent-id"] == [String(span.context.spanID.bits)])
        #expect(headers["x-datadog-trace-id"] == [String(span.context.traceID.low)])
      }
    }
  }

  @Test func anIncomingContextIsTheParentOnBothSides() async throws {
    let tracer = tracer
    let caller = TraceContext(traceID: .random(), spanID: .random())
    await withTracer(foreign) { await tracer.workflow("w", parent: caller) { _ in } }
    #expect(exporter.spans[0].traceID == caller.traceID && exporter.spans[0].parentSpanID == caller.spanID)
    #expect(foreign.inner.finishedSpans[0].traceID == caller.traceID.description)
    #expect(foreign.inner.finishedSpans[0].parentSpanID == caller.spanID.description)
  }

  @Test func aBackendWithoutTraceContextLeavesUsOurIds() async throws {
    let mute = InMemoryTracer()
    let tracer = tracer
    await withTracer(mute) { await tracer.workflow("w") { _ in await tracer.tool("t") { _ in } } }
    #expect(exporter.spans.map(\.name) == ["t", "w"])
    #expect(exporter.spans[0].parentSpanID == exporter.spans[1].spanID)
    #expect(mute.finishedSpans.map(\.operationName) == ["t", "w"])
  }
}

@Suite struct LLMInstrumentTests {
  private let exporter = InMemoryExporter()
  private let tracer: LLMTracer
  private let caller = ["traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"]

  init() { tracer = LLMTracer(TracerSettings(service: "app", env: "test"), exporter: exporter) }

  @Test func aFrameworksSpansAndOursAreOneTree() async throws {
    let instrument = LLMInstrument(tracer)
    let tracer = tracer
    await withTracer(instrument) {
      var context = InstrumentationContext.topLevel
      InstrumentationSystem.instrument.extract(caller, into: &context, using: DictionaryExtractor())
      await Tracing.withSpan("HTTP POST", context: context, ofKind: .server) { server in
        server.operationName = "/ask"
        await tracer.chat(model: "m", provider: "p") { span in
          Tracing.withSpan("POST", ofKind: .client) { client in
            var headers: [String: String] = [:]
            instrument.inject(client.context, into: &headers, using: DictionaryInjector())
            let sent = TraceContext.extract { headers[$0] }
            #expect(sent?.traceID == span.context.traceID && sent?.spanID != span.context.spanID)
            #expect(headers["x-datadog-trace-id"] != nil)
          }
        }
      }
    }
    let spans = exporter.spans
    #expect(spans.map(\.name) == ["POST", "chat m", "/ask"])
    #expect(spans.map(\.kind) == [.task, .llm, .task])
    #expect(Set(spans.map(\.traceID.description)) == ["0af7651916cd43dd8448eb211c80319c"])
    #expect(spans[0].parentSpanID == spans[1].spanID && spans[1].parentSpanID == spans[2].spanID)
    #expect(spans[2].parentSpanID?.description == "b7ad6b7169203331")
    #expect(spans.allSatisfy { $0.dimensions.service == "app" && $0.dimensions.env == "test" })
  }

  @Test func spansOfOthersCanBeLeftOutWithoutHolesInTheTree() async throws {
    let instrument = LLMInstrument(tracer, keepsOtherSpans: false)
    let tracer = tracer
    await withTracer(instrument) {
      var context = InstrumentationContext.topLevel
      instrument.extract(caller, into: &context, using: DictionaryExtractor())
      await Tracing.withSpan("HTTP POST", context: context) { server in
        #expect(!server.isRecording)
        await tracer.tool("t") { _ in }
      }
    }
    #expect(exporter.spans.map(\.name) == ["t"])
    #expect(exporter.spans[0].parentSpanID?.description == "b7ad6b7169203331")
  }

  @Test func aSpanWithGenAIAttributesIsAnExchange() async throws {
    withTracer(LLMInstrument(tracer)) {
      Tracing.withSpan("chat gpt") { span in
        span.attributes["gen_ai.operation.name"] = "chat"
        span.attributes["gen_ai.system"] = "openai"
        span.attributes["gen_ai.request.model"] = "gpt"
        span.attributes["gen_ai.usage.input_tokens"] = 15
        span.attributes["gen_ai.usage.cache_read.input_tokens"] = 5
        span.attributes["gen_ai.usage.output_tokens"] = 9
        span.attributes["gen_ai.response.finish_reasons"] = ["length"]
      }
      Tracing.withSpan("nobody") { $0.attributes["gen_ai.operation.name"] = "chat" }
    }
    let span = exporter.spans[0]
    #expect(span.kind == .llm && span.dimensions.provider == "openai" && span.dimensions.model == "gpt")
    #expect(span.usage == TokenUsage(input: 10, cacheRead: 5, output: 9))
    #expect(span.finishReason == .length)
    #expect(exporter.spans[1].kind == .task)
  }

  private struct Secretive: Error { var content = "a user's words" }

  @Test func anErrorGivesItsTypeAndASecondEndNothing() async throws {
    let instrument = LLMInstrument(tracer)
    let failing = instrument.startSpan("work", context: .topLevel)
    failing.recordError(Secretive())
    failing.setStatus(SpanStatus(code: .error, message: "a user's words"))
    failing.end()
    failing.end()
    #expect(exporter.spans.map(\.outcome) == [.failed(.providerError, message: "Secretive")])
  }
}
