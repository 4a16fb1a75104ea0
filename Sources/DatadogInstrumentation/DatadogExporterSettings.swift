// What an exporter to Datadog is told, by its caller first and by Datadog's own variables of the environment otherwise.

import Datadog
import Foundation
import LLMInstrumentation

/// Has no description, since it may hold a credential.
package struct DatadogExporterSettings: Sendable {
  package enum Road: Sendable {
    /// The Agent's trace port.
    case agent(url: String)
    case agentless(site: String, apiKey: String)
  }

  package var road: Road
  package var sendsTraces = true
  package var sendsObservability = false
  /// Whether captured texts lose personal data on their way; credentials they lose in any case.
  package var redactsContent = true
  package var traces: AgentTraces.Settings
  package var observability = LLMObservabilitySettings()

  package init(road: Road, mlApp: String?, environment: [String: String]) {
    self.road = road
    let application = TracerSettings(environment: environment)
    let name = mlApp ?? Self.text(environment["DD_LLMOBS_ML_APP"])
    traces = AgentTraces.Settings(
      service: application.service, env: application.env, application: name ?? application.service,
      runtimeID: UUID().uuidString.lowercased(), processID: Int(ProcessInfo.processInfo.processIdentifier),
      productVersion: SDKVersion.current, entityID: DogStatsDOrigin.detected(environment: environment).container)
    observability.mlApp = name
    (observability.service, observability.env, observability.version) = (
      application.service, application.env, application.version
    )
  }

  /// `DD_TRACE_AGENT_URL`, else `DD_AGENT_HOST` and `DD_TRACE_AGENT_PORT`, else the Agent's own port on this machine.
  package static func agentURL(_ environment: [String: String]) -> String {
    if let url = text(environment["DD_TRACE_AGENT_URL"]), url.hasPrefix("http://") || url.hasPrefix("https://") { return url }
    let host = text(environment["DD_AGENT_HOST"]) ?? "127.0.0.1"
    let port = text(environment["DD_TRACE_AGENT_PORT"]).flatMap { Int($0) } ?? 8126
    return "http://\(host.contains(":") && !host.hasPrefix("[") ? "[\(host)]" : host):\(port)"
  }

  /// What a switch of Datadog's says; `nil` when it says nothing.
  package static func flag(_ value: String?) -> Bool? {
    switch value?.lowercased() {
    case "true", "1": true
    case "false", "0": false
    default: nil
    }
  }

  package static func text(_ value: String?) -> String? { value.flatMap { $0.isEmpty ? nil : $0 } }
}
