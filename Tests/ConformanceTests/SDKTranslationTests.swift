// The openai package asks models of other vendors through the gateway, which translates: the same answers, counts and prices.

import LLMTelemetry
import Simulation
import Testing

@Suite struct SDKTranslationTests {
  private static let scenarios: [VendorSDK.Scenario] = [
    .complete, .dimensions, .stream, .streamUsage, .tool, .toolStream, .toolResult,
  ]

  /// Routes whose models are aliases: OpenAI's form comes in, another vendor's goes out.
  private static let aliases = [
    ("as-gemini", "gemini-2.5-flash", "gemini", "gcp.gemini"),
    ("as-vertex", "gemini-2.5-flash", "vertex-here", "gcp.vertex_ai"),
    ("as-claude", "claude-sonnet-4-5", "anthropic", "anthropic"),
    ("as-vertex-claude", "claude-sonnet-4-5", "vertex-here", "gcp.vertex_ai"),
  ]

  private static let routes = aliases.map { alias, model, provider, _ in
    "  - {name: \(alias), models: [\(alias)], targets: [{provider: \(provider), model: \(model)}]}\n"
  }.joined()

  @Test(arguments: aliases, [PythonVerifier.Environment.sdkCurrent, .sdkPrevious])
  func anotherVendorsModelAnswersInOpenAIsForm(
    alias: (name: String, model: String, provider: String, vendor: String), environment: PythonVerifier.Environment
  ) async throws {
    let simulator = ProviderSimulator(pace: .visible)
    let (reports, spans) = try await Deployment.run(simulator: simulator, extra: Self.routes) { deployment in
      try await VendorSDK.openAI.run(
        Self.scenarios, in: environment, baseURL: deployment.gatewayURL, key: Deployment.key, model: alias.name,
        translated: true)
    }
    try #require(reports.count == Self.scenarios.count && spans.count == Self.scenarios.count)
    for (index, scenario) in Self.scenarios.enumerated() {
      let span = spans[index]
      #expect(span.outcome == .ok && span.kind == .llm && span.dimensions.provider == alias.vendor, "\(scenario)")
      #expect(span.dimensions.model == alias.model && span.cost.exactness == "exact", "\(scenario)")
      let report = reports[scenario == .stream ? 0 : index]
      #expect(ReportedTokens(report.usage) == ReportedTokens(span), "\(scenario)")
    }
    #expect(reports[2].text == reports[0].text && reports[3].text == reports[0].text)
    // The provider was asked in its own words.
    #expect(simulator.requestLog.requests.allSatisfy { !$0.target.hasSuffix("/chat/completions") })
  }
}
