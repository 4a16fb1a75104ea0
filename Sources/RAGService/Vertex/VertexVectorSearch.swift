// Vertex AI Vector Search as google-cloud-aiplatform speaks to it: findNeighbors, upsertDatapoints, removeDatapoints, restricts.
import Foundation

/// The vectors are Google's; the texts stay in the service's own store, under the same ids.
package struct VertexVectorSearch: VectorSearch {
  package struct Place: Sendable, Hashable {
    /// `https://us-central1-aiplatform.googleapis.com`, for changing the index; without a slash at the end.
    package var baseURL: String
    /// `projects/P/locations/L/indexes/I`
    package var index: String
    /// The public domain of a deployed index, `https://123.us-central1-456.vdb.vertexai.goog`, or the same as `baseURL`.
    package var queryURL: String
    /// `projects/P/locations/L/indexEndpoints/E`
    package var indexEndpoint: String
    package var deployedIndex: String
    package var distance: Distance

    package init(
      baseURL: String, index: String, queryURL: String, indexEndpoint: String, deployedIndex: String, distance: Distance
    ) {
      self.baseURL = baseURL
      self.index = index
      self.queryURL = queryURL
      self.indexEndpoint = indexEndpoint
      self.deployedIndex = deployedIndex
      self.distance = distance
    }
  }

  /// What the index measures, as its metadata says. Google answers distances; questions are gated by similarity.
  package enum Distance: String, CaseIterable, Sendable {
    /// `DOT_PRODUCT_DISTANCE`, Google's default: the negative product; vectors have length 1.
    case dotProduct = "dot_product"
    /// `COSINE_DISTANCE`: 1 less the cosine.
    case cosine
    /// `SQUARED_L2_DISTANCE`, of vectors of length 1: 2 less twice the cosine.
    case squaredEuclidean = "squared_l2"

    func similarity(_ distance: Double) -> Double {
      switch self {
      // Google documents the dot product as negated, and serves it as it is where it searches by brute force.
      case .dotProduct: abs(distance)
      case .cosine: 1 - distance
      case .squaredEuclidean: 1 - distance / 2
      }
    }
  }

  let place: Place
  let caller: ServiceCaller

  package init(place: Place, caller: ServiceCaller) {
    self.place = place
    self.caller = caller
  }

  package func nearest(to vector: [Float], limit: Int, filter: PassageFilter) async throws -> [Neighbor] {
    guard let wanted = VectorBytes.normalized(vector) else { return [] }
    let body = FindNeighbors(
      deployedIndexId: place.deployedIndex,
      queries: [.init(datapoint: Datapoint(featureVector: wanted, restricts: Self.restricts(filter)), neighborCount: limit)])
    let answer = try await post(
      "\(place.queryURL)/v1/\(place.indexEndpoint):findNeighbors", body,
      parameters: "index_endpoint=\(place.indexEndpoint)")
    let found = try await JSONAnswer<Neighbors>.read(answer, of: caller)
    return (found.nearestNeighbors?.first?.neighbors ?? []).compactMap { neighbor in
      neighbor.datapoint.datapointId.map {
        Neighbor(passageID: $0, similarity: place.distance.similarity(neighbor.distance ?? 0))
      }
    }
  }

  package func upsert(_ vectors: [IndexedVector]) async throws {
    let datapoints = vectors.compactMap { vector in
      VectorBytes.normalized(vector.values).map { values in
        Datapoint(
          datapointId: vector.passageID, featureVector: values,
          restricts: vector.tags.isEmpty
            ? nil : vector.tags.sorted { $0.key < $1.key }.map { Restrict(namespace: $0.key, allowList: $0.value) })
      }
    }
    let answer = try await post(
      "\(place.baseURL)/v1/\(place.index):upsertDatapoints", Upsert(datapoints: datapoints), parameters: "index=\(place.index)")
    _ = try await caller.document(answer)
  }

  package func remove(passageIDs: [String]) async throws {
    let answer = try await post(
      "\(place.baseURL)/v1/\(place.index):removeDatapoints", Remove(datapointIds: passageIDs), parameters: "index=\(place.index)")
    _ = try await caller.document(answer)
  }

  static func restricts(_ filter: PassageFilter) -> [Restrict]? {
    if filter.restricts.isEmpty { return nil }
    return filter.restricts.map {
      Restrict(
        namespace: $0.namespace, allowList: $0.allow.isEmpty ? nil : $0.allow, denyList: $0.deny.isEmpty ? nil : $0.deny)
    }
  }

  private func post(_ url: String, _ body: some Encodable, parameters: String) async throws -> ServiceCaller.Answer {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return try await caller.post(
      url, Array(try encoder.encode(body)), headers: [(name: "x-goog-request-params", value: parameters)])
  }
}

// The messages, under the names that Google gives them.
extension VertexVectorSearch {
  struct Restrict: Encodable {
    var namespace: String
    var allowList: [String]?
    var denyList: [String]?
  }

  struct Datapoint: Encodable {
    var datapointId: String?
    var featureVector: [Float]
    var restricts: [Restrict]?
  }

  private struct FindNeighbors: Encodable {
    struct Query: Encodable {
      var datapoint: Datapoint
      var neighborCount: Int
    }
    var deployedIndexId: String
    var queries: [Query]
  }

  private struct Upsert: Encodable { var datapoints: [Datapoint] }
  private struct Remove: Encodable { var datapointIds: [String] }

  private struct Neighbors: Decodable, Sendable {
    struct List: Decodable, Sendable { var neighbors: [Entry]? }
    struct Entry: Decodable, Sendable {
      struct Point: Decodable, Sendable { var datapointId: String? }
      var datapoint: Point
      // Google leaves out numbers that are zero.
      var distance: Double?
    }
    var nearestNeighbors: [List]?
  }
}
