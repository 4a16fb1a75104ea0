// Several roads for the same spans.
import LLMTelemetry

/// Hands each span to several exporters; each has its own queue, and none waits for another.
public struct FanOutExporter: SpanExporter {
  private let exporters: [any SpanExporter]

  public init(exporters: [any SpanExporter]) { self.exporters = exporters }

  public func export(_ spans: [LLMSpan]) {
    for exporter in exporters { exporter.export(spans) }
  }

  public func shutdown() async {
    await withTaskGroup(of: Void.self) { group in
      for exporter in exporters { group.addTask { await exporter.shutdown() } }
    }
  }
}
