// The tracer: one tree, each span exported once, however its work ends.
import LLMInstrumentation
import Synchronization
import Testing
import Tracing

@Suite struct TracerTests {
  private let exporter = InMemoryExporter()
  private let tracer: LLMTracer

  init() {
    var settings = TracerSettings(service: "app", env: "test", version: "1")
    settings.capturesContent = false
    tracer = LLMTracer(settings, exporter: exporter)
  }

  @Test func nestedWorkIsOneTreeAndEachSpanIsExportedOnce() async throws {
    let caller = TraceContext(traceID: .random(), spanID: .random())
    await tracer.withSpan(.workflow, "outer", parent: caller) { [tracer] outer in
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
    #expect(outer.dimensions.service == "app" && outer.dimensions.env == "test" && outer.dimensions.version == "1")
    #expect(spans.dropLast().allSatisfy { $0.parentSpanID == outer.spanID && $0.traceID == caller.traceID })
    #expect(Set(spans.map(\.spanID)).count == 6)
    #expect(Set(spans.dropLast().compactMap(\.usage.output)) == Set(0..<5))
    #expect(LLMTracer.current == nil)
  }

  @Test func everyKindHasItsVerb() async {
    await tracer.workflow("answer") { [tracer] _ in
      await tracer.agent("planner") { _ in }
      await tracer.tool("calculator") { _ in }
      await tracer.task("format") { _ in }
      await tracer.retrieval("search") { $0.record(documents: 3, topScore: 0.5) }
      await tracer.embedding(model: "e1", provider: "openai") { _ in }
      await tracer.chat(model: "m1", provider: "gcp.vertex_ai") { $0.record(usage: TokenUsage(input: 3)) }
    }
    let spans = exporter.spans
    #expect(spans.map(\.kind) == [.agent, .tool, .task, .retrieval, .embedding, .llm, .workflow])
    #expect(spans[3].retrieval == RetrievalFacts(documentCount: 3, topScore: 0.5))
    #expect(spans[4].name == "embeddings e1" && spans[5].name == "chat m1")
    #expect(spans[5].dimensions.provider == "gcp.vertex_ai" && spans[5].dimensions.model == "m1")
  }

  private struct Overloaded: ClassifiedError {
    var errorClass: ErrorClass { .overloaded }
    var spanMessage: String { "try later" }
  }
  private struct Secretive: Error { var content = "a user's words" }

  @Test func errorsAreRecordedAndThrownOn() async {
    for error in [Overloaded(), CancellationError(), Secretive()] as [any Error] {
      await #expect(throws: (any Error).self) { try await tracer.withSpan(.llm, "call") { _ in throw error } }
    }
    #expect(
      exporter.spans.map(\.outcome) == [
        .failed(.overloaded, message: "try later"), .failed(.cancelled, message: "the task was cancelled"),
        .failed(.providerError, message: "Secretive"),
      ])
  }

  @Test func anOutcomeTheWorkSetItselfStays() async {
    await #expect(throws: Secretive.self) {
      try await tracer.chat(model: "m", provider: "p") { span in
        span.update { $0.outcome = .failed(.blocked, message: "safety") }
        throw Secretive()
      }
    }
    #expect(exporter.spans.map(\.outcome) == [.failed(.blocked, message: "safety")])
  }

  @Test func usageThatComesInPartsIsPutTogether() async {
    await tracer.chat(model: "m", provider: "anthropic") { span in
      span.record(usage: TokenUsage(input: 9, cacheRead: 3))
      span.record(usage: TokenUsage(output: 20))
      span.record(usage: TokenUsage())
      span.record(responseModel: "m-1", finishReason: .stop)
      span.record(httpStatus: 200)
      span.record(tenant: "acme", feature: "search")
      span.record(prompt: "answer", version: "7")
      span.record(session: "s1")
    }
    let span = exporter.spans[0]
    #expect(span.usage == TokenUsage(input: 9, cacheRead: 3, output: 20))
    #expect(span.responseModel == "m-1" && span.finishReason == .stop && span.httpStatus == 200 && span.session == "s1")
    #expect(span[.tenant] == "acme" && span[.feature] == "search" && span[.prompt] == "answer" && span[.promptVersion] == "7")
  }

  @Test func aGatewayThatNamesItsSpanKeepsTheRecord() async {
    let headers = ["x-commander-span-id": "b7ad6b7169203331", "x-commander-prompt-version": "42"]
    await tracer.chat(model: "m", provider: "openai") { $0.record(gateway: { headers[$0] }) }
    await tracer.chat(model: "m", provider: "openai") { $0.record(gateway: { _ in nil }) }
    #expect(exporter.spans.map(\.accountsForExchange) == [false, true])
    #expect(exporter.spans[0].dimensions.promptVersion == "42")
  }

  @Test func contentIsLeftOutUnlessItIsAskedFor() async {
    let made = Mutex(0)
    await tracer.chat(model: "m", provider: "p") { span in
      span.record(
        input: {
          made.withLock { $0 += 1 }
          return [ContentMessage(role: "user", text: "my secret")]
        }())
      span.record(output: "your secret")
      span.record(documents: [ContentDocument(text: "a secret", score: 0.7)])
      span.update { $0.content = SpanContent(input: [], output: "a secret past the verbs") }
    }
    #expect(exporter.spans[0].content == nil)
    #expect(made.withLock { $0 } == 0)
    #expect(exporter.spans[0].retrieval == RetrievalFacts(documentCount: 1, topScore: 0.7))
  }

  @Test func capturedContentPassesTheRedaction() async throws {
    var settings = TracerSettings(service: "app")
    settings.capturesContent = true
    settings.redact = { $0.replacing("secret", with: "…") }
    await LLMTracer(settings, exporter: exporter).chat(model: "m", provider: "p") { span in
      span.record(input: [ContentMessage(role: "user", text: "my secret")])
      span.record(output: "your secret")
      span.record(documents: [ContentDocument(text: "a secret")])
      span.update { $0.content?.requestBody = Array("a secret body".utf8) }
    }
    let content = try #require(exporter.spans[0].content)
    #expect(content.input == [ContentMessage(role: "user", text: "my …")])
    #expect(content.responseText == "your …")
    #expect(content.documents == [ContentDocument(text: "a …")])
    #expect(content.requestBody.isEmpty)
  }

  @Test func aSpanBegunByHandEndsOnceAndAForgottenOneIsCancelled() {
    let span = tracer.start(.tool, "callback")
    span.end()
    span.end(Secretive())
    span.record(session: "too late")
    #expect(exporter.spans.map(\.outcome) == [.ok])
    _ = tracer.start(.tool, "forgotten")
    #expect(exporter.spans.last?.outcome == .failed(.cancelled, message: "the span was left without an end"))
    #expect(exporter.spans.count == 2)
    #expect(exporter.spans[0].session == nil)
  }

  @Test func whatTravelsWithATraceGoesOn() async throws {
    var caller = TraceContext(traceID: .random(), spanID: .random(), priority: .userKeep)
    caller.origin = "rum"
    caller.tags = [TraceContext.Tag(name: "dm", value: "-4")]
    caller.foreignState = "foo=1"
    await tracer.workflow("w", parent: caller) { [tracer] _ in
      await tracer.tool("t") { span in #expect(span.context == caller.child(span.context.spanID)) }
    }
    await tracer.tool("a trace that begins here is undecided") { span in
      #expect(span.context.priority == nil && span.context.isSampled)
    }
  }

  @Test func samplingTravelsWithTheTrace() async throws {
    let caller = TraceContext(traceID: .random(), spanID: .random(), isSampled: false)
    await tracer.workflow("w", parent: caller) { [tracer] _ in
      await tracer.tool("t") { span in
        #expect(span.headers.contains { $0.name == "x-datadog-sampling-priority" && $0.value == "0" })
      }
    }
    #expect(exporter.spans.map(\.isSampled) == [false, false])
  }
}

@Suite struct SettingsTests {
  @Test func datadogsNamesComeBeforeOpenTelemetrys() {
    let both = TracerSettings(environment: [
      "DD_SERVICE": "shop", "DD_ENV": "prod", "OTEL_SERVICE_NAME": "other",
      "OTEL_RESOURCE_ATTRIBUTES": "service.name=third, deployment.environment=dev,service.version = 1%2E2%zz ,broken",
    ])
    #expect(both.service == "shop" && both.env == "prod" && both.version == "1.2%zz")
    let standard = TracerSettings(environment: [
      "OTEL_RESOURCE_ATTRIBUTES": "service.name=third,deployment.environment.name=qa", "DD_ENV": "",
    ])
    #expect(standard.service == "third" && standard.env == "qa" && standard.version == nil)
    let none = TracerSettings(environment: [:])
    #expect(none.service == "swift-app" && none.env == nil && !none.capturesContent)
  }
}
