// The SDKs that are run as clients: each form of each generation, with the scenarios it has and the models it asks by itself.

import Testing

/// A vendor's SDK, or LangChain's package over it, in one of its forms. The raw value is the name in `sdk_client.py`.
enum VendorSDK: String, CaseIterable, Sendable {
  case openAI = "openai"
  case anthropic
  case anthropicVertex = "anthropic-vertex"
  case gemini = "genai-gemini"
  case vertex = "genai-vertex"
  case langChainOpenAI = "langchain-openai"
  case langChainAnthropic = "langchain-anthropic"
  case langChainGemini = "langchain-gemini"
  case langChainVertex = "langchain-vertex"

  enum Scenario: String, Sendable {
    case complete, dimensions, choices, cache, thinking, stream, disconnect, cut, tool, responses, embed, models, model
    case cacheHour = "cache-hour"
    case streamUsage = "stream-usage"
    case toolStream = "tool-stream"
    case toolResult = "tool-result"
    case responsesStream = "responses-stream"
    case responsesTool = "responses-tool"
    case responsesToolStream = "responses-tool-stream"
    case embedFloat = "embed-float"
    case embedBatch = "embed-batch"
    case countTokens = "count-tokens"
    case upstream429 = "upstream-429"
    case upstream500 = "upstream-500"
    case upstream529 = "upstream-529"
    case badKey = "bad-key"
    case unknownModel = "unknown-model"

    var isStreaming: Bool {
      [.stream, .streamUsage, .toolStream, .responsesStream, .responsesToolStream, .thinking].contains(self)
    }
    var isTool: Bool { [.tool, .toolStream, .responsesTool, .responsesToolStream].contains(self) }
    var isEmbedding: Bool { [.embed, .embedFloat, .embedBatch].contains(self) }
    /// The status that the provider answers with, where the scenario is that it does.
    var upstreamStatus: Int? {
      switch self {
      case .upstream429: 429
      case .upstream500: 500
      case .upstream529: 529
      default: nil
      }
    }
  }

  /// The model that the client asks when it is not told another one.
  var defaultModel: String {
    switch self {
    case .openAI, .langChainOpenAI: "gpt-4o-mini"
    case .anthropic, .anthropicVertex, .langChainAnthropic: "claude-sonnet-4-5"
    case .gemini, .vertex, .langChainGemini, .langChainVertex: "gemini-2.5-flash"
    }
  }

  /// A model whose answers a test may slow down without slowing the others.
  var slowModel: String {
    switch self {
    case .openAI, .langChainOpenAI: "gpt-4o"
    case .anthropic, .anthropicVertex, .langChainAnthropic: "claude-haiku-4-5"
    case .gemini, .vertex, .langChainGemini, .langChainVertex: "gemini-2.5-pro"
    }
  }

  var isOnVertex: Bool { self == .vertex || self == .anthropicVertex || self == .langChainVertex }
  /// The location that the client names in its paths.
  var region: String? { isOnVertex ? (self == .anthropicVertex ? "us-east5" : "us-central1") : nil }

  /// Runs the scenarios one after another in one process and gives back one report each; throws where one of them did not
  /// end as the SDK documents. `baseURL` has no path: `http://127.0.0.1:8080`. A scenario without an entry in `models` asks
  /// for the client's default model. `translated`: the models are other vendors', which the server translates for.
  func run(
    _ scenarios: [Scenario], in environment: PythonVerifier.Environment, baseURL: String, key: String,
    models: [Scenario: String] = [:], model: String? = nil, translated: Bool = false
  ) async throws -> [SDKReport] {
    let calls = scenarios.map { scenario in scenario.rawValue + (models[scenario].map { "@\($0)" } ?? "") }
    var arguments = ["--sdk", rawValue, "--base-url", baseURL, "--key", key, "--scenario", calls.joined(separator: ",")]
    if let model { arguments += ["--model", model] }
    if translated { arguments.append("--translated") }
    return try await PythonVerifier(environment: environment).run("sdk_client.py", arguments)
  }
}

/// One generation of one client.
struct SDKClient: Sendable, CustomTestStringConvertible {
  var sdk: VendorSDK
  var environment: PythonVerifier.Environment

  var testDescription: String { "\(sdk.rawValue) in \(environment.rawValue)" }

  static let all: [SDKClient] =
    [VendorSDK.openAI, .anthropic, .anthropicVertex, .gemini, .vertex].flatMap { sdk in
      [PythonVerifier.Environment.sdkCurrent, .sdkPrevious].map { SDKClient(sdk: sdk, environment: $0) }
    }
    + [.langChainOpenAI, .langChainAnthropic, .langChainGemini, .langChainVertex].map {
      SDKClient(sdk: $0, environment: .langChainCurrent)
    }
    // LangChain 0.3 has its Vertex AI form in a package of its own.
    + [.langChainOpenAI, .langChainAnthropic, .langChainGemini].map { SDKClient(sdk: $0, environment: .sdkPrevious) }

  /// LangChain's Google package before 4.0: Google's REST client, which streams one JSON array and tries every error six times.
  private var isFirstGoogle: Bool { sdk == .langChainGemini && environment == .sdkPrevious }

  /// The scenarios that end with an answer of a model, or with vectors, or with a count.
  var answered: [VendorSDK.Scenario] {
    let chat: [VendorSDK.Scenario] = [.complete, .stream, .streamUsage, .cache, .tool, .toolStream, .toolResult]
    return switch sdk {
    case .openAI:
      chat + [
        .dimensions, .choices, .responses, .responsesStream, .responsesTool, .responsesToolStream, .embed, .embedFloat,
        .embedBatch,
      ]
    case .anthropic: chat + [.dimensions, .cacheHour, .thinking, .countTokens]
    case .anthropicVertex: chat + [.dimensions, .cacheHour, .thinking, .countTokens]
    case .gemini, .vertex: chat + [.dimensions, .choices, .countTokens, .embed, .embedBatch]
    case .langChainOpenAI, .langChainGemini, .langChainVertex: chat + [.embed]
    case .langChainAnthropic: chat
    }
  }

  /// The scenarios in which the provider or the client breaks off.
  var broken: [VendorSDK.Scenario] {
    if isFirstGoogle { return [.disconnect] }
    switch sdk {
    case .anthropic, .anthropicVertex: return [.upstream429, .upstream500, .upstream529, .cut, .disconnect]
    case .openAI, .gemini, .vertex: return [.upstream429, .upstream500, .cut, .disconnect]
    default: return [.upstream429, .upstream500, .disconnect]
    }
  }

  /// What the gateway itself refuses.
  var refused: [VendorSDK.Scenario] { isFirstGoogle ? [] : [.badKey, .unknownModel] }
}
