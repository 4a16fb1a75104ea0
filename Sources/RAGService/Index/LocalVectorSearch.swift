// Exact search over the vectors of the SQLite file: read into memory once, and again when another process has changed them.
import GRDB
import Synchronization

package final class LocalVectorSearch: VectorSearch {
  private let store: DocumentStore
  private struct Loaded {
    var table = VectorTable()
    /// SQLite's `data_version` changes when another connection has committed.
    var dataVersion: Int?
    /// Counts what this process changed, so that a reading that was overtaken is not kept.
    var changes = 0
  }
  private let loaded = Mutex(Loaded())

  package init(store: DocumentStore) { self.store = store }

  package func nearest(to vector: [Float], limit: Int, filter: PassageFilter) async throws -> [Neighbor] {
    guard let wanted = VectorBytes.normalized(vector) else { return [] }
    let table = try await current()
    if table.count > 0, table.dimensions != wanted.count {
      throw IndexError(
        "the index holds vectors of \(table.dimensions) numbers, and the embedding model gave \(wanted.count); index the "
          + "documents again into a new file")
    }
    return table.nearest(to: wanted, limit: limit, filter: filter)
  }

  /// The store has the vectors already; what is in memory follows.
  package func upsert(_ vectors: [IndexedVector]) async throws {
    try loaded.withLock { loaded in
      loaded.changes += 1
      guard loaded.dataVersion != nil else { return }
      for vector in vectors {
        guard let values = VectorBytes.normalized(vector.values) else { continue }
        guard loaded.table.set(vector.passageID, values, tags: vector.tags) else {
          throw IndexError("a vector of \(values.count) numbers does not fit into an index of \(loaded.table.dimensions)")
        }
      }
    }
  }

  package func remove(passageIDs: [String]) async throws {
    loaded.withLock { loaded in
      loaded.changes += 1
      for id in passageIDs { loaded.table.remove(id) }
    }
  }

  private func current() async throws -> VectorTable {
    let (known, changes) = loaded.withLock { ($0.dataVersion, $0.changes) }
    let read = try await store.database.read { database -> (table: VectorTable, version: Int)? in
      let version = try Int.fetchOne(database, sql: "PRAGMA data_version") ?? 0
      if known == version { return nil }
      var table = VectorTable()
      let rows = try Row.fetchCursor(
        database,
        sql: "SELECT passages.id, vector, tags FROM passages JOIN documents ON documents.id = document_id ORDER BY passages.id")
      while let row = try rows.next() {
        guard let vector = VectorBytes.normalized(VectorBytes.floats(row["vector"])) else { continue }
        guard table.set(row["id"], vector, tags: DocumentStore.tags(row["tags"])) else {
          throw IndexError("the index holds vectors of different lengths; index the documents again into a new file")
        }
      }
      return (table, version)
    }
    return loaded.withLock { loaded in
      guard let read else { return loaded.table }
      if loaded.changes == changes {
        loaded.table = read.table
        loaded.dataVersion = read.version
      }
      return read.table
    }
  }
}
