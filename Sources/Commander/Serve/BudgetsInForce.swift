// The budgets in force: those of the configuration, which a later file may change, and beside them those that overrides ask for.

import Budgets
import Gateway
import LLMTelemetry
import Logging
import Storage
import Synchronization

final class BudgetsInForce: Sendable {
  private struct Present {
    var configured: [Budget]
    var temporary: [Budget] = []
  }

  private let budgets: BudgetGuard
  private let present: Mutex<Present>

  init(_ budgets: BudgetGuard, configured: [Budget]) {
    self.budgets = budgets
    present = Mutex(Present(configured: configured))
  }

  /// Budgets are replaced only where something changed: a replacement opens every account again.
  func apply(_ overrides: RoutingOverrides, at now: Timestamp) {
    present.withLock { present in
      let wanted = overrides.temporaryBudgets
      guard wanted != present.temporary else { return }
      present.temporary = wanted
      budgets.replace(present.configured + wanted, at: now)
    }
  }

  /// Puts other budgets of the configuration in force. One that is new, or counts another time or by another scope, begins with
  /// what the stored spans say of it, as after a restart; the others go on with what they have counted.
  func configure(_ configured: [Budget], counting store: TelemetryStore, logger: Logger, at now: Timestamp) {
    let changed = present.withLock { present -> [Budget] in
      guard configured != present.configured else { return [] }
      let before = Dictionary(present.configured.map { ($0.name, $0) }) { first, _ in first }
      present.configured = configured
      budgets.replace(configured + present.temporary, at: now)
      return configured.filter { budget in
        guard let old = before[budget.name] else { return true }
        return old.scope != budget.scope || old.period != budget.period || old.unit != budget.unit
      }
    }
    guard !changed.isEmpty else { return }
    do {
      budgets.count(try store.spending(of: BudgetBook(changed, at: now), at: now), at: now)
    } catch {
      logger.error("new budgets begin at zero: the stored spans could not be read", metadata: ["error": "\(error)"])
    }
  }
}
