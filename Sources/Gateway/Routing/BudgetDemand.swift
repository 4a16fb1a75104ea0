// What a request may cost at most, before anybody serves it.

import Budgets
import LLMTelemetry
import Pricing
import Providers

enum BudgetDemand {
  /// `nil` for calls that use no model, which no budget counts.
  ///
  /// - Parameter prices: `nil` when no budget counts money.
  static func request(_ call: AdmittedCall, facts: AdmittedFacts, bodyBytes: Int, prices: PriceBook?, at time: Timestamp)
    -> BudgetRequest?
  {
    let kind = facts.bodyFormat.spanKind
    guard kind != .task else { return nil }
    // What the gateway puts in is input too.
    let inputBytes = call.edits.reduce(bodyBytes) { $0 + $1.replacement.utf8.count }
    let stated =
      kind == .embedding ? 0 : mostOutputTokens(call).map { statedTokens($0, times: call.request.answerCount) }
    return BudgetRequest(
      virtualKey: facts.virtualKey ?? "", tenant: facts.dimensions.tenant, feature: facts.dimensions.feature,
      inputTokenCeiling: inputBytes, statedOutputTokens: stated, answerCount: call.request.answerCount,
      price: prices.flatMap { price(call, tier: facts.serviceTier, inputTokens: inputBytes, prices: $0, at: time) })
  }

  private static func mostOutputTokens(_ call: AdmittedCall) -> Int? {
    guard let cap = call.outputTokenCap else { return call.request.maximumOutputTokens }
    return min(cap, call.request.maximumOutputTokens ?? cap)
  }

  private static func statedTokens(_ maximum: Int, times count: Int) -> Int {
    let (product, overflow) = max(0, maximum).multipliedReportingOverflow(by: max(1, count))
    return overflow ? .max : product
  }

  /// The dearest of the models that may have to answer; `nil` when one of them has no price.
  private static func price(
    _ call: AdmittedCall, tier: ServiceTier?, inputTokens: Int, prices: PriceBook, at time: Timestamp
  ) -> BudgetPrice? {
    var result = BudgetPrice(input: Nanodollars(0), perMillionOutputTokens: 0)
    for candidate in call.candidates {
      guard
        let input = prices.ceiling(
          model: candidate.model, at: time, tier: tier, inputTokens: inputTokens, outputTokens: 0),
        let both = prices.ceiling(
          model: candidate.model, at: time, tier: tier, inputTokens: inputTokens, outputTokens: 1_000_000)
      else { return nil }
      result.input = max(result.input, input)
      result.perMillionOutputTokens = max(result.perMillionOutputTokens, both.count - input.count)
    }
    return result
  }
}
