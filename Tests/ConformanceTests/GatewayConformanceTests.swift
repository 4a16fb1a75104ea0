// The vendors' own Python SDKs, both generations, as unmodified clients of the gateway: what they see, and the one span each call leaves.

import LLMTelemetry
import Simulation
import Testing

@Suite struct GatewayConformanceTests {
  @Test(arguments: SDKClient.all)
  func eachAnswerLeavesOneSpanWithTheTokensAndThePriceThatTheSDKSaw(client: SDKClient) async throws {
    let simulator = ProviderSimulator(pace: .visible)
    let scenarios = client.answered
    let (reports, spans) = try await Deployment.run(simulator: simulator) { deployment in
      try await client.sdk.run(scenarios, in: client.environment, baseURL: deployment.gatewayURL, key: Deployment.key)
    }
    try #require(reports.count == scenarios.count)
    try #require(spans.count == scenarios.count, "\(spans.map { "\($0.name) \($0.outcome)" })")
    let answers = Dictionary(zip(scenarios, reports)) { first, _ in first }
    for (index, scenario) in scenarios.enumerated() {
      checkAnswer(spans[index], reports[index], scenario, client.sdk, whole: answers[.complete])
    }
    // What the client streamed is what it would have got in one piece: nothing was lost on the way.
    #expect(answers[.stream]?.text == answers[.complete]?.text && answers[.streamUsage]?.text == answers[.complete]?.text)
    #expect(answers[.embedFloat]?.vectors == (answers[.embedFloat] == nil ? nil : answers[.embed]?.vectors))
    // The provider saw its own credential and neither ours nor what is meant for us.
    for request in simulator.requestLog.requests {
      let headers = request.headers.map { "\($0.name): \($0.value)" }.joined(separator: "\n").lowercased()
      #expect(headers.contains("upstream-secret") && !headers.contains(Deployment.key) && !headers.contains("x-commander-"))
      #expect(!request.target.contains(Deployment.key))
    }
  }

  @Test(arguments: SDKClient.all)
  func eachBrokenCallLeavesOneSpanThatSaysHow(client: SDKClient) async throws {
    let simulator = ProviderSimulator(faults: Self.faults(slowModel: client.sdk.slowModel), pace: .visible)
    let scenarios = client.broken
    let models: [VendorSDK.Scenario: String] = [
      .upstream429: "failing-429", .upstream500: "failing-500", .upstream529: "failing-529", .cut: "failing-cut",
      .disconnect: client.sdk.slowModel,
    ]
    let (reports, spans) = try await Deployment.run(simulator: simulator) { deployment in
      try await client.sdk.run(
        scenarios, in: client.environment, baseURL: deployment.gatewayURL, key: Deployment.key, models: models)
    }
    try #require(reports.count == scenarios.count)
    try #require(spans.count == scenarios.count, "\(spans.map { "\($0.name) \($0.outcome)" })")
    for (span, scenario) in zip(spans, scenarios) {
      #expect(span.kind == .llm && span.attempts == 1 && span.accountsForExchange, "\(scenario)")
      if let status = scenario.upstreamStatus {
        #expect(span.httpStatus == status && span.usage.isUnknown && span.cost.exactness != "exact", "\(scenario)")
        let expected: ErrorClass = status == 429 ? .rateLimited : status == 529 ? .overloaded : .providerError
        #expect(span.outcome.errorClass == expected, "\(scenario)")
      } else {
        // Some tokens of a longer answer, and a cost that says it is no exact figure.
        #expect(span.httpStatus == 200 && (span.usage.totalOutput ?? 0) > 0 && (span.usage.totalInput ?? 0) > 0, "\(scenario)")
        if scenario == .disconnect {
          #expect(span.outcome.errorClass == .cancelled && !span.outcome.countsAsError)
          #expect(
            ["estimated", "partial"].contains(span.cost.exactness) && (span.cost.amount ?? Nanodollars(0)) > Nanodollars(0))
        } else {
          #expect(span.outcome.countsAsError && span.cost.exactness != "exact", "\(scenario)")
        }
      }
    }
  }

  @Test(arguments: SDKClient.all.filter { !$0.refused.isEmpty })
  func refusalsAreTheSDKsOwnExceptions(client: SDKClient) async throws {
    let (_, spans) = try await Deployment.run(simulator: ProviderSimulator()) { deployment in
      _ = try await client.sdk.run([.badKey], in: client.environment, baseURL: deployment.gatewayURL, key: "ck-nobody")
      _ = try await client.sdk.run(
        [.unknownModel], in: client.environment, baseURL: deployment.gatewayURL, key: Deployment.key,
        models: [.unknownModel: "no-such-model"])
    }
    #expect(spans.map(\.outcome.errorClass) == [.auth, .invalidRequest])
    #expect(spans.map(\.httpStatus) == [401, 404])
    #expect(spans.allSatisfy { $0.attempts == 0 && $0.cost.amount == Nanodollars(0) })
  }

  @Test(arguments: [PythonVerifier.Environment.sdkCurrent, .sdkPrevious])
  func modelsAreListedToTheOpenAISDK(environment: PythonVerifier.Environment) async throws {
    let (reports, spans) = try await Deployment.run(simulator: ProviderSimulator()) { deployment in
      try await VendorSDK.openAI.run(
        [.models, .model], in: environment, baseURL: deployment.gatewayURL, key: Deployment.key)
    }
    #expect(reports.first?.text.contains("gpt-4o") == true && reports.last?.text == "gpt-4o-mini")
    #expect(spans.allSatisfy { $0.kind != .llm && ($0.cost.amount ?? Nanodollars(0)) == Nanodollars(0) })
  }

  private static func faults(slowModel: String) -> [FaultRule] {
    var slow = FaultRule.Effect()
    slow.chunkGap = .milliseconds(300)
    // Long enough that the stream is far from its end when the client leaves.
    slow.lengthFactor = 8
    var cut = FaultRule.Effect()
    // After message_start and some text: a stream without any text says nothing of tokens.
    cut.cutAfterChunks = 5
    cut.lengthFactor = 4
    return [
      FaultRule(name: "slow", condition: .init(model: slowModel), effect: slow),
      FaultRule(name: "cut", condition: .init(model: "failing-cut"), effect: cut),
    ]
      + [429, 500, 529].map { status in
        var effect = FaultRule.Effect()
        effect.status = status
        return FaultRule(name: "status \(status)", condition: .init(model: "failing-\(status)"), effect: effect)
      }
  }

  /// - Parameter whole: what the SDK reported for the same question in one piece.
  private func checkAnswer(
    _ span: LLMSpan, _ report: SDKReport, _ scenario: VendorSDK.Scenario, _ sdk: VendorSDK, whole: SDKReport?
  ) {
    #expect(span.outcome == .ok && span.httpStatus == 200 && span.attempts == 1 && span.accountsForExchange, "\(scenario)")
    #expect(span.dimensions.service == "conformance" && span.dimensions.env == "test", "\(scenario)")
    #expect(span.dimensions.region == sdk.region, "\(scenario)")
    if scenario == .dimensions { #expect(span.dimensions.tenant == "acme" && span.dimensions.feature == "search") }
    if scenario == .countTokens {
      #expect(span.kind == .task && (span.cost.amount ?? Nanodollars(0)) == Nanodollars(0))
      return
    }
    #expect(span.isStreaming == scenario.isStreaming && (span.timeToFirstToken != nil) == scenario.isStreaming, "\(scenario)")
    #expect(span.kind == (scenario.isEmbedding ? .embedding : .llm), "\(scenario)")
    if !scenario.isEmbedding {
      // Google says STOP after a call too.
      let finish: [FinishReason?] = scenario.isTool ? [.toolCalls, .stop] : [.stop]
      #expect(finish.contains(span.finishReason), "\(scenario): \(String(describing: span.finishReason))")
    }
    checkTokens(span, report, scenario, sdk, whole: whole)
  }

  private func checkTokens(
    _ span: LLMSpan, _ report: SDKReport, _ scenario: VendorSDK.Scenario, _ sdk: VendorSDK, whole: SDKReport?
  ) {
    let counted = ReportedTokens(span)
    if let reported = ReportedTokens(report.usage) ?? (scenario == .stream ? whole.flatMap { ReportedTokens($0.usage) } : nil) {
      #expect(counted == reported, "\(scenario)")
    } else {
      // The client threw the count away: LangChain gives vectors alone, and so does an older Google SDK.
      #expect(scenario.isEmbedding && counted.totalInput == Self.tokens(of: scenario), "\(scenario)")
    }
    #expect(!span.usage.isEstimated && span.usage.totalInput != nil, "\(scenario)")
    let model = span.dimensions.model ?? ""
    let price = Self.prices[model]
    #expect(span.cost.exactness == price?.exactness, "\(scenario) with \(model)")
    #expect(span.cost.amount == price?.cost(of: counted), "\(scenario) with \(model)")
  }

  /// What the simulated provider counts for the texts that `questions.py` embeds.
  private static func tokens(of scenario: VendorSDK.Scenario) -> Int {
    let texts = ["The quick brown fox jumps over the lazy dog.", "A second text, to be told apart from the first one."]
    return texts.prefix(scenario == .embedBatch ? 2 : 1).reduce(0) { $0 + SimulatedModel.tokenCount(of: $1) }
  }

  /// Nano-dollars per token, written down here by hand.
  private struct Price {
    var input: Int64
    var read: Int64 = 0
    var write: Int64 = 0
    var hour: Int64 = 0
    var output: Int64 = 0
    var exactness = "exact"

    func cost(of tokens: ReportedTokens) -> Nanodollars {
      let prompt = Int64(tokens.input) * input + Int64(tokens.cacheRead) * read
      let written = Int64(tokens.cacheWrite) * write + Int64(tokens.cacheWriteHour) * hour
      return Nanodollars(prompt + written + Int64(tokens.totalOutput) * output)
    }
  }

  private static let prices: [String: Price] = [
    "gpt-4o-mini": Price(input: 150, read: 75, output: 600),
    "claude-sonnet-4-5": Price(input: 3000, read: 300, write: 3750, hour: 6000, output: 15_000),
    "gemini-2.5-flash": Price(input: 300, read: 30, output: 2500),
    "text-embedding-3-small": Price(input: 20),
    "gemini-embedding-001": Price(input: 150),
    // Google bills it by characters, so a price per token is a conversion.
    "text-embedding-005": Price(input: 100, exactness: "estimated"),
  ]
}
