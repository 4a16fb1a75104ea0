// Where the service's spans go: one exporter for each road that the configuration names.
import AsyncHTTPClient
import DatadogInstrumentation
import Foundation
import LLMInstrumentation
import LLMTelemetry
import Logging
import Pricing

enum TelemetryRoads {
  /// All roads as one exporter. A new road is a key of `telemetry` and a line here.
  static func exporter(
    _ telemetry: RAGConfiguration.Telemetry, httpClient: HTTPClient, logger: Logger,
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) -> any SpanExporter {
    var exporters: [any SpanExporter] = []
    if let commander = telemetry.commander {
      exporters.append(
        QueuedExporter.commander(
          intake: commander.spansURL, key: commander.key, logger: logger, send: HTTPDelivery.send(through: httpClient)))
    }
    if let datadog = telemetry.datadog {
      let roads = [exporter(datadog, environment: environment)] + metrics(datadog, environment: environment)
      exporters.append(PricedExporter(prices: .builtIn, next: FanOutExporter(exporters: roads)))
    }
    return exporters.count == 1 ? exporters[0] : FanOutExporter(exporters: exporters)
  }

  private static func metrics(_ datadog: RAGConfiguration.Telemetry.Datadog, environment: [String: String]) -> [any SpanExporter]
  {
    switch datadog.dogStatsD {
    case nil: return []
    case .address(let address): return [ExporterChoice.dogStatsD(address: address).make(environment).exporter]
    case .environment(let host):
      var environment = environment
      if let host { environment["DD_AGENT_HOST"] = host }
      return [ExporterChoice.dogStatsD().make(environment).exporter]
    }
  }

  private static func exporter(_ datadog: RAGConfiguration.Telemetry.Datadog, environment: [String: String]) -> any SpanExporter {
    let choice: ExporterChoice =
      switch datadog.road {
      case .agent(let url): .datadogAgent(url: url, mlApp: datadog.mlApp, llmObservability: datadog.sendsObservability)
      case .agentless(let site, let apiKey): .datadogAgentless(site: site, apiKey: apiKey, mlApp: datadog.mlApp)
      }
    return choice.make(environment).exporter
  }
}
