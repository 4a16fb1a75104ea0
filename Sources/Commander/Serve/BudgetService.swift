// Keeps what budgets have counted in the store while the gateway counts on, and takes it up again at the start.

import Budgets
import LLMTelemetry
import Logging
import ServiceLifecycle
import Storage

/// Starts before the gateway and stops after it, so that the last save has everything.
struct BudgetService: Service {
  let budgets: BudgetGuard
  let store: BudgetStore
  let logger: Logger

  /// A crash loses at most what began within this time and the save that was under way.
  static let interval: Duration = .milliseconds(100)

  /// The budgets with what an earlier process had counted, ready for the first request.
  /// - Parameter readBytes: the most the gateway reads from a provider at once, before it can cut a stream.
  static func restore(
    _ budgets: [Budget], readBytes: Int = 65_536, ledger: Ledger, telemetry: TelemetryStore, at now: Timestamp
  ) throws -> BudgetGuard {
    let store = BudgetStore(ledger)
    var book = BudgetBook(budgets, at: now, readBytes: readBytes)
    try store.prune(at: now)
    book.restore(try store.load(), spending: try telemetry.spending(of: book, at: now), at: now)
    return BudgetGuard(book)
  }

  func run() async throws {
    let saver = BudgetSaver(budgets: budgets, store: store, logger: logger)
    await cancelWhenGracefulShutdown {
      while (try? await Task.sleep(for: Self.interval)) != nil { await saver.save(at: .now()) }
    }
    // The gateway has stopped, so this comes to an end.
    while await saver.save(at: .now()) {}
  }
}

/// Saves changes, and keeps those that could not be saved for the next time.
actor BudgetSaver {
  private struct Slot: Hashable {
    let budget: String
    let scope: Budget.Scope.Kind
    let unit: Budget.Unit
    let period: String
    let subject: String
    let start: Timestamp

    init(_ row: BudgetStateRow) {
      budget = row.budget
      scope = row.scope
      unit = row.unit
      period = row.period
      subject = row.subject
      start = row.slotStart
    }
  }

  private let budgets: BudgetGuard
  private let store: BudgetStore
  private let logger: Logger
  /// What the last attempt could not save. Amounts are absolute, so a newer row takes an older one's place, and there are no
  /// more of them than slots.
  private var unsaved: [Slot: BudgetStateRow] = [:]
  private var nextPrune = Timestamp(unixNanoseconds: 0)
  /// A disk that stays full is said once.
  private var isFailing = false

  /// Changes are taken this often for one save. Under traffic there is always another one: a save that went on until there is
  /// none would never end, and would wait for the disk all the time.
  private static let takesPerSave = 20

  init(budgets: BudgetGuard, store: BudgetStore, logger: Logger) {
    self.budgets = budgets
    self.store = store
    self.logger = logger
  }

  /// One transaction with what has changed; what changes meanwhile is for the next. Returns whether there may be more.
  @discardableResult
  func save(at now: Timestamp) -> Bool {
    var mayHaveMore = true
    for _ in 0..<Self.takesPerSave {
      let rows = budgets.takeChanges()
      for row in rows { unsaved[Slot(row)] = row }
      mayHaveMore = !rows.isEmpty
      if rows.isEmpty { break }
    }
    do {
      try store.save(Array(unsaved.values))
      unsaved.removeAll()
      if isFailing { logger.notice("budgets are saved again") }
      isFailing = false
      if now >= nextPrune {
        nextPrune = now + .seconds(60)
        try store.prune(at: now)
      }
      return mayHaveMore
    } catch {
      unsaved = unsaved.filter { $0.value.expires > now }
      if !isFailing {
        logger.error(
          "budgets could not be saved and are held in memory only; tried again ten times a second",
          metadata: ["error": "\(error)"])
      }
      isFailing = true
      return false
    }
  }
}
