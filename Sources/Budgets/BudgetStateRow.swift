// What is saved of the accounts: absolute amounts per slot of time, so that saving twice changes nothing.

import LLMTelemetry

package struct BudgetStateRow: Hashable, Sendable {
  package var budget: String
  package var scope: Budget.Scope.Kind
  package var unit: Budget.Unit
  /// As `Budget.Period` describes itself: slots of another period are not where this one's are.
  package var period: String
  package var subject: String
  package var slotStart: Timestamp
  /// When the slot stops counting; the row may then be forgotten.
  package var expires: Timestamp
  package var settled: Int64
  /// By requests that had not ended. After a crash nobody knows what became of them, so it counts as spent.
  package var reserved: Int64
  package var overshoot: ObservedOvershoot

  package init(
    budget: String, scope: Budget.Scope.Kind, unit: Budget.Unit, period: String, subject: String, slotStart: Timestamp,
    expires: Timestamp,
    settled: Int64, reserved: Int64, overshoot: ObservedOvershoot = ObservedOvershoot()
  ) {
    self.budget = budget
    self.scope = scope
    self.unit = unit
    self.period = period
    self.subject = subject
    self.slotStart = slotStart
    self.expires = expires
    self.settled = settled
    self.reserved = reserved
    self.overshoot = overshoot
  }
}

/// How far reality went beyond what was reserved and allowed, at worst; 0 when it never did.
package struct ObservedOvershoot: Hashable, Sendable {
  /// The most that one exchange spent beyond its reservation.
  package var ofOneExchange: Int64
  /// The most that was spent in one period beyond the limit.
  package var beyondLimit: Int64

  package init(ofOneExchange: Int64 = 0, beyondLimit: Int64 = 0) {
    self.ofOneExchange = ofOneExchange
    self.beyondLimit = beyondLimit
  }

  mutating func merge(_ other: ObservedOvershoot) {
    ofOneExchange = max(ofOneExchange, other.ofOneExchange)
    beyondLimit = max(beyondLimit, other.beyondLimit)
  }
}

/// What the stored spans say was spent, by subject of one budget.
package struct BudgetScopeSpending: Hashable, Sendable {
  package var budget: String
  /// In the budget's unit.
  package var bySubject: [String: Int64]

  package init(budget: String, bySubject: [String: Int64]) {
    self.budget = budget
    self.bySubject = bySubject
  }
}
