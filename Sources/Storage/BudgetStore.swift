// The accounts of budgets in the ledger file, and what the stored spans say was spent.

import Budgets
import GRDB
import LLMTelemetry

/// A checkpoint, not a part of the ledger: it says where each account stands, is overwritten many times a second, and rows
/// that no longer count are deleted. It is in the ledger's file because it must be on disk when `save` returns, as every
/// commit there is.
package struct BudgetStore: Sendable {
  private let ledger: Ledger

  package init(_ ledger: Ledger) { self.ledger = ledger }

  static func createTable(_ db: Database) throws {
    try db.execute(
      sql: """
        CREATE TABLE budget_state (
          budget TEXT NOT NULL,
          scope TEXT NOT NULL,
          unit TEXT NOT NULL,
          period TEXT NOT NULL,
          subject TEXT NOT NULL,
          slot_start INTEGER NOT NULL,
          expires INTEGER NOT NULL,
          settled INTEGER NOT NULL,
          reserved INTEGER NOT NULL,
          overshoot_of_exchange INTEGER NOT NULL,
          overshoot_of_limit INTEGER NOT NULL,
          PRIMARY KEY (budget, scope, unit, period, subject, slot_start)
        ) WITHOUT ROWID;
        CREATE INDEX budget_state_by_expiry ON budget_state (expires);
        """)
  }

  /// Overwrites the slots of the rows, all in one transaction.
  package func save(_ rows: [BudgetStateRow]) throws {
    guard !rows.isEmpty else { return }
    try ledger.queue.write { db in
      let statement = try db.cachedStatement(
        sql: """
          INSERT OR REPLACE INTO budget_state (budget, scope, unit, period, subject, slot_start, expires, settled, reserved,
            overshoot_of_exchange, overshoot_of_limit)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
          """)
      for row in rows {
        try statement.execute(arguments: [
          row.budget, row.scope.rawValue, row.unit.rawValue, row.period, row.subject, row.slotStart.unixNanoseconds,
          row.expires.unixNanoseconds, row.settled, row.reserved, row.overshoot.ofOneExchange, row.overshoot.beyondLimit,
        ])
      }
    }
  }

  /// Every row that has not been pruned.
  package func load() throws -> [BudgetStateRow] {
    try ledger.queue.read { try Row.fetchAll($0, sql: "SELECT * FROM budget_state") }.map { row in
      guard let scope = Budget.Scope.Kind(rawValue: row["scope"]), let unit = Budget.Unit(rawValue: row["unit"]) else {
        throw StorageError.damaged(path: ledger.path, detail: "state of budget \"\(row["budget"] as String)\"")
      }
      return BudgetStateRow(
        budget: row["budget"], scope: scope, unit: unit, period: row["period"], subject: row["subject"],
        slotStart: Timestamp(unixNanoseconds: row["slot_start"]), expires: Timestamp(unixNanoseconds: row["expires"]),
        settled: row["settled"], reserved: row["reserved"],
        overshoot: ObservedOvershoot(ofOneExchange: row["overshoot_of_exchange"], beyondLimit: row["overshoot_of_limit"]))
    }
  }

  /// Deletes the rows that no longer count at `now`; returns how many.
  @discardableResult
  package func prune(at now: Timestamp) throws -> Int {
    try ledger.queue.write { db in
      try db.execute(sql: "DELETE FROM budget_state WHERE expires <= ?", arguments: [now.unixNanoseconds])
      return db.changesCount
    }
  }
}

extension TelemetryStore {
  /// What the gateway's spans that start in `range` spent, by the value of the scope. Exchanges that reached no provider
  /// spent nothing; spans that applications sent are not the gateway's and have no virtual key. A cost that is unknown is
  /// not in `money`: the sum is a lower bound.
  package func spending(
    by scope: Budget.Scope.Kind, in range: Range<Timestamp>
  ) throws -> [String: (tokens: Int64, money: Nanodollars, requests: Int64)] {
    let column =
      switch scope {
      case .virtualKey: "virtual_key"
      case .tenant: "tenant"
      case .feature: "feature"
      }
    // The buckets never overlap; a new one is a column that counts here too.
    let tokens = SpanRow.columns.split(whereSeparator: { $0 == "," || $0 == " " }).filter { $0.hasSuffix("_tokens") }.map {
      "COALESCE(\($0), 0)"
    }
    let sql = """
      SELECT \(column) AS value, SUM(\(tokens.joined(separator: " + "))) AS tokens,
        SUM(COALESCE(cost_nanodollars, 0)) AS money, COUNT(*) AS requests
      FROM spans
      WHERE start >= ? AND start < ? AND virtual_key IS NOT NULL AND attempts > 0 AND accounts_for_exchange
      GROUP BY \(column)
      """
    let rows = try pool.read {
      try Row.fetchAll($0, sql: sql, arguments: [range.lowerBound.unixNanoseconds, range.upperBound.unixNanoseconds])
    }
    return Dictionary(
      rows.map { row in
        (
          row["value"] as String? ?? BudgetBook.noSubject,
          (tokens: row["tokens"] as Int64, money: Nanodollars(row["money"]), requests: row["requests"] as Int64)
        )
      }
    ) { first, _ in first }
  }

  /// The spending that `BudgetBook.restore` compares the saved accounts with.
  package func spending(of book: BudgetBook, at now: Timestamp) throws -> [BudgetScopeSpending] {
    // Budgets that count the same time by the same scope share one pass over the spans.
    struct Question: Hashable {
      let scope: Budget.Scope.Kind
      let range: Range<Timestamp>
    }
    var answers: [Question: [String: (tokens: Int64, money: Nanodollars, requests: Int64)]] = [:]
    return try book.budgets.map { budget in
      let question = Question(scope: budget.scope.kind, range: book.countedRange(of: budget, at: now))
      let found = try answers[question] ?? spending(by: question.scope, in: question.range)
      answers[question] = found
      return BudgetScopeSpending(
        budget: budget.name,
        bySubject: found.mapValues { spent in
          switch budget.unit {
          case .money: spent.money.count
          case .tokens: spent.tokens
          case .requests: spent.requests
          }
        })
    }
  }
}
