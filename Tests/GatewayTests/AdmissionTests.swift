// Who may call what: keys, routes, methods, sizes, managed prompts and overrides.

import LLMTelemetry
import Testing

@testable import Gateway

@Suite(.timeLimit(.minutes(1))) struct AdmissionTests {
  private static let gemini = "/v1beta/models/gemini-2.5-flash:generateContent"

  /// What the client gets for `sent`, answered without a provider.
  private static func refusal(
    _ sent: String, limits: GatewayLimits = GatewayLimits(), until end: String = "}}", spans: Int = 1
  ) async throws -> String {
    var got = ""
    try await RunningGateway.scripted(limits: limits) { gateway, provider in
      let client = try await gateway.client()
      try await client.send(sent)
      got = try await client.receive(until: end)
      if spans > 0 {
        let span = try await gateway.span()
        #expect(span.attempts == 0 && span.outcome.countsAsError && got.contains("x-commander-span-id: \(span.spanID)"))
      }
      #expect(provider.connectionCount == 0 && gateway.spanCount == spans)
    }
    return got
  }

  @Test func anUnknownKeyIsA401InBothShapes() async throws {
    for key in [nil, "ck-wrong"] {
      #expect(try await Self.refusal(request(key: key)).contains(#""type":"authentication_error""#))
      #expect(try await Self.refusal(request("{}", path: Self.gemini, key: key)).contains(#""status":"UNAUTHENTICATED""#))
    }
  }

  @Test func everyFormOfPresentingTheKeyIsAccepted() async throws {
    let forms = [
      request("{}", path: Self.gemini + "?key=ck-test&x=1", key: nil),
      request("{}", path: Self.gemini, key: nil, headers: "X-Goog-Api-Key: ck-test\r\n"),
      request("{}", path: Self.gemini), request("{}", path: Self.gemini, key: nil, headers: "x-api-key: ck-test\r\n"),
    ]
    try await RunningGateway.scripted { gateway, provider in
      let client = try await gateway.client()
      for form in forms {
        try await client.send(form)
        let sent = try await provider.connection().receive(until: "\r\n\r\n{}")
        #expect(!sent.contains("ck-test") && sent.contains("x-goog-api-key: sk-gemini\r\n"))
        try await provider.connection().send(response(answer))
        try await client.receive(until: answer)
      }
    }
  }

  @Test func whatIsNotServedIsToldSo() async throws {
    #expect(try await Self.refusal(request(path: "/v1/audio/speech"), spans: 0).contains("404 Not Found"))
    #expect(try await Self.refusal(request(#"{"model":"llama"}"#)).contains("No route serves"))
    #expect(try await Self.refusal(request("[1]")).contains("400 Bad Request"))
    #expect(
      try await Self.refusal(request(#"{"model":"gpt-\#(String(repeating: "x", count: 300))"}"#)).contains("longer than 200"))
    #expect(try await Self.refusal("GET \(Self.gemini) HTTP/1.1\r\nHost: g\r\n\r\n", spans: 0).contains("405 Method Not Allowed"))
  }

  @Test func theAnswerToHeadHasNoBody() async throws {
    let get = "GET /health HTTP/1.1\r\nHost: g\r\n\r\n"
    for path in ["/health", "/v1/chat/completions", "/nowhere"] {
      let got = try await Self.refusal("HEAD \(path) HTTP/1.1\r\nHost: g\r\n\r\n" + get, until: "ok\n", spans: 0)
      #expect(got.firstRange(of: "\r\n\r\nHTTP/1.1 200 OK") != nil, "the next answer follows the head at once")
    }
  }

  @Test func aBodyBeyondTheLimitIsA413ThatTheSenderGetsToRead() async throws {
    var limits = GatewayLimits()
    limits.requestBodyBytes = 1000
    let large = String(repeating: " ", count: 2_000_000)
    #expect(try await Self.refusal(request(large), limits: limits, spans: 1).contains("413 "))
    func chunked(_ key: String) -> String {
      "POST /v1/chat/completions HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer \(key)\r\nTransfer-Encoding: chunked\r\n\r\n"
        + chunk(large)
        + "0\r\n\r\n"
    }
    #expect(try await Self.refusal(chunked("ck-test"), limits: limits, spans: 1).contains("413 "))
    // As for any other request the key comes first.
    for text in [request(large, key: nil), request(large, key: "ck-wrong"), chunked("ck-wrong")] {
      let got = try await Self.refusal(text, limits: limits, spans: 1)
      #expect(got.contains("401 Unauthorized") && !got.contains("larger than"))
    }
  }

  @Test func aBodyBeyondTheLimitLeavesASpanThatSaysWhoseItWas() async throws {
    var limits = GatewayLimits()
    limits.requestBodyBytes = 1000
    try await RunningGateway.scripted(limits: limits) { gateway, _ in
      let client = try await gateway.client()
      try await client.send(request(String(repeating: " ", count: 5_000), headers: "X-Commander-Feature: search\r\n"))
      try await client.receive(until: "413 ")
      let span = try await gateway.span()
      #expect(span.virtualKey == "test" && span.dimensions.tenant == "acme" && span.dimensions.feature == "search")
      #expect(span.outcome.errorClass == .invalidRequest && span.httpStatus == 413 && span.attempts == 0)
    }
  }

  @Test(arguments: [
    (
      "/v1beta/models/gemini-2.5-flash:countTokens", #"{"contents":[]}"#,
      #"{"generateContentRequest":{"model":"models/gemini-2.5-flash","systemInstruction":{"parts":[{"text":"Be \"grand\"."}]},"contents":[]}}"#
    ),
    (
      "/v1/projects/p/locations/l/publishers/google/models/gemini-2.5-flash:countTokens", #"{"contents":[]}"#,
      #"{"systemInstruction":{"parts":[{"text":"Be \"grand\"."}]},"contents":[]}"#
    ),
    (
      "/v1/messages/count_tokens", #"{"model":"claude-haiku-4-5","messages":[]}"#,
      #"{"system":"Be \"grand\".","model":"claude-haiku-4-5","messages":[]}"#
    ),
  ])
  func theTextOfAManagedPromptIsCounted(path: String, body: String, expected: String) async throws {
    try await RunningGateway.scripted { gateway, provider in
      let client = try await gateway.client()
      try await client.send(request(body, path: path, headers: "X-Commander-Prompt: greeting\r\n"))
      let sent = try await provider.connection().receive(until: expected)
      #expect(sent.hasSuffix("\r\n\r\n\(expected)"))
      try await provider.connection().send(response(#"{"totalTokens":9}"#))
      #expect(try await client.receive(until: "9}").contains("x-commander-prompt-version: 2\r\n"))
      let span = try await gateway.span()
      #expect(span.kind == .task && span.dimensions.promptVersion == "2")
    }
  }

  @Test func labelsEndHereWhereTheGeminiAPIAnswersForVertexAI() async throws {
    let routes = [Route(name: "answers", models: ["gemini-*"], provider: "gemini")]
    try await RunningGateway.scripted(routes: routes) { gateway, provider in
      let client = try await gateway.client()
      try await client.send(
        request(
          #"{"labels":{"prompt":"greeting","feature":"search"},"contents":[]}"#,
          path: "/v1/projects/p/locations/l/publishers/google/models/gemini-2.5-flash:generateContent"))
      let expected = #"{"systemInstruction":{"parts":[{"text":"Be \"grand\"."}]},"contents":[]}"#
      #expect(try await provider.connection().receive(until: expected).hasSuffix("\r\n\r\n\(expected)"))
      try await provider.connection().send(response(#"{"candidates":[{"finishReason":"STOP"}]}"#))
      try await client.receive(until: "STOP")
      let span = try await gateway.span()
      #expect(span.dimensions.prompt == "greeting" && span.dimensions.feature == "search" && span.dimensions.promptVersion == "2")
    }
  }

  @Test func connectionsBeyondTheLimitAreClosedAtOnce() async throws {
    var limits = GatewayLimits()
    limits.clientConnections = 2
    try await RunningGateway.scripted(limits: limits) { gateway, _ in
      // Two loops with a share of one connection each: of five connections at most two are kept.
      var clients: [RawConnection] = []
      for _ in 0..<5 { clients.append(try await gateway.client()) }
      try await eventually("three closed connections") { clients.count { $0.isClosed } >= 3 ? () : nil }
    }
  }

  @Test func aSenderThatDawdlesIsSentAway() async throws {
    var limits = GatewayLimits()
    limits.clientIdleTimeout = .milliseconds(50)
    try await RunningGateway.scripted(limits: limits) { gateway, _ in
      for sent in ["", "POST /v1", String(request().dropLast(3))] {
        let client = try await gateway.client()
        // The gateway may be the quicker one, and the connection gone already.
        if !sent.isEmpty { try? await client.send(sent) }
        try await client.receiveClose()
      }
      #expect(gateway.spanCount == 0)
    }
  }

  @Test func aManagedPromptIsPutInAndItsRollbackAndAFallbackAreObeyed() async throws {
    try await RunningGateway.scripted { gateway, provider in
      let client = try await gateway.client()
      let port = provider.port
      func exchange(_ headers: String) async throws -> (sent: String, got: String) {
        try await client.send(request(headers: headers))
        let sent = try await provider.connection().receive(until: "}]}")
        try await provider.connection().send(response(answer))
        return (sent, try await client.receive(until: answer))
      }
      let production = try await exchange("x-commander-prompt: greeting\r\n")
      #expect(production.sent.hasSuffix(#"{"model":"gpt-4o","messages":[{"role":"system","content":"Be \"grand\"."}]}"#))
      #expect(production.got.contains("x-commander-prompt-version: 2\r\n"))

      let end = Timestamp.now() + .seconds(3600)
      func override(_ id: String, _ action: RoutingOverride.Action) -> RoutingOverride {
        RoutingOverride(id: id, action: action, incident: "INC-1", appliedAt: .now(), expiresAt: end)
      }
      let overrides = RoutingOverrides(
        generation: 2,
        overrides: [
          override("OVR-1", .rollBackPrompt(prompt: "greeting", from: "2", to: "1")),
          override(
            "OVR-2", .fallBackModel(route: "chat", from: RoutingOverride.anyModel, toProvider: "openai", toModel: "gpt-4o-mini")),
        ])
      #expect(try await gateway.server.update(RunningGateway.snapshot(providerPort: port, overrides: overrides)))
      #expect(try await !gateway.server.update(RunningGateway.snapshot(providerPort: port)), "an older generation is refused")
      let rolledBack = try await exchange("x-commander-prompt: greeting\r\n")
      #expect(rolledBack.sent.contains("Be brief.") && rolledBack.sent.contains(#""model":"gpt-4o-mini""#))
      #expect(
        rolledBack.got.contains("x-commander-prompt-version: 1\r\n")
          && rolledBack.got.contains("x-commander-model: gpt-4o-mini\r\n"))
      let span = try await gateway.spans(2)[1]
      #expect(span.fallbackFrom == "gpt-4o" && span.dimensions.model == "gpt-4o-mini" && span.dimensions.promptVersion == "1")
    }
  }

  @Test func aLineBreakInALabelDoesNotBecomeAHeader() async throws {
    let body =
      #"{"model":"gpt-4o","messages":[],"metadata":{"prompt":"greeting","prompt_version":"1\r\nX-Evil: 1","tenant":"a\r\nX-Evil: 1"}}"#
    let got = try await Self.refusal(request(body))
    #expect(got.contains("400 Bad Request") && !got.contains("\nX-Evil"))
  }
}
