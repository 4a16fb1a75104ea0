// What one model costs: rates by service tier, and those that replace them when the prompt is long.

import LLMTelemetry

/// The rates of one tier.
package struct TierRates: Hashable, Sendable {
  package struct LongContext: Hashable, Sendable {
    /// Prompt tokens, cached ones included, above which these rates apply to the whole request, not to the excess.
    package let above: Int
    package let rates: TokenRates

    package init(above: Int, rates: TokenRates) {
      self.above = above
      self.rates = rates
    }
  }

  package let rates: TokenRates
  package let longContext: LongContext?

  package init(_ rates: TokenRates, longContext: LongContext? = nil) {
    self.rates = rates
    self.longContext = longContext
  }

  @inline(__always)
  func rates(promptTokens: Int) -> TokenRates {
    if let longContext, promptTokens > longContext.above { return longContext.rates }
    return rates
  }
}

/// A class, since a price is large and looked up for every request: a lookup passes a reference.
package final class ModelPrice: Sendable {
  package let standard: TierRates
  package let batch: TierRates?
  package let flex: TierRates?
  package let priority: TierRates?
  /// The vendor bills another unit than tokens (characters), so that a figure made from tokens is an estimate.
  package let isConverted: Bool

  package init(
    standard: TierRates, batch: TierRates? = nil, flex: TierRates? = nil, priority: TierRates? = nil, isConverted: Bool = false
  ) {
    self.standard = standard
    self.batch = batch
    self.flex = flex
    self.priority = priority
    self.isConverted = isConverted
  }

  package convenience init(_ rates: TokenRates, longContext: TierRates.LongContext? = nil) {
    self.init(standard: TierRates(rates, longContext: longContext))
  }

  /// What the vendor publishes for `tier`, without any substitute.
  package func published(_ tier: ServiceTier?) -> TierRates? {
    switch tier ?? .standard {
    case .standard: standard
    case .batch: batch
    case .flex: flex
    case .priority: priority
    }
  }

  /// Rates for one exchange, and what they are worth.
  package enum Applicable: Hashable, Sendable {
    case published(TokenRates)
    /// The tier has no published price; it costs at least this.
    case atLeast(TokenRates)
    /// The tier has no published price; it costs at most this.
    case atMost(TokenRates)

    package var rates: TokenRates {
      switch self {
      case .published(let rates), .atLeast(let rates), .atMost(let rates): rates
      }
    }
  }

  /// The rates of a request of `promptTokens` (cached ones included) in `tier`. A tier without a published price for a prompt
  /// of that length never gets the standard one as if it were its own: priority costs at least that, batch and flex at most.
  @inline(__always)
  package func rates(tier: ServiceTier?, promptTokens: Int) -> Applicable {
    switch tier {
    case nil, .standard: .published(standard.rates(promptTokens: promptTokens))
    case .batch: rates(batch, promptTokens: promptTokens) ?? .atMost(standard.rates(promptTokens: promptTokens))
    case .flex: rates(flex, promptTokens: promptTokens) ?? .atMost(standard.rates(promptTokens: promptTokens))
    case .priority: rates(priority, promptTokens: promptTokens) ?? .atLeast(standard.rates(promptTokens: promptTokens))
    }
  }

  /// What a tier publishes for a prompt of that length: a tier without a long-context price, of a model that has one, publishes
  /// nothing for long prompts.
  private func rates(_ tier: TierRates?, promptTokens: Int) -> Applicable? {
    guard let tier else { return nil }
    if tier.longContext == nil, let long = standard.longContext, promptTokens > long.above { return nil }
    return .published(tier.rates(promptTokens: promptTokens))
  }
}

extension ModelPrice: Hashable {
  package static func == (left: ModelPrice, right: ModelPrice) -> Bool {
    left === right
      || (left.standard == right.standard && left.batch == right.batch && left.flex == right.flex
        && left.priority == right.priority && left.isConverted == right.isConverted)
  }

  package func hash(into hasher: inout Hasher) { hasher.combine(standard) }
}
