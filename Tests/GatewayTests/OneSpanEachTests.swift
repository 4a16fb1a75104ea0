// The promise of the data plane: every request that was accepted leaves one span, whatever goes wrong around it.

import Budgets
import Hummingbird
import LLMTelemetry
import Logging
import NIOPosix
import Simulation
import Testing

@testable import Gateway

@Suite(.timeLimit(.minutes(1))) struct OneSpanEachTests {
  private static var faults: [FaultRule] {
    func rule(_ name: String, _ share: Double, _ change: (inout FaultRule.Effect) -> Void) -> FaultRule {
      var effect = FaultRule.Effect()
      change(&effect)
      return FaultRule(name: name, condition: .init(share: share), effect: effect)
    }
    var busy = FaultRule.Effect()
    busy.status = 503
    return [
      // Often enough that the retry meets it again, and the fallback is asked.
      FaultRule(name: "busy", condition: .init(model: "gpt-4o", share: 0.3), effect: busy),
      rule("limited", 0.1) { $0.status = 429 }, rule("broken", 0.1) { $0.status = 500 },
      rule("cut", 0.15) { $0.cutAfterChunks = 1 },
      rule("invents", 0.1) { $0.hallucinates = true }, rule("untold", 0.1) { $0.omitsUsage = true },
      rule("mixed", 0.1) { $0.sendsUsageWithChoices = true }, rule("garbled", 0.1) { $0.isMalformed = true },
    ]
  }

  /// With retries, a fallback by translation, and a client that may leave without ending its answer.
  private static var routes: [Route] {
    var chat = Route(
      name: "chat", models: ["gpt-*"], targets: [RouteTarget(provider: "openai")],
      fallbacks: [RouteTarget(provider: "anthropic", model: "claude-haiku-4-5")])
    chat.retry.attempts = 1
    chat.retry.backoff = .milliseconds(1)
    chat.circuit.failures = 0
    var answers = Route(name: "answers", models: ["gemini-*"], provider: "gemini")
    answers.onClientDisconnect = .complete
    return [chat, answers, Route(name: "claude", models: ["claude-*"], provider: "anthropic")]
  }

  /// Small enough that the run meets their limits. Every request states its maximum, so none may be passed at all.
  private static let budgets = [
    Budget(name: "requests", scope: .tenant("acme"), limit: .requests(260), period: .day),
    Budget(name: "tokens", scope: .virtualKey("test"), limit: .tokens(60_000), period: .day),
    Budget(name: "money", scope: .feature("*"), limit: .money(Nanodollars(40_000_000)), period: .day),
  ]

  private static func checkBudgets(_ gateway: RunningGateway, _ spans: [LLMSpan]) throws {
    let statuses = gateway.budgets.snapshot(at: .now())
    #expect(statuses.count >= 4)
    for status in statuses {
      #expect(status.reserved == 0 && status.inFlight == 0, "every reservation of \(status.budget.name) was settled")
      #expect(
        status.observed.ofOneExchange == 0 && status.spent <= status.limit,
        "\(status.budget.name) of \(status.subject): \(status.spent) of \(status.limit)")
    }
    let reached = spans.count { $0.attempts > 0 }
    #expect(statuses.first { $0.budget.name == "requests" }?.spent == Int64(reached))
  }

  private enum Departure: CaseIterable { case atOnce, atFirstByte }

  @Test func hundredsOfRequestsThroughFaultsAndDeparturesLeaveOneSpanEach() async throws {
    let simulator = ProviderSimulator(faults: Self.faults)
    let (ports, listening) = AsyncStream<Int>.makeStream()
    var logger = Logger(label: "provider-simulator")
    logger.logLevel = .critical
    let application = simulator.application(logger: logger) { listening.yield($0) }
    let service = Task { try await application.runService(gracefulShutdownSignals: []) }
    let port = try #require(await ports.first { _ in true })
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
    let workers = 16
    let each = 20
    try await RunningGateway.run(
      providerPort: port, group: group, routes: Self.routes, budgets: Self.budgets
    ) { gateway in
      try await withThrowingTaskGroup { tasks in
        for worker in 0..<workers {
          tasks.addTask {
            var random = SplitMix64(state: UInt64(worker))
            for _ in 0..<each { try await Self.call(gateway, &random) }
          }
        }
        try await tasks.waitForAll()
      }
      let spans = try await gateway.spans(workers * each)
      try Self.checkBudgets(gateway, spans)
      try await gateway.server.shutdown(patience: .seconds(10))
      #expect(gateway.spanCount == workers * each, "none twice")
      #expect(Set(spans.map(\.spanID)).count == workers * each)
      let classes = Set(spans.map(\.outcome.errorClass))
      #expect(
        classes.isSuperset(of: [nil, .rateLimited, .providerError, .network, .cancelled, .quotaExhausted]),
        "the run met every kind of end")
      #expect(spans.contains { $0.attempts > 1 } && spans.contains { $0.fallbackFrom != nil }, "retries and fallbacks too")
    }
    service.cancel()
    _ = await service.result
    // Fails when a connection is left open that nobody closes.
    try await group.shutdownGracefully()
  }

  private static func call(_ gateway: RunningGateway, _ random: inout SplitMix64) async throws {
    let streams = Bool.random(using: &random)
    let text = "Number \(Int.random(in: 0..<1000, using: &random))"
    let headers = "Connection: close\r\nx-commander-feature: f\(Int.random(in: 0..<3, using: &random))\r\n"
    let messages = #""messages":[{"role":"user","content":"\#(text)"}]"#
    let sent =
      switch Int.random(in: 0..<4, using: &random) {
      case 0: request(#"{"model":"gpt-4o","max_tokens":400,"stream":\#(streams),\#(messages)}"#, headers: headers)
      case 1:
        request(
          #"{"contents":[{"role":"user","parts":[{"text":"\#(text)"}]}],"generationConfig":{"maxOutputTokens":400}}"#,
          path: "/v1beta/models/gemini-2.5-flash:" + (streams ? "streamGenerateContent?alt=sse" : "generateContent"),
          headers: headers)
      case 2:
        request(
          #"{"model":"claude-haiku-4-5","max_tokens":400,"stream":\#(streams),\#(messages)}"#, path: "/v1/messages",
          headers: headers)
      default:
        request(
          #"{"model":"gpt-4o","max_output_tokens":400,"stream":\#(streams),"input":"\#(text)"}"#, path: "/v1/responses",
          headers: headers)
      }
    let client = try await gateway.client()
    try await client.send(sent)
    let departure = Int.random(in: 0..<8, using: &random) == 0 ? Departure.allCases.randomElement(using: &random) : nil
    if departure == .atFirstByte {
      try await eventually("a first byte") { client.receivedCount > 0 || client.isClosed ? () : nil }
    }
    if departure != nil { client.close() }
    try await client.receiveClose()
  }
}
