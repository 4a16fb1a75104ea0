// One name for each provider, whatever an instrumentation calls it: the current values of gen_ai.provider.name.

enum ProviderNames {
  private static let canonical: [String: String] = [
    "vertex_ai": "gcp.vertex_ai", "vertexai": "gcp.vertex_ai", "google_vertexai": "gcp.vertex_ai", "vertex": "gcp.vertex_ai",
    "gemini": "gcp.gemini", "google": "gcp.gemini", "google_genai": "gcp.gemini", "google_ai_studio": "gcp.gemini",
    "google.generativeai": "gcp.gemini", "google_generative_ai": "gcp.gemini", "gcp.gen_ai": "gcp.gemini",
    "azure": "azure.ai.openai", "azure_openai": "azure.ai.openai", "azureopenai": "azure.ai.openai",
    "az.ai.openai": "azure.ai.openai", "az.ai.inference": "azure.ai.inference", "azure_ai_inference": "azure.ai.inference",
    "bedrock": "aws.bedrock", "aws": "aws.bedrock", "aws_bedrock": "aws.bedrock", "amazon_bedrock": "aws.bedrock",
    "mistral": "mistral_ai", "mistralai": "mistral_ai", "xai": "x_ai", "watsonx": "ibm.watsonx.ai",
  ]

  /// - Parameter address: where the request went. It tells Vertex AI from the Gemini API, whose clients are one.
  static func canonical(_ name: String, address: String?) -> String {
    let lowercase = name.lowercased()
    let known = canonical[lowercase] ?? lowercase
    if known == "gcp.gemini", let address, address.hasSuffix("aiplatform.googleapis.com") { return "gcp.vertex_ai" }
    return known
  }

  /// The location in Vertex AI's host name, `us-central1-aiplatform.googleapis.com`.
  static func region(address: String?) -> String? {
    guard let address, address.hasSuffix("-aiplatform.googleapis.com") else { return nil }
    return String(address.dropLast("-aiplatform.googleapis.com".utf8.count))
  }

  /// The model alone, where a path stands before it: `publishers/google/models/gemini-2.5-pro`.
  static func model(_ name: String) -> String {
    let parts = name.split(separator: "/")
    guard let place = parts.lastIndex(of: "models"), place + 1 < parts.count else { return name }
    return parts[(place + 1)...].joined(separator: "/")
  }
}
