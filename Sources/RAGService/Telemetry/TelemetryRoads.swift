// Where the service's spans go: one exporter for each road that the configuration names.
import AsyncHTTPClient
import DatadogInstrumentation
import Foundation
import LLMInstrumentation
import LLMTelemetry
import Logging

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
    if let datadog = telemetry.datadog { exporters.append(exporter(datadog, environment: environment)) }
    return exporters.count == 1 ? exporters[0] : FanOutExporter(exporters: exporters)
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

/// Hands each span to several roads; each has its own queue, and none waits for another.
struct FanOutExporter: SpanExporter {
  let exporters: [any SpanExporter]

  func export(_ spans: [LLMSpan]) {
    for exporter in exporters { exporter.export(spans) }
  }

  func shutdown() async {
    await withTaskGroup(of: Void.self) { group in
      for exporter in exporters { group.addTask { await exporter.shutdown() } }
    }
  }
}
