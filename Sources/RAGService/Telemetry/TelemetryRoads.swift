// Where the service's spans go: one exporter for each road that the configuration names.
import AsyncHTTPClient
import LLMInstrumentation
import LLMTelemetry
import Logging

enum TelemetryRoads {
  /// All roads as one exporter. A new road is a key of `telemetry` and a line here.
  static func exporter(_ telemetry: RAGConfiguration.Telemetry, httpClient: HTTPClient, logger: Logger) -> any SpanExporter {
    var exporters: [any SpanExporter] = []
    if let commander = telemetry.commander {
      exporters.append(
        QueuedExporter.commander(
          intake: commander.spansURL, key: commander.key, logger: logger, send: HTTPDelivery.send(through: httpClient)))
    }
    return exporters.count == 1 ? exporters[0] : FanOutExporter(exporters: exporters)
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
