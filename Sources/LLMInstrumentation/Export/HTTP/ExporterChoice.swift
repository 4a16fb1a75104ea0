// Where an application's spans go, as the one who starts it says it.
import LLMTelemetry
import Logging

/// A choice for ``LLMTracer/bootstrap(service:env:version:exporter:captureContent:redact:metrics:)``.
public struct ExporterChoice: Sendable {
  /// The exporter, and whether its receiver makes metrics of the spans by itself.
  package let make: @Sendable ([String: String]) -> (exporter: any SpanExporter, makesMetrics: Bool)

  /// - Parameter make: is given the environment.
  package init(make: @escaping @Sendable ([String: String]) -> (exporter: any SpanExporter, makesMetrics: Bool)) {
    self.make = make
  }

  /// A commander's intake.
  ///
  /// - Parameters:
  ///   - url: where the commander's console listens, for example `http://127.0.0.1:8090`.
  ///   - key: a virtual key of the commander; its tenant becomes the spans'.
  public static func commander(url: String, key: String) -> ExporterChoice {
    let base = url.hasSuffix("/") ? String(url.dropLast()) : url
    return ExporterChoice { _ in
      (
        QueuedExporter.commander(intake: base + "/intake/spans", key: key, send: HTTPDelivery.send(through: HTTPDelivery.client)),
        true
      )
    }
  }

  /// Each span as a line of JSON on standard output.
  public static let standardOutput = ExporterChoice.custom(LineExporter.standardOutput)

  /// Spans are made, counted in swift-metrics and forgotten.
  public static let nowhere = ExporterChoice.custom(DiscardingExporter())

  /// One of your own.
  public static func custom(_ exporter: any SpanExporter) -> ExporterChoice { ExporterChoice { _ in (exporter, false) } }

  /// Several at once, each in its own time.
  public static func several(_ choices: [ExporterChoice]) -> ExporterChoice {
    ExporterChoice { environment in
      let made = choices.map { $0.make(environment) }
      return (FanOutExporter(exporters: made.map(\.exporter)), made.contains(where: \.makesMetrics))
    }
  }

  /// What the environment says: a commander when `COMMANDER_URL` and `COMMANDER_KEY` are set, standard output when
  /// `OTEL_TRACES_EXPORTER` is `console`, else nowhere. `OTEL_SDK_DISABLED=true` and `DD_TRACE_ENABLED=false` are nowhere.
  public static let environment = ExporterChoice { environment in
    choice(by: environment).make(environment)
  }

  private static func choice(by environment: [String: String]) -> ExporterChoice {
    if environment["OTEL_SDK_DISABLED"]?.lowercased() == "true" { return nowhere }
    if let enabled = environment["DD_TRACE_ENABLED"]?.lowercased(), enabled == "false" || enabled == "0" { return nowhere }
    if let url = environment["COMMANDER_URL"], let key = environment["COMMANDER_KEY"], !url.isEmpty, !key.isEmpty {
      return .commander(url: url, key: key)
    }
    return environment["OTEL_TRACES_EXPORTER"] == "console" ? standardOutput : nowhere
  }
}
