// Files that are not ours, are newer than us or cannot be opened are refused and left as they were.

import Foundation
import GRDB
@testable import Storage
import Testing

@Suite struct DatabaseFileTests {
  @Test func anotherProgramsDatabaseIsRefusedAndUntouched() throws {
    try withFolder { folder in
      let path = folder + "/other.sqlite"
      try DatabaseQueue(path: path).write { try $0.execute(sql: "CREATE TABLE customers (id INTEGER)") }
      let before = try Data(contentsOf: URL(filePath: path))
      #expect(throws: StorageError.notOurs(path: path)) { try TelemetryStore(path: path) }
      #expect(throws: StorageError.notOurs(path: path)) { try Ledger(path: path) }
      #expect(try Data(contentsOf: URL(filePath: path)) == before)
    }
  }

  @Test func textFileIsRefused() throws {
    try withFolder { folder in
      let path = folder + "/notes.txt"
      try Data(String(repeating: "not a database\n", count: 100).utf8).write(to: URL(filePath: path))
      #expect(throws: StorageError.notOurs(path: path)) { try TelemetryStore(path: path) }
    }
  }

  @Test func ledgerAndTelemetryDoNotOpenEachOthersFiles() throws {
    try withFolder { folder in
      let path = folder + "/a.sqlite"
      _ = try TelemetryStore(path: path)
      #expect(throws: StorageError.notOurs(path: path)) { try Ledger(path: path) }
      _ = try TelemetryStore(path: path)
    }
  }

  @Test func newerSchemaIsRefused() throws {
    try withFolder { folder in
      let path = folder + "/telemetry.sqlite"
      _ = try TelemetryStore(path: path)
      try DatabaseQueue(path: path).write { try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('a later one')") }
      #expect(throws: StorageError.newerSchema(path: path)) { try TelemetryStore(path: path) }
    }
  }

  @Test func missingFolderIsNamed() throws {
    let path = "/no/such/folder/telemetry.sqlite"
    let error = #expect(throws: StorageError.self) { try TelemetryStore(path: path) }
    #expect(error?.description.hasPrefix(path + ": cannot be opened") == true)
  }
}
