// The documents, their passages and their vectors in one SQLite file, or in memory.
import Foundation
import GRDB
import LLMTelemetry

/// Why the index cannot be used, and what to do.
package struct IndexError: Error, CustomStringConvertible {
  package let description: String
  package init(_ description: String) { self.description = description }
}

/// Each document is written whole or not at all, so that a run that was stopped is continued by the next one.
package final class DocumentStore: Sendable {
  let database: DatabaseQueue
  /// `RAGI`: a file that is not ours is refused untouched.
  private static let applicationID: Int32 = 0x5241_4749

  /// - Parameters:
  ///   - path: `nil` keeps everything in memory.
  ///   - embedder: what made the vectors; an index with vectors of another one is refused.
  package init(path: String?, embedder: String) throws {
    var configuration = Configuration()
    configuration.foreignKeysEnabled = true
    // `rag-service index` may be writing beside a service that reads.
    configuration.busyMode = .timeout(10)
    configuration.journalMode = .wal
    do {
      if let path {
        try FileManager.default.createDirectory(
          at: URL(fileURLWithPath: path).deletingLastPathComponent(), withIntermediateDirectories: true)
        database = try DatabaseQueue(path: path, configuration: configuration)
      } else {
        configuration.journalMode = .default
        database = try DatabaseQueue(configuration: configuration)
      }
    } catch {
      throw IndexError("the index \(path ?? "") cannot be opened: \(error); check the path and its permissions")
    }
    try prepare(path: path ?? "in memory", embedder: embedder)
  }

  private func prepare(path: String, embedder: String) throws {
    let version = try database.read { database in
      (
        application: try Int32.fetchOne(database, sql: "PRAGMA application_id") ?? 0,
        tables: try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_master") ?? 0
      )
    }
    guard version.tables == 0 || version.application == Self.applicationID else {
      throw IndexError("\(path) is a database of another program; give `index.path` another file")
    }
    try database.writeWithoutTransaction { try $0.execute(sql: "PRAGMA application_id = \(Self.applicationID)") }
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1") { database in
      try database.execute(
        sql: """
          CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
          CREATE TABLE documents (
            id TEXT PRIMARY KEY, title TEXT NOT NULL, media_type TEXT NOT NULL, origin TEXT NOT NULL,
            fingerprint TEXT NOT NULL, tags TEXT NOT NULL, updated_at INTEGER NOT NULL
          ) STRICT, WITHOUT ROWID;
          CREATE TABLE passages (
            document_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE, place INTEGER NOT NULL,
            id TEXT NOT NULL UNIQUE, title TEXT NOT NULL, text TEXT NOT NULL, vector BLOB NOT NULL,
            PRIMARY KEY (document_id, place)
          ) STRICT, WITHOUT ROWID;
          """)
    }
    try migrator.migrate(database)
    try database.write { database in
      let known = try String.fetchOne(database, sql: "SELECT value FROM facts WHERE name = 'embedder'")
      let isEmpty = try Int.fetchOne(database, sql: "SELECT count(*) FROM documents") == 0
      if let known, known != embedder, !isEmpty {
        throw IndexError(
          "the index \(path) was made with the embeddings \(known), and the configuration names \(embedder); vectors of two "
            + "models cannot be compared: give `index.path` a new file, or name the old model again")
      }
      try database.execute(
        sql: "INSERT INTO facts VALUES ('embedder', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        arguments: [embedder])
    }
  }

  // MARK: Writing

  /// Puts a document and its passages in the place of what was there under its name. Returns the ids of passages that are gone.
  func replace(_ document: DocumentRecord, passages: [(passage: Passage, vector: [Float])]) async throws -> [String] {
    let tags = try Self.text(document.tags)
    return try await database.write { database in
      let before = try String.fetchAll(
        database, sql: "SELECT id FROM passages WHERE document_id = ?", arguments: [document.id])
      try database.execute(sql: "DELETE FROM documents WHERE id = ?", arguments: [document.id])
      try database.execute(
        sql: "INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?)",
        arguments: [
          document.id, document.title, document.mediaType, document.origin.rawValue, document.fingerprint, tags,
          document.updatedAt.unixNanoseconds,
        ])
      for (place, entry) in passages.enumerated() {
        try database.execute(
          sql: "INSERT INTO passages VALUES (?, ?, ?, ?, ?, ?)",
          arguments: [
            document.id, place, entry.passage.id, entry.passage.title, entry.passage.text, VectorBytes.data(entry.vector),
          ])
      }
      return before.filter { id in !passages.contains { $0.passage.id == id } }
    }
  }

  /// Returns the ids of the passages that are gone; `nil` when there is no such document.
  func remove(_ id: String) async throws -> [String]? {
    try await database.write { database in
      let passages = try String.fetchAll(database, sql: "SELECT id FROM passages WHERE document_id = ?", arguments: [id])
      try database.execute(sql: "DELETE FROM documents WHERE id = ?", arguments: [id])
      return database.changesCount > 0 ? passages : nil
    }
  }

  // MARK: Reading

  func document(_ id: String) async throws -> DocumentRecord? {
    try await database.read { database in
      try Row.fetchOne(database, sql: Self.selectDocuments + " WHERE id = ?", arguments: [id]).map(Self.document)
    }
  }

  /// In the order of their ids, those after `id`.
  func documents(after id: String, limit: Int) async throws -> [DocumentRecord] {
    try await database.read { database in
      try Row.fetchAll(
        database, sql: Self.selectDocuments + " WHERE id > ? ORDER BY id LIMIT ?", arguments: [id, limit]
      ).map(Self.document)
    }
  }

  /// What is known of the documents that came from a folder: ids and fingerprints.
  func fingerprints(origin: DocumentRecord.Origin) async throws -> [String: String] {
    try await database.read { database in
      let rows = try Row.fetchAll(
        database, sql: "SELECT id, fingerprint FROM documents WHERE origin = ?", arguments: [origin.rawValue])
      return Dictionary(uniqueKeysWithValues: rows.map { ($0["id"], $0["fingerprint"]) })
    }
  }

  func passages(of documentID: String) async throws -> [Passage] {
    try await database.read { database in
      try Row.fetchAll(
        database, sql: "SELECT * FROM passages WHERE document_id = ? ORDER BY place", arguments: [documentID]
      ).map(Self.passage)
    }
  }

  func passages(_ ids: [String]) async throws -> [String: Passage] {
    try await database.read { database in
      let marks = ids.map { _ in "?" }.joined(separator: ",")
      let rows = try Row.fetchAll(
        database, sql: "SELECT * FROM passages WHERE id IN (\(marks))", arguments: StatementArguments(ids))
      return Dictionary(uniqueKeysWithValues: rows.map { ($0["id"], Self.passage($0)) })
    }
  }

  package func counts() async throws -> (documents: Int, passages: Int) {
    try await database.read { database in
      (
        try Int.fetchOne(database, sql: "SELECT count(*) FROM documents") ?? 0,
        try Int.fetchOne(database, sql: "SELECT count(*) FROM passages") ?? 0
      )
    }
  }

  private static let selectDocuments =
    "SELECT *, (SELECT count(*) FROM passages WHERE document_id = documents.id) AS passage_count FROM documents"

  private static func document(_ row: Row) -> DocumentRecord {
    DocumentRecord(
      id: row["id"], title: row["title"], mediaType: row["media_type"],
      origin: DocumentRecord.Origin(rawValue: row["origin"]) ?? .api, fingerprint: row["fingerprint"],
      tags: tags(row["tags"]), passageCount: row["passage_count"],
      updatedAt: Timestamp(unixNanoseconds: row["updated_at"]))
  }

  private static func passage(_ row: Row) -> Passage {
    Passage(id: row["id"], documentID: row["document_id"], title: row["title"], text: row["text"])
  }

  static func text(_ tags: [String: [String]]) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return String(decoding: try encoder.encode(tags), as: UTF8.self)
  }

  static func tags(_ text: String) -> [String: [String]] {
    (try? JSONDecoder().decode([String: [String]].self, from: Data(text.utf8))) ?? [:]
  }
}
