// What the user of a vendor's Python SDK saw of one scenario, as `scripts/conformance/sdk_client.py` prints it.

/// One line of `sdk_client.py`.
struct SDKReport: Decodable {
  struct SDKError: Decodable, Equatable {
    /// The SDK's own exception type, such as `RateLimitError`.
    var type: String
    /// The HTTP status; `nil` where the exception carries none, as for a connection that was cut.
    var status: Int?
    /// The provider's code, such as `rate_limit_exceeded` or `RESOURCE_EXHAUSTED`.
    var code: String?
    var message: String
  }

  var sdk: String
  var version: String
  var scenario: String
  var text: String
  /// Counts under the SDK's own names, nested ones joined by a dot: `prompt_tokens_details.cached_tokens`.
  var usage: [String: Int]
  var error: SDKError?
  var chunks: Int
}

/// A vendor SDK in one of its forms, with the ways our tests call it.
enum VendorSDK: String, CaseIterable {
  case openAI = "openai"
  case gemini = "genai-gemini"
  case vertex = "genai-vertex"

  enum Scenario: String {
    case complete, dimensions, stream, disconnect
    case streamUsage = "stream-usage"
    case upstream429 = "upstream-429"
    case upstream500 = "upstream-500"
    case badKey = "bad-key"
    case unknownModel = "unknown-model"
  }

  /// Runs the scenarios one after another in one process and gives back one report each; throws where one of them did not
  /// end as the SDK documents. `baseURL` has no path: `http://127.0.0.1:8080`. A scenario without an entry in `models` asks
  /// for the client's default model.
  func run(
    _ scenarios: [Scenario], in environment: PythonVerifier.Environment, baseURL: String, key: String,
    models: [Scenario: String] = [:]
  ) async throws -> [SDKReport] {
    let calls = scenarios.map { scenario in scenario.rawValue + (models[scenario].map { "@\($0)" } ?? "") }
    let arguments = ["--sdk", rawValue, "--base-url", baseURL, "--key", key, "--scenario", calls.joined(separator: ",")]
    return try await PythonVerifier(environment: environment).run("sdk_client.py", arguments)
  }
}
