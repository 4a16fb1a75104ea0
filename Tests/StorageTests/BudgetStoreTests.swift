// What budgets counted survives a process, and the spans say what was spent where a checkpoint came too late.

import Budgets
import Foundation
import GRDB
import LLMTelemetry
@testable import Storage
import Testing

@Suite struct BudgetStoreTests {
  private let noon = Timestamp(unixSeconds: 1_760_529_600)
  private let tokens = Budget(name: "t", scope: .tenant("*"), limit: .tokens(1000), period: .day)
  private let rolling = Budget(
    name: "r", scope: .virtualKey("*"), limit: .money(Nanodollars(1_000_000)), period: .rolling(.seconds(3600)))

  private func reserve(_ book: inout BudgetBook, tenant: String = "acme", at now: Timestamp) throws -> BudgetReservation {
    try book.reserve(
      BudgetRequest(
        virtualKey: "web", tenant: tenant, feature: nil, inputTokenCeiling: 100, statedOutputTokens: 100,
        price: BudgetPrice(input: Nanodollars(1000), perMillionOutputTokens: 0)), at: now
    ).get()
  }

  private func span(_ tenant: String?, at start: Timestamp, change: (inout LLMSpan) -> Void = { _ in }) -> LLMSpan {
    var span = LLMSpan(traceID: .random(), spanID: .random(), kind: .llm, name: "chat", start: start, duration: .seconds(1))
    span.dimensions.tenant = tenant
    span.virtualKey = "web"
    span.usage = TokenUsage(input: 10, cacheRead: 20, output: 30, reasoning: 40)
    span.cost = .exact(Nanodollars(7), priceVersion: "test")
    change(&span)
    return span
  }

  @Test func rowsComeBackAndTheLastOneCounts() throws {
    try withFolder { folder in
      let path = folder + "/ledger.sqlite"
      var row = BudgetStateRow(
        budget: "t", scope: .tenant, unit: .tokens, period: "day", subject: "acme", slotStart: noon,
        expires: noon + .seconds(60), settled: 5, reserved: 6,
        overshoot: ObservedOvershoot(ofOneExchange: 7, beyondLimit: 8))
      var other = row
      other.subject = "globex"
      other.expires = noon + .seconds(120)
      do {
        let store = BudgetStore(try Ledger(path: path))
        try store.save([row, other])
        row.settled = 11
        row.reserved = 0
        try store.save([row])
        try store.save([])
      }
      let store = BudgetStore(try Ledger(path: path))
      #expect(Set(try store.load()) == [row, other])
      #expect(try store.prune(at: noon + .seconds(60)) == 1)
      #expect(try store.load() == [other])
    }
  }

  @Test func aFileOfTheFirstSchemaIsTakenUp() throws {
    try withFolder { folder in
      let path = folder + "/ledger.sqlite"
      do { _ = try Ledger(path: path) }
      try DatabaseQueue(path: path).write {
        try $0.execute(sql: "DROP TABLE budget_state; DELETE FROM grdb_migrations WHERE identifier = '2'")
      }
      #expect(try BudgetStore(try Ledger(path: path)).load().isEmpty)
    }
  }

  @Test func unreadableRowIsNamed() throws {
    try withFolder { folder in
      let path = folder + "/ledger.sqlite"
      let ledger = try Ledger(path: path)
      try DatabaseQueue(path: path).write {
        try $0.execute(sql: "INSERT INTO budget_state VALUES ('t', 'planet', 'tokens', 'day', 'x', 0, 0, 0, 0, 0, 0)")
      }
      let error = #expect(throws: StorageError.self) { try BudgetStore(ledger).load() }
      #expect(error?.description.contains("state of budget \"t\"") == true)
    }
  }

  @Test func killedInMidFlightNothingIsForgotten() throws {
    try withFolder { folder in
      let path = folder + "/ledger.sqlite"
      do {
        let store = BudgetStore(try Ledger(path: path))
        var book = BudgetBook([tokens, rolling], at: noon)
        for index in 0..<3 {
          let reservation = try reserve(&book, at: noon + .seconds(index * 120))
          if index < 2 { book.settle(reservation, spent: BudgetSpending(tokens: 50, money: Nanodollars(400)), at: noon) }
        }
        try store.save(book.takeChanges())
        // What is reserved now dies with the process before it is saved.
        _ = try reserve(&book, tenant: "globex", at: noon + .seconds(400))
      }
      let now = noon + .seconds(500)
      var book = BudgetBook([tokens, rolling], at: now)
      book.restore(try BudgetStore(try Ledger(path: path)).load(), spending: [], at: now)
      let statuses = book.snapshot(at: now)
      #expect(statuses.map(\.subject) == ["acme", "web"])
      #expect(statuses.map(\.spent) == [300, 1800])
      #expect(statuses.map(\.reserved) == [0, 0])
      #expect(book.snapshot(at: noon + .seconds(3661)).last?.spent == 1400)
    }
  }

  @Test func spansThatMissedTheCheckpointCount() throws {
    try withFolder { folder in
      let store = try TelemetryStore(path: folder + "/telemetry.sqlite")
      try store.append(spans: [
        span("acme", at: noon), span("acme", at: noon + .seconds(1)) { $0.cost = .unknown }, span(nil, at: noon),
        // None of these was spent in the period through the gateway.
        span("acme", at: noon - .seconds(13 * 3600)), span("acme", at: noon) { $0.attempts = 0 },
        span("acme", at: noon) { $0.virtualKey = nil }, span("acme", at: noon) { $0.accountsForExchange = false },
      ])
      let range = noon..<(noon + .seconds(60))
      let found = try store.spending(by: .tenant, in: range)
      #expect(found.keys.sorted() == ["(none)", "acme"])
      let acme = try #require(found["acme"])
      #expect(acme.tokens == 200 && acme.money == Nanodollars(7) && acme.requests == 2)
      #expect(try store.spending(by: .virtualKey, in: range)["web"]?.requests == 3)
      #expect(try store.spending(by: .feature, in: range).keys.sorted() == ["(none)"])

      let now = noon + .seconds(10)
      var book = BudgetBook([tokens, rolling], at: now)
      book.restore([], spending: try store.spending(of: book, at: now), at: now)
      #expect(book.snapshot(at: now).map(\.spent) == [200, 100, 14])
    }
  }
}
