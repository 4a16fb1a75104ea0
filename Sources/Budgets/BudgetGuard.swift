// The book behind a lock, for the event loops: a reservation and its settlement take well under a microsecond.

import LLMTelemetry
import Synchronization

package final class BudgetGuard: Sendable {
  private let book: Mutex<BudgetBook>
  /// Whether a price has to be reckoned before a call: only then is it looked up.
  private let money: Atomic<Bool>

  package init(_ book: BudgetBook) {
    money = Atomic(book.countsMoney)
    self.book = Mutex(book)
  }

  package var countsMoney: Bool { money.load(ordering: .relaxed) }

  /// Reserves in every budget that counts the request, or in none.
  package func reserve(_ request: BudgetRequest, at now: Timestamp) -> Result<BudgetReservation, BudgetRefusal> {
    book.withLock { $0.reserve(request, at: now) }
  }

  /// Counts what was spent in place of what was reserved; only the first settlement of a reservation counts.
  package func settle(_ reservation: BudgetReservation, spent: BudgetSpending, at now: Timestamp) {
    guard reservation.index >= 0 else { return }
    book.withLock { $0.settle(reservation, spent: spent, at: now) }
  }

  /// Gives back the whole reservation of a request that reached no provider.
  package func release(_ reservation: BudgetReservation, at now: Timestamp) {
    settle(reservation, spent: .nothing, at: now)
  }

  /// Slots that changed since the last call, of a limited number of accounts, so that no event loop waits long; call until
  /// it is empty.
  package func takeChanges() -> [BudgetStateRow] { book.withLock { $0.takeChanges() } }

  /// For people: at most 100 subjects of each budget, those with the most spent and reserved first.
  package func snapshot(at now: Timestamp) -> [BudgetStatus] { book.withLock { $0.snapshot(at: now) } }

  /// For metrics: one reading for each budget.
  package func readings(at now: Timestamp) -> [BudgetReading] { book.withLock { $0.readings(at: now) } }

  /// Where the stored spans of a budget's time say that more was spent, they are right.
  package func count(_ spending: [BudgetScopeSpending], at now: Timestamp) {
    book.withLock { $0.restore([], spending: spending, at: now) }
  }

  /// Puts other budgets in force; what they have counted stays with the name.
  package func replace(_ budgets: [Budget], at now: Timestamp) {
    book.withLock { book in
      book.replace(budgets, at: now)
      money.store(book.countsMoney, ordering: .relaxed)
    }
  }
}
