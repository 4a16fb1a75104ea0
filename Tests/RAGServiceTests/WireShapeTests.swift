// What our clients send against what google-genai, google-cloud-aiplatform and openai were recorded sending.
import AsyncHTTPClient
import Foundation
import Hummingbird
import HummingbirdTesting
import Simulation
import Synchronization
import Testing

@testable import RAGService

@Suite(.enabled(if: GoldenRequest.areThere)) struct WireShapeTests {
  private static let genai = "sdk-requests-openai3.54-anthropic2.12-genai3.4.json"
  private static let aiplatform = "vertex-aiplatform-2.7-rest.json"

  /// What the simulator received while `call` used a caller of it.
  private func sent(_ call: @escaping @Sendable (String, ServiceCaller) async throws -> Void) async throws -> RecordedRequest {
    let simulator = ProviderSimulator()
    let requests = Mutex<[RecordedRequest]>([])
    try await simulator.application(logger: silent).test(.live) { upstream in
      let port = try #require(upstream.port)
      let httpClient = makeHTTPClient()
      let caller = ServiceCaller(
        name: "test", credential: ServiceCredential(.secret("ya29.t"), httpClient: httpClient, logger: silent),
        httpClient: httpClient, timeout: .seconds(10))
      let outcome = await Result { try await call("http://127.0.0.1:\(port)", caller) }
      try await httpClient.shutdown()
      try outcome.get()
      requests.withLock { $0 = simulator.requestLog.requests }
    }
    return try #require(requests.withLock { $0.first })
  }

  private func place(_ base: String, version: String = "v1beta1") -> VertexPlace {
    VertexPlace(baseURL: base, project: "p1", location: "us-central1", apiVersion: version)
  }

  private func compare(_ ours: RecordedRequest, with golden: GoldenRequest) {
    #expect(ours.method == golden.method)
    #expect(String(ours.target.prefix { $0 != "?" }) == golden.path)
    #expect(ours.header("content-type") == golden.header("content-type"))
    #expect(ours.header("authorization") == golden.header("authorization"))
  }

  @Test func streamedGeneration() async throws {
    let golden = try #require(
      try GoldenRequest.first(Self.genai) {
        $0.path.hasSuffix("gemini-2.5-pro:streamGenerateContent") && $0.path.hasPrefix("/v1beta1")
      })
    let ours = try await sent { base, caller in
      let model = GeminiModel(model: "gemini-2.5-pro", place: place(base), caller: caller)
      _ = try await model.generate(GenerationRequest(turns: [.user("hi")]), headers: []) { _ in }
    }
    compare(ours, with: golden)
    #expect("?" + (ours.target.split(separator: "?").last ?? "") == golden.query)
    #expect(try JSON(parsing: ours.body) == golden.body, "word for word")
  }

  @Test func generationWithEverything() async throws {
    let golden = try #require(
      try GoldenRequest.first(Self.genai) { $0.path.hasSuffix("gemini-2.5-pro:generateContent") && $0.path.hasPrefix("/v1beta1") }
    )
    let body = GenerateContentRequest.body(
      GenerationRequest(system: "be", turns: [.user("hi")], temperature: 0.1, maxOutputTokens: 5, labels: ["t": "acme"]))
    let shape = Shape(body)
    #expect(shape.isPart(of: Shape(golden.body)), "\(shape)")
    for key in ["contents", "systemInstruction", "labels"] { #expect(body[key] == golden.body[key]) }
  }

  @Test func textEmbeddingsByPredict() async throws {
    let golden = try #require(try GoldenRequest.first(Self.aiplatform) { $0.path.hasSuffix("text-embedding-005:predict") })
    let ours = try await sent { base, caller in
      let embedder = VertexEmbedder(
        model: "text-embedding-005", dimensions: 2, batchLimit: nil,
        place: VertexPlace(baseURL: base, project: "p", location: "us-central1", apiVersion: "v1"), caller: caller)
      let reply = try await embedder.embed([EmbeddingText(title: "t", text: "hi")], purpose: .document, headers: [])
      #expect(reply.vectors.map(\.count) == [2])
      #expect(reply.usage.input ?? 0 > 0)
    }
    compare(ours, with: golden)
    #expect(Shape(try JSON(parsing: ours.body)) == Shape(golden.body))
    #expect(try JSON(parsing: ours.body)["instances"] == golden.body["instances"])
  }

  @Test func queriesByPredict() async throws {
    let golden = try #require(try GoldenRequest.first(Self.genai) { $0.path.hasSuffix("text-embedding-005:predict") })
    let ours = try await sent { base, caller in
      let embedder = VertexEmbedder(
        model: "text-embedding-005", dimensions: 2, batchLimit: 5, place: place(base), caller: caller)
      _ = try await embedder.embed(
        [EmbeddingText(text: "a"), EmbeddingText(text: "b")], purpose: .query, headers: [])
    }
    compare(ours, with: golden)
    let body = try JSON(parsing: ours.body)
    #expect(body["instances"] == golden.body["instances"])
    #expect(body[path: "parameters.outputDimensionality"] == golden.body[path: "parameters.outputDimensionality"])
  }

  @Test func geminiEmbeddingsByEmbedContent() async throws {
    let golden = try #require(try GoldenRequest.first(Self.genai) { $0.path.hasSuffix("gemini-embedding-001:embedContent") })
    let ours = try await sent { base, caller in
      let embedder = VertexEmbedder(
        model: "gemini-embedding-001", dimensions: nil, batchLimit: 50, place: place(base), caller: caller)
      #expect(embedder.batchLimit == 1, "it takes one text at a time")
      _ = try await embedder.embed([EmbeddingText(text: "a")], purpose: .query, headers: [])
    }
    compare(ours, with: golden)
    let body = try JSON(parsing: ours.body)
    #expect(body["content"] == golden.body["content"])
    // google-genai puts its options there: `embedContentConfig.taskType`, `.title`, `.outputDimensionality`.
    #expect(body["embedContentConfig"] == ["taskType": "RETRIEVAL_QUERY"])
  }

  @Test func openAIEmbeddings() async throws {
    let golden = try #require(try GoldenRequest.first(Self.genai) { $0.path == "/v1/embeddings" })
    let ours = try await sent { base, caller in
      let embedder = OpenAIEmbedder(model: "e", dimensions: nil, batchLimit: nil, baseURL: base, caller: caller)
      let reply = try await embedder.embed([EmbeddingText(text: "x")], purpose: .query, headers: [])
      #expect(reply.vectors.first?.isEmpty == false)
    }
    #expect(ours.target == golden.path)
    #expect(try JSON(parsing: ours.body) == golden.body, "word for word")
  }

  // MARK: Vector Search

  /// A stand-in that keeps what it was sent and answers as Google documents it.
  private func vectorSearch(
    _ call: @escaping @Sendable (VertexVectorSearch) async throws -> Void
  ) async throws -> [(path: String, parameters: String?, body: JSON)] {
    let received = Mutex<[(path: String, parameters: String?, body: JSON)]>([])
    let router = Router()
    router.post("v1/projects/p/locations/us-central1/**") { request, _ -> Response in
      let body = try await request.body.collect(upTo: 1 << 20)
      let json = try JSON(parsing: body.readableBytesView)
      received.withLock { $0.append((request.uri.path, request.headers[.init("x-goog-request-params") ?? .accept], json)) }
      guard request.uri.path.hasSuffix(":findNeighbors") else { return Response.json([:] as JSON) }
      return Response.json(
        [
          "nearestNeighbors": [
            [
              "id": "q",
              "neighbors": [
                ["datapoint": ["datapointId": "d1"], "distance": 0.75], ["datapoint": ["datapointId": "d2"]],
              ],
            ]
          ]
        ] as JSON)
    }
    let application = Application(router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)), logger: silent)
    try await application.test(.live) { client in
      let base = "http://127.0.0.1:\(try #require(client.port))"
      let httpClient = makeHTTPClient()
      let search = VertexVectorSearch(
        place: .init(
          baseURL: base, index: "projects/p/locations/us-central1/indexes/9", queryURL: base,
          indexEndpoint: "projects/p/locations/us-central1/indexEndpoints/123", deployedIndex: "dep1", distance: .dotProduct),
        caller: ServiceCaller(
          name: "Vector Search", credential: ServiceCredential(.secret("ya29.t"), httpClient: httpClient, logger: silent),
          httpClient: httpClient, timeout: .seconds(10)))
      let outcome = await Result { try await call(search) }
      try await httpClient.shutdown()
      try outcome.get()
    }
    return received.withLock { $0 }
  }

  private func golden(_ verb: String) throws -> GoldenRequest {
    try #require(try GoldenRequest.first(Self.aiplatform) { $0.path.hasSuffix(":" + verb) })
  }

  @Test func findNeighborsWithRestricts() async throws {
    let golden = try golden("findNeighbors")
    let ours = try await vectorSearch { search in
      let found = try await search.nearest(
        to: [0.6, 0.8], limit: 3,
        filter: PassageFilter([
          .init(namespace: "tenant", allow: ["acme"], deny: ["x"]), .init(namespace: "year", allow: ["2025"]),
        ]))
      #expect(found == [Neighbor(passageID: "d1", similarity: 0.75), Neighbor(passageID: "d2", similarity: 0)])
    }
    let request = try #require(ours.first)
    #expect(request.path == golden.path)
    #expect(request.parameters == golden.header("x-goog-request-params"))
    #expect(Shape(request.body).isPart(of: Shape(golden.body)), "\(Shape(request.body))")
    #expect(request.body["deployedIndexId"] == golden.body["deployedIndexId"])
    #expect(request.body[path: "queries.0.neighborCount"] == golden.body[path: "queries.0.neighborCount"])
    #expect(
      request.body[path: "queries.0.datapoint.restricts.0"] == golden.body[path: "queries.0.datapoint.restricts.0"])
    #expect(request.body[path: "queries.0.datapoint.featureVector"] == [0.6, 0.8])
  }

  @Test func upsertAndRemoveDatapoints() async throws {
    let upsert = try golden("upsertDatapoints")
    let remove = try golden("removeDatapoints")
    let ours = try await vectorSearch { search in
      try await search.upsert([IndexedVector(passageID: "d1", values: [0.6, 0.8], tags: ["t": ["a"]])])
      try await search.remove(passageIDs: ["d1"])
    }
    #expect(ours.map(\.path) == [upsert.path, remove.path])
    #expect(ours.map(\.parameters) == [upsert.header("x-goog-request-params"), remove.header("x-goog-request-params")])
    #expect(Shape(ours[0].body) == Shape(upsert.body))
    #expect(ours[0].body[path: "datapoints.0.restricts"] == upsert.body[path: "datapoints.0.restricts"])
    #expect(ours[1].body == remove.body)
  }
}

extension Result where Failure == any Error {
  fileprivate init(_ work: () async throws -> Success) async {
    do { self = .success(try await work()) } catch { self = .failure(error) }
  }
}
