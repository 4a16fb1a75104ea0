// Opens the SQLite files of this product, and refuses what it must not touch.

import Foundation
import GRDB

/// Why a database file cannot be used, with its place and the remedy.
package enum StorageError: Error, Equatable, CustomStringConvertible, Sendable {
  case cannotOpen(path: String, reason: String)
  case notOurs(path: String)
  case newerSchema(path: String)
  case damaged(path: String, detail: String)

  package var description: String {
    switch self {
    case .cannotOpen(let path, let reason):
      "\(path): cannot be opened as a database: \(reason); check that its folder exists and is writable, or configure another path"
    case .notOurs(let path):
      "\(path): is not a database of this kind; configure another path"
    case .newerSchema(let path):
      "\(path): was written by a newer version of LLM Incident Commander; upgrade, or configure another path"
    case .damaged(let path, let detail):
      "\(path): holds a row that cannot be read: \(detail); restore a backup, or move the file away to start anew"
    }
  }
}

enum DatabaseFile {
  /// `PRAGMA application_id`, in ASCII `LLMT` for telemetry and `LLML` for the ledger.
  enum Kind: Int32 {
    case telemetry = 0x4C4C_4D54
    case ledger = 0x4C4C_4D4C
  }

  /// Checks the file, opens it by `makeWriter` and brings it to the current schema.
  static func open<Writer: DatabaseWriter>(
    _ path: String, kind: Kind, migrator: DatabaseMigrator, makeWriter: (Configuration) throws -> Writer
  ) throws -> Writer {
    do {
      try check(path, kind: kind)
      var configuration = Configuration()
      configuration.busyMode = .timeout(5)
      let writer = try makeWriter(configuration)
      if try writer.read(migrator.hasBeenSuperseded) { throw StorageError.newerSchema(path: path) }
      if try writer.read({ try Int32.fetchOne($0, sql: "PRAGMA application_id") }) != kind.rawValue {
        try writer.writeWithoutTransaction { try $0.execute(sql: "PRAGMA application_id = \(kind.rawValue)") }
      }
      try migrator.migrate(writer)
      return writer
    } catch let error as DatabaseError {
      if error.resultCode == .SQLITE_NOTADB { throw StorageError.notOurs(path: path) }
      throw StorageError.cannotOpen(path: path, reason: error.message ?? "SQLite error \(error.resultCode.rawValue)")
    }
  }

  /// Looks without writing: opening for writing already changes the journal mode of a file, ours or not.
  private static func check(_ path: String, kind: Kind) throws {
    guard FileManager.default.fileExists(atPath: path) else { return }
    var configuration = Configuration()
    configuration.readonly = true
    configuration.busyMode = .timeout(5)
    let isOurs = try DatabaseQueue(path: path, configuration: configuration).read { db in
      switch try Int32.fetchOne(db, sql: "PRAGMA application_id") ?? 0 {
      case kind.rawValue: true
      // A file that was created but has nothing in it yet may be a start of ours that was cut short.
      case 0: try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM sqlite_master") == 0
      default: false
      }
    }
    guard isOurs else { throw StorageError.notOurs(path: path) }
  }
}
