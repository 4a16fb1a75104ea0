// The choices of an exporter that lead to Datadog.

import LLMInstrumentation
import Logging

extension ExporterChoice {
  /// A Datadog Agent. Traces show in APM; LLM Observability, which Datadog bills apart, is sent where it is asked for.
  ///
  /// - Parameters:
  ///   - url: the Agent's trace port; without it `DD_TRACE_AGENT_URL`, `DD_AGENT_HOST` and `DD_TRACE_AGENT_PORT` say it, else it is
  ///     `http://127.0.0.1:8126`.
  ///   - mlApp: the application's name in LLM Observability; without it `DD_LLMOBS_ML_APP`, else the service.
  ///   - traces: whether spans go to APM; without it they do, unless `DD_TRACE_ENABLED` is false.
  ///   - llmObservability: whether spans go to LLM Observability; without it what `DD_LLMOBS_ENABLED` says, else not.
  ///   - redactsContent: whether captured texts lose personal data before they leave the process. Credentials they lose in any case.
  public static func datadogAgent(
    url: String? = nil, mlApp: String? = nil, traces: Bool? = nil, llmObservability: Bool? = nil, redactsContent: Bool = true
  ) -> ExporterChoice {
    ExporterChoice { environment in
      let url = url ?? DatadogExporterSettings.agentURL(environment)
      var settings = DatadogExporterSettings(road: .agent(url: url), mlApp: mlApp, environment: environment)
      settings.sendsTraces = traces ?? DatadogExporterSettings.flag(environment["DD_TRACE_ENABLED"]) ?? true
      settings.sendsObservability =
        llmObservability ?? DatadogExporterSettings.flag(environment["DD_LLMOBS_ENABLED"]) ?? false
      settings.redactsContent = redactsContent
      return (DatadogExporter(settings, send: HTTPDelivery.send(through: HTTPDelivery.client)), false)
    }
  }

  /// LLM Observability without an Agent. Traces of APM have no road without one.
  ///
  /// - Parameters:
  ///   - site: `datadoghq.com`, `datadoghq.eu`, …; without it `DD_SITE`. One that begins with `http` replaces every host.
  ///   - apiKey: without it `DD_API_KEY`. When there is none, spans go nowhere and the log says so.
  ///   - mlApp: the application's name; without it `DD_LLMOBS_ML_APP`, else the service.
  ///   - redactsContent: whether captured texts lose personal data before they leave the process. Credentials they lose in any case.
  public static func datadogAgentless(
    site: String? = nil, apiKey: String? = nil, mlApp: String? = nil, redactsContent: Bool = true
  ) -> ExporterChoice {
    ExporterChoice { environment in
      guard let key = apiKey ?? DatadogExporterSettings.text(environment["DD_API_KEY"]) else {
        Logger(label: "llm.instrumentation").error("no spans are sent: set DD_API_KEY, or give apiKey")
        return (DiscardingExporter(), false)
      }
      let site = site ?? DatadogExporterSettings.text(environment["DD_SITE"]) ?? "datadoghq.com"
      var settings = DatadogExporterSettings(road: .agentless(site: site, apiKey: key), mlApp: mlApp, environment: environment)
      settings.redactsContent = redactsContent
      return (DatadogExporter(settings, send: HTTPDelivery.send(through: HTTPDelivery.client)), false)
    }
  }
}
