// The index as the rest of the service sees it: documents go in and out, passages are found.

package struct DocumentIndex: Sendable {
  package let store: DocumentStore
  package let search: any VectorSearch
  /// Vectors that one call of a remote index may bring.
  private static let batch = 100

  package init(store: DocumentStore, search: any VectorSearch) {
    self.store = store
    self.search = search
  }

  /// Remote first: a document that the store has is one that can be found, so a run that stops in between does it again.
  func put(_ document: DocumentRecord, passages: [(passage: Passage, vector: [Float])]) async throws {
    let vectors = passages.map {
      IndexedVector(passageID: $0.passage.id, values: $0.vector, tags: document.tags)
    }
    if !(search is LocalVectorSearch) { try await upsert(vectors) }
    let gone = try await store.replace(document, passages: passages)
    if search is LocalVectorSearch { try await upsert(vectors) }
    if !gone.isEmpty { try await remove(passageIDs: gone) }
  }

  /// False when there is no such document.
  func remove(_ id: String) async throws -> Bool {
    // The store last: what a remote index failed to remove is still known here, and tried again.
    let passages = try await store.passages(of: id).map(\.id)
    if !passages.isEmpty { try await remove(passageIDs: passages) }
    return try await store.remove(id) != nil
  }

  /// The nearest passages. A neighbour whose text the store does not have is passed over: somebody else wrote it.
  func nearest(to vector: [Float], limit: Int, filter: PassageFilter) async throws -> [ScoredPassage] {
    let neighbors = try await search.nearest(to: vector, limit: limit, filter: filter)
    guard !neighbors.isEmpty else { return [] }
    let passages = try await store.passages(neighbors.map(\.passageID))
    return neighbors.compactMap { neighbor in
      passages[neighbor.passageID].map { ScoredPassage(passage: $0, similarity: min(1, max(0, neighbor.similarity))) }
    }
  }

  private func upsert(_ vectors: [IndexedVector]) async throws {
    for start in stride(from: 0, to: vectors.count, by: Self.batch) {
      try await search.upsert(Array(vectors[start..<min(start + Self.batch, vectors.count)]))
    }
  }

  private func remove(passageIDs: [String]) async throws {
    for start in stride(from: 0, to: passageIDs.count, by: Self.batch) {
      try await search.remove(passageIDs: Array(passageIDs[start..<min(start + Self.batch, passageIDs.count)]))
    }
  }
}
