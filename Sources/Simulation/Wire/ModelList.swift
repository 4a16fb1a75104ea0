// The models that a provider lists, in the form of the vendor whose client asks.

enum ModelList {
  private static let openAIModels = [
    "gpt-4o", "gpt-4o-mini", "gpt-5", "gpt-5-mini", "text-embedding-3-small", "text-embedding-3-large",
  ]
  private static let anthropicModels = ["claude-opus-4-1", "claude-sonnet-4-5", "claude-haiku-4-5"]
  private static let geminiModels = ["gemini-2.5-pro", "gemini-2.5-flash", "gemini-embedding-001"]

  /// - Parameter model: the one that was asked for by name; `nil` lists all.
  static func answer(in providerProtocol: ProviderProtocol, model: String?) throws(ProviderError) -> JSONValue {
    switch providerProtocol {
    case .openAI:
      if let model { return openAI(try named(model, in: openAIModels, providerProtocol)) }
      return ["object": "list", "data": .array(openAIModels.map(openAI))]
    case .anthropic:
      if let model { return anthropic(try named(model, in: anthropicModels, providerProtocol)) }
      return [
        "data": .array(anthropicModels.map(anthropic)), "has_more": false, "first_id": .string(anthropicModels.first ?? ""),
        "last_id": .string(anthropicModels.last ?? ""),
      ]
    case .gemini, .vertex:
      if let model { return gemini(try named(model, in: geminiModels, providerProtocol)) }
      return ["models": .array(geminiModels.map(gemini))]
    }
  }

  private static func named(
    _ model: String, in models: [String], _ providerProtocol: ProviderProtocol
  ) throws(ProviderError) -> String {
    guard models.contains(model) else { throw ProviderError(unknownModel: model, in: providerProtocol) }
    return model
  }

  private static func openAI(_ model: String) -> JSONValue {
    ["id": .string(model), "object": "model", "created": 1_760_000_000, "owned_by": "system"]
  }

  private static func anthropic(_ model: String) -> JSONValue {
    ["type": "model", "id": .string(model), "display_name": .string(model), "created_at": "2025-10-01T00:00:00Z"]
  }

  private static func gemini(_ model: String) -> JSONValue {
    [
      "name": .string("models/" + model), "version": "001", "displayName": .string(model), "inputTokenLimit": 1_048_576,
      "outputTokenLimit": 65_536, "supportedGenerationMethods": ["generateContent", "countTokens"],
    ]
  }
}
