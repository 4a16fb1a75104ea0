// llama.cpp's server, a provider that nobody here wrote, behind the gateway: what the SDKs are told is what the spans say.

import LLMTelemetry
import Testing

@Suite struct SDKThirdPartyTests {
  private static let openAIScenarios: [VendorSDK.Scenario] = [
    .complete, .stream, .streamUsage, .responses, .responsesStream, .embed, .embedFloat, .embedBatch,
  ]
  private static let anthropicScenarios: [VendorSDK.Scenario] = [.complete, .stream, .countTokens]

  @Test(.timeLimit(.minutes(3)), arguments: [PythonVerifier.Environment.sdkCurrent, .sdkPrevious])
  func aRealServerIsRelayedAndAccountedFor(environment: PythonVerifier.Environment) async throws {
    let llama = try await LlamaServer.start()
    defer { llama.stop() }
    let (reports, spans) = try await Deployment.run(provider: llama.url, extra: Self.routes) { deployment in
      let openAI = try await VendorSDK.openAI.run(
        Self.openAIScenarios, in: environment, baseURL: deployment.gatewayURL, key: Deployment.key, model: "tiny")
      let anthropic = try await VendorSDK.anthropic.run(
        Self.anthropicScenarios, in: environment, baseURL: deployment.gatewayURL, key: Deployment.key, model: "tiny")
      return openAI + anthropic
    }
    let scenarios = Self.openAIScenarios + Self.anthropicScenarios
    try #require(reports.count == scenarios.count)
    try #require(spans.count == scenarios.count, "\(spans.map { "\($0.name) \($0.outcome)" })")
    for (index, scenario) in scenarios.enumerated() {
      let (span, report) = (spans[index], reports[index])
      #expect(span.outcome == .ok && span.httpStatus == 200 && span.attempts == 1, "\(scenario)")
      #expect(span.kind == (scenario.isEmbedding ? .embedding : scenario == .countTokens ? .task : .llm), "\(scenario)")
      if scenario == .countTokens { continue }
      // A model without a price: nothing is made up.
      #expect(!span.usage.isEstimated && span.cost == .unknown, "\(scenario)")
      if let reported = ReportedTokens(report.usage) {
        #expect(ReportedTokens(span) == reported, "\(scenario)")
      } else {
        // The client did not ask for usage; the gateway did, and saw that the answer was cut at the server's limit.
        #expect(scenario == .stream && span.usage.totalOutput == LlamaServer.tokensPerAnswer, "\(scenario)")
      }
      // The server says stop, length or completed, by interface; a random model never ends by itself.
      if !scenario.isEmbedding, scenario != .responses, scenario != .responsesStream {
        #expect(span.finishReason == .length, "\(scenario)")
      }
    }
    #expect(reports[5].vectors == reports[6].vectors, "base64 and decimal numbers are the same vector")
  }

  private static let routes = """
      - {name: tiny-chat, models: [tiny], provider: openai}
      - {name: tiny-messages, models: [tiny], provider: anthropic}

    """
}
