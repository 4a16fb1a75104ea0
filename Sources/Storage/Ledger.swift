// The ledger file: every fact the commander must not forget, append-only, durable before it is acknowledged.

import GRDB
import LLMTelemetry
import Remediation

/// One entry with its place in the ledger.
package struct LedgerRow: Hashable, Sendable {
  package let sequence: Int64
  package let entry: LedgerEntry
}

/// A file of its own, for two reasons: SQLite lets one writer at a time into a file, and a burst of telemetry must not delay an
/// alert; and durability is chosen per connection: here every append waits until the disk has it (`synchronous=FULL` in WAL
/// mode syncs the log at each commit), which spans could not afford.
package final class Ledger: Sendable {
  package let path: String
  let queue: DatabaseQueue

  /// Opens or creates the file at `path`; its folder must exist. Throws `StorageError`.
  package init(path: String) throws {
    self.path = path
    queue = try DatabaseFile.open(path, kind: .ledger, migrator: Self.migrator) { configuration in
      var configuration = configuration
      configuration.journalMode = .wal
      let queue = try DatabaseQueue(path: path, configuration: configuration)
      // After opening: GRDB sets NORMAL when it switches to WAL.
      try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
      return queue
    }
  }

  private static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1") { db in
      // AUTOINCREMENT: a sequence number is never given twice.
      try db.execute(
        sql: """
          CREATE TABLE ledger (
            sequence INTEGER PRIMARY KEY AUTOINCREMENT,
            at INTEGER NOT NULL,
            kind TEXT NOT NULL,
            subject TEXT NOT NULL,
            payload TEXT NOT NULL
          );
          CREATE INDEX ledger_by_subject ON ledger (subject, sequence);
          CREATE TRIGGER ledger_never_changes BEFORE UPDATE ON ledger BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
          CREATE TRIGGER ledger_never_forgets BEFORE DELETE ON ledger BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
          """)
    }
    migrator.registerMigration("2", migrate: BudgetStore.createTable)
    return migrator
  }

  /// All or none, on disk when this returns. Returns the sequence number of the last entry; 0 for no entries.
  @discardableResult
  package func append(_ entries: [LedgerEntry]) throws -> Int64 {
    guard !entries.isEmpty else { return 0 }
    let payloads = try entries.map { try $0.json() }
    return try queue.write { db in
      let statement = try db.cachedStatement(sql: "INSERT INTO ledger (at, kind, subject, payload) VALUES (?, ?, ?, ?)")
      for (entry, payload) in zip(entries, payloads) {
        try statement.execute(arguments: [entry.at.unixNanoseconds, entry.kind, entry.subject, payload])
      }
      return db.lastInsertedRowID
    }
  }

  /// Entries after `sequence` in the order they were appended, at most `limit`.
  package func rows(after sequence: Int64 = 0, limit: Int = .max) throws -> [LedgerRow] {
    let rows = try queue.read { db in
      try Row.fetchAll(
        db, sql: "SELECT sequence, payload FROM ledger WHERE sequence > ? ORDER BY sequence LIMIT ?",
        arguments: [sequence, limit])
    }
    return try rows.map { row in
      let sequence: Int64 = row["sequence"]
      do {
        return LedgerRow(sequence: sequence, entry: try LedgerEntry(json: row["payload"]))
      } catch {
        throw StorageError.damaged(path: path, detail: "ledger entry \(sequence): \(error)")
      }
    }
  }

  package func entries(after sequence: Int64 = 0) throws -> [LedgerEntry] { try rows(after: sequence).map(\.entry) }

  /// `PRAGMA synchronous` of this connection: 2 is FULL.
  var synchronousLevel: Int {
    get throws { try queue.read { try Int.fetchOne($0, sql: "PRAGMA synchronous") ?? -1 } }
  }
}
