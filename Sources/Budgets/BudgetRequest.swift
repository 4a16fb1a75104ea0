// What a request may need, what was set aside for it, and what it spent in the end.

import LLMTelemetry

/// An upper bound on what a request costs: a part that does not depend on the answer, and a rate for the answer.
package struct BudgetPrice: Hashable, Sendable {
  /// For the whole input at its dearest rate, and for what is charged per request.
  package var input: Nanodollars
  /// Nano-dollars for a million output tokens, at the dearest rate the answer may be charged at.
  package var perMillionOutputTokens: Int64

  package init(input: Nanodollars, perMillionOutputTokens: Int64) {
    self.input = input
    self.perMillionOutputTokens = perMillionOutputTokens
  }

  /// Rounded up; enormous counts give an enormous amount, never a wrapped one.
  package func moneyCeiling(outputTokens: Int) -> Nanodollars {
    let (high, low) = Int64(max(0, outputTokens)).multipliedFullWidth(by: max(0, perMillionOutputTokens))
    guard high == 0, low <= UInt64(BudgetBook.ceiling) else { return Nanodollars(BudgetBook.ceiling) }
    let output = (Int64(low) + 999_999) / 1_000_000
    return Nanodollars(min(BudgetBook.ceiling, max(0, input.count) &+ output))
  }
}

/// A request that asks to be admitted.
package struct BudgetRequest: Hashable, Sendable {
  package var virtualKey: String
  package var tenant: String?
  package var feature: String?
  /// At least as many tokens as the input can have; a body has no more tokens than bytes.
  package var inputTokenCeiling: Int
  /// The most output the request allows over all its answers; `nil` when it states no maximum, 0 when there is no output.
  package var statedOutputTokens: Int?
  /// Answers asked for; each is assumed to be as long as the budget says when the request states no maximum.
  package var answerCount: Int
  /// At the dearest of the models that may answer; `nil` when one of them has no known price.
  package var price: BudgetPrice?

  package init(
    virtualKey: String, tenant: String?, feature: String?, inputTokenCeiling: Int, statedOutputTokens: Int?,
    answerCount: Int = 1, price: BudgetPrice?
  ) {
    self.virtualKey = virtualKey
    self.tenant = tenant
    self.feature = feature
    self.inputTokenCeiling = inputTokenCeiling
    self.statedOutputTokens = statedOutputTokens
    self.answerCount = answerCount
    self.price = price
  }

  /// What is set aside for the answer under a budget that assumes `assumed` tokens for each.
  @inline(__always)
  func outputTokens(assuming assumed: Int) -> Int {
    if let statedOutputTokens { return max(0, statedOutputTokens) }
    let (tokens, overflows) = assumed.multipliedReportingOverflow(by: max(1, answerCount))
    return overflows ? Int(BudgetBook.ceiling) : tokens
  }
}

/// What was set aside for one request. Give it back exactly once, by `settle` or `release`; a second time does nothing.
package struct BudgetReservation: Hashable, Sendable {
  let index: Int32
  let generation: UInt32
  /// How many output tokens a stream may bring before it must be cut; `nil` when no budget of the request cuts streams.
  package let outputTokenAllowance: Int?

  /// Of a request that no budget counts.
  package static let none = BudgetReservation(index: -1, generation: 0, outputTokenAllowance: nil)
}

/// What a request spent in the end. Unknown is not zero: it settles as the whole reservation.
package struct BudgetSpending: Hashable, Sendable {
  /// Input and output together.
  package var tokens: Int64?
  package var money: Nanodollars?
  package var requests: Int64

  package init(tokens: Int64?, money: Nanodollars?, requests: Int64 = 1) {
    self.tokens = tokens
    self.money = money
    self.requests = requests
  }

  /// Of a request that never reached a provider.
  package static let nothing = BudgetSpending(tokens: 0, money: Nanodollars(0), requests: 0)

  /// Of a finished exchange: what its usage and cost say, and nothing when no provider was reached. A usage with only one
  /// side known is unknown.
  package init(usage: TokenUsage, cost: Cost, attempts: Int, hasOutput: Bool = true) {
    guard attempts > 0 else {
      self = .nothing
      return
    }
    var tokens: Int64?
    if let input = usage.totalInput {
      if let output = usage.totalOutput ?? (hasOutput ? nil : 0) { tokens = Int64(input) + Int64(output) }
    }
    self.init(tokens: tokens, money: cost.amount)
  }

  @inline(__always)
  func amount(_ unit: Budget.Unit) -> Int64? {
    switch unit {
    case .money: money?.count
    case .tokens: tokens
    case .requests: requests
    }
  }
}
