// Where each account stands, for people.

import LLMTelemetry

package struct BudgetStatus: Hashable, Sendable {
  package let budget: Budget
  /// The key, tenant or feature; `*` while a budget for each value has seen none.
  package let subject: String
  package let spent: Int64
  package let reserved: Int64
  /// Requests that have something reserved.
  package let inFlight: Int
  /// The end of the period, or when all that counts now will have aged out; `nil` when nothing counts in a rolling one.
  package let resetsAt: Timestamp?
  package let bound: OvershootBound
  package let observed: ObservedOvershoot
  /// Requests that the budget refused, of all its subjects, since the start.
  package let refusals: Int

  package var limit: Int64 { budget.limitAmount }
  /// What may still be reserved; never below zero.
  package var left: Int64 { max(0, limit - spent - reserved) }
  /// Whether it refuses every request now; with something left, it refuses those that may need more.
  package var refuses: Bool { left == 0 }
}

extension BudgetBook {
  /// At most `limit` accounts of each budget, those with the most spent and reserved first, in the order of the budgets.
  package mutating func snapshot(at now: Timestamp, limit: Int = 100) -> [BudgetStatus] {
    if now > latest { latest = now }
    var statuses: [BudgetStatus] = []
    for entry in entries {
      let bound = OvershootBound(entry.budget, readBytes: readBytes)
      // A budget that was given to another subject keeps the account of the former one in case it comes back.
      let shown = entry.accounts.filter { entry.budget.scope.isEach || $0.key == entry.budget.scope.value }.values
      for index in shown { accounts[index].window.advance(to: latest) }
      let largest = shown.sorted { (total($0), accounts[$1].subject) > (total($1), accounts[$0].subject) }
      if largest.isEmpty {
        statuses.append(
          BudgetStatus(
            budget: entry.budget, subject: entry.budget.scope.value, spent: 0, reserved: 0, inFlight: 0,
            resetsAt: entry.budget.period.stepNanoseconds == nil ? entry.budget.period.slot(at: latest).upperBound : nil,
            bound: bound, observed: entry.overshoot, refusals: entry.refusals))
      }
      for index in largest.prefix(limit) {
        let account = accounts[index]
        let isEmptyAndRolling = entry.budget.period.stepNanoseconds != nil && total(index) == 0
        statuses.append(
          BudgetStatus(
            budget: entry.budget, subject: account.subject, spent: account.window.settled, reserved: account.window.reserved,
            inFlight: account.inFlight, resetsAt: isEmptyAndRolling ? nil : account.window.time(untilAtMost: 0), bound: bound,
            observed: account.overshoot, refusals: entry.refusals))
      }
    }
    return statuses
  }

  private func total(_ account: Int) -> Int64 { accounts[account].window.settled + accounts[account].window.reserved }
}

/// One budget as a state that is measured: how far its fullest account is, and how often it has refused.
package struct BudgetReading: Hashable, Sendable {
  package let name: String
  /// Spent and reserved over the limit, of the account where it is the most; 0 before anything was spent.
  package let usedShare: Double
  /// Since the start.
  package let refusals: Int
}

extension BudgetBook {
  /// One for each budget, in their order.
  package mutating func readings(at now: Timestamp) -> [BudgetReading] {
    if now > latest { latest = now }
    return entries.map { entry in
      var most: Int64 = 0
      // As in a snapshot: the account of a former subject is kept, and says nothing.
      for (subject, index) in entry.accounts where entry.budget.scope.isEach || subject == entry.budget.scope.value {
        accounts[index].window.advance(to: latest)
        most = max(most, total(index))
      }
      return BudgetReading(
        name: entry.budget.name, usedShare: entry.limit > 0 ? Double(most) / Double(entry.limit) : 1, refusals: entry.refusals)
    }
  }
}
