// Settings that are right in themselves and change nothing, because what they belong to is off: told by `check` and `serve`, and no
// reason not to start.

import Gateway
import LLMTelemetry
import Redaction
import StrictYAML

extension ConfigurationReader {
  /// Asked last, when every section has been read.
  func noteEffectless(_ root: YAMLMapping, in configuration: inout CommanderConfiguration) {
    var warnings: [Problem] = []
    func warn(_ value: YAMLValue?, _ isIdle: Bool, _ message: String) {
      guard isIdle, let value else { return }
      warnings.append(
        Problem(
          file: value.place.file, line: value.place.line, column: value.place.column,
          message: "`\(value.path)` has no effect: \(message)"))
    }
    noteDatadog(root["datadog"], configuration, warn)
    let telemetry = configuration.openTelemetry
    warn(
      root["opentelemetry"]?.member("headers"), telemetry.traces == nil,
      "headers go with what is sent; set `opentelemetry.traces`")
    warn(
      root["opentelemetry"]?.member("gateways"), telemetry.listen == nil,
      "they tell received spans of our own calls from others; set `opentelemetry.listen`")
    let captures = [configuration.capture.standard] + configuration.capture.byRoute.values
    warn(
      root["capture_secret"], !captures.contains(.hashed), "nothing is hashed; set `capture: hashed`, there or on a route")
    warn(
      root["capture_retention"], captures.allSatisfy { $0 == .off },
      "no content is captured; set `capture`, there or on a route")
    let used = Set(configuration.routes.flatMap { $0.targets.map(\.provider) + $0.fallbacks.map(\.provider) })
    for provider in root["providers"]?.elements ?? [] {
      guard let name = provider.memberText("name") else { continue }
      warn(provider.member("name"), !used.contains(name), "no route leads to the provider \"\(name)\"")
    }
    configuration.warnings += warnings
  }

  private func noteDatadog(
    _ section: YAMLValue?, _ configuration: CommanderConfiguration, _ warn: (YAMLValue?, Bool, String) -> Void
  ) {
    let datadog = configuration.datadog
    let tellsDatadog = configuration.notifications.receivers.contains { receiver in
      switch receiver.target {
      case .datadogEvents, .datadogIncidents: true
      case .webhook, .slackWebhook, .slackBot, .pagerDuty, .email: false
      }
    }
    let usesIntakes =
      tellsDatadog || datadog.llmObservability == .agentless || datadog.metrics == .agentless || datadog.logs == .agentless
      || datadog.events == .agentless
    let usesAgent = datadog.traces == .agent || datadog.llmObservability == .agent
    for key in ["site", "api_key", "endpoint"] {
      warn(
        section?.member(key), !usesIntakes,
        "nothing is sent without an Agent; set `agentless` for llm_observability, metrics, logs or events")
    }
    warn(section?.member("site"), usesIntakes && datadog.endpoint != nil, "`datadog.endpoint` replaces the hosts of every site")
    warn(
      section?.member("dogstatsd"), datadog.metrics != .dogstatsd && datadog.events != .dogstatsd,
      "neither `datadog.metrics` nor `datadog.events` is dogstatsd")
    warn(section?.member("agent"), !usesAgent, "neither `datadog.traces` nor `datadog.llm_observability` is agent")
    warn(
      section?.member("ml_app"), datadog.traces == .off && datadog.llmObservability == .off,
      "`datadog.traces` and `datadog.llm_observability` are off")
    warn(
      section?.member("host"), datadog.metrics != .agentless && datadog.logs != .agentless,
      "it is named by metrics and logs that are sent without an Agent")
  }
}
