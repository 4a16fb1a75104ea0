// What the watch for population shifts has learned, one row a stream, as text that this module does not read.

import GRDB
import LLMTelemetry

package struct ShiftRow: Sendable, Equatable {
  /// Names the stream.
  package var stream: String
  package var state: String
  package var seen: Timestamp

  package init(stream: String, state: String, seen: Timestamp) {
    self.stream = stream
    self.state = state
    self.seen = seen
  }
}

extension TelemetryStore {
  /// Overwrites the rows of these streams, in one transaction, and forgets those not seen since `edge`.
  package func save(shifts rows: [ShiftRow], forgetting edge: Timestamp) throws {
    try pool.write { db in
      let statement = try db.cachedStatement(
        sql: "INSERT OR REPLACE INTO shift_streams (stream, state, seen) VALUES (?, ?, ?)")
      for row in rows { try statement.execute(arguments: [row.stream, row.state, row.seen.unixNanoseconds]) }
      try db.execute(sql: "DELETE FROM shift_streams WHERE seen < ?", arguments: [edge.unixNanoseconds])
    }
  }

  /// The last seen first.
  package func shiftRows() throws -> [ShiftRow] {
    try pool.read { try Row.fetchAll($0, sql: "SELECT stream, state, seen FROM shift_streams ORDER BY seen DESC, stream") }.map {
      ShiftRow(stream: $0["stream"], state: $0["state"], seen: Timestamp(unixNanoseconds: $0["seen"]))
    }
  }
}
