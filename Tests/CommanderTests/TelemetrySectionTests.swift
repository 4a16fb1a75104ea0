// The sections `datadog` and `opentelemetry`: roads, what each needs, and credentials that stay outside.

import Commander
import StrictYAML
import Testing

@Suite struct TelemetrySectionTests {
  private static let rest = "keys: []\nproviders: []\nroutes: []\n"
  private static let environment = ["DD_API_KEY": "0123456789abcdef", "TOKEN": "hunter2"]

  private func read(_ text: String) throws -> CommanderConfiguration {
    try CommanderConfiguration.parse(text + "\n" + Self.rest, file: "c.yaml", environment: Self.environment)
  }

  private func problems(_ text: String) -> [String] {
    do {
      _ = try read(text)
      return []
    } catch let error as ConfigurationError {
      return error.problems.map(\.description)
    } catch {
      return ["\(error)"]
    }
  }

  @Test func nothingIsSentUnlessItIsWritten() throws {
    let settings = try read("").datadog
    #expect(settings.traces == .off && settings.metrics == .off && settings.logs == .off && settings.events == .off)
    #expect(settings.llmObservability == .off && settings.dogStatsD == nil && settings.apiKey == nil)
    #expect(try read("").openTelemetry.listen == nil)
  }

  @Test func anAgentThatIsNamedGetsTracesAndMetricsButNothingThatIsBilledApart() throws {
    let settings = try read("datadog: {dogstatsd: \"127.0.0.1:8125\", agent: \"http://127.0.0.1:8126/\"}").datadog
    #expect(settings.traces == .agent && settings.metrics == .dogstatsd)
    #expect(settings.agent == "http://127.0.0.1:8126")
    #expect(settings.llmObservability == .off && settings.logs == .off && settings.events == .off)
  }

  @Test func everyRoadCanBeChosen() throws {
    let configuration = try read(
      """
      datadog:
        site: datadoghq.eu
        api_key: {environment: DD_API_KEY}
        ml_app: answers
        host: gateway-1
        metrics: agentless
        logs: agentless
        events: agentless
        llm_observability: agentless
      opentelemetry:
        listen: 127.0.0.1:4318
        traces: http://127.0.0.1:4319/v1/traces
        headers: {authorization: {environment: TOKEN}}
        prometheus: true
      """)
    let settings = configuration.datadog
    #expect(settings.metrics == .agentless && settings.logs == .agentless && settings.events == .agentless)
    #expect(settings.llmObservability == .agentless && settings.mlApp == "answers" && settings.host == "gateway-1")
    #expect(settings.intakeSite == "datadoghq.eu")
    #expect(configuration.openTelemetry.headers.map(\.value) == ["hunter2"])
    #expect(configuration.openTelemetry.prometheus)
  }

  @Test(arguments: [
    ("datadog: {traces: agent}", "c.yaml:1:19: `datadog.traces: agent` needs `datadog.agent`"),
    ("datadog: {metrics: dogstatsd}", "needs `datadog.dogstatsd`"),
    ("datadog: {metrics: agentless}", "needs `datadog.api_key`: {environment: DD_API_KEY}"),
    ("datadog: {events: agentless}", "`datadog.events: agentless` needs `datadog.api_key`"),
    ("datadog: {logs: agentless}", "`datadog.logs: agentless` needs `datadog.api_key`"),
    ("datadog: {llm_observability: agent}", "`datadog.llm_observability: agent` needs `datadog.agent`"),
    ("datadog: {site: datadoghq.org}", "there is no Datadog site \"datadoghq.org\"; the sites are datadoghq.com"),
    ("datadog: {api_key: 0123456789abcdef}", "must not be written here"),
    ("datadog: {agent: 127.0.0.1:8126}", "`datadog.agent` must be http:// or https://"),
    ("datadog: {dogstatsd: nowhere}", "must be HOST:PORT"),
    ("datadog: {dogstatd: 1}", "did you mean `dogstatsd`?"),
    ("opentelemetry: {headers: {authorization: hunter2}}", "must not be written here"),
    ("opentelemetry: {headers: {\"a b\": {environment: TOKEN}}}", "\"a b\" is no name of a header"),
    ("opentelemetry: {listen: 4318}", "must be HOST:PORT"),
  ])
  func aRoadThatLeadsNowhereIsRefused(text: String, expected: String) {
    let found = problems(text)
    #expect(found.contains { $0.contains(expected) }, "\(found)")
    #expect(!found.joined().contains("hunter2") && !found.joined().contains("0123456789abcdef"))
  }
}
