// The cache of answers at a real gateway: what is given again, to whom, how it looks, and what is never kept.

import Budgets
import LLMTelemetry
import Providers
import Testing

@testable import Gateway

@Suite(.timeLimit(.minutes(1))) struct AnswerCacheTests {
  private static let caching = routes(.serve(maxAge: .seconds(60)))

  private static func routes(_ cache: RouteCache?, retries: Int = 0) -> [Route] {
    [("chat", "gpt-*", "openai"), ("answers", "gemini-*", "gemini"), ("claude", "claude-*", "anthropic")].map {
      var route = Route(name: $0.0, models: [$0.1], provider: $0.2)
      route.cache = cache
      route.retry.attempts = retries
      return route
    }
  }

  private static func override(_ maxAge: Int = 60, scope: RequestScope = RequestScope(tenant: "acme"), share: Int = 1_000)
    -> RoutingOverride
  {
    RoutingOverride(
      id: "OVR-1", action: .cacheAnswers(scope, maxAgeSeconds: maxAge), incident: "INC-1", appliedAt: .now(),
      expiresAt: .now() + .seconds(3_600), sharePerMille: share)
  }

  /// Sends a request that the provider has to answer, and answers it.
  @discardableResult
  private static func asked(
    _ text: String, _ client: RawConnection, _ provider: ScriptedProvider, connection: Int = 0, until end: String = "[]}",
    answering bytes: String = response(answer), expecting last: String = answer
  ) async throws -> String {
    try await client.send(text)
    let upstream = try await provider.connection(connection)
    try await upstream.receive(until: end)
    try await upstream.send(bytes)
    return try await client.receive(until: last)
  }

  // MARK: Hits

  @Test func aRepeatedRequestIsAnsweredFromTheCacheAndCostsNothing() async throws {
    try await RunningGateway.scripted(routes: Self.caching) { gateway, provider in
      let client = try await gateway.client()
      let first = try await Self.asked(
        request(), client, provider,
        answering: response(answer, headers: "X-Request-Id: req_1\r\nSet-Cookie: a=b\r\nX-RateLimit-Remaining: 9\r\n"))
      #expect(first.contains("x-commander-cache: miss\r\n") && first.contains("Set-Cookie: a=b"))
      // Another connection may be on another loop: the cache is one for all.
      let other = try await gateway.client()
      try await other.send(request(headers: "X-Stainless-Retry-Count: 1\r\nUser-Agent: another\r\n"))
      let second = try await other.receive(until: answer)
      #expect(second.contains("x-commander-cache: hit; age=0\r\n") && second.contains("X-Request-Id: req_1"))
      #expect(!second.contains("Set-Cookie") && !second.lowercased().contains("x-ratelimit"))
      #expect(second.contains("\r\nContent-Length: \(answer.utf8.count)\r\n"))
      let spans = try await gateway.spans(2)
      #expect(spans[0][.cache] == nil && spans[0].attempts == 1 && spans[0].usage.input == 3)
      let hit = spans[1]
      #expect(hit[.cache] == "gateway" && hit.isAnsweredFromCache && hit.attempts == 0 && hit.outcome == .ok)
      #expect(hit.usage == TokenUsage(input: 0, output: 0) && hit.finishReason == .stop && hit.httpStatus == 200)
      #expect(hit.cost.amount == Nanodollars(0) && hit.cost.exactness == "exact")
      #expect(hit.dimensions.route == "chat" && hit.dimensions.provider == "openai" && hit.virtualKey == "test")
      #expect(spans[0].spanID != hit.spanID && provider.connectionCount == 1)
      let counts = gateway.server.takeCacheCounts()
      #expect((counts.hits, counts.misses, counts.stored, counts.evicted) == (1, 1, 1, 0))
      #expect(gateway.server.takeCacheCounts() == AnswerCache.Counts())
    }
  }

  @Test(arguments: ["\"usage\"", "nothing"])
  func aStreamIsReplayedByteForByte(asksFor: String) async throws {
    let body = asksFor == "nothing" ? #"{"model":"gpt-4o","stream":true,"messages":[]}"# : streaming
    let sent = [
      event("he"), event("llo"), "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
      "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}\n\n", "data: [DONE]\n\n",
    ]
    let whole = streamHead + sent.map(chunk).joined() + "0\r\n\r\n"
    try await RunningGateway.scripted(routes: Self.caching) { gateway, provider in
      let client = try await gateway.client()
      let first = try await Self.asked(
        request(body), client, provider, until: "}", answering: whole, expecting: "\r\n0\r\n\r\n")
      try await client.send(request(body))
      let second = try await client.receive(until: "\r\n0\r\n\r\n")
      #expect(second.contains("x-commander-cache: hit;") && second.contains("Transfer-Encoding: chunked".lowercased()))
      let expected = Self.unchunked(first)
      #expect(Self.unchunked(second) == expected && expected.contains("llo"))
      // What the client did not ask for is withheld from it the second time as the first.
      #expect(expected.contains("\"usage\"") == (asksFor != "nothing"))
      let spans = try await gateway.spans(2)
      #expect(spans[1].isStreaming && spans[1].timeToFirstToken != nil && spans[1].isAnsweredFromCache)
    }
  }

  private static func unchunked(_ text: String) -> String {
    guard let end = text.firstRange(of: "\r\n\r\n") else { return "" }
    var rest = text[end.upperBound...].utf8
    var body: [UInt8] = []
    while let line = String(rest)?.firstRange(of: "\r\n") {
      let all = String(decoding: rest, as: UTF8.self)
      guard let size = Int(all[..<line.lowerBound], radix: 16), size > 0 else { break }
      let start = all.utf8.index(all.startIndex, offsetBy: all[..<line.upperBound].utf8.count)
      let finish = all.utf8.index(start, offsetBy: size)
      body += Array(all.utf8[start..<finish])
      rest = Substring(all[all.utf8.index(finish, offsetBy: 2)...]).utf8
    }
    return String(decoding: body, as: UTF8.self)
  }

  @Test func aTranslatedAnswerIsTranslatedAgain() async throws {
    let claude =
      #"{"id":"m","model":"claude-haiku-4-5","content":[{"type":"text","text":"bonjour"}],"stop_reason":"end_turn","usage":{"input_tokens":3,"output_tokens":1}}"#
    var route = Route(
      name: "chat", models: ["gpt-*"], targets: [RouteTarget(provider: "anthropic", model: "claude-haiku-4-5")])
    route.cache = .serve(maxAge: .seconds(60))
    try await RunningGateway.scripted(routes: [route]) { gateway, provider in
      let client = try await gateway.client()
      let body = #"{"model":"gpt-4o","messages":[{"role":"user","content":"hi"}]}"#
      try await Self.asked(request(body), client, provider, until: "hi", answering: response(claude), expecting: "bonjour")
      try await client.receive(until: "0\r\n\r\n")
      try await client.send(request(body))
      let again = try await client.receive(until: "0\r\n\r\n")
      #expect(again.contains("bonjour") && again.contains("x-commander-cache: hit;"))
      let spans = try await gateway.spans(2)
      #expect(again.contains("chatcmpl-\(spans[1].spanID)"), "the copy says whose it is")
    }
  }

  // MARK: Whose, and what is the same

  @Test func noTenantGetsAnothersAnswer() async throws {
    func snapshot(_ port: Int) -> GatewaySnapshot {
      GatewaySnapshot(
        service: "app", env: "test", version: nil,
        keys: [("ck-a", "acme"), ("ck-b", "globex"), ("ck-shared", nil as String?)].map {
          VirtualKey(name: $0.0, sha256: VirtualKeyHash.sha256(of: $0.0), tenant: $0.1)
        },
        providers: [Provider(name: "openai", wireProtocol: .openAI, host: "127.0.0.1", port: port, usesTLS: false)],
        routes: Self.caching, prompts: [])
    }
    try await RunningGateway.scripted { gateway, provider in
      #expect(try await gateway.server.update(snapshot(provider.port)))
      let client = try await gateway.client()
      let asking = [
        request(key: "ck-a"), request(key: "ck-b"), request(key: "ck-shared"),
        request(key: "ck-shared", headers: "X-Commander-Tenant: acme\r\n"),
        request(key: "ck-shared", headers: "X-Commander-Tenant: globex\r\n"),
      ]
      for text in asking {
        #expect(try await Self.asked(text, client, provider).contains("x-commander-cache: miss\r\n"))
      }
      for text in asking {
        try await client.send(text)
        #expect(try await client.receive(until: answer).contains("x-commander-cache: hit;"))
      }
    }
  }

  @Test func whatMayChangeTheAnswerIsAnotherRequest() async throws {
    try await RunningGateway.scripted(routes: Self.caching) { gateway, provider in
      let client = try await gateway.client()
      try await Self.asked(request(), client, provider)
      for text in [
        request(#"{"model":"gpt-4o","messages": []}"#), request(#"{"model":"gpt-4.1","messages":[]}"#),
        request(path: "/v1/chat/completions?beta=1"), request(headers: "OpenAI-Organization: org-2\r\n"),
        request(headers: "X-Nobody-Knows: 1\r\n"),
        // Managed prompts: two versions of one are two requests.
        request(headers: "X-Commander-Prompt: greeting\r\nX-Commander-Prompt-Version: 1\r\n"),
        request(headers: "X-Commander-Prompt: greeting\r\n"),
      ] {
        #expect(
          try await Self.asked(text, client, provider, until: "]}").contains("x-commander-cache: miss\r\n"), "\(text)")
      }
      #expect(gateway.server.takeCacheCounts().hits == 0)
    }
  }

  @Test func aClientMayAskForAnAnswerOfItsOwn() async throws {
    try await RunningGateway.scripted(routes: Self.caching) { gateway, provider in
      let client = try await gateway.client()
      let other = answer.replacing("hi", with: "yo")
      let never = try await Self.asked(request(headers: "Cache-Control: no-store\r\n"), client, provider)
      #expect(!never.contains("x-commander-cache"))
      #expect(try await Self.asked(request(), client, provider).contains("x-commander-cache: miss"), "nothing was kept")
      // Not answered from it, and its answer is the newest for whoever asks next.
      try await Self.asked(
        request(headers: "Cache-Control: no-cache\r\n"), client, provider, answering: response(other), expecting: other)
      try await client.send(request())
      #expect(try await client.receive(until: other).contains("x-commander-cache: hit;"))
    }
  }

  // MARK: What is never kept

  @Test(arguments: [
    (request(), response(#"{"error":{"message":"no","type":"server_error"}}"#, status: "500 Nope")),
    (request(), response(#"{"choices":[{"message":{"content":"h"},"finish_reason":"length"}]}"#)),
    (
      request(),
      response(#"{"choices":[{"message":{"tool_calls":[{"function":{"name":"f","arguments":"{}"}}]},"finish_reason":"stop"}]}"#)
    ),
    (request(), response(#"{"choices":[{"message":{"tool_calls":[]},"finish_reason":"tool_calls"}]}"#)),
    (request(), response(#"{"choices":[{"finish_reason":"content_filter"}]}"#)),
    (request(), response(#"{"choices":[{"message":{"content":"h"},"finish_reason":"stop"}"#)),
    (request(), response(answer, status: "206 Partial")),
    (request(streaming), streamHead + chunk(event("he")) + "0\r\n\r\n"),
    (
      request("{}", path: "/v1beta/models/gemini-2.5-flash:generateContent"),
      response(#"{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f"}}]},"finishReason":"STOP"}]}"#)
    ),
    (request(#"{"model":"gpt-4o","input":"hi"}"#, path: "/v1/responses"), response(#"{"status":"completed","output":[]}"#)),
    (request(#"{"model":"gpt-4o","n":2,"messages":[]}"#), response(answer)),
  ])
  func whatIsNoWholeAnswerToTheEndIsNotKept(text: String, bytes: String) async throws {
    try await RunningGateway.scripted(routes: Self.caching) { gateway, provider in
      for number in 0..<2 {
        let client = try await gateway.client()
        try await client.send(text)
        let upstream = try await provider.connection(number)
        try await upstream.receive(until: "\r\n\r\n")
        try await upstream.send(bytes)
        upstream.close()
        _ = try await gateway.spans(number + 1)
      }
      #expect(gateway.server.takeCacheCounts().stored == 0 && gateway.server.takeCacheCounts().hits == 0)
    }
  }

  @Test func aStreamThatIsCutOrLeftIsNotKept() async throws {
    try await RunningGateway.scripted(routes: Self.caching) { gateway, provider in
      let client = try await gateway.client()
      try await client.send(request(streaming))
      try await provider.connection(0).receive(until: streaming)
      try await provider.connection(0).send(streamHead + chunk(event("he")))
      try await client.receive(until: "he")
      try await provider.connection(0).close()
      try await client.receiveClose()
      let other = try await gateway.client()
      try await other.send(request(streaming))
      try await provider.connection(1).receive(until: streaming)
      try await provider.connection(1).send(streamHead + chunk(event("he")))
      try await other.receive(until: "he")
      other.close()
      #expect(try await gateway.spans(2).map(\.outcome.errorClass) == [.network, .cancelled])
      #expect(gateway.server.takeCacheCounts().stored == 0)
      // Neither left its place occupied: the next one is recorded.
      let third = try await gateway.client()
      let whole = streamHead + chunk(event("he")) + chunk("data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n")
      try await Self.asked(
        request(streaming), third, provider, connection: 2, until: streaming,
        answering: whole + chunk("data: [DONE]\n\n") + "0\r\n\r\n", expecting: "\r\n0\r\n\r\n")
      #expect(gateway.server.takeCacheCounts().stored == 1)
    }
  }

  @Test func anAnswerThatIsTooLargeIsRelayedAndNotKept() async throws {
    let large = answer.replacing("hi", with: String(repeating: "a", count: AnswerCache.answerLimit))
    try await RunningGateway.scripted(routes: Self.caching) { gateway, provider in
      let client = try await gateway.client()
      for _ in 0..<2 { try await Self.asked(request(), client, provider, answering: response(large), expecting: large) }
      let counts = gateway.server.takeCacheCounts()
      #expect((counts.stored, counts.misses) == (0, 2))
    }
  }

  @Test func anOldAnswerIsNone() async throws {
    try await RunningGateway.scripted(routes: Self.routes(.serve(maxAge: .zero))) { gateway, provider in
      let client = try await gateway.client()
      for _ in 0..<2 { #expect(try await Self.asked(request(), client, provider).contains("x-commander-cache: miss")) }
    }
  }

  // MARK: By an override

  @Test func anOverrideTurnsItOnAndOffAndNothingOutlivesIt() async throws {
    try await RunningGateway.scripted { gateway, provider in
      func put(_ generation: UInt64, _ overrides: [RoutingOverride]) async throws -> Bool {
        try await gateway.server.update(
          RunningGateway.snapshot(
            providerPort: provider.port, overrides: RoutingOverrides(generation: generation, overrides: overrides)))
      }
      let client = try await gateway.client()
      for _ in 0..<2 { #expect(try await !Self.asked(request(), client, provider).contains("x-commander-cache")) }
      #expect(try await put(2, [Self.override()]))
      #expect(try await Self.asked(request(), client, provider).contains("x-commander-cache: miss"))
      try await client.send(request())
      #expect(try await client.receive(until: answer).contains("x-commander-cache: hit;"))
      // A slow messenger does not turn it off.
      #expect(try await !put(1, []))
      try await client.send(request())
      #expect(try await client.receive(until: answer).contains("x-commander-cache: hit;"))
      #expect(try await put(3, []))
      #expect(try await !Self.asked(request(), client, provider).contains("x-commander-cache"))
      #expect(try await put(4, [Self.override()]))
      #expect(try await Self.asked(request(), client, provider).contains("x-commander-cache: miss"), "what was kept is gone")
      let spans = try await gateway.spans(7)
      #expect(spans.map(\.dimensions.override) == [nil, nil, "OVR-1", "OVR-1", "OVR-1", nil, "OVR-1"])
      #expect(spans.map(\.isAnsweredFromCache) == [false, false, false, true, true, false, false])
    }
  }

  @Test func whoIsHeldBackFromItAsksTheProvider() async throws {
    try await RunningGateway.scripted { gateway, provider in
      let snapshot = RunningGateway.snapshot(
        providerPort: provider.port, overrides: RoutingOverrides(generation: 1, overrides: [Self.override(share: 500)]))
      #expect(try await gateway.server.update(snapshot))
      let client = try await gateway.client()
      func session(_ isTreated: Bool) throws -> String {
        try #require((0..<100).map { "s\($0)" }.first { Self.override(share: 500).treats(PromptTicket.of($0.utf8)) == isTreated })
      }
      let (treated, control) = (try session(true), try session(false))
      try await Self.asked(request(headers: "X-Commander-Session: \(treated)\r\n"), client, provider)
      let held = try await Self.asked(request(headers: "X-Commander-Session: \(control)\r\n"), client, provider)
      #expect(!held.contains("x-commander-cache"))
      try await client.send(request(headers: "X-Commander-Session: \(treated)\r\n"))
      #expect(try await client.receive(until: answer).contains("x-commander-cache: hit;"))
      #expect(try await gateway.spans(3).map(\.dimensions.override) == ["OVR-1", "OVR-1:control", "OVR-1"])
    }
  }

  @Test func aRouteMayKeepForTheDayAnOverrideAsks() async throws {
    let routes = Self.routes(.keep)
    try await RunningGateway.scripted(routes: routes) { gateway, provider in
      let client = try await gateway.client()
      for _ in 0..<2 { #expect(try await !Self.asked(request(), client, provider).contains("x-commander-cache")) }
      // The provider is gone before the override comes.
      try await provider.connection(0).close()
      try await provider.close()
      let snapshot = RunningGateway.snapshot(
        providerPort: provider.port, overrides: RoutingOverrides(generation: 1, overrides: [Self.override()]), routes: routes)
      #expect(try await gateway.server.update(snapshot))
      try await client.send(request())
      #expect(try await client.receive(until: answer).contains("x-commander-cache: hit;"))
    }
  }

  // MARK: Beside other things

  @Test func budgetsCountTheRequestAndNothingElse() async throws {
    let budgets = [
      Budget(name: "tokens", scope: .tenant("acme"), limit: .tokens(10_000), period: .day),
      Budget(name: "requests", scope: .tenant("acme"), limit: .requests(3), period: .day),
    ]
    try await RunningGateway.scripted(routes: Self.caching, budgets: budgets) { gateway, provider in
      let client = try await gateway.client()
      try await Self.asked(request(), client, provider)
      for _ in 0..<2 {
        try await client.send(request())
        try await client.receive(until: answer)
      }
      try await client.send(request())
      #expect(try await client.receive(until: "}}").contains(#"budget \"requests\""#))
      _ = try await gateway.spans(4)
      let readings = gateway.budgets.readings(at: .now())
      #expect(readings.first { $0.name == "tokens" }?.usedShare == 0.0004)
    }
  }

  @Test func anAnswerFromTheCacheSaysNothingOfTheProvidersHealth() async throws {
    var routes = Self.caching
    routes[0].circuit.failures = 2
    try await RunningGateway.scripted(routes: routes) { gateway, provider in
      let client = try await gateway.client()
      try await Self.asked(request(), client, provider)
      for number in 0..<2 {
        try await Self.asked(
          request(#"{"model":"gpt-4o","messages":[\#(number)]}"#), client, provider, until: "\(number)]}",
          answering: response("{}", status: "500 Nope"), expecting: "{}")
        try await client.send(request())
        #expect(try await client.receive(until: answer).contains("x-commander-cache: hit;"))
      }
      #expect(gateway.server.circuits.map(\.isOpen) == [true])
    }
  }

  @Test func theBoundIsKept() async throws {
    var limits = GatewayLimits()
    limits.answerCacheBytes = 1 << 20
    let text = answer.replacing("hi", with: String(repeating: "a", count: 100_000))
    try await RunningGateway.scripted(limits: limits, routes: Self.caching) { gateway, provider in
      let client = try await gateway.client()
      func body(_ number: Int) -> String { #"{"model":"gpt-4o","messages":["\#(number)."]}"# }
      for number in 0..<20 {
        try await Self.asked(
          request(body(number)), client, provider, until: "\(number).\"]}", answering: response(text), expecting: text)
      }
      let counts = gateway.server.takeCacheCounts()
      #expect(counts.stored == 20 && counts.evicted >= 10 && counts.evicted < 20)
      try await client.send(request(body(19)))
      #expect(try await client.receive(until: text).contains("x-commander-cache: hit;"))
      #expect(
        try await Self.asked(
          request(body(0)), client, provider, until: "0.\"]}", answering: response(text), expecting: text
        ).contains("x-commander-cache: miss"), "the oldest made room")
    }
  }
}
