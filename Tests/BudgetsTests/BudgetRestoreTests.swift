// After a crash the accounts are made again from what was saved, never for less than what was spent.

@testable import Budgets
import LLMTelemetry
import Testing

@Suite struct BudgetRestoreTests {
  private let tokens = Budget(name: "t", scope: .tenant("*"), limit: .tokens(1000), period: .day)
  private let rolling = Budget(name: "r", scope: .virtualKey("*"), limit: .requests(10), period: .rolling(.seconds(3600)))

  @Test func whatWasInFlightCountsAsSpent() throws {
    var book = BudgetBook([tokens, rolling], at: noon)
    let first = try book.reserve(request(), at: noon).get()
    book.settle(first, spent: BudgetSpending(tokens: 260, money: nil), at: noon)
    _ = try book.reserve(request(output: 300), at: noon + .seconds(120)).get()
    let rows = book.allChanges()
    #expect(book.allChanges().isEmpty)

    var restored = BudgetBook([tokens, rolling], at: noon)
    restored.restore(rows, spending: [], at: noon + .seconds(180))
    var status = try #require(restored.status("t", "acme", at: noon + .seconds(180)))
    #expect(status.spent == 660 && status.reserved == 0 && status.inFlight == 0)
    #expect(status.observed.ofOneExchange == 60)
    // The steps of a rolling period come back as they were.
    status = try #require(restored.status("r", "web", at: noon + .seconds(180)))
    #expect(status.spent == 2)
    #expect(restored.status("r", "web", at: noon + .seconds(3661))?.spent == 1)
    // What was restored is saved as settled, so that a second crash finds the same.
    var again = BudgetBook([tokens, rolling], at: noon)
    again.restore(restored.allChanges(), spending: [], at: noon + .seconds(180))
    #expect(again.status("t", "acme", at: noon + .seconds(180))?.spent == 660)
  }

  @Test func storedSpansCountWhereTheySayMore() throws {
    var book = BudgetBook([tokens], at: noon)
    let reservation = try book.reserve(request(), at: noon).get()
    book.settle(reservation, spent: BudgetSpending(tokens: 100, money: nil), at: noon)
    let rows = book.allChanges()
    var restored = BudgetBook([tokens], at: noon)
    restored.restore(
      rows, spending: [BudgetScopeSpending(budget: "t", bySubject: ["acme": 150, "globex": 40, "(none)": 3])], at: noon)
    #expect(restored.status("t", "acme", at: noon)?.spent == 150)
    #expect(restored.status("t", "globex", at: noon)?.spent == 40)
    #expect(restored.status("t", "(none)", at: noon)?.spent == 3)
    var less = BudgetBook([tokens], at: noon)
    less.restore(rows, spending: [BudgetScopeSpending(budget: "t", bySubject: ["acme": 50])], at: noon)
    #expect(less.status("t", "acme", at: noon)?.spent == 100)
  }

  @Test func rowsOfAnotherTimeScopeOrUnitAreLeftAlone() {
    func row(_ change: (inout BudgetStateRow) -> Void) -> BudgetStateRow {
      var row = BudgetStateRow(
        budget: "t", scope: .tenant, unit: .tokens, period: "day", subject: "acme", slotStart: at("2025-10-15T00:00:00Z"),
        expires: at("2025-10-16T00:00:00Z"), settled: 7, reserved: 0)
      change(&row)
      return row
    }
    var book = BudgetBook([tokens], at: noon)
    book.restore(
      [
        row { $0.slotStart = at("2025-10-14T00:00:00Z") }, row { $0.slotStart = at("2025-10-16T00:00:00Z") },
        row { $0.unit = .requests }, row { $0.scope = .feature }, row { $0.budget = "gone" },
      ], spending: [], at: noon)
    #expect(book.snapshot(at: noon).map(\.spent) == [0])
    book.restore([row { _ in }], spending: [], at: noon)
    #expect(book.status("t", "acme", at: noon)?.spent == 7)
  }

  @Test func changedPeriodTakesUpTheOldRowsOnce() throws {
    var hourly = tokens
    hourly.period = .rolling(.seconds(3600))
    var book = BudgetBook([hourly], at: noon)
    for minute in 0..<3 {
      let time = noon + .seconds(60 * minute)
      let reservation = try book.reserve(request(), at: time).get()
      book.settle(reservation, spent: BudgetSpending(tokens: 100, money: nil), at: time)
    }
    let old = book.allChanges()
    let now = noon + .seconds(300)
    var daily = BudgetBook([tokens], at: now)
    daily.restore(old, spending: [], at: now)
    #expect(daily.status("t", "acme", at: now)?.spent == 300)
    let both = old + daily.allChanges()
    var again = BudgetBook([tokens], at: now)
    again.restore(both, spending: [], at: now)
    #expect(again.status("t", "acme", at: now)?.spent == 300)
  }

  @Test func changesAreTakenInBoundedPieces() {
    var book = BudgetBook([tokens], at: noon)
    for index in 0..<1200 { _ = book.reserve(request(tenant: "t\(index)"), at: noon) }
    #expect(book.takeChanges().count == 500)
    #expect(book.takeChanges().count == 500)
    _ = book.reserve(request(tenant: "new"), at: noon)
    #expect(book.takeChanges().count == 201)
    #expect(book.takeChanges().isEmpty)
  }
}
