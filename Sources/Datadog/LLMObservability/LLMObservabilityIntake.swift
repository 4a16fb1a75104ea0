// Where LLM Observability takes its events: at Datadog itself, or through the proxy of an Agent, which adds the key.

import Delivery

/// The two roads of the SDKs. Neither has a description, since one holds a credential.
package enum LLMObservabilityIntake: Sendable {
  /// `site` is `datadoghq.com` and the like; one that begins with a scheme is the whole origin, for a relay in between.
  case agentless(site: String, apiKey: @Sendable () -> String)
  /// `url` is the Agent's, such as `http://127.0.0.1:8126`. `proxy` is asked before each request, so that an Agent which is
  /// found later, or was replaced by another version, is spoken to in its own way; `nil` is taken for the oldest there is.
  case agent(url: String, proxy: @Sendable () -> String?)

  /// The newest proxy in the list of endpoints that the Agent's `/info` gives; `nil` when it has none we know.
  package static func proxy(among endpoints: [String]) -> String? {
    for version in ["v4", "v2"] {
      let found = endpoints.contains { endpoint in
        endpoint.split(separator: "/").starts(with: ["evp_proxy", version[...]])
      }
      if found { return "evp_proxy/\(version)" }
    }
    return nil
  }

  /// - Parameters:
  ///   - subdomain: which of Datadog's intakes, such as `llmobs-intake`.
  ///   - path: begins with a slash.
  ///   - usesOldestProxy: for what the SDKs send through the oldest one whatever the Agent has.
  func request(subdomain: String, path: String, body: [UInt8], usesOldestProxy: Bool = false) -> DeliveryRequest {
    var headers = [(name: "Content-Type", value: "application/json")]
    switch self {
    case .agentless(let site, let apiKey):
      headers.append((name: "DD-API-KEY", value: apiKey()))
      return DeliveryRequest(url: DatadogSite.origin(site, subdomain) + path, headers: headers, body: body)
    case .agent(let url, let proxy):
      headers.append((name: "X-Datadog-EVP-Subdomain", value: subdomain))
      let found = usesOldestProxy ? nil : proxy()
      return DeliveryRequest(
        url: "\(DatadogSite.withoutSlash(url))/\(found ?? "evp_proxy/v2")\(path)", headers: headers, body: body)
    }
  }
}
