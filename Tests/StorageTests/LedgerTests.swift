// The ledger keeps the order, refuses to forget, and asks the disk before it says yes.

import Foundation
import GRDB
import LLMTelemetry
import Remediation
@testable import Storage
import Testing

@Suite struct LedgerTests {
  private func entry(_ second: Int64) -> LedgerEntry {
    .change(
      ChangeEvent(
        at: Timestamp(unixSeconds: 1_764_000_000 + second), kind: .promptVersion, subject: "support", from: "v3", to: "v4",
        author: nil))
  }

  @Test func entriesComeBackInOrderAfterARestart() throws {
    try withFolder { folder in
      let path = folder + "/ledger.sqlite"
      let entries = (0..<5).map { entry($0) }
      do {
        let ledger = try Ledger(path: path)
        #expect(try ledger.append(Array(entries[..<3])) == 3)
        #expect(try ledger.append([]) == 0)
        #expect(try ledger.append(Array(entries[3...])) == 5)
      }
      let ledger = try Ledger(path: path)
      #expect(try ledger.entries() == entries)
      #expect(try ledger.rows(after: 3).map(\.sequence) == [4, 5])
      #expect(try ledger.rows(after: 0, limit: 2).map(\.sequence) == [1, 2])
    }
  }

  @Test func everyCommitIsSynced() throws {
    try withFolder { folder in
      let ledger = try Ledger(path: folder + "/ledger.sqlite")
      try ledger.append([entry(0)])
      #expect(try ledger.synchronousLevel == 2)
    }
  }

  @Test func nothingIsEverChangedOrDeleted() throws {
    try withFolder { folder in
      let path = folder + "/ledger.sqlite"
      let ledger = try Ledger(path: path)
      try ledger.append([entry(0)])
      let other = try DatabaseQueue(path: path)
      #expect(throws: DatabaseError.self) { try other.write { try $0.execute(sql: "DELETE FROM ledger") } }
      #expect(throws: DatabaseError.self) { try other.write { try $0.execute(sql: "UPDATE ledger SET kind = 'x'") } }
      #expect(try ledger.entries().count == 1)
    }
  }

  @Test func unreadableEntryIsNamed() throws {
    try withFolder { folder in
      let path = folder + "/ledger.sqlite"
      let ledger = try Ledger(path: path)
      try DatabaseQueue(path: path).write {
        try $0.execute(sql: "INSERT INTO ledger (at, kind, subject, payload) VALUES (0, 'x', 'x', '{}')")
      }
      let error = #expect(throws: StorageError.self) { try ledger.entries() }
      #expect(error?.description.contains("ledger entry 1") == true)
    }
  }
}
