// Budgets as JSON: what is allowed, spent, reserved and left for each subject, and how far it could and did go beyond.

import Budgets
import LLMTelemetry

struct BudgetsDocument: Encodable {
  struct Line: Encodable {
    let name: String
    /// `key`, `tenant` or `feature`.
    let scope: String
    let subject: String
    /// `usd`, `tokens` or `requests`; amounts are in it, as decimal text.
    let unit: String
    let period: String
    let limit: String
    let spent: String
    let reserved: String
    let left: String
    /// Every request is refused now; with something left, those that may need more are.
    let refuses: Bool
    /// Of all subjects of the budget, since the start.
    let refusals: Int
    let resetsAt: Timestamp?
    let inFlight: Int
    let cutsStreams: Bool
    /// Missing when nothing on our side bounds it.
    let worstOvershoot: String?
    let worstOvershootSentence: String
    /// The most that one exchange spent beyond its reservation.
    let observedOvershootOfOneExchange: String
    /// The most that one period's spending was beyond the limit.
    let observedOvershootOfLimit: String
  }

  let at: Timestamp
  let budgets: [Line]

  init(_ statuses: [BudgetStatus], at now: Timestamp) {
    at = now
    budgets = statuses.map { status in
      let unit = status.budget.unit
      func text(_ amount: Int64) -> String { unit == .money ? Nanodollars(amount).decimalDollars : String(amount) }
      return Line(
        name: status.budget.name, scope: status.budget.scope.kind.rawValue, subject: status.subject, unit: unit.rawValue,
        period: status.budget.period.description, limit: text(status.limit), spent: text(status.spent),
        reserved: text(status.reserved), left: text(status.left), refuses: status.refuses, refusals: status.refusals,
        resetsAt: status.resetsAt, inFlight: status.inFlight,
        cutsStreams: status.budget.cutsStreams, worstOvershoot: status.bound.amount.map(text),
        worstOvershootSentence: status.bound.sentence, observedOvershootOfOneExchange: text(status.observed.ofOneExchange),
        observedOvershootOfLimit: text(status.observed.beyondLimit))
    }
  }
}
