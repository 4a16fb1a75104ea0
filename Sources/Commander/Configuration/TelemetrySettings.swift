// Where telemetry goes beside the store: to Datadog by which road, to OpenTelemetry, to Prometheus, and how many series it may make.

import Datadog
import LLMTelemetry
import StrictYAML

/// The section `datadog`. Nothing is sent anywhere unless it is written there.
package struct DatadogSettings: Sendable {
  package enum AgentRoad: String, CaseIterable, Sendable { case agent, off }
  package enum ObservabilityRoad: String, CaseIterable, Sendable { case agent, agentless, off }
  package enum MetricsRoad: String, CaseIterable, Sendable { case dogstatsd, agentless, off }
  package enum LogsRoad: String, CaseIterable, Sendable { case agentless, off }

  /// `datadoghq.com` and its sisters.
  package var site = "datadoghq.com"
  /// Replaces every host of the site: a proxy, or a test.
  package var endpoint: String?
  package var apiKey: String?
  /// For `commander datadog` only: nothing that serves reads or changes objects in Datadog.
  package var applicationKey: String?
  package var dogStatsD: DogStatsDAddress?
  /// The Agent's trace port, without a trailing slash.
  package var agent: String?
  package var traces = AgentRoad.off
  package var llmObservability = ObservabilityRoad.off
  /// Empty for the configuration's `service`.
  package var mlApp = ""
  package var metrics = MetricsRoad.off
  package var logs = LogsRoad.off
  package var events = MetricsRoad.off
  package var host: String?

  package init() {}

  /// What the intakes are found by: the site, or the whole origin that replaces it.
  package var intakeSite: String { endpoint ?? site }
}

/// The section `opentelemetry`.
package struct OpenTelemetrySettings: Sendable {
  /// Where OTLP/HTTP is received; `nil` for nowhere.
  package var listen: ListenAddress?
  /// The whole URL spans are sent to, for example `http://127.0.0.1:4318/v1/traces`.
  package var traces: String?
  /// Headers of what is sent: names to values, which may be credentials.
  package var headers: [(name: String, value: String)] = []
  /// Addresses (`host` or `host:port`) by which applications reach the gateway, beside the one it listens at: of a load balancer, a
  /// service in a cluster. Spans of calls to them account for nothing, since the gateway has them.
  package var gateways: [String] = []
  /// Whether the console's listener answers `GET /metrics`.
  package var prometheus = false

  package init() {}
}

extension DatadogSettings {
  /// The sites Datadog has (protocol facts of 2026-11); another one is a slip of the pen more often than not.
  package static let sites = [
    "datadoghq.com", "us3.datadoghq.com", "us5.datadoghq.com", "datadoghq.eu", "ap1.datadoghq.com", "ap2.datadoghq.com",
    "uk1.datadoghq.com", "ddog-gov.com",
  ]
}

extension CommanderConfiguration {
  /// The application's name in LLM Observability.
  var mlApp: String { datadog.mlApp.isEmpty ? service : datadog.mlApp }
}
