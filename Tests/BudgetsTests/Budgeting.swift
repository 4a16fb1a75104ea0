// What the tests of budgets share: a start of time, and requests with only what matters written out.

import Budgets
import LLMTelemetry

/// A Wednesday, 2025-10-15T12:00:00Z.
let noon = Timestamp(unixSeconds: 1_760_529_600)

func at(_ text: String) -> Timestamp { Timestamp(rfc3339: text) ?? Timestamp(unixNanoseconds: 0) }

func request(
  key: String = "web", tenant: String? = "acme", feature: String? = "search", input: Int = 100, output: Int? = 100,
  answers: Int = 1, price: BudgetPrice? = BudgetPrice(input: Nanodollars(1_000_000), perMillionOutputTokens: 10_000_000_000)
) -> BudgetRequest {
  BudgetRequest(
    virtualKey: key, tenant: tenant, feature: feature, inputTokenCeiling: input, statedOutputTokens: output,
    answerCount: answers, price: price)
}

extension Result where Success == BudgetReservation, Failure == BudgetRefusal {
  var refusal: BudgetRefusal? {
    if case .failure(let refusal) = self { return refusal }
    return nil
  }

  var isAdmitted: Bool { refusal == nil }
}

extension BudgetBook {
  /// Where an account stands.
  func status(_ budget: String, _ subject: String, at now: Timestamp) -> BudgetStatus? {
    var copy = self
    return copy.snapshot(at: now).first { $0.budget.name == budget && $0.subject == subject }
  }

  mutating func allChanges() -> [BudgetStateRow] {
    var rows: [BudgetStateRow] = []
    while true {
      let taken = takeChanges()
      if taken.isEmpty { return rows }
      rows += taken
    }
  }
}
