// The cost of an exchange from its usage and the price book, and how far the figure can be trusted.

import LLMTelemetry

extension PriceBook {
  /// Integer arithmetic from tokens to nano-dollars. A model or a usage that is not known gives `.unknown`, never zero.
  package func cost(of span: LLMSpan) -> Cost {
    guard span.kind == .llm || span.kind == .embedding else { return .unknown }
    // No provider was reached, so nobody can bill for it: the one zero that is known without usage.
    if span.attempts == 0 { return .exact(Nanodollars(0), priceVersion: version) }
    guard !span.usage.isUnknown, let model = span.responseModel ?? span.dimensions.model,
      let price = price(of: model, at: span.start)
    else { return .unknown }

    let rates = price.rates(forPromptTokens: span.usage.totalInput ?? 0)
    var total: Int64 = 0
    var isComplete = span.outcome == .ok && span.usage.input != nil && (span.usage.output != nil || span.kind == .embedding)
    var hasPricedBucket = false
    let buckets: [(tokens: Int?, rate: Int64?)] = [
      (span.usage.input, rates.input), (span.usage.cacheRead, rates.cacheRead), (span.usage.cacheWrite, rates.cacheWrite),
      (span.usage.output, rates.output), (span.usage.reasoning, rates.reasoning),
    ]
    for case (let tokens?, let rate) in buckets {
      guard tokens >= 0 else { return .unknown }
      if tokens == 0 && rate == nil { continue }
      guard let rate else {
        isComplete = false
        continue
      }
      hasPricedBucket = true
      let (amount, productOverflow) = Int64(tokens).multipliedReportingOverflow(by: rate)
      let (sum, sumOverflow) = total.addingReportingOverflow(amount)
      guard !productOverflow, !sumOverflow else { return .unknown }
      total = sum
    }
    guard hasPricedBucket else { return .unknown }
    let amount = Nanodollars(total)
    if span.usage.isEstimated { return .estimated(amount, priceVersion: version) }
    return isComplete ? .exact(amount, priceVersion: version) : .partial(amount, priceVersion: version)
  }
}
