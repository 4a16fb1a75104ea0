// What the suites share: the service on a free port against the simulated providers, and where test data is.
import AsyncHTTPClient
import Foundation
import Hummingbird
import HummingbirdTesting
import LLMTelemetry
import Logging
import Simulation
import Synchronization
import Testing

@testable import RAGService

enum Examples {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../Examples")
    .standardizedFileURL.path
}

/// A file of the data beside the checkout; nil where it is not there.
func sharedFile(_ path: String) -> URL? {
  let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../shared/" + path).standardized
  return FileManager.default.fileExists(atPath: file.path) ? file : nil
}

final class CollectedSpans: SpanExporter {
  private let collected = Mutex<[LLMSpan]>([])
  var spans: [LLMSpan] { collected.withLock { $0 } }
  func export(_ spans: [LLMSpan]) { collected.withLock { $0 += spans } }
  private let ended = Mutex(false)
  var isEnded: Bool { ended.withLock { $0 } }
  func shutdown() async { ended.withLock { $0 = true } }
  func clear() { collected.withLock { $0 = [] } }

  /// The trace that has a span of this name.
  func trace(of name: String) -> [LLMSpan] {
    let spans = spans
    guard let root = spans.last(where: { $0.name == name }) else { return [] }
    return spans.filter { $0.traceID == root.traceID }
  }
}

/// A folder that is gone when the test is over.
final class ScratchFolder: Sendable {
  let path = FileManager.default.temporaryDirectory.appendingPathComponent("rag-\(UUID().uuidString)").path

  init(_ files: [String: String] = [:]) throws {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    for (name, text) in files { try write(name, text) }
  }

  func write(_ name: String, _ text: String) throws {
    let file = URL(fileURLWithPath: path + "/" + name)
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: file)
  }

  func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: path + "/" + name) }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}

let silent = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

extension RAGConfiguration {
  /// The service against a simulator, with the built-in embeddings.
  static func test(upstream: String, documents: String? = Examples.folder + "/documents", promptText: String? = nil)
    -> RAGConfiguration
  {
    RAGConfiguration(
      listen: .init(host: "127.0.0.1", port: 0), documents: documents,
      generation: .vertex(
        place: VertexPlace(baseURL: upstream, project: "p1", location: "us-central1"), model: "gemini-2.5-flash",
        credential: .secret("ya29.test")), embedding: .builtIn, index: Index(),
      prompt: Prompt(name: "rag-answer", text: promptText),
      retrieval: Retrieval(minimumSimilarity: 0.15), telemetry: Telemetry(), tenant: "default", env: "test")
  }
}

/// The running service and what it leaves.
struct RunningService: Sendable {
  let client: any TestClientProtocol
  let simulator: ProviderSimulator
  let spans: CollectedSpans

  /// Runs `test` when the documents are indexed.
  static func with(
    faults: String = "[]", pace: ProviderSimulator.Pace = .immediate,
    configure: @escaping @Sendable (inout RAGConfiguration) -> Void = { _ in }, waits: Bool = true,
    _ test: @escaping @Sendable (RunningService) async throws -> Void
  ) async throws {
    let simulator = ProviderSimulator(faults: try FaultRule.list(parsing: faults.utf8), pace: pace)
    try await simulator.application(logger: silent).test(.live) { upstream in
      let port = try #require(upstream.port)
      var configuration = RAGConfiguration.test(upstream: "http://127.0.0.1:\(port)")
      configure(&configuration)
      let spans = CollectedSpans()
      let httpClient = makeHTTPClient()
      do {
        let application = try buildRAGApplication(configuration, httpClient: httpClient, exporter: spans, logger: silent)
        try await application.test(.live) { client in
          let service = RunningService(client: client, simulator: simulator, spans: spans)
          if waits { try await service.becomesReady() }
          try await test(service)
        }
      } catch {
        try await httpClient.shutdown()
        throw error
      }
      try await httpClient.shutdown()
    }
  }

  func becomesReady() async throws {
    for _ in 0..<2000 {
      if try await client.execute(uri: "/ready", method: .get).status == .ok { return }
      await Task.yield()
    }
    Issue.record("the service did not become ready")
  }

  func ask(_ body: String, headers: HTTPFields = [:], path: String = "/ask") async throws -> TestResponse {
    try await client.execute(uri: path, method: .post, headers: headers, body: ByteBuffer(string: body))
  }

  func answer(_ question: String, session: String? = nil) async throws -> JSON {
    var body: [String: JSON] = ["question": .string(question), "tenant": "acme", "feature": "helpdesk"]
    body["session"] = session.map(JSON.string)
    let response = try await ask(JSON.object(body).text)
    #expect(response.status == .ok, "\(String(buffer: response.body))")
    return try response.json()
  }

  /// The bodies of the model calls so far.
  var generations: [RecordedRequest] { simulator.requestLog.requests.filter { $0.target.contains("enerateContent") } }
}

extension TestResponse {
  func json() throws -> JSON { try JSON(parsing: body.readableBytesView) }
  var text: String { String(buffer: body) }

  /// The events of a stream by name, in their order.
  func events() throws -> [(name: String, data: JSON)] {
    try text.split(separator: "\n\n").map { event in
      let lines = event.split(separator: "\n")
      let name = try #require(lines.first { $0.hasPrefix("event: ") }).dropFirst(7)
      let data = try #require(lines.first { $0.hasPrefix("data: ") }).dropFirst(6)
      return (String(name), try JSON(parsing: data.utf8))
    }
  }
}

extension JSON {
  /// `a.b` of objects.
  subscript(path path: String) -> JSON? {
    path.split(separator: ".").reduce(self as JSON?) { value, key in
      if let index = Int(key) { return value?.array.flatMap { $0.indices.contains(index) ? $0[index] : nil } }
      return value?[String(key)]
    }
  }
}
