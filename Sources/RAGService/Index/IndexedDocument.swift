// What the index holds: documents, their passages, and what a question may narrow its search by.
import LLMTelemetry

/// One passage of a document: the unit that is found and cited.
package struct Passage: Sendable, Hashable {
  /// `returns.md#2`: the document and the passage's place in it.
  package var id: String
  package var documentID: String
  /// The document's title, with the section's where there is one.
  package var title: String
  package var text: String

  package init(id: String, documentID: String, title: String, text: String) {
    self.id = id
    self.documentID = documentID
    self.title = title
    self.text = text
  }
}

package struct ScoredPassage: Sendable, Hashable {
  package var passage: Passage
  /// Cosine of the question's and the passage's vectors, at least 0.
  package var similarity: Double
  /// What passages are ordered by; the similarity until they are reranked.
  package var score: Double
  /// 0 to 1: how much it looks like orders to the model; `nil` when it was not looked at.
  package var injection: Double?

  package init(passage: Passage, similarity: Double, score: Double? = nil, injection: Double? = nil) {
    self.passage = passage
    self.similarity = similarity
    self.score = score ?? similarity
    self.injection = injection
  }
}

/// A document without its text.
package struct DocumentRecord: Sendable, Hashable {
  package enum Origin: String, Sendable {
    /// A file of the folder that is indexed.
    case folder
    /// `PUT /documents/ID`
    case api
  }

  /// The file's path inside its folder, or the name that the caller chose.
  package var id: String
  package var title: String
  package var mediaType: String
  package var origin: Origin
  /// SHA-256 of the bytes and of everything that decides what becomes of them.
  package var fingerprint: String
  /// Namespaces with their values, for restricting searches.
  package var tags: [String: [String]]
  package var passageCount: Int
  package var updatedAt: Timestamp

  package init(
    id: String, title: String, mediaType: String, origin: Origin, fingerprint: String, tags: [String: [String]] = [:],
    passageCount: Int = 0, updatedAt: Timestamp
  ) {
    self.id = id
    self.title = title
    self.mediaType = mediaType
    self.origin = origin
    self.fingerprint = fingerprint
    self.tags = tags
    self.passageCount = passageCount
    self.updatedAt = updatedAt
  }
}

/// Which passages a search may find, in the manner of Vertex AI's restricts: a namespace allows values or denies them. All namespaces
/// have to agree.
package struct PassageFilter: Sendable, Hashable {
  package struct Restrict: Sendable, Hashable {
    package var namespace: String
    package var allow: [String]
    package var deny: [String]

    package init(namespace: String, allow: [String] = [], deny: [String] = []) {
      self.namespace = namespace
      self.allow = allow
      self.deny = deny
    }
  }
  package var restricts: [Restrict]

  package init(_ restricts: [Restrict] = []) { self.restricts = restricts }

  package func admits(_ tags: [String: [String]]) -> Bool {
    restricts.allSatisfy { restrict in
      let values = tags[restrict.namespace] ?? []
      if values.contains(where: restrict.deny.contains) { return false }
      return restrict.allow.isEmpty || values.contains(where: restrict.allow.contains)
    }
  }
}

/// A vector that is to be found again.
package struct IndexedVector: Sendable {
  package var passageID: String
  package var values: [Float]
  package var tags: [String: [String]]
}

package struct Neighbor: Sendable, Hashable {
  package var passageID: String
  package var similarity: Double
}

/// Finds the vectors that are nearest to one: in memory, or Vertex AI Vector Search.
package protocol VectorSearch: Sendable {
  /// The nearest first.
  func nearest(to vector: [Float], limit: Int, filter: PassageFilter) async throws -> [Neighbor]
  func upsert(_ vectors: [IndexedVector]) async throws
  func remove(passageIDs: [String]) async throws
}
