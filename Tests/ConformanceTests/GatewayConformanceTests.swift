// The vendors' own Python SDKs, both generations, as unmodified clients of the gateway: what they see, and the one span each call leaves.

import LLMTelemetry
import Simulation
import Testing

@Suite struct GatewayConformanceTests {
  private static let scenarios: [VendorSDK.Scenario] = [
    .complete, .dimensions, .stream, .streamUsage, .upstream429, .upstream500, .disconnect,
  ]

  @Test(arguments: VendorSDK.allCases, [PythonVerifier.Environment.sdkCurrent, .sdkPrevious])
  func eachCallLeavesExactlyOneTrueSpan(sdk: VendorSDK, environment: PythonVerifier.Environment) async throws {
    let slow = sdk == .openAI ? "gpt-4o" : "gemini-2.5-pro"
    let simulator = ProviderSimulator(faults: Self.faults(slowModel: slow), pace: .visible)
    let models: [VendorSDK.Scenario: String] = [.upstream429: "failing-429", .upstream500: "failing-500", .disconnect: slow]
    let (reports, spans) = try await Deployment.run(simulator: simulator) { deployment in
      try await sdk.run(Self.scenarios, in: environment, baseURL: deployment.gatewayURL, key: Deployment.key, models: models)
    }
    try #require(reports.count == Self.scenarios.count)
    try #require(spans.count == Self.scenarios.count, "\(spans.map { "\($0.name) \($0.outcome)" })")
    for (index, scenario) in Self.scenarios.enumerated() {
      check(spans[index], reports[index], scenario, sdk, asked: reports[0].usage)
    }
    // What the client streamed is what it would have got in one piece: nothing was lost on the way.
    #expect(reports[2].text == reports[0].text && reports[3].text == reports[0].text)
    // The provider saw its own credential and neither ours nor what is meant for us.
    for request in simulator.requestLog.requests {
      let headers = request.headers.map { "\($0.name): \($0.value)" }.joined(separator: "\n").lowercased()
      #expect(headers.contains("upstream-secret") && !headers.contains(Deployment.key) && !headers.contains("x-commander-"))
    }
  }

  @Test(arguments: VendorSDK.allCases, [PythonVerifier.Environment.sdkCurrent, .sdkPrevious])
  func refusalsAreTheSDKsOwnExceptions(sdk: VendorSDK, environment: PythonVerifier.Environment) async throws {
    let (_, spans) = try await Deployment.run(simulator: ProviderSimulator()) { deployment in
      _ = try await sdk.run([.badKey], in: environment, baseURL: deployment.gatewayURL, key: "ck-nobody")
      _ = try await sdk.run(
        [.unknownModel], in: environment, baseURL: deployment.gatewayURL, key: Deployment.key,
        models: [.unknownModel: "no-such-model"])
    }
    #expect(spans.map(\.outcome.errorClass) == [.auth, .invalidRequest])
    #expect(spans.map(\.httpStatus) == [401, 404])
    #expect(spans.allSatisfy { $0.attempts == 0 && $0.cost.amount == Nanodollars(0) })
  }

  private static func faults(slowModel: String) -> [FaultRule] {
    var slow = FaultRule.Effect()
    slow.chunkGap = .milliseconds(300)
    // Long enough that the stream is far from its end when the client leaves.
    slow.lengthFactor = 8
    return [FaultRule(name: "slow", condition: .init(model: slowModel), effect: slow)]
      + [429, 500].map { status in
        var effect = FaultRule.Effect()
        effect.status = status
        return FaultRule(name: "status \(status)", condition: .init(model: "failing-\(status)"), effect: effect)
      }
  }

  /// - Parameter asked: what the SDK reported for the same question in one piece.
  private func check(_ span: LLMSpan, _ report: SDKReport, _ scenario: VendorSDK.Scenario, _ sdk: VendorSDK, asked: [String: Int])
  {
    #expect(span.kind == .llm && span.attempts == 1 && span.accountsForExchange, "\(scenario)")
    #expect(span.dimensions.service == "conformance" && span.dimensions.env == "test", "\(scenario)")
    #expect(span.dimensions.region == (sdk == .vertex ? "us-central1" : nil), "\(scenario)")
    switch scenario {
    case .complete, .dimensions, .stream, .streamUsage:
      #expect(span.outcome == .ok && span.httpStatus == 200 && span.finishReason == .stop, "\(scenario)")
      #expect(span.isStreaming == (scenario == .stream || scenario == .streamUsage), "\(scenario)")
      #expect((span.timeToFirstToken != nil) == span.isStreaming, "\(scenario)")
      expectUsage(span, asked, sdk, scenario)
      if scenario == .dimensions { #expect(span.dimensions.tenant == "acme" && span.dimensions.feature == "search") }
    case .upstream429:
      #expect(span.outcome.errorClass == .rateLimited && span.httpStatus == 429)
      #expect(span.usage.isUnknown && span.cost == .unknown)
    case .upstream500:
      #expect(span.outcome.errorClass == .providerError && span.httpStatus == 500)
      #expect(span.usage.isUnknown && span.cost == .unknown)
    case .disconnect:
      #expect(span.outcome.errorClass == .cancelled && span.httpStatus == 200)
      #expect(!span.outcome.countsAsError)
      // Two chunks of a far longer answer: some tokens, and a cost that says it is no exact figure.
      #expect((span.usage.totalOutput ?? 0) > 0 && (span.usage.totalInput ?? 0) > 0)
      #expect(["estimated", "partial"].contains(span.cost.exactness) && (span.cost.amount ?? Nanodollars(0)) > Nanodollars(0))
    case .badKey, .unknownModel: Issue.record("not run here")
    }
  }

  /// Nano-dollars per token of the default models, written down here by hand: input, cached input, output.
  private static let prices: [VendorSDK: (Int64, Int64, Int64)] = [
    .openAI: (150, 75, 600), .gemini: (300, 30, 2500), .vertex: (300, 30, 2500),
  ]

  private func expectUsage(_ span: LLMSpan, _ asked: [String: Int], _ sdk: VendorSDK, _ scenario: VendorSDK.Scenario) {
    let prompt = asked[sdk == .openAI ? "prompt_tokens" : "prompt_token_count"]
    let cached = asked[sdk == .openAI ? "prompt_tokens_details.cached_tokens" : "cached_content_token_count"]
    let answer = asked[sdk == .openAI ? "completion_tokens" : "candidates_token_count"]
    let thoughts = asked[sdk == .openAI ? "completion_tokens_details.reasoning_tokens" : "thoughts_token_count"]
    #expect(span.usage.totalInput == prompt && span.usage.cacheRead == cached, "\(scenario)")
    #expect(span.usage.reasoning == thoughts, "\(scenario)")
    let visible = sdk == .openAI ? answer.map { $0 - (thoughts ?? 0) } : answer
    #expect(span.usage.output == visible && !span.usage.isEstimated, "\(scenario)")
    let (input, read, output) = Self.prices[sdk] ?? (0, 0, 0)
    let expected =
      Int64((prompt ?? 0) - (cached ?? 0)) * input + Int64(cached ?? 0) * read + Int64((visible ?? 0) + (thoughts ?? 0)) * output
    #expect(span.cost.exactness == "exact" && span.cost.amount == Nanodollars(expected), "\(scenario)")
  }
}
