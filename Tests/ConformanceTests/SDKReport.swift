// What the user of a vendor's Python SDK saw of one scenario, as `scripts/conformance/sdk_client.py` prints it.
import LLMTelemetry

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

  /// A tool that the model called; that its arguments are right the client itself checks.
  struct Tool: Decodable, Equatable {
    var name: String
  }

  var sdk: String
  var version: String
  var scenario: String
  var text: String
  /// Counts under the SDK's own names, nested ones joined by a dot: `prompt_tokens_details.cached_tokens`.
  var usage: [String: Int]
  var error: SDKError?
  var chunks: Int
  var tools: [Tool]
  /// Why the answer ended, in the SDK's own word.
  var finish: String?
  /// The first numbers of each embedding.
  var vectors: [[Double]]
  /// How many numbers an embedding has.
  var vectorLength: Int?

  private enum CodingKeys: String, CodingKey {
    case sdk, version, scenario, text, usage, error, chunks, tools, finish, vectors
    case vectorLength = "vector_length"
  }
}

/// A vendor SDK's usage in buckets that do not overlap, taken apart here by the vendor's documented arithmetic and not by ours.
struct ReportedTokens: Equatable {
  var input = 0
  var cacheRead = 0
  var cacheWrite = 0
  var cacheWriteHour = 0
  var output = 0
  var reasoning = 0

  init(_ span: LLMSpan) {
    input = span.usage.input ?? 0
    cacheRead = span.usage.cacheRead ?? 0
    cacheWrite = span.usage.cacheWrite ?? 0
    cacheWriteHour = span.usage.cacheWriteHour ?? 0
    output = span.usage.output ?? 0
    reasoning = span.usage.reasoning ?? 0
  }

  /// `nil` where the SDK reported nothing.
  init?(_ usage: [String: Int]) {
    if let prompt = usage["prompt_tokens"] {
      // OpenAI's chat.completions and embeddings: cached inside the prompt, reasoning inside the completion.
      cacheRead = usage["prompt_tokens_details.cached_tokens"] ?? 0
      reasoning = usage["completion_tokens_details.reasoning_tokens"] ?? 0
      input = prompt - cacheRead
      output = (usage["completion_tokens"] ?? 0) - reasoning
    } else if let prompt = usage["prompt_token_count"] {
      // Google: cached inside the prompt, thoughts beside the candidates.
      cacheRead = usage["cached_content_token_count"] ?? 0
      reasoning = usage["thoughts_token_count"] ?? 0
      input = prompt - cacheRead
      output = usage["candidates_token_count"] ?? 0
    } else if let total = usage["total_tokens"], let prompt = usage["input_tokens"] {
      // OpenAI's responses and LangChain: everything of the prompt inside input, reasoning inside output.
      cacheRead = usage["input_tokens_details.cached_tokens"] ?? usage["input_token_details.cache_read"] ?? 0
      reasoning = usage["output_tokens_details.reasoning_tokens"] ?? usage["output_token_details.reasoning"] ?? 0
      cacheWrite =
        (usage["input_token_details.cache_creation"] ?? 0) + (usage["input_token_details.ephemeral_5m_input_tokens"] ?? 0)
      cacheWriteHour = usage["input_token_details.ephemeral_1h_input_tokens"] ?? 0
      input = prompt - cacheRead - cacheWrite - cacheWriteHour
      output = total - prompt - reasoning
    } else if let prompt = usage["input_tokens"] {
      // Anthropic: both caches outside input, thinking inside output.
      cacheRead = usage["cache_read_input_tokens"] ?? 0
      cacheWriteHour = usage["cache_creation.ephemeral_1h_input_tokens"] ?? 0
      cacheWrite = (usage["cache_creation_input_tokens"] ?? 0) - cacheWriteHour
      reasoning = usage["output_tokens_details.thinking_tokens"] ?? 0
      input = prompt
      output = (usage["output_tokens"] ?? 0) - reasoning
    } else if let tokens = usage["usage_metadata.prompt_token_count"] ?? usage["statistics.token_count"] {
      // Google's embeddings.
      input = tokens
    } else {
      return nil
    }
  }

  var totalInput: Int { input + cacheRead + cacheWrite + cacheWriteHour }
  var totalOutput: Int { output + reasoning }
}
