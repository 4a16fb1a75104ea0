// Overrides in force at a real gateway: what is sent to the provider, what is refused and how it is said, and what spans carry.

import Budgets
import LLMTelemetry
import Providers
import Testing

@testable import Gateway

@Suite(.timeLimit(.minutes(1))) struct OverrideTests {
  private static func override(
    _ action: RoutingOverride.Action, id: String = "OVR-1", share: Int = 1_000, expires: Duration = .seconds(3_600)
  ) -> RoutingOverride {
    RoutingOverride(
      id: id, action: action, incident: "INC-1", appliedAt: .now(), expiresAt: .now() + expires, sharePerMille: share)
  }

  /// A gateway with the overrides in force.
  private static func run(
    _ overrides: [RoutingOverride], routes: [Route]? = nil,
    _ body: (RunningGateway, ScriptedProvider, RawConnection) async throws -> Void
  ) async throws {
    try await RunningGateway.scripted(routes: routes) { gateway, provider in
      let snapshot = RunningGateway.snapshot(
        providerPort: provider.port, overrides: RoutingOverrides(generation: 1, overrides: overrides), routes: routes)
      #expect(try await gateway.server.update(snapshot))
      try await body(gateway, provider, try await gateway.client())
    }
  }

  /// What the provider gets of a request whose body ends with `end`.
  private static func served(
    _ overrides: [RoutingOverride], body: String, path: String = "/v1/chat/completions", until end: String
  ) async throws -> (sent: String, span: LLMSpan) {
    var sent = ""
    var span: LLMSpan?
    try await run(overrides) { gateway, provider, client in
      try await client.send(request(body, path: path))
      sent = try await provider.connection().receive(until: end)
      try await provider.connection().send(response(answer))
      try await client.receive(until: answer)
      span = try await gateway.span()
    }
    return (sent, try #require(span))
  }

  @Test(arguments: [
    (
      "/v1/chat/completions", #"{"model":"gpt-4o","max_tokens":900,"messages":[]}"#,
      #"{"model":"gpt-4o","max_tokens":256,"messages":[]}"#
    ),
    (
      "/v1/messages", #"{"model":"claude-sonnet-4-5","max_tokens":900,"messages":[]}"#,
      #"{"model":"claude-sonnet-4-5","max_tokens":256,"messages":[]}"#
    ),
    (
      "/v1beta/models/gemini-2.5-flash:generateContent", #"{"contents":[]}"#,
      #"{"generationConfig":{"maxOutputTokens":256},"contents":[]}"#
    ),
  ])
  func aCapIsSplicedIntoTheRequestOfEachProtocol(path: String, body: String, expected: String) async throws {
    let (sent, span) = try await Self.served(
      [Self.override(.capOutputTokens(RequestScope(tenant: "acme"), tokens: 256))], body: body, path: path, until: expected)
    #expect(sent.hasSuffix("\r\n\r\n\(expected)"))
    #expect(span.dimensions.override == "OVR-1")
  }

  @Test func aCapForAnotherTenantIsNotObeyed() async throws {
    let body = #"{"model":"gpt-4o","messages":[{}]}"#
    let (sent, span) = try await Self.served(
      [Self.override(.capOutputTokens(RequestScope(tenant: "globex"), tokens: 256))], body: body, until: "[{}]}")
    #expect(sent.hasSuffix("\r\n\r\n\(body)") && span.dimensions.override == nil)
  }

  @Test func aToolIsTakenAway() async throws {
    let search = #"{"type":"function","function":{"name":"search"}}"#
    let sum = #"{"type":"function","function":{"name":"sum"}}"#
    let (sent, _) = try await Self.served(
      [Self.override(.removeTool(RequestScope(route: "chat"), tool: "search"))],
      body: #"{"model":"gpt-4o","tools":[\#(search),\#(sum)],"messages":[]}"#, until: #""messages":[]}"#)
    #expect(sent.hasSuffix(#"{"model":"gpt-4o","tools":[\#(sum)],"messages":[]}"#))
  }

  @Test func aClosedRouteIsA503InTheClientsShapeAndNoError() async throws {
    for (path, body, shape) in [
      ("/v1/chat/completions", #"{"model":"gpt-4o","messages":[]}"#, #""code":"withheld""#),
      ("/v1beta/models/gemini-2.5-flash:generateContent", "{}", #""status":"UNAVAILABLE""#),
    ] {
      try await Self.run([
        Self.override(.closeRoute(route: "chat")), Self.override(.closeRoute(route: "answers"), id: "OVR-2"),
      ]) { gateway, provider, client in
        try await client.send(request(body, path: path))
        let got = try await client.receive(until: "}}")
        #expect(got.contains("503 ") && got.contains(shape) && got.contains("is closed by override OVR-"))
        let span = try await gateway.span()
        #expect(!span.outcome.countsAsError && span.outcome.errorClass == .withheld && span.attempts == 0)
        #expect(span.dimensions.override?.hasPrefix("OVR-") == true && provider.connectionCount == 0)
      }
    }
  }

  @Test func aThrottleLetsItsRateThroughAndSaysWhenToComeBack() async throws {
    // Six a minute: one at once, and none for ten seconds.
    try await Self.run([Self.override(.throttle(RequestScope(key: "test"), requestsPerMinute: 6))]) { gateway, provider, client in
      try await client.send(request())
      try await provider.connection().receive(until: "[]}")
      try await provider.connection().send(response(answer))
      try await client.receive(until: answer)
      // Another connection may be on another loop: the rate is one for all.
      for _ in 0..<3 {
        let other = try await gateway.client()
        try await other.send(request())
        let got = try await other.receive(until: "}}")
        #expect(got.contains("429 ") && got.contains("retry-after: ") && got.contains("6 requests a minute"))
      }
      let spans = try await gateway.spans(4)
      #expect(spans.count { $0.outcome.errorClass == .withheld } == 3)
      #expect(spans.allSatisfy { $0.dimensions.override == "OVR-1" })
    }
  }

  @Test func aShareOfSessionsIsTreatedAndTheOthersAreItsControl() async throws {
    let half = Self.override(
      .fallBackModel(route: "chat", from: RoutingOverride.anyModel, toProvider: "openai", toModel: "gpt-4o-mini"), share: 500)
    let routes = [
      Route(
        name: "chat", models: ["gpt-*"],
        targets: [RouteTarget(provider: "openai"), RouteTarget(provider: "openai", model: "gpt-4.1", weight: 0)])
    ]
    try await Self.run([half], routes: routes) { gateway, provider, client in
      var models: [String: Set<String>] = [:]
      for round in 0..<2 {
        for session in 0..<12 {
          try await client.send(request(headers: "x-commander-session: s\(session)\r\n"))
          let sent = try await provider.connection().receive(until: "[]}")
          models["s\(session)", default: []].insert(sent.contains("gpt-4o-mini") ? "treated" : "control")
          try await provider.connection().send(response(answer))
          try await client.receive(until: answer)
        }
        #expect(models.values.allSatisfy { $0.count == 1 }, "a session stays on its side, also in round \(round)")
      }
      #expect(Set(models.values.flatMap(\.self)) == ["treated", "control"])
      for span in try await gateway.spans(24) {
        let isTreated = span.dimensions.model == "gpt-4o-mini"
        #expect(span.dimensions.override == (isTreated ? "OVR-1" : "OVR-1:control"))
      }
    }
  }

  @Test func anOverrideWhoseTimeIsOverIsNotObeyedEvenWhenNobodyTakesItBack() async throws {
    let body = #"{"model":"gpt-4o","messages":[{}]}"#
    let (_, span) = try await Self.served(
      [Self.override(.closeRoute(route: "chat"), expires: .seconds(-1))], body: body, until: "[{}]}")
    #expect(span.outcome == .ok && span.dimensions.override == nil)
  }

  @Test func aTemporaryBudgetRefusesUnderItsOverridesName() async throws {
    let override = Self.override(.limitSpending(tenant: "acme", perHour: Nanodollars(1)))
    let overrides = RoutingOverrides(generation: 1, overrides: [override])
    #expect(overrides.temporaryBudgets.map(\.name) == ["OVR-1"])
    try await RunningGateway.scripted { gateway, provider in
      gateway.budgets.replace(overrides.temporaryBudgets, at: .now())
      #expect(try await gateway.server.update(RunningGateway.snapshot(providerPort: provider.port, overrides: overrides)))
      let client = try await gateway.client()
      try await client.send(request())
      #expect(try await client.receive(until: "}}").contains("429 "))
      let span = try await gateway.span()
      #expect(span.outcome.errorClass == .withheld && span.dimensions.override == "OVR-1")
    }
  }
}

@Suite struct OverrideDecisionTests {
  private static let now = Timestamp(unixSeconds: 1_800_000_000)

  private func decision(_ actions: [RoutingOverride.Action], shares: [Int] = []) -> OverrideDecision {
    let overrides = actions.enumerated().map { index, action in
      RoutingOverride(
        id: "OVR-\(index + 1)", action: action, incident: "INC-1", appliedAt: Self.now, expiresAt: Self.now + .seconds(60),
        sharePerMille: shares.indices.contains(index) ? shares[index] : 1_000)
    }
    return OverrideDecision(RoutingOverrides(generation: 1, overrides: overrides), at: Self.now, ticket: 7)
  }

  private func decide(_ decision: inout OverrideDecision, route: Route) throws {
    let target = try #require(RequestTarget(uri: "/v1/chat/completions"))
    let facts = AdmittedFacts(wireProtocol: target.wireProtocol, bodyFormat: target.bodyFormat)
    facts.dimensions.route = route.name
    try decision.decide(
      facts: facts, route: route, asked: "m", target: target, snapshot: RunningGateway.snapshot(providerPort: 1)
    ) { _, _ in nil }
  }

  @Test func weightsAreShiftedButNobodyIsLeftWithoutATarget() throws {
    let route = Route(
      name: "r", models: ["m"],
      targets: [RouteTarget(provider: "a", weight: 9), RouteTarget(provider: "b", weight: 1)])
    var away = decision([.shiftWeight(route: "r", provider: "a", model: nil, toPercent: 0)])
    try decide(&away, route: route)
    #expect(away.targets(of: route)?.map(\.weight) == [0, 100])
    var less = decision([.shiftWeight(route: "r", provider: "a", model: nil, toPercent: 20)])
    try decide(&less, route: route)
    #expect(less.targets(of: route)?.map(\.weight) == [180, 100])
    var all = decision([
      .shiftWeight(route: "r", provider: "a", model: nil, toPercent: 0),
      .shiftWeight(route: "r", provider: "b", model: nil, toPercent: 0),
    ])
    try decide(&all, route: route)
    #expect(all.targets(of: route) == nil)
  }

  @Test func retriesAreOnlyEverLowered() throws {
    var policy = RetryPolicy()
    policy.attempts = 2
    let route = Route(name: "r", models: ["m"], provider: "a")
    for (limit, expected) in [(0, 0), (1, 1), (5, 2)] {
      var limited = decision([.limitRetries(route: "r", attempts: limit)])
      try decide(&limited, route: route)
      #expect(limited.retry(policy).attempts == expected)
    }
  }

  @Test func theMarkIsThatOfTheOverrideUnderTrial() throws {
    let route = Route(name: "r", models: ["m"], provider: "a")
    var both = decision(
      [
        .capOutputTokens(RequestScope(route: "r"), tokens: 9), .removeTool(RequestScope(route: "r"), tool: "t"),
        .limitRetries(route: "r", attempts: 0),
      ], shares: [1_000, 0, 1_000])
    try decide(&both, route: route)
    #expect(both.mark == "OVR-2:control")
  }

  @Test func aCanaryIsStoppedForItsVersionOnly() throws {
    let prompt = ManagedPrompt(
      name: "p", versions: ["1": "a", "2": "b"], production: "1", canary: .init(version: "2", sharePerMille: 1_000))
    let canary = try prompt.resolve(ticket: 7)
    #expect(canary.version == "2")
    var stopped = decision([.stopCanary(prompt: "p", version: "2")])
    #expect(try stopped.resolve(canary, of: prompt, ticket: 7).version == "1")
    var other = decision([.stopCanary(prompt: "p", version: "3")])
    #expect(try other.resolve(canary, of: prompt, ticket: 7).version == "2")
    // A client that names the version asked for it.
    #expect(try stopped.resolve(try prompt.resolve(version: "2", ticket: 7), of: prompt, ticket: 7).version == "2")
  }
}
