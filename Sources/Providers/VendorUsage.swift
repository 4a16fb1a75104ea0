// Undoes each vendor's token arithmetic, once, into disjoint buckets. A missing field stays missing.

import LLMTelemetry

extension ResponseMeter {
  /// OpenAI: `prompt_tokens` includes cached ones, `completion_tokens` includes reasoning.
  static func openAIUsage(_ scanner: JSONScanner, _ usage: Int) -> TokenUsage {
    let prompt = count(scanner, "prompt_tokens", of: usage)
    let cached = count(scanner, "cached_tokens", of: scanner.member("prompt_tokens_details", of: usage))
    let completion = count(scanner, "completion_tokens", of: usage)
    let reasoning = count(scanner, "reasoning_tokens", of: scanner.member("completion_tokens_details", of: usage))
    return TokenUsage(
      input: prompt.map { max(0, $0 - (cached ?? 0)) }, cacheRead: cached,
      output: completion.map { max(0, $0 - (reasoning ?? 0)) },
      reasoning: reasoning)
  }

  /// Google: `promptTokenCount` includes cached ones, `candidatesTokenCount` excludes thoughts, tool-use prompts come on top.
  static func googleUsage(_ scanner: JSONScanner, _ usage: Int) -> TokenUsage {
    let prompt = count(scanner, "promptTokenCount", of: usage)
    let cached = count(scanner, "cachedContentTokenCount", of: usage)
    let toolUse = count(scanner, "toolUsePromptTokenCount", of: usage)
    return TokenUsage(
      input: prompt.map { max(0, $0 - (cached ?? 0)) + (toolUse ?? 0) }, cacheRead: cached,
      output: count(scanner, "candidatesTokenCount", of: usage),
      reasoning: count(scanner, "thoughtsTokenCount", of: usage))
  }

  /// A token count, or `nil` for a number no call can have: sums of counts must not overflow, whatever a provider sends.
  private static func count(_ scanner: JSONScanner, _ name: StaticString, of object: Int?) -> Int? {
    guard let value = scanner.integer(scanner.member(name, of: object)), (0...1 << 40).contains(value) else { return nil }
    return value
  }

  static func openAIFinishReason(_ reason: String) -> FinishReason {
    switch reason {
    case "stop": .stop
    case "length": .length
    case "tool_calls", "function_call": .toolCalls
    case "content_filter": .contentFilter
    default: .other
    }
  }

  static func googleFinishReason(_ reason: String) -> FinishReason {
    switch reason {
    case "STOP": .stop
    case "MAX_TOKENS": .length
    case "SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY": .contentFilter
    case "MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL": .malformedToolCall
    default: .other
    }
  }
}
