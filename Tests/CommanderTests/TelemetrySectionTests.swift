// The sections `datadog` and `opentelemetry`: roads, what each needs, and credentials that stay outside.

import LLMMetrics
import LLMTelemetry
import StrictYAML
import Testing

@testable import Commander

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

  @Test(arguments: [
    ("datadog: {site: datadoghq.eu}", "c.yaml:1:17: `datadog.site` has no effect: nothing is sent without an Agent"),
    ("datadog: {api_key: {environment: DD_API_KEY}}", "`datadog.api_key` has no effect"),
    (
      "datadog: {api_key: {environment: DD_API_KEY}, logs: agentless, site: datadoghq.eu, endpoint: \"http://127.0.0.1:1\"}",
      "`datadog.site` has no effect: `datadog.endpoint` replaces"
    ),
    ("datadog: {dogstatsd: \"127.0.0.1:8125\", metrics: off}", "`datadog.dogstatsd` has no effect"),
    ("datadog: {agent: \"http://127.0.0.1:8126\", traces: off}", "`datadog.agent` has no effect"),
    ("datadog: {ml_app: books}", "`datadog.ml_app` has no effect"),
    ("datadog: {dogstatsd: \"127.0.0.1:8125\", host: a}", "`datadog.host` has no effect"),
    ("opentelemetry: {headers: {authorization: {environment: TOKEN}}}", "set `opentelemetry.traces`"),
    ("opentelemetry: {gateways: [llm.internal]}", "set `opentelemetry.listen`"),
    ("capture_retention: 1d", "`capture_retention` has no effect: no content is captured"),
    ("capture: redacted\ncapture_secret: {environment: TOKEN}", "`capture_secret` has no effect: nothing is hashed"),
  ])
  func aSettingWithoutEffectIsToldAndNoReasonNotToStart(text: String, expected: String) throws {
    let warnings = try read(text).warnings.map(\.description)
    #expect(warnings.count == 1 && warnings[0].contains(expected), "\(warnings)")
    #expect(!warnings.joined().contains("hunter2"))
  }

  @Test func aProviderThatNoRouteLeadsToIsTold() throws {
    let text = """
      keys: []
      providers:
        - {name: used, protocol: openai, base_url: "http://127.0.0.1:1"}
        - {name: spare, protocol: openai, base_url: "http://127.0.0.1:1"}
      routes: [{name: chat, models: ["*"], provider: used}]
      """
    let warnings = try CommanderConfiguration.parse(text, file: "c.yaml", environment: [:]).warnings
    #expect(warnings.map(\.line) == [4] && warnings.first?.message.contains("no route leads to the provider \"spare\"") == true)
  }

  @Test func whatIsUsedIsNotToldOf() throws {
    let configuration = try read(
      """
      capture: hashed
      capture_secret: {environment: TOKEN}
      capture_retention: 1d
      datadog: {agent: "http://127.0.0.1:8126", ml_app: books, dogstatsd: "127.0.0.1:8125"}
      opentelemetry: {listen: "127.0.0.1:4318", gateways: [llm.internal]}
      """)
    #expect(configuration.warnings.isEmpty)
  }

  @Test(
    arguments: [
      ("llm.internal", "llm.internal"), ("LLM.internal:8443", "llm.internal:8443"), ("https://llm.internal", "llm.internal:443"),
      ("http://llm.internal:8080/v1", "llm.internal:8080"), ("[2001:db8::1]:80", "2001:db8::1:80"),
      ("2001:db8::1", "2001:db8::1"),
      ("", nil), ("a b", nil), ("llm.internal:0", nil), ("llm.internal:x", nil), ("llm.internal/v1", nil), ("https://", nil),
      ("[::1", nil), ("[::1]x", nil),
    ] as [(String, String?)])
  func aGatewaysAddressIsReadAsApplicationsWriteIt(text: String, expected: String?) {
    #expect(GatewayAddress.normalised(text) == expected)
  }

  @Test func aGatewayIsKnownByEveryNameOfItsMachine() {
    func gateways(_ host: String, own: [String] = []) -> Set<String> {
      TelemetryReceiver.gateways(listen: ListenAddress(host: host, port: 8080), configured: ["llm.internal:443"], own: own)
    }
    let local: Set = ["localhost:8080", "127.0.0.1:8080", "::1:8080", "llm.internal:443"]
    #expect(gateways("127.0.0.1") == local)
    #expect(gateways("0.0.0.0", own: ["node-1", "10.0.0.7"]) == local.union(["0.0.0.0:8080", "node-1:8080", "10.0.0.7:8080"]))
    #expect(gateways("10.0.0.7") == ["10.0.0.7:8080", "llm.internal:443"])
    #expect(!MachineAddresses.all().isEmpty)
  }

  /// Each rollup has one reading, wherever in it the last one was taken.
  @Test(arguments: [0, 1, 4_999, 5_000, 5_001, 9_999] as [Int64])
  func statesAreReadOnceInEachRollup(milliseconds: Int64) {
    let now = Timestamp(unixSeconds: 1_700_000_000) + .milliseconds(milliseconds)
    let next = now + StateSampler.pause(at: now)
    #expect(next == now.floored(to: Rollup.width) + .seconds(15))
  }
}
