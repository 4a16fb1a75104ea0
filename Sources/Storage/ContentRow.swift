// The captured content of a span as a row of its own, and its forgetting.

import Foundation
import GRDB
import LLMTelemetry

enum ContentRow {
  private static let insert = "INSERT INTO contents (sequence, start, input, response, documents) VALUES (?, ?, ?, ?, ?)"

  /// Only what the redaction stage left: a raw body has no column.
  static func insert(_ content: SpanContent, of sequence: Int64, start: Timestamp, into db: Database) throws {
    let encoder = JSONEncoder()
    let documents = content.documents.isEmpty ? nil : String(decoding: try encoder.encode(content.documents), as: UTF8.self)
    try db.cachedStatement(sql: insert).execute(arguments: [
      sequence, start.unixNanoseconds, String(decoding: try encoder.encode(content.input), as: UTF8.self), content.responseText,
      documents,
    ])
  }

  /// `nil` when the span has none, or none any more.
  static func content(_ row: Row) -> SpanContent? {
    guard let input = row["content_input"] as String? else { return nil }
    let decoder = JSONDecoder()
    return SpanContent(
      input: (try? decoder.decode([ContentMessage].self, from: Data(input.utf8))) ?? [],
      output: row["content_response"] as String? ?? "",
      documents: (row["content_documents"] as String?).flatMap {
        try? decoder.decode([ContentDocument].self, from: Data($0.utf8))
      } ?? [])
  }
}

extension TelemetryStore {
  /// Forgets the content of spans that start before `edge`, and the judge's words about them; the spans and scores stay. Returns how many
  /// texts went.
  ///
  /// The freed bytes are overwritten: in a file that keeps its pages, what was deleted can be read otherwise until its place is
  /// used again. The write-ahead log is emptied for the same reason.
  @discardableResult
  package func deleteContent(olderThan edge: Timestamp, batch: Int = 5000) throws -> Int {
    var total = 0
    while true {
      let count = try pool.writeWithoutTransaction { db in
        try db.execute(sql: "PRAGMA secure_delete = ON")
        defer { try? db.execute(sql: "PRAGMA secure_delete = OFF") }
        try db.execute(
          sql: "DELETE FROM contents WHERE sequence IN (SELECT sequence FROM contents WHERE start < ? LIMIT ?)",
          arguments: [edge.unixNanoseconds, batch])
        return db.changesCount
      }
      total += count
      if count < batch { break }
    }
    // What the judge says of an answer may quote it.
    total += try pool.writeWithoutTransaction { db in
      try db.execute(sql: "PRAGMA secure_delete = ON")
      defer { try? db.execute(sql: "PRAGMA secure_delete = OFF") }
      try db.execute(
        sql: "UPDATE judge_verdicts SET reason = '' WHERE at < ? AND reason != ''", arguments: [edge.unixNanoseconds])
      return db.changesCount
    }
    // A reader that is at work keeps the log; the next checkpoint of SQLite's own then does it.
    if total > 0 { pool.writeWithoutTransaction { _ = try? $0.checkpoint(.truncate) } }
    return total
  }
}
