// Spans of every convention in the field, as one of ours.

import LLMTelemetry
import Testing

@testable import OpenTelemetry

private func text(_ key: String, _ value: String) -> OTLPAttribute { OTLPAttribute(key: key, value: .text(value)) }
private func number(_ key: String, _ value: Int64) -> OTLPAttribute { OTLPAttribute(key: key, value: .integer(value)) }

private func read(
  _ attributes: [OTLPAttribute], resource: [OTLPAttribute] = [], reading: SpanReading = SpanReading(),
  change: (inout OTLPSpan) -> Void = { _ in }
) throws -> ReadSpan {
  var span = OTLPSpan()
  span.traceID = TraceID(high: 0, low: 1)
  span.spanID = SpanID(bits: 2)
  span.parentSpanID = SpanID(bits: 3)
  span.name = "x"
  span.startUnixNanoseconds = 1_000_000_000
  span.endUnixNanoseconds = 3_000_000_000
  span.attributes = attributes
  change(&span)
  return try #require(reading.read(span, resource: resource))
}

struct ConventionsTests {
  @Test func currentNames() throws {
    let span = try read(
      [
        text("gen_ai.operation.name", "chat"), text("gen_ai.provider.name", "vertex_ai"),
        text("gen_ai.request.model", "publishers/google/models/gemini-2.5-pro"),
        text("gen_ai.response.model", "gemini-2.5-pro-001"),
        text("server.address", "us-central1-aiplatform.googleapis.com"), number("gen_ai.usage.input_tokens", 90),
        number("gen_ai.usage.output_tokens", 12), number("gen_ai.usage.cache_read.input_tokens", 40),
        number("gen_ai.usage.reasoning.output_tokens", 5), text("gen_ai.conversation.id", "c-1"),
        OTLPAttribute(key: "gen_ai.response.finish_reasons", value: .list([.text("MAX_TOKENS")])),
        OTLPAttribute(key: "gen_ai.response.time_to_first_chunk", value: .double(0.25)),
        text("commander.tenant", "acme"), text("user.id", "alice"),
      ],
      resource: [
        text("service.name", "shop"), text("service.version", "3"), text("deployment.environment", "old"),
        text("deployment.environment.name", "prod"), text("tenant.id", "other"),
      ]
    ).span
    #expect(span.kind == .llm)
    #expect(span.dimensions.provider == "gcp.vertex_ai")
    #expect(span.dimensions.model == "gemini-2.5-pro")
    #expect(span.responseModel == "gemini-2.5-pro-001")
    #expect(span.dimensions.region == "us-central1")
    #expect(span.usage == TokenUsage(input: 50, cacheRead: 40, output: 7, reasoning: 5))
    #expect(span.finishReason == .length)
    #expect(span.timeToFirstToken == .milliseconds(250))
    #expect(span.isStreaming)
    #expect(span.session == "c-1")
    #expect(span.dimensions.service == "shop")
    #expect(span.dimensions.version == "3")
    #expect(span.dimensions.env == "prod")
    #expect(span.dimensions.tenant == "acme")
    #expect(span.outcome == .ok)
    #expect(span.duration == .seconds(2))
    #expect(!"\(span)".contains("alice"))
  }

  @Test func oldNamesAndTransition() throws {
    let old = try read([
      text("gen_ai.system", "az.ai.openai"), text("gen_ai.request.model", "gpt-4o"), number("gen_ai.usage.prompt_tokens", 7),
      number("gen_ai.usage.completion_tokens", 2),
    ]).span
    #expect(old.kind == .llm)
    #expect(old.dimensions.provider == "azure.ai.openai")
    #expect(old.usage == TokenUsage(input: 7, output: 2))
    // In transition both are sent; whichever comes last, the newer name counts.
    let both = try read([
      text("gen_ai.provider.name", "openai"), text("gen_ai.system", "wrong"), text("gen_ai.operation.name", "chat"),
      number("gen_ai.usage.input_tokens", 7), number("gen_ai.usage.prompt_tokens", 99),
    ]).span
    #expect(both.dimensions.provider == "openai")
    #expect(both.usage.input == 7)
  }

  @Test(arguments: [
    ("vertex_ai", "gcp.vertex_ai"), ("gcp.vertex_ai", "gcp.vertex_ai"), ("gemini", "gcp.gemini"), ("gcp.gen_ai", "gcp.gemini"),
    ("gcp.gemini", "gcp.gemini"), ("OpenAI", "openai"), ("Anthropic", "anthropic"), ("aws.bedrock", "aws.bedrock"),
    ("az.ai.inference", "azure.ai.inference"), ("mistralai", "mistral_ai"), ("something.new", "something.new"),
  ])
  func providersHaveOneName(sent: String, ours: String) throws {
    #expect(ProviderNames.canonical(sent, address: nil) == ours)
  }

  @Test(arguments: [
    ("chat", SpanKind.llm), ("generate_content", .llm), ("text_completion", .llm), ("embeddings", .embedding),
    ("retrieval", .retrieval), ("execute_tool", .tool), ("invoke_agent", .agent), ("create_agent", .agent),
    ("invoke_workflow", .workflow), ("something_new", .task),
  ])
  func operationsHaveKinds(operation: String, kind: SpanKind) throws {
    #expect(try read([text("gen_ai.operation.name", operation)]).span.kind == kind)
  }

  @Test func openInference() throws {
    let span = try read([
      text("openinference.span.kind", "LLM"), text("llm.system", "anthropic"), text("llm.model_name", "claude-sonnet-4-5"),
      number("llm.token_count.prompt", 100), number("llm.token_count.completion", 30),
      number("llm.token_count.prompt_details.cache_read", 60), number("llm.token_count.prompt_details.cache_write", 20),
      text("llm.input_messages.1.message.role", "user"), text("llm.input_messages.1.message.content", "How late is it?"),
      text("llm.input_messages.0.message.role", "system"), text("llm.input_messages.0.message.content", "Be brief."),
      text("llm.output_messages.0.message.content", "Half past seven."), text("session.id", "s"),
    ]).span
    #expect(span.kind == .llm)
    #expect(span.usage == TokenUsage(input: 20, cacheRead: 60, cacheWrite: 20, output: 30))
    #expect(span.content?.input == [.init(role: "system", text: "Be brief."), .init(role: "user", text: "How late is it?")])
    #expect(span.content?.responseText == "Half past seven.")
    #expect(span.session == "s")
    let retriever = try read([
      text("openinference.span.kind", "RETRIEVER"), text("input.value", "time"), text("retrieval.documents.0.document.id", "d"),
      text("retrieval.documents.0.document.content", "clock"),
      OTLPAttribute(key: "retrieval.documents.0.document.score", value: .double(0.9)),
    ]).span
    #expect(retriever.kind == .retrieval)
    #expect(retriever.retrieval == RetrievalFacts(documentCount: 1, topScore: 0.9))
    #expect(retriever.content?.documents == [.init(id: "d", text: "clock", score: 0.9)])
  }

  @Test func traceloop() throws {
    let span = try read([
      text("llm.request.type", "chat"), text("gen_ai.system", "OpenAI"), text("gen_ai.request.model", "gpt-4o"),
      number("gen_ai.usage.prompt_tokens", 10), number("gen_ai.usage.completion_tokens", 4), number("llm.usage.total_tokens", 14),
      number("gen_ai.usage.reasoning_tokens", 3), text("gen_ai.prompt.0.role", "user"), text("gen_ai.prompt.0.content", "Hi"),
      text("gen_ai.completion.0.content", "Ho"), text("gen_ai.completion.0.finish_reason", "tool_calls"),
      text("traceloop.association.properties.session_id", "s"),
    ]).span
    #expect(span.kind == .llm)
    #expect(span.dimensions.provider == "openai")
    #expect(span.usage == TokenUsage(input: 10, output: 1, reasoning: 3))
    #expect(span.content == SpanContent(input: [.init(role: "user", text: "Hi")], output: "Ho"))
    #expect(span.finishReason == .toolCalls)
    for (word, kind) in [("workflow", SpanKind.workflow), ("task", .task), ("agent", .agent), ("tool", .tool)] {
      let read = try read([text("traceloop.span.kind", word)])
      #expect(read.span.kind == kind)
      #expect(read.isGenAI)
    }
  }

  @Test func vendorArithmetic() throws {
    func usage(_ counts: [(String, Int64)]) throws -> TokenUsage {
      try read([text("gen_ai.operation.name", "chat")] + counts.map { number("gen_ai.usage." + $0.0, $0.1) }).span.usage
    }
    // Anthropic's figures as they are: the parts exceed the sum, so they cannot be in it.
    #expect(
      try usage([("input_tokens", 10), ("cache_read.input_tokens", 500), ("cache_creation.input_tokens", 30)])
        == TokenUsage(input: 10, cacheRead: 500, cacheWrite: 30))
    // Thinking on top of the answer, as the total says.
    #expect(
      try usage([("input_tokens", 10), ("output_tokens", 20), ("reasoning_tokens", 5), ("total_tokens", 35)])
        == TokenUsage(input: 10, output: 20, reasoning: 5))
    #expect(try usage([("output_tokens", 2), ("reasoning_tokens", 5)]) == TokenUsage(output: 2, reasoning: 5))
    #expect(try usage([("input_tokens", -4), ("output_tokens", 3)]) == TokenUsage(output: 3))
    #expect(
      try usage([("input_tokens", .max), ("cache_read.input_tokens", .max), ("reasoning_tokens", .max), ("output_tokens", .max)])
        .totalOutput == .max)
    #expect(try usage([]).isUnknown)
    var audio = TokenUsage(input: 60, cacheRead: 10)
    audio.inputAudio = 30
    #expect(try usage([("input_tokens", 100), ("cache_read.input_tokens", 10), ("audio.input_tokens", 30)]) == audio)
  }

  @Test(
    arguments: [
      ("RateLimitError", "Error code: 429 - {'error': {'code': 'rate_limit_exceeded'}}", ErrorClass.rateLimited, 429),
      ("RateLimitError", "Error code: 429 - {'error': {'code': 'insufficient_quota'}}", .quotaExhausted, 429),
      ("NotFoundError", "Error code: 404 - no such model", .invalidRequest, 404),
      ("BadRequestError", "Error code: 400 - context_length_exceeded", .contextOverflow, 400),
      ("APITimeoutError", "Request timed out.", .timeout, nil), ("APIConnectionError", "Connection error.", .network, nil),
      ("AuthenticationError", "Error code: 401 - bad key", .auth, 401),
      ("ClientError", "429 RESOURCE_EXHAUSTED. {}", .rateLimited, 429),
      ("ServerError", "503 UNAVAILABLE", .overloaded, 503), ("500", "", .providerError, 500), ("timeout", "", .timeout, nil),
      ("CancelledError", "", .cancelled, nil), ("asyncio.exceptions.CancelledError", "", .cancelled, nil),
      ("_OTHER", "strange", .providerError, nil), ("quota_exhausted", "5003 things", .quotaExhausted, nil),
    ] as [(String, String, ErrorClass, Int?)])
  func errorsHaveAClass(type: String, message: String, expected: ErrorClass, status: Int?) throws {
    let span = try read([text("gen_ai.operation.name", "chat"), text("error.type", type)]) {
      $0.isError = true
      $0.statusMessage = message
    }.span
    #expect(span.outcome.errorClass == expected)
    #expect(span.httpStatus == status)
  }

  @Test func anExceptionEventIsAnErrorOnlyWithAStatus() throws {
    let exception = OTLPEvent(
      name: "exception", attributes: [text("exception.type", "openai.APITimeoutError"), text("exception.message", "a\nb")])
    let failed = try read([text("gen_ai.operation.name", "chat")]) {
      $0.isError = true
      $0.events = [exception]
    }.span
    #expect(failed.outcome == .failed(.timeout, message: "a b"))
    #expect(try read([text("gen_ai.operation.name", "chat")]) { $0.events = [exception] }.span.outcome == .ok)
  }

  @Test func messagesInEveryShape() throws {
    let parts = #"[{"role":"user","parts":[{"type":"text","content":"a"},{"type":"tool_call","name":"f","arguments":{"x":1}}]}]"#
    let span = try read([
      text("gen_ai.operation.name", "chat"), text("gen_ai.input.messages", parts),
      OTLPAttribute(
        key: "gen_ai.output.messages",
        value: .list([
          .members([
            text("role", "assistant"),
            .init(
              key: "parts",
              value: .list([.members([text("type", "reasoning"), text("text", "")]), .members([text("content", "b")])])),
          ])
        ])),
      text("gen_ai.system_instructions", #"[{"type":"text","content":"brief"}]"#),
    ]).span
    #expect(span.content?.input == [.init(role: "system", text: "brief"), .init(role: "user", text: "a\nf({\"x\":1})")])
    #expect(span.content?.responseText == "b")
    let events = try read([text("gen_ai.operation.name", "chat")]) {
      $0.events = [
        OTLPEvent(name: "gen_ai.user.message", attributes: [text("content", "q")]),
        OTLPEvent(name: "gen_ai.choice", attributes: [text("message", #"{"role":"assistant","content":"r"}"#)]),
      ]
    }.span
    #expect(events.content == SpanContent(input: [.init(role: "user", text: "q")], output: "r"))
    #expect(try read([text("gen_ai.operation.name", "chat")]).span.content == nil)
  }

  @Test func contentIsCut() throws {
    let reading = SpanReading(contentBytes: 10)
    let span = try read(
      [text("gen_ai.operation.name", "chat"), text("gen_ai.completion", "ééééé"), text("gen_ai.prompt", "abcdefg")],
      reading: reading
    ).span
    #expect(span.content?.responseText == "ééééé")
    #expect(span.content?.input == [])
    let cut = try read([text("gen_ai.operation.name", "chat"), text("gen_ai.completion", "aéééééé")], reading: reading).span
    #expect(cut.content?.responseText == "aéééé")
  }

  @Test func firstTokenEvents() throws {
    let span = try read([text("openinference.span.kind", "LLM")]) {
      $0.events = [OTLPEvent(name: "First Token Stream Event", unixNanoseconds: 1_200_000_000)]
    }.span
    #expect(span.timeToFirstToken == .milliseconds(200))
  }

  @Test func callsThroughAGatewayAreCountedThere() throws {
    let reading = SpanReading(gateways: ["gw.internal:8080", "other"])
    func accounts(_ attributes: [OTLPAttribute], resource: [OTLPAttribute] = []) throws -> Bool {
      try read([text("gen_ai.operation.name", "chat")] + attributes, resource: resource, reading: reading).span
        .accountsForExchange
    }
    #expect(try accounts([]))
    #expect(try accounts([text("server.address", "api.openai.com")]))
    #expect(try !accounts([text("server.address", "GW.internal"), number("server.port", 8080)]))
    #expect(try accounts([text("server.address", "gw.internal"), number("server.port", 9090)]))
    #expect(try !accounts([text("server.address", "gw.internal")]))
    #expect(try !accounts([text("server.address", "other"), number("server.port", 1)]))
    #expect(try !accounts([], resource: [OTLPAttribute(key: "commander.gateway", value: .text("true"))]))
  }
}
