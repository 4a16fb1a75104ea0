// The sections `datadog` and `opentelemetry`: what is sent where, refused when a road is named that nothing leads to.

import Datadog
import LLMTelemetry
import StrictYAML

extension ConfigurationReader {
  func readDatadog(_ value: YAMLValue?, into configuration: inout CommanderConfiguration) {
    guard
      let datadog = value?.mapping([
        "site", "endpoint", "api_key", "app_key", "dogstatsd", "agent", "traces", "llm_observability", "ml_app", "metrics",
        "logs", "events",
        "host",
      ])
    else { return }
    var settings = DatadogSettings()
    if let site = datadog["site"], let text = site.string() {
      settings.site = text
      if !DatadogSettings.sites.contains(text) {
        site.problem("there is no Datadog site \"\(text)\"; the sites are \(DatadogSettings.sites.joined(separator: ", "))")
      }
    }
    settings.endpoint = readURL(datadog["endpoint"])
    settings.agent = readURL(datadog["agent"])
    settings.applicationKey = secret(datadog["app_key"])
    settings.apiKey = secret(datadog["api_key"])
    if let address = datadog["dogstatsd"], let text = address.string() {
      settings.dogStatsD = DogStatsDAddress(text)
      if settings.dogStatsD == nil {
        address.problem("`datadog.dogstatsd` must be HOST:PORT (UDP) or unix:///path/of/socket")
      }
      configuration.places["datadog.dogstatsd"] = address.place
    }
    if let mlApp = datadog["ml_app"]?.string() { settings.mlApp = mlApp }
    if let host = datadog["host"]?.string() { settings.host = host }
    // An Agent that is named is used; what Datadog bills apart is not sent unless it is asked for.
    settings.traces = datadog["traces"]?.choice(DatadogSettings.AgentRoad.self) ?? (datadog["agent"] == nil ? .off : .agent)
    settings.llmObservability = datadog["llm_observability"]?.choice(DatadogSettings.ObservabilityRoad.self) ?? .off
    settings.metrics =
      datadog["metrics"]?.choice(DatadogSettings.MetricsRoad.self) ?? (datadog["dogstatsd"] == nil ? .off : .dogstatsd)
    settings.logs = datadog["logs"]?.choice(DatadogSettings.LogsRoad.self) ?? .off
    settings.events = datadog["events"]?.choice(DatadogSettings.MetricsRoad.self) ?? .off
    checkRoads(datadog, settings)
    configuration.datadog = settings
  }

  /// A road that is named needs what it leads through.
  private func checkRoads(_ datadog: YAMLMapping, _ settings: DatadogSettings) {
    func need(_ key: String, for road: String, _ value: String, _ remedy: String) {
      guard datadog[key] == nil else { return }
      datadog[road]?.problem("`datadog.\(road): \(value)` needs `datadog.\(key)`: \(remedy)")
    }
    let keyRemedy = "{environment: DD_API_KEY}"
    let agentRemedy = "the Agent's address, for example http://127.0.0.1:8126"
    let statsRemedy = "the Agent's address, for example 127.0.0.1:8125"
    if settings.traces == .agent { need("agent", for: "traces", "agent", agentRemedy) }
    switch settings.llmObservability {
    case .agent: need("agent", for: "llm_observability", "agent", agentRemedy)
    case .agentless: need("api_key", for: "llm_observability", "agentless", keyRemedy)
    case .off: break
    }
    for (road, choice) in [("metrics", settings.metrics), ("events", settings.events)] {
      switch choice {
      case .dogstatsd: need("dogstatsd", for: road, "dogstatsd", statsRemedy)
      case .agentless: need("api_key", for: road, "agentless", keyRemedy)
      case .off: break
      }
    }
    if settings.logs == .agentless { need("api_key", for: "logs", "agentless", keyRemedy) }
  }

  func readOpenTelemetry(_ value: YAMLValue?, into configuration: inout CommanderConfiguration) {
    guard let section = value?.mapping(["listen", "traces", "headers", "gateways", "prometheus"]) else { return }
    var settings = OpenTelemetrySettings()
    if let listen = section["listen"], let address = listen.listenAddress() {
      settings.listen = address
      configuration.places["opentelemetry.listen"] = listen.place
    }
    settings.traces = readURL(section["traces"])
    for (name, value) in section["headers"]?.namedMembers() ?? [] {
      // A header is a credential more often than not, so all of them come from outside.
      guard let text = secret(value) else { continue }
      guard !name.isEmpty, name.utf8.allSatisfy({ $0 > 32 && $0 < 127 && $0 != UInt8(ascii: ":") }) else {
        value.problem("`opentelemetry.headers`: \"\(name)\" is no name of a header")
        continue
      }
      settings.headers.append((name, text))
    }
    for value in section["gateways"]?.elements ?? [] {
      guard let text = value.string() else { continue }
      guard let address = GatewayAddress.normalised(text) else {
        value.problem(
          "`opentelemetry.gateways`: \"\(text)\" must be a host or HOST:PORT as applications write it, for example llm.internal:443"
        )
        continue
      }
      settings.gateways.append(address)
    }
    settings.prometheus = section["prometheus"]?.boolean() ?? false
    configuration.openTelemetry = settings
  }

  /// A base URL as text, without a trailing slash.
  private func readURL(_ value: YAMLValue?) -> String? {
    guard let value, let text = value.string() else { return nil }
    guard BaseURL(text) != nil else {
      value.problem("`\(value.path)` must be http:// or https://, a host, and optionally a port and a path")
      return nil
    }
    return text.hasSuffix("/") ? String(text.dropLast()) : text
  }
}
