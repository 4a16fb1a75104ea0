// The index: exact search, filters, writing whole documents, and what another process changes.
import Foundation
import LLMTelemetry
import Testing

@testable import RAGService

@Suite struct IndexTests {
  private static let embedder = "test/4"

  private func record(_ id: String, tags: [String: [String]] = [:], count: Int = 1) -> DocumentRecord {
    DocumentRecord(
      id: id, title: id, mediaType: "text/plain", origin: .api, fingerprint: "f", tags: tags, passageCount: count,
      updatedAt: Timestamp(unixSeconds: 1_800_000_000))
  }

  private func passages(_ document: String, _ vectors: [[Float]]) -> [(passage: Passage, vector: [Float])] {
    vectors.enumerated().map { number, vector in
      (Passage(id: "\(document)#\(number + 1)", documentID: document, title: document, text: "text \(number)"), vector)
    }
  }

  @Test func theNearestAreThoseOfAPlainComparison() throws {
    var random = LoadRandom(seed: 7)
    func vector(_ count: Int) -> [Float] { (0..<count).map { _ in Float.random(in: -1...1, using: &random) } }
    for dimensions in [1, 3, 8, 37, 256] {
      var table = VectorTable()
      var plain: [(id: String, vector: [Float])] = []
      for number in 0..<200 {
        guard let normalized = VectorBytes.normalized(vector(dimensions)) else { continue }
        let id = "p\(number)"
        let isTaken = table.set(id, normalized, tags: [:])
        #expect(isTaken)
        plain.append((id, normalized))
      }
      // Some go, some change.
      for number in stride(from: 0, to: 200, by: 3) {
        table.remove("p\(number)")
        plain.removeAll { $0.id == "p\(number)" }
      }
      if let changed = VectorBytes.normalized(vector(dimensions)), let place = plain.firstIndex(where: { $0.id == "p4" }) {
        let isTaken = table.set("p4", changed, tags: [:])
        #expect(isTaken)
        plain[place].vector = changed
      }
      let query = try #require(VectorBytes.normalized(vector(dimensions)))
      let expected = plain.map { (id: $0.id, similarity: zip($0.vector, query).reduce(0 as Double) { $0 + Double($1.0 * $1.1) }) }
        .sorted { $0.similarity > $1.similarity }.prefix(10)
      let found = table.nearest(to: query, limit: 10, filter: PassageFilter())
      #expect(found.count == 10)
      for (ours, theirs) in zip(found, expected) { #expect(abs(ours.similarity - theirs.similarity) < 1e-5) }
      #expect(table.count == plain.count)
    }
  }

  @Test func vectorsSurviveAsBytes() {
    let vector: [Float] = [0, -0.0, 1.5, .leastNonzeroMagnitude, -3.25e-8, 1e30]
    #expect(VectorBytes.floats(VectorBytes.data(vector)) == vector)
    #expect(VectorBytes.normalized([0, 0]) == nil)
    #expect(VectorBytes.normalized([3, 4]) == [0.6, 0.8])
  }

  @Test func filtersAreRestricts() {
    let filter = PassageFilter([
      .init(namespace: "product", allow: ["hub", "sensor"]), .init(namespace: "state", deny: ["draft"]),
    ])
    #expect(filter.admits(["product": ["hub"]]))
    #expect(filter.admits(["product": ["x", "sensor"], "state": ["final"]]))
    #expect(!filter.admits(["product": ["hub"], "state": ["draft"]]))
    #expect(!filter.admits(["state": ["final"]]))
    #expect(PassageFilter().admits([:]))
  }

  @Test func aDocumentIsReplacedAsAWhole() async throws {
    let store = try DocumentStore(path: nil, embedder: Self.embedder)
    let index = DocumentIndex(store: store, search: LocalVectorSearch(store: store))
    try await index.put(record("a", tags: ["t": ["x"]], count: 2), passages: passages("a", [[1, 0, 0, 0], [0, 1, 0, 0]]))
    try await index.put(record("b"), passages: passages("b", [[0, 0, 1, 0]]))
    #expect(try await index.nearest(to: [0, 1, 0, 0], limit: 1, filter: .init()).map(\.passage.id) == ["a#2"])
    #expect(
      try await index.nearest(to: [0, 1, 0, 0], limit: 5, filter: .init([.init(namespace: "t", deny: ["x"])])).map(\.passage.id)
        == ["b#1"])
    try await index.put(record("a"), passages: passages("a", [[0, 0, 0, 1]]))
    #expect(try await index.nearest(to: [0, 1, 0, 0], limit: 5, filter: .init()).map(\.passage.id) == ["a#1", "b#1"])
    #expect(try await store.counts() == (documents: 2, passages: 2))
    #expect(try await index.remove("a"))
    #expect(try await index.remove("a") == false)
    #expect(try await index.nearest(to: [0, 0, 0, 1], limit: 5, filter: .init()).map(\.passage.id) == ["b#1"])
    await #expect(throws: IndexError.self) { try await index.nearest(to: [1, 0], limit: 5, filter: .init()) }
  }

  @Test func whatAnotherProcessWritesIsFound() async throws {
    let folder = try ScratchFolder()
    let path = folder.path + "/rag.sqlite"
    let ours = try DocumentStore(path: path, embedder: Self.embedder)
    let reading = DocumentIndex(store: ours, search: LocalVectorSearch(store: ours))
    #expect(try await reading.nearest(to: [1, 0, 0, 0], limit: 5, filter: .init()).isEmpty)
    let theirs = try DocumentStore(path: path, embedder: Self.embedder)
    let writing = DocumentIndex(store: theirs, search: LocalVectorSearch(store: theirs))
    try await writing.put(record("a"), passages: passages("a", [[1, 0, 0, 0]]))
    #expect(try await reading.nearest(to: [1, 0, 0, 0], limit: 5, filter: .init()).map(\.passage.id) == ["a#1"])
    _ = try await writing.remove("a")
    #expect(try await reading.nearest(to: [1, 0, 0, 0], limit: 5, filter: .init()).isEmpty)
  }

  @Test func anIndexOfAnotherModelOrAnotherProgramIsRefused() async throws {
    let folder = try ScratchFolder()
    let path = folder.path + "/rag.sqlite"
    let store = try DocumentStore(path: path, embedder: "one")
    _ = try DocumentStore(path: path, embedder: "two")
    _ = try DocumentStore(path: path, embedder: "one")
    _ = try await store.replace(record("a"), passages: passages("a", [[1, 0]]))
    let error = #expect(throws: IndexError.self) { try DocumentStore(path: path, embedder: "two") }
    #expect(error?.description.contains("give `index.path` a new file") == true)

    let other = folder.path + "/other.sqlite"
    try await DocumentStore(path: other, embedder: "one").database.write { try $0.execute(sql: "PRAGMA application_id = 7") }
    #expect(throws: IndexError.self) { try DocumentStore(path: other, embedder: "one") }
  }
}
