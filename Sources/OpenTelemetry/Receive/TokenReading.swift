// The tokens of a span in disjoint buckets: the conventions count what was cached within the input and reasoning within the
// output.

import LLMTelemetry

enum TokenReading {
  static func usage(_ facts: AttributeFacts) -> TokenUsage {
    own(facts) ?? conventional(facts)
  }

  /// Our own buckets, which are disjoint already and leave nothing to guess.
  private static func own(_ facts: AttributeFacts) -> TokenUsage? {
    var usage = TokenUsage(
      input: facts.count(.bucketInput), cacheRead: facts.count(.bucketCacheRead), cacheWrite: facts.count(.bucketCacheWrite),
      cacheWriteHour: facts.count(.bucketCacheWriteHour), output: facts.count(.bucketOutput),
      reasoning: facts.count(.bucketReasoning))
    usage.inputAudio = facts.count(.bucketInputAudio)
    usage.inputImage = facts.count(.bucketInputImage)
    usage.outputAudio = facts.count(.bucketOutputAudio)
    usage.outputImage = facts.count(.bucketOutputImage)
    usage.isEstimated = facts[.bucketsEstimated]?.flag ?? false
    return usage.isUnknown ? nil : usage
  }

  private static func conventional(_ facts: AttributeFacts) -> TokenUsage {
    var usage = TokenUsage()
    let input = facts.count(.inputTokens)
    let output = facts.count(.outputTokens)
    usage.cacheRead = facts.count(.cacheRead)
    usage.cacheWrite = facts.count(.cacheWrite)
    usage.reasoning = facts.count(.reasoning)
    if let input {
      // Senders that pass Anthropic's figures on as they are leave the cache out. Where the parts exceed the sum they must.
      let cached = sum(usage.cacheRead ?? 0, usage.cacheWrite ?? 0)
      let rest = cached <= input ? input - cached : input
      usage.inputAudio = part(facts.count(.inputAudio), of: rest)
      usage.inputImage = part(facts.count(.inputImage), of: rest - (usage.inputAudio ?? 0))
      usage.input = rest - (usage.inputAudio ?? 0) - (usage.inputImage ?? 0)
    }
    if let output {
      // Google's figure for the answer excludes thinking, and so do those who pass it on; a total tells, where there is one.
      let reasoning = usage.reasoning ?? 0
      let isOnTop =
        reasoning > output || (reasoning > 0 && facts.count(.totalTokens) == input.map { sum(sum($0, output), reasoning) })
      let rest = isOnTop ? output : output - reasoning
      usage.outputAudio = part(facts.count(.outputAudio), of: rest)
      usage.outputImage = part(facts.count(.outputImage), of: rest - (usage.outputAudio ?? 0))
      usage.output = rest - (usage.outputAudio ?? 0) - (usage.outputImage ?? 0)
    }
    return usage
  }

  /// A part of a sum: never more than it, and no bucket of its own when it is nothing.
  private static func part(_ count: Int?, of whole: Int) -> Int? {
    count.flatMap { $0 > 0 ? min($0, whole) : nil }
  }

  /// Counts come from outside: absurd ones saturate instead of trapping.
  private static func sum(_ left: Int, _ right: Int) -> Int {
    let (sum, overflow) = left.addingReportingOverflow(right)
    return overflow ? .max : sum
  }
}
