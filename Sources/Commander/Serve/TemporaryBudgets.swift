// Puts the budgets that overrides ask for beside those of the configuration, and takes them away again.

import Budgets
import Gateway
import LLMTelemetry
import Synchronization

final class TemporaryBudgets: Sendable {
  private let budgets: BudgetGuard
  private let configured: [Budget]
  private let present = Mutex<[Budget]>([])

  init(_ budgets: BudgetGuard, configured: [Budget]) {
    self.budgets = budgets
    self.configured = configured
  }

  /// Budgets are replaced only where something changed: a replacement forgets how often they refused.
  func apply(_ overrides: RoutingOverrides, at now: Timestamp) {
    present.withLock { present in
      let wanted = overrides.temporaryBudgets
      guard wanted != present else { return }
      present = wanted
      budgets.replace(configured + wanted, at: now)
    }
  }
}
