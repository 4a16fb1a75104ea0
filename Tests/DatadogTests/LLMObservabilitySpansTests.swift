// Every span becomes an event that says what the span said, and nothing that was not captured.

import Delivery
import Foundation
import LLMTelemetry
import Testing

@testable import Datadog

@Suite(.timeLimit(.minutes(1))) struct LLMObservabilitySpansTests {
  private static let dropped = "[This value has been dropped because this span's size exceeds the 1MB size limit.]"

  private func send(_ spans: [LLMSpan], settings: (inout LLMObservabilitySettings) -> Void = { _ in }) async throws
    -> [[String: Any]]
  {
    let run = LLMObservabilityRun(settings: settings)
    run.sink.add(spans)
    return try await run.finish()
  }

  @Test func completeSpanSaysEverything() async throws {
    var span = LLMObservabilityRun.span()
    (span.dimensions.service, span.dimensions.env, span.dimensions.version) = ("shop-api", "prod", "1.2")
    (span.dimensions.provider, span.dimensions.model) = ("openai", "gpt-4o-mini")
    (span.dimensions.route, span.dimensions.tenant, span.dimensions.feature) = ("chat", "acme", "answers")
    (span.dimensions.prompt, span.dimensions.promptVersion, span.dimensions.region) = ("support", "v3", "europe-west4")
    span.dimensions.override = "OVR-7"
    (span.virtualKey, span.responseModel, span.session) = ("team-a", "gpt-4o-mini-2024-07-18", "s-1")
    (span.httpStatus, span.finishReason, span.attempts) = (200, .stop, 2)
    (span.fallbackFrom, span.serviceTier, span.isStreaming) = ("gpt-4o", .flex, true)
    span.usage = TokenUsage(input: 100, cacheRead: 20, cacheWrite: 3, cacheWriteHour: 4, output: 30, reasoning: 7)
    span.usage.inputAudio = 5
    span.cost = .estimated(Nanodollars(156_000), priceVersion: "2026-11")
    (span.timeToFirstToken, span.longestGap) = (.nanoseconds(120_000_001), .milliseconds(30))

    let sent = try #require(try await send([span]).first)
    #expect(sent.text("trace_id") == span.traceID.description && sent.text("span_id") == String(span.spanID.bits))
    #expect(sent.text("parent_id") == "undefined" && sent.text("session_id") == "s-1")
    #expect(sent["start_ns"] as? Int64 == span.start.unixNanoseconds && sent["duration"] as? Int64 == 1_500_000_000)
    #expect(sent.text("name") == "chat gpt-4o-mini" && sent.text("status") == "ok" && sent.text("meta.span.kind") == "llm")
    #expect(sent.text("meta.model_name") == "gpt-4o-mini-2024-07-18" && sent.text("meta.model_provider") == "openai")
    let identity = try #require(sent["_dd"] as? [String: String])
    #expect(identity["apm_trace_id"] == span.traceID.description && identity["span_id"] == String(span.spanID.bits))
    let metrics: [String: Any] = [
      "input_tokens": 132, "output_tokens": 37, "total_tokens": 169, "cache_read_input_tokens": 20,
      "cache_write_input_tokens": 7, "ephemeral_5m_input_tokens": 3, "ephemeral_1h_input_tokens": 4,
      "reasoning_output_tokens": 7, "time_to_first_token": 0.120000001, "total_cost": 0.000156,
    ]
    #expect(sent[at: "metrics"] as? NSDictionary == metrics as NSDictionary)
    let metadata: [String: Any] = [
      "attempts": 2, "streaming": true, "http_status": 200, "longest_gap": 0.03, "fallback_from": "gpt-4o",
      "virtual_key": "team-a", "service_tier": "flex", "cost_exactness": "estimated", "price_version": "2026-11",
    ]
    #expect(sent[at: "meta.metadata"] as? NSDictionary == metadata as NSDictionary)
    #expect(
      sent.tags == [
        "ml_app:shop", "agent_service:shop", "env:prod", "service:shop-api", "version:1.2", "provider:openai",
        "model:gpt-4o-mini", "route:chat", "tenant:acme", "feature:answers", "prompt:support", "prompt_version:v3",
        "region:europe-west4", "span_kind:llm", "finish_reason:stop", "cache:hit", "session_id:s-1", "source:integration",
        "language:swift", "error:0", "override:OVR-7", "prompt_tracking_instrumentation_method:auto",
      ])
    // Every dimension is a tag, also one that is added to the record later.
    span.outcome = .failed(.timeout, message: "")
    let failed = try #require(try await send([span]).first)
    for dimension in Dimension.allCases {
      let value = try #require(span[dimension], "\(dimension)")
      #expect(failed.tags.contains("\(dimension.rawValue):\(value)"))
    }
  }

  @Test func whatIsUnknownIsAbsentAndNotZero() async throws {
    let sent = try #require(try await send([LLMObservabilityRun.span()]).first)
    #expect((sent[at: "metrics"] as? [String: Any])?.isEmpty == true)
    #expect(sent["session_id"] == nil && sent["collection_errors"] == nil && sent[at: "meta.error"] == nil)
    #expect(sent.text("meta.model_name") == "unknown" && sent.text("meta.model_provider") == "unknown")
    #expect(sent.tags.isSuperset(of: ["service:", "env:", "version:"]), "as the SDKs write it")
  }

  @Test(arguments: ErrorClass.allCases)
  func failuresOfEveryClassAreSentAsErrors(_ errorClass: ErrorClass) async throws {
    var span = LLMObservabilityRun.span()
    span.outcome = .failed(errorClass, message: errorClass == .cancelled ? "" : "no \"luck\"\n")
    let sent = try #require(try await send([span]).first)
    #expect(sent.text("status") == "error" && sent.text("meta.error.type") == errorClass.rawValue)
    #expect(sent.text("meta.error.message") == (errorClass == .cancelled ? "cancelled" : "no \"luck\"\n"))
    #expect(sent.text("meta.error.stack") == "")
    #expect(sent.tags.isSuperset(of: ["error:1", "error_type:\(errorClass.rawValue)", "error_class:\(errorClass.rawValue)"]))
  }

  @Test func samplingLeavesNoneOut() async throws {
    var span = LLMObservabilityRun.span()
    span.isSampled = false
    #expect(try await send([span]).count == 1)
  }

  @Test(arguments: SpanKind.allCases)
  func withoutCaptureThereIsNoContent(_ kind: SpanKind) async throws {
    var span = LLMObservabilityRun.span(kind)
    (span.dimensions.prompt, span.dimensions.promptVersion) = ("support", "v3")
    let sent = try #require(try await send([span]).first)
    #expect(sent[at: "meta.output"] == nil)
    let prompt = ["id": "support", "version": "v3", "ml_app": "shop"]
    #expect(sent[at: "meta.input"] as? NSDictionary == (kind == .llm ? ["prompt": prompt] as NSDictionary : nil))
  }

  @Test func contentHasTheFormOfItsKind() async throws {
    let spans = SpanKind.allCases.map { kind in
      var span = LLMObservabilityRun.span(kind)
      span.content = SpanContent(
        input: [ContentMessage(role: "system", text: "be kind"), ContentMessage(role: "user", text: "hi")], output: "hello",
        documents: [ContentDocument(text: "found", score: .nan), ContentDocument(id: "7", name: "n", text: "more", score: 0.25)])
      return span
    }
    for sent in try await send(spans) {
      let kind = try #require(SpanKind(rawValue: sent.text("meta.span.kind") ?? ""))
      let input = try #require(sent[at: "meta.input"] as? NSDictionary)
      let output = try #require(sent[at: "meta.output"] as? NSDictionary)
      switch kind {
      case .llm:
        #expect(input == ["messages": [["role": "system", "content": "be kind"], ["role": "user", "content": "hi"]]])
        #expect(output == ["messages": [["role": "assistant", "content": "hello"]]])
      case .embedding:
        #expect(input == ["documents": [["text": "be kind"], ["text": "hi"]]])
        #expect(output == ["value": "hello"])
      case .retrieval:
        #expect(input == ["value": "be kind\nhi"])
        let documents: [[String: Any]] = [["text": "found"], ["text": "more", "id": "7", "name": "n", "score": 0.25]]
        #expect(output == ["documents": documents])
      case .tool, .agent, .workflow, .task:
        #expect(input == ["value": "be kind\nhi"])
        #expect(output == ["value": "hello"])
      }
    }
  }

  @Test func anApplicationsOwnRecordOfAGatewaysCallIsAWorkflowWithoutTokens() async throws {
    var span = LLMObservabilityRun.span()
    span.accountsForExchange = false
    (span.dimensions.model, span.usage.input, span.cost) = ("gpt-4o", 5, .exact(Nanodollars(5), priceVersion: "1"))
    let sent = try #require(try await send([span]).first)
    #expect(sent.text("meta.span.kind") == "workflow" && sent[at: "meta.model_name"] == nil)
    #expect((sent[at: "metrics"] as? [String: Any])?.isEmpty == true)
  }

  @Test func anyTextSurvives() async throws {
    var texts = (0..<0x80).map { String(Character(Unicode.Scalar(UInt8($0)))) }
    for place in 0..<17 {
      for special in ["\"", "\\", "\u{1}", "\u{1f}", "é", "🙂", "\u{2028}", "\u{7f}"] {
        texts.append(String(repeating: "a", count: place) + special + String(repeating: "b", count: 16 - place))
      }
    }
    texts += ["", "größe-日本🙂👩‍👩‍👧\u{10FFFF}", "</script>\",\"parent_id\":\"1"]
    let spans = texts.map { text in
      var span = LLMObservabilityRun.span(.llm, text)
      (span.dimensions.tenant, span.session, span.outcome) = (text, text, .failed(.blocked, message: text))
      span.content = SpanContent(input: [ContentMessage(role: text, text: text)], output: text)
      return span
    }
    for (text, sent) in zip(texts, try await send(spans)) {
      #expect(sent.text("name") == text && sent.text("session_id") == text && sent.tags.contains("tenant:\(text)"))
      #expect(sent[at: "meta.input"] as? NSDictionary == ["messages": [["role": text, "content": text]]])
      #expect(sent.text("meta.error.message") == (text.isEmpty ? "blocked" : text))
      #expect(sent.text("parent_id") == "undefined")
    }
  }

  @Test(arguments: [String(repeating: "x", count: 2_000_000), String(repeating: "\u{1}", count: 400_000)])
  func contentThatIsTooLargeIsReplacedAndSaidToBe(_ text: String) async throws {
    var large = LLMObservabilityRun.span()
    large.content = SpanContent(input: [ContentMessage(role: "user", text: "hi")], output: text)
    (large.dimensions.prompt, large.dimensions.promptVersion) = ("p", "v1")
    var small = large
    small.content?.responseText = "short"
    let run = LLMObservabilityRun()
    run.sink.add([large, small])
    let sent = try await run.finish()
    #expect(sent[0].text("meta.input.value") == Self.dropped && sent[0].text("meta.output.value") == Self.dropped)
    #expect(sent[0].text("meta.input.prompt.id") == "p")
    #expect(sent[0]["collection_errors"] as? [String] == ["dropped_io"])
    #expect(sent[1][at: "meta.output.value"] == nil && sent[1]["collection_errors"] == nil)
    #expect(run.receiver.requests.allSatisfy { $0.body.count < 1_000_000 })
  }

  @Test func namesAndTagsAreCutBetweenCharacters() async throws {
    let text = "a" + String(repeating: "é", count: 600_000)
    var span = LLMObservabilityRun.span(.llm, text)
    (span.dimensions.tenant, span.outcome, span.session) = (text, .failed(.timeout, message: text), text)
    (span.responseModel, span.dimensions.prompt, span.dimensions.provider, span.virtualKey) = (text, text, text, text)
    let sent = try #require(try await send([span]).first)
    #expect(sent.text("name") == "a" + String(repeating: "é", count: 2499))
    #expect(sent.tags.contains("tenant:a" + String(repeating: "é", count: 99)))
  }

  @Test func whatIsTooOldIsDroppedAndCounted() async throws {
    let run = LLMObservabilityRun()
    var old = LLMObservabilityRun.span()
    old.start = run.time.now - .seconds(24 * 3600) - .nanoseconds(1)
    var edge = LLMObservabilityRun.span()
    edge.start = run.time.now - .seconds(24 * 3600)
    run.sink.add([old, edge])
    #expect(run.sink.takeDrops() == ["too_old": 1])
    #expect(run.sink.takeDrops().isEmpty)
    #expect(try await run.finish().map { $0.text("span_id") } == [String(edge.spanID.bits)])
  }

  @Test func absurdNumbersAreWrittenAsTheyAre() async throws {
    var span = LLMObservabilityRun.span()
    span.usage = TokenUsage(input: .max, cacheRead: .max, output: .max)
    (span.duration, span.timeToFirstToken) = (.seconds(-1), .seconds(9_000_000_000))
    span.cost = .exact(Nanodollars(.min), priceVersion: "")
    let sent = try #require(try await send([span]).first)
    #expect(sent["duration"] as? Int == 0 && sent[at: "metrics.total_tokens"] as? Int == .max)
    let cost = try #require(sent[at: "metrics.total_cost"] as? Double)
    #expect(abs(cost + 9_223_372_036.854775808) < 0.001)
  }

  @Test func applicationsNamesHaveDatadogsForm() {
    let cases = [
      ("Shop API", "shop_api"), ("a__b___c", "a_b_c"), ("shop_", "shop"), ("__Shop!!", "shop"), ("9lives", "lives"),
      ("größe/v1.2:x-y", "größe/v1.2:x-y"), ("", "unnamed-ml-app"), ("___", "unnamed-ml-app"), ("a,b c", "a_b_c"),
    ]
    for (name, expected) in cases { #expect(ApplicationName.normalised(name) == expected) }
    let long = ApplicationName.normalised(String(repeating: "ab_", count: 200))
    #expect(long.count <= 193 && !long.hasSuffix("_"))
  }

  @Test func withoutANameTheApplicationIsTheService() async throws {
    var span = LLMObservabilityRun.span()
    span.dimensions.service = "Shop API"
    let sent = try await send([span, LLMObservabilityRun.span()]) { ($0.mlApp, $0.service) = (nil, "gateway") }
    #expect(sent[0].tags.contains("ml_app:shop_api") && sent[0].tags.contains("service:Shop API"))
    #expect(sent[1].tags.isSuperset(of: ["ml_app:gateway", "service:gateway"]))
  }

  @Test func bothRoadsAreTheSDKs() async throws {
    let direct = LLMObservabilityRun()
    direct.sink.add([LLMObservabilityRun.span()])
    _ = try await direct.finish()
    let request = try #require(direct.receiver.requests.first)
    #expect(request.method == "POST" && request.url == "https://llmobs-intake.datadoghq.eu/api/v2/llmobs")
    #expect(
      request.headers.contains { $0 == ("DD-API-KEY", "key") } && request.headers.contains { $0.value == "application/json" })

    for (proxy, path) in [(nil, "v2"), ("evp_proxy/v4", "v4")] as [(String?, String)] {
      let road = LLMObservabilityRun(intake: .agent(url: "http://127.0.0.1:8126/", proxy: { proxy }))
      road.sink.add([LLMObservabilityRun.span()])
      _ = try await road.finish()
      let request = try #require(road.receiver.requests.first)
      #expect(request.url == "http://127.0.0.1:8126/evp_proxy/\(path)/api/v2/llmobs")
      #expect(request.headers.contains { $0 == ("X-Datadog-EVP-Subdomain", "llmobs-intake") })
      #expect(!request.headers.contains { $0.name == "DD-API-KEY" })
    }
    #expect(LLMObservabilityIntake.proxy(among: ["/v0.4/traces", "/evp_proxy/v2/", "/evp_proxy/v4/"]) == "evp_proxy/v4")
    #expect(LLMObservabilityIntake.proxy(among: ["/evp_proxy/v1/", "/evp_proxy/v2/"]) == "evp_proxy/v2")
    #expect(LLMObservabilityIntake.proxy(among: ["/evp_proxy/v1/", "/v0.4/traces"]) == nil)
  }

  @Test func largeBatchesAreSplitBelowTheIntakesLimit() async throws {
    let run = LLMObservabilityRun()
    run.sink.add(
      (0..<12).map { _ in
        var span = LLMObservabilityRun.span()
        span.content = SpanContent(input: [], output: String(repeating: "y", count: 900_000))
        return span
      })
    #expect(try await run.finish().count == 12)
    #expect(run.receiver.requests.count > 1 && run.receiver.requests.allSatisfy { $0.body.count <= 5 << 20 })
  }
}
