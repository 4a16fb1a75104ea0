// The most a call can cost, before it is made: what a budget reserves.

import LLMTelemetry

extension PriceBook {
  /// An upper bound for a call of at most `inputTokens` and `outputTokens`: each at the dearest price of its side, long-context
  /// prices when the prompt may be that long, rounded up. `nil` when none can be told: a model without a price, the priority
  /// tier without a published one, or an answer nobody prices.
  package func ceiling(
    model: String, at time: Timestamp, tier: ServiceTier?, inputTokens: Int, outputTokens: Int
  ) -> Nanodollars? {
    guard inputTokens >= 0, outputTokens >= 0,
      let applicable = rates(model: model, at: time, tier: tier, promptTokens: inputTokens)
    else { return nil }
    if case .atLeast = applicable { return nil }
    let rates = applicable.rates
    guard let outputRate = outputTokens > 0 ? rates.dearestOutput : 0 else { return nil }
    let (input, inputOverflow) = Int64(inputTokens).multipliedReportingOverflow(by: rates.dearestInput)
    let (output, outputOverflow) = Int64(outputTokens).multipliedReportingOverflow(by: outputRate)
    let (total, totalOverflow) = input.addingReportingOverflow(output)
    guard !inputOverflow, !outputOverflow, !totalOverflow else { return nil }
    let (quotient, remainder) = total.quotientAndRemainder(dividingBy: 1000)
    return Nanodollars(remainder > 0 ? quotient + 1 : quotient)
  }
}
