// The wire protocols the gateway speaks, and what differs between them outside the bodies.

import LLMTelemetry

/// One vendor's HTTP protocol. Gemini API and Vertex AI share bodies and differ in paths, credentials and labels.
package enum WireProtocol: String, CaseIterable, Sendable, Codable {
  case openAI = "openai"
  case anthropic
  case gemini
  case vertex

  /// The provider's name in OpenTelemetry's GenAI vocabulary, used as the `provider` dimension.
  package var providerName: String {
    switch self {
    case .openAI: "openai"
    case .anthropic: "anthropic"
    case .gemini: "gcp.gemini"
    case .vertex: "gcp.vertex_ai"
    }
  }

  /// The header that carries the credential to the provider, and how its value is made.
  package func credentialHeader(_ credential: String) -> (name: String, value: String) {
    switch self {
    case .openAI, .vertex: ("authorization", "Bearer \(credential)")
    case .gemini: ("x-goog-api-key", credential)
    case .anthropic: ("x-api-key", credential)
    }
  }
}
