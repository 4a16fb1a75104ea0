// Token counts in disjoint buckets; each vendor's arithmetic is undone once, in Providers.

/// Tokens of one exchange in buckets that never overlap. A missing bucket is unknown, which is not zero.
public struct TokenUsage: Hashable, Sendable {
  /// Prompt tokens that were neither read from nor written to a cache.
  public var input: Int?
  /// Prompt tokens served from the provider's prompt cache.
  public var cacheRead: Int?
  /// Prompt tokens written to the provider's prompt cache.
  public var cacheWrite: Int?
  /// Tokens of the visible answer.
  public var output: Int?
  /// Tokens the model spent thinking; billed as output, not shown.
  public var reasoning: Int?
  /// True when the counts are ours, made from the size of the text because the provider reported none before the end.
  public var isEstimated = false

  public init(input: Int? = nil, cacheRead: Int? = nil, cacheWrite: Int? = nil, output: Int? = nil, reasoning: Int? = nil) {
    self.input = input
    self.cacheRead = cacheRead
    self.cacheWrite = cacheWrite
    self.output = output
    self.reasoning = reasoning
  }

  public var isUnknown: Bool { totalInput == nil && totalOutput == nil }

  /// All prompt tokens, or `nil` when none of the prompt buckets is known.
  public var totalInput: Int? { Self.sum(input, cacheRead, cacheWrite) }
  /// All billed output tokens, or `nil` when neither output bucket is known.
  public var totalOutput: Int? { Self.sum(output, reasoning) }

  private static func sum(_ parts: Int?...) -> Int? {
    let known = parts.compactMap { $0 }
    return known.isEmpty ? nil : known.reduce(0, +)
  }
}
