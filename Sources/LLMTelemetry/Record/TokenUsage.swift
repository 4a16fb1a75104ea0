// Token counts in disjoint buckets; each vendor's arithmetic is undone once, in Providers.

/// Tokens of one exchange in buckets that never overlap. A missing bucket is unknown, which is not zero.
public struct TokenUsage: Hashable, Sendable {
  /// Text prompt tokens that were neither read from nor written to a cache; media tokens too where the provider does not tell them apart.
  public var input: Int?
  /// Prompt tokens served from the provider's prompt cache.
  public var cacheRead: Int?
  /// Prompt tokens written to the provider's prompt cache for its usual time (Anthropic: five minutes).
  public var cacheWrite: Int?
  /// Prompt tokens written to the provider's prompt cache for an hour, which Anthropic prices apart.
  public var cacheWriteHour: Int?
  /// Uncached prompt tokens of sound, where the provider counts them apart.
  public var inputAudio: Int?
  /// Uncached prompt tokens of pictures, where the provider counts them apart.
  public var inputImage: Int?
  /// Tokens of the visible answer.
  public var output: Int?
  /// Tokens the model spent thinking; billed as output, not shown.
  public var reasoning: Int?
  /// Tokens of spoken answer, where the provider counts them apart.
  public var outputAudio: Int?
  /// Tokens of drawn answer, where the provider counts them apart.
  public var outputImage: Int?
  /// True when the counts are ours, made from the size of the text because the provider reported none before the end.
  public var isEstimated = false

  public init(
    input: Int? = nil, cacheRead: Int? = nil, cacheWrite: Int? = nil, cacheWriteHour: Int? = nil, output: Int? = nil,
    reasoning: Int? = nil
  ) {
    self.input = input
    self.cacheRead = cacheRead
    self.cacheWrite = cacheWrite
    self.cacheWriteHour = cacheWriteHour
    self.output = output
    self.reasoning = reasoning
  }

  public var isUnknown: Bool { totalInput == nil && totalOutput == nil }

  /// All prompt tokens, or `nil` when none of the prompt buckets is known.
  public var totalInput: Int? {
    Self.sum(Self.sum(Self.sum(input, cacheRead), Self.sum(cacheWrite, cacheWriteHour)), Self.sum(inputAudio, inputImage))
  }
  /// All billed output tokens, or `nil` when no output bucket is known.
  public var totalOutput: Int? { Self.sum(Self.sum(output, reasoning), Self.sum(outputAudio, outputImage)) }

  /// Two at a time: an array of them would be allocated for every span, several times.
  private static func sum(_ left: Int?, _ right: Int?) -> Int? {
    guard let left else { return right }
    guard let right else { return left }
    // Counts come from outside: absurd ones saturate instead of trapping.
    let (sum, overflow) = left.addingReportingOverflow(right)
    return overflow ? .max : sum
  }
}

/// How the provider was asked to serve an exchange, which decides its price.
public enum ServiceTier: String, CaseIterable, Hashable, Sendable, Codable {
  case standard, batch, flex, priority
}
