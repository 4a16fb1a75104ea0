// What one model costs per token, in whole nano-dollars, and for which spans that price holds.

import LLMTelemetry

/// Nano-dollars per token of each bucket ($1 per million tokens is 1,000); `nil` where the vendor publishes no price.
package struct TokenRates: Hashable, Sendable {
  package let input: Int64
  package let cacheRead: Int64?
  package let cacheWrite: Int64?
  package let output: Int64?
  /// Vendors bill thinking as output unless they say otherwise.
  package let reasoning: Int64?

  package init(input: Int64, cacheRead: Int64? = nil, cacheWrite: Int64? = nil, output: Int64? = nil, reasoning: Int64? = nil) {
    self.input = input
    self.cacheRead = cacheRead
    self.cacheWrite = cacheWrite
    self.output = output
    self.reasoning = reasoning ?? output
  }
}

/// Rates of one model, and those that replace them when the prompt is long.
package struct ModelPrice: Hashable, Sendable {
  package struct LongContext: Hashable, Sendable {
    /// Prompt tokens, cached ones included, above which these rates apply to the whole request, not to the excess.
    package let above: Int
    package let rates: TokenRates
  }

  package let rates: TokenRates
  package let longContext: LongContext?

  package init(_ rates: TokenRates, longContext: LongContext? = nil) {
    self.rates = rates
    self.longContext = longContext
  }

  package func rates(forPromptTokens count: Int) -> TokenRates {
    if let longContext, count > longContext.above { return longContext.rates }
    return rates
  }
}
