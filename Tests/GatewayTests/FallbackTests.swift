// What happens when a target fails before its first byte: retries, other targets, translation, and one span that tells it.

import LLMTelemetry
import Testing

@testable import Gateway

@Suite(.timeLimit(.minutes(1))) struct FallbackTests {
  private static func route(
    _ targets: [RouteTarget] = [RouteTarget(provider: "openai")], fallbacks: [RouteTarget] = [],
    _ change: (inout Route) -> Void = { _ in }
  ) -> [Route] {
    var route = Route(name: "chat", models: ["gpt-*", "smart"], targets: targets, fallbacks: fallbacks)
    change(&route)
    return [route]
  }

  private static let busy = response(
    #"{"error":{"message":"slow down","type":"requests","code":"rate_limit_exceeded"}}"#, status: "429 Too Many Requests",
    headers: "retry-after-ms: 1\r\n")

  @Test func aRetryHonoursThePauseAndTheClientSeesOneAnswer() async throws {
    try await RunningGateway.scripted(routes: Self.route { $0.retry.attempts = 2 }) { gateway, provider in
      let client = try await gateway.client()
      try await client.send(request())
      let first = try await provider.connection(0)
      try await first.receive(until: #""messages":[]}"#)
      try await first.send(Self.busy)
      // The error was read to its end, so the connection is used again.
      try await first.receive(until: #""messages":[]}"#)
      try await first.send(response(answer))
      let got = try await client.receive(until: answer)
      #expect(!got.contains("429") && got.contains("200 OK"))
      let span = try await gateway.span()
      #expect(span.outcome == .ok && span.attempts == 2 && span.httpStatus == 200 && span.fallbackFrom == nil)
    }
  }

  @Test func whatNothingHelpsIsToldAsTheProviderSaidIt() async throws {
    try await RunningGateway.scripted(routes: Self.route { $0.retry.attempts = 1 }) { gateway, provider in
      let client = try await gateway.client()
      try await client.send(request())
      let upstream = try await provider.connection(0)
      for _ in 1...2 {
        try await upstream.receive(until: #""messages":[]}"#)
        try await upstream.send(Self.busy)
      }
      let got = try await client.receive(until: "rate_limit_exceeded\"}}")
      #expect(got.contains("429 Too Many Requests") && got.contains("retry-after-ms: 1\r\n"))
      let span = try await gateway.span()
      #expect(span.outcome.errorClass == .rateLimited && span.attempts == 2 && span.httpStatus == 429)
    }
  }

  @Test func aProviderThatIsGoneIsReplacedByTheFallbackInItsOwnProtocol() async throws {
    let routes = Self.route(
      [RouteTarget(provider: "nowhere")], fallbacks: [RouteTarget(provider: "openai", model: "gpt-4o-mini")])
    try await RunningGateway.scripted(routes: routes) { gateway, provider in
      let client = try await gateway.client()
      try await client.send(request())
      let upstream = try await provider.connection(0)
      #expect(try await upstream.receive(until: #""messages":[]}"#).contains(#""model":"gpt-4o-mini""#))
      try await upstream.send(response(answer))
      #expect(try await client.receive(until: answer).contains("x-commander-model: gpt-4o-mini\r\n"))
      let span = try await gateway.span()
      #expect(
        span.outcome == .ok && span.attempts == 1 && span.fallbackFrom == "gpt-4o" && span.dimensions.model == "gpt-4o-mini")
    }
  }

  @Test func aChatIsTranslatedForClaudeAndBack() async throws {
    let routes = Self.route(fallbacks: [RouteTarget(provider: "anthropic", model: "claude-haiku-4-5")])
    try await RunningGateway.scripted(routes: routes) { gateway, provider in
      let client = try await gateway.client()
      try await client.send(request(#"{"model":"gpt-4o","messages":[{"role":"user","content":"hi"}]}"#))
      let upstream = try await provider.connection(0)
      try await upstream.receive(until: "}]}")
      try await upstream.send(response(#"{"error":{"message":"boom"}}"#, status: "500 Internal Server Error"))
      let second = try await upstream.receive(until: "\r\n\r\n")
      #expect(second.hasPrefix("POST /v1/messages HTTP/1.1\r\n") && second.contains("x-api-key: sk-anthropic\r\n"))
      #expect(second.contains("anthropic-version: 2023-06-01\r\n"))
      try await upstream.receive(until: #""hi""#)
      try await upstream.send(
        response(
          #"{"id":"m","type":"message","role":"assistant","model":"claude-haiku-4-5","content":[{"type":"text","text":"hello"}],"stop_reason":"end_turn","usage":{"input_tokens":9,"cache_creation_input_tokens":3,"cache_read_input_tokens":4,"output_tokens":2}}"#
        ))
      let got = try await client.receive(until: "}}}")
      #expect(
        got.contains(#""object":"chat.completion""#) && got.contains(#""content":"hello""#)
          && got.contains(#""prompt_tokens":16"#))
      let span = try await gateway.span()
      #expect(
        span.outcome == .ok && span.attempts == 2 && span.fallbackFrom == "gpt-4o" && span.dimensions.provider == "anthropic")
      #expect(span.usage.input == 9 && span.usage.cacheRead == 4 && span.usage.cacheWrite == 3 && span.usage.output == 2)
    }
  }

  @Test func aStreamIsTranslatedFromGeminiEventByEvent() async throws {
    try await RunningGateway.scripted(routes: Self.route([RouteTarget(provider: "vertex", model: "gemini-2.5-flash")])) {
      gateway, provider in
      let client = try await gateway.client()
      try await client.send(request(#"{"model":"smart","stream":true,"messages":[{"role":"user","content":"hi"}]}"#))
      let upstream = try await provider.connection(0)
      let sent = try await upstream.receive(until: "\r\n\r\n")
      #expect(
        sent.hasPrefix(
          "POST /v1/projects/p1/locations/us-central1/publishers/google/models/gemini-2.5-flash:streamGenerateContent?alt=sse HTTP/1.1\r\n"
        ))
      try await upstream.receive(until: #""hi""#)
      try await upstream.send(
        streamHead + chunk("data: {\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\"one\"}]}}]}\r\n\r\n"))
      try await client.receive(until: #""content":"one""#)
      try await upstream.send(
        chunk(
          "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"two\"}]},\"finishReason\":\"STOP\"}],\"usageMetadata\":{\"promptTokenCount\":5,\"candidatesTokenCount\":2,\"totalTokenCount\":7}}\r\n\r\n"
        ) + "0\r\n\r\n")
      let rest = try await client.receive(until: "data: [DONE]\n\n")
      #expect(rest.contains(#""content":"two""#) && rest.contains(#""finish_reason":"stop""#) && !rest.contains("prompt_tokens"))
      let span = try await gateway.span()
      #expect(
        span.outcome == .ok && span.dimensions.model == "gemini-2.5-flash" && span.usage.input == 5 && span.usage.output == 2)
      #expect(span.fallbackFrom == nil, "an alias is no fallback")
    }
  }

  @Test func anAnswerThatBeganIsNeverBegunAgain() async throws {
    let routes = Self.route(fallbacks: [RouteTarget(provider: "openai", model: "gpt-4o-mini")]) { $0.retry.attempts = 3 }
    try await RunningGateway.scripted(routes: routes) { gateway, provider in
      let client = try await gateway.client()
      try await client.send(request(streaming))
      let upstream = try await provider.connection(0)
      try await upstream.receive(until: streaming)
      try await upstream.send(streamHead + chunk(event("a")))
      try await client.receive(until: event("a"))
      upstream.close()
      try await client.receiveClose()
      #expect(provider.connectionCount == 1)
      let span = try await gateway.span()
      #expect(span.outcome.errorClass == .network && span.attempts == 1)
    }
  }

  @Test func anAnswerWithoutItsFirstByteMayStillComeFromAnother() async throws {
    let routes = Self.route(fallbacks: [RouteTarget(provider: "openai", model: "gpt-4o-mini")])
    try await RunningGateway.scripted(routes: routes) { gateway, provider in
      let client = try await gateway.client()
      try await client.send(request(streaming))
      let stalled = try await provider.connection(0)
      try await stalled.receive(until: streaming)
      try await stalled.send(streamHead)
      stalled.close()
      let second = try await provider.connection(1)
      try await second.receive(until: "gpt-4o-mini")
      try await second.send(streamHead + chunk(event("a")) + chunk("data: [DONE]\n\n") + "0\r\n\r\n")
      let got = try await client.receive(until: "\r\n0\r\n\r\n")
      #expect(got.components(of: "HTTP/1.1 200 OK") == 1)
      let span = try await gateway.span()
      #expect(span.outcome == .ok && span.attempts == 2 && span.fallbackFrom == "gpt-4o")
    }
  }

  @Test func anOpenCircuitSendsRequestsElsewhereAtOnce() async throws {
    let routes = Self.route(
      [RouteTarget(provider: "nowhere")], fallbacks: [RouteTarget(provider: "openai", model: "gpt-4o-mini")]
    ) {
      $0.circuit.failures = 2
    }
    try await RunningGateway.scripted(routes: routes) { gateway, provider in
      let client = try await gateway.client()
      for number in 0..<4 {
        try await client.send(request())
        let upstream = try await provider.connection(0)
        try await upstream.receive(until: #""messages":[]}"#)
        try await upstream.send(response(answer, headers: "X-Number: \(number)\r\n"))
        try await client.receive(until: "X-Number: \(number)\r\n")
        try await client.receive(until: answer)
      }
      #expect(try await gateway.spans(4).allSatisfy { $0.outcome == .ok && $0.fallbackFrom == "gpt-4o" })
    }
  }

  @Test func aClientThatLeavesMayHaveItsAnswerCompletedForTheAccount() async throws {
    try await RunningGateway.scripted(routes: Self.route { $0.onClientDisconnect = .complete }) { gateway, provider in
      let client = try await gateway.client()
      try await client.send(request(streaming))
      let upstream = try await provider.connection(0)
      try await upstream.receive(until: streaming)
      try await upstream.send(streamHead + chunk(event("a")))
      try await client.receive(until: event("a"))
      client.close()
      let usage =
        "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":40}}\n\n"
      try await upstream.send(chunk(usage) + chunk("data: [DONE]\n\n") + "0\r\n\r\n")
      let span = try await gateway.span()
      #expect(span.usage.output == 40 && span.usage.input == 3 && span.cost.exactness == "exact")
    }
  }

  @Test func modelsAreListedInBothForms() async throws {
    try await RunningGateway.scripted(routes: Self.route()) { gateway, _ in
      let client = try await gateway.client()
      func get(
        _ path: String, _ headers: String = "Authorization: Bearer ck-test\r\n", until end: String
      ) async throws -> String {
        try await client.send("GET \(path) HTTP/1.1\r\nHost: g\r\n\(headers)\r\n")
        return try await client.receive(until: end)
      }
      let list = try await get("/v1/models", until: "}]}")
      #expect(list.contains(#"{"object":"list","data":["#) && list.contains(#""id":"smart","object":"model""#))
      #expect(list.contains(#""id":"gpt-4o","#), "a pattern stands for the priced models that match it")
      #expect(
        try await get("/v1/models/gpt-9", "X-Api-Key: ck-test\r\nanthropic-version: x\r\n", until: "}").contains(
          #""type":"model","id":"gpt-9""#))
      #expect(try await get("/v1/models", "", until: "}}").contains("401 Unauthorized"))
      #expect(gateway.spanCount == 0)
    }
  }
}

extension String {
  fileprivate func components(of text: String) -> Int { split(separator: text, omittingEmptySubsequences: false).count - 1 }
}
