// Puts the service together: the parts, the routes and what runs beside them, for the executable and the tests alike.
import AsyncHTTPClient
import Foundation
import Hummingbird
import LLMInstrumentation
import LLMTelemetry
import Logging
import Pricing
import ServiceLifecycle
import ServiceStart

/// The parts that indexing and answering share.
package struct RAGParts: Sendable {
  package let configuration: RAGConfiguration
  package let index: DocumentIndex
  package let indexer: FolderIndexer
  package let tracer: LLMTracer
  let answerer: QuestionAnswerer

  package init(
    _ configuration: RAGConfiguration, httpClient: HTTPClient, exporter: any SpanExporter, logger: Logger,
    now: @escaping @Sendable () -> Timestamp = { .now() }
  ) throws {
    self.configuration = configuration
    var settings = TracerSettings(service: "rag-service", env: configuration.env)
    settings.capturesContent = configuration.telemetry.capturesContent
    tracer = LLMTracer(settings, exporter: exporter)
    func caller(_ name: String, _ credential: CredentialSource) -> ServiceCaller {
      ServiceCaller(
        name: name, credential: ServiceCredential(credential, httpClient: httpClient, logger: logger), httpClient: httpClient,
        timeout: configuration.limits.timeout)
    }
    let embedder: any Embedder =
      switch configuration.embedding {
      case .builtIn: WordEmbedder()
      case .vertex(let place, let model, let dimensions, let batchSize, let credential):
        VertexEmbedder(
          model: model, dimensions: dimensions, batchLimit: batchSize, place: place, caller: caller("Vertex AI", credential))
      case .openAI(let baseURL, let model, let dimensions, let batchSize, let credential):
        OpenAIEmbedder(
          model: model, dimensions: dimensions, batchLimit: batchSize, baseURL: baseURL,
          caller: caller("the embedding server", credential))
      }
    let model: any GenerationModel =
      switch configuration.generation {
      case .vertex(let place, let model, let credential):
        GeminiModel(model: model, place: place, caller: caller("Vertex AI", credential))
      case .openAI(let baseURL, let model, let credential):
        ChatCompletionModel(model: model, baseURL: baseURL, caller: caller("the model server", credential))
      }
    let store = try DocumentStore(path: configuration.index.path, embedder: embedder.identity)
    let search: any VectorSearch =
      if let remote = configuration.index.vectorSearch {
        VertexVectorSearch(place: remote.place, caller: caller("Vertex AI Vector Search", remote.credential))
      } else {
        LocalVectorSearch(store: store)
      }
    index = DocumentIndex(store: store, search: search)
    let embedding = TracedEmbedding(embedder: embedder, tracer: tracer, prices: .builtIn)
    indexer = FolderIndexer(
      index: index, reader: DocumentReader(), splitter: configuration.splitting, embedding: embedding, tracer: tracer,
      tenant: configuration.tenant, now: now)
    answerer = QuestionAnswerer(
      configuration: configuration, index: index, embedding: embedding, model: model,
      sessions: SessionStore(limits: configuration.sessions, now: now), tracer: tracer, prices: .builtIn)
  }
}

/// The service as an application, with spans going where the configuration says. Port 0 binds a free port; `onListening` is told which.
package func buildRAGApplication(
  _ configuration: RAGConfiguration, httpClient: HTTPClient, logger: Logger,
  onListening: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
) throws -> some ApplicationProtocol {
  try buildRAGApplication(
    configuration, httpClient: httpClient,
    exporter: TelemetryRoads.exporter(configuration.telemetry, httpClient: httpClient, logger: logger), logger: logger,
    onListening: onListening)
}

/// The same with spans going to `exporter`.
package func buildRAGApplication(
  _ configuration: RAGConfiguration, httpClient: HTTPClient, exporter: any SpanExporter, logger: Logger,
  now: @escaping @Sendable () -> Timestamp = { .now() },
  onListening: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
) throws -> some ApplicationProtocol {
  let parts = try RAGParts(configuration, httpClient: httpClient, exporter: exporter, logger: logger, now: now)
  let readiness = Readiness(configuration.documents == nil ? .ready : .indexing)
  let router = buildRouter(parts, readiness: readiness, logger: logger)
  return Application(
    router: router,
    configuration: .init(
      address: .hostname(configuration.listen.host, port: configuration.listen.port), serverName: "rag-service"),
    services: [
      parts.tracer,
      StartupIndexing(indexer: parts.indexer, folder: configuration.documents, readiness: readiness, logger: logger),
    ],
    onServerRunning: { channel in
      if let port = channel.localAddress?.port { await onListening(port) }
    }, logger: logger)
}

func buildRouter(_ parts: RAGParts, readiness: Readiness, logger: Logger) -> Router<BasicRequestContext> {
  let configuration = parts.configuration
  let asking = AskRoutes(
    answerer: parts.answerer, admission: Admission(limit: configuration.limits.concurrency), readiness: readiness,
    tenant: configuration.tenant, logger: logger)
  let documents = DocumentRoutes(
    index: parts.index, indexer: parts.indexer, asking: asking,
    access: DocumentAccess(key: configuration.documentsKey, isLoopback: configuration.listen.isLoopback),
    tenant: configuration.tenant, logger: logger)
  let page = PageRoutes(asking: asking)
  // Load balancers ask with HEAD.
  let router = Router(options: .autoGenerateHeadEndpoints)
  router.get("/") { _, _ in page.page() }
  router.post("/") { request, _ in await page.ask(request) }
  router.get("page.css") { _, _ in page.style() }
  router.get("page.js") { _, _ in page.script() }
  router.post("ask") { request, _ in await asking.ask(request) }
  router.post("ask/stream") { request, _ in await asking.stream(request) }
  router.get("documents") { request, _ in await documents.list(request) }
  router.post("documents") { request, _ in await documents.create(request) }
  router.get("documents/:id") { request, context in await documents.get(request, id: documentID(context)) }
  router.put("documents/:id") { request, context in await documents.replace(request, id: documentID(context)) }
  router.delete("documents/:id") { request, context in await documents.delete(request, id: documentID(context)) }
  router.get("health") { _, _ in Response.json(["status": "ok"]) }
  router.get("ready") { _, _ in await ready(readiness, index: parts.index) }
  router.get("openapi.json") { _, _ in Response.json(OpenAPIDocument.document) }
  router.add(middleware: UnknownRoutes(known: router))
  return router
}

/// The name in the path; a slash in it came as `%2F`.
private func documentID(_ context: BasicRequestContext) -> String {
  let segment = context.parameters.get("id") ?? ""
  return segment.removingPercentEncoding ?? segment
}

private struct ReadyReply: Encodable, Sendable {
  var status: String
  var documents: Int?
  var passages: Int?
  var message: String?
}

private func ready(_ readiness: Readiness, index: DocumentIndex) async -> Response {
  let state = readiness.state
  var reply = ReadyReply(status: state.word)
  if case .failing(let message) = state { reply.message = message }
  do {
    let counts = try await index.store.counts()
    reply.documents = counts.documents
    reply.passages = counts.passages
  } catch {
    reply = ReadyReply(status: "failing", message: "the index cannot be read")
    return .json(reply, status: .serviceUnavailable)
  }
  return .json(reply, status: state == .ready ? .ok : .serviceUnavailable)
}

/// Brings the index in line with the folder of the configuration while the service is already up, and tries again when a service
/// that it needs is not there yet.
struct StartupIndexing: Service {
  let indexer: FolderIndexer
  let folder: String?
  let readiness: Readiness
  let logger: Logger
  var pause: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }

  func run() async throws {
    await withGracefulShutdownHandler {
      await cancelWhenGracefulShutdown { await index() }
      try? await gracefulShutdown()
    } onGracefulShutdown: {
      readiness.become(.draining)
    }
  }

  func index() async {
    guard let folder else { return }
    var wait = Duration.seconds(1)
    while !Task.isCancelled {
      do {
        let report = try await indexer.index(folder: folder)
        for problem in report.problems {
          logger.warning("a document was not read", metadata: ["document": "\(problem.id)", "reason": "\(problem.reason)"])
        }
        logger.info(
          "documents indexed",
          metadata: [
            "indexed": "\(report.indexed.count)", "unchanged": "\(report.unchanged)", "removed": "\(report.removed.count)",
            "passages": "\(report.passages)",
          ])
        readiness.become(.ready)
        return
      } catch is CancellationError {
        return
      } catch {
        let reason = (error as? ModelCallError)?.spanMessage ?? (error as? IndexError)?.description ?? "\(type(of: error))"
        readiness.become(.failing(reason))
        logger.error("the documents could not be indexed; trying again", metadata: ["reason": "\(reason)", "after": "\(wait)"])
        do { try await pause(wait) } catch { return }
        wait = min(wait * 2, .seconds(60))
      }
    }
  }
}

/// A client whose connections are not the bottleneck: its usual limit is 8 a host.
package func makeHTTPClient() -> HTTPClient {
  var configuration = HTTPClient.Configuration()
  configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 256
  configuration.timeout.connect = .seconds(5)
  return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
}

/// Why the service cannot listen, with the address and the remedy.
package struct ListenError: Error, CustomStringConvertible {
  package let description: String
}

/// Throws `ListenError` when the address cannot be had. Serves until SIGTERM or SIGINT, then answers what is running, for as long as the configuration allows, and sends the last spans.
package func serveRAG(_ configuration: RAGConfiguration, logger: Logger) async throws {
  if let obstacle = await PortCheck.obstacle(configuration.listen) { throw ListenError(description: obstacle) }
  let httpClient = makeHTTPClient()
  do {
    let application = try buildRAGApplication(configuration, httpClient: httpClient, logger: logger) { port in
      logger.info("listening", metadata: ["address": "\(configuration.listen.host):\(port)"])
    }
    var group = ServiceGroupConfiguration(
      services: [application], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
    group.maximumGracefulShutdownDuration = configuration.limits.drain
    try await ServiceGroup(configuration: group).run()
  } catch {
    try await httpClient.shutdown()
    if let obstacle = PortCheck.obstacle(error, at: configuration.listen) { throw ListenError(description: obstacle) }
    throw error
  }
  try await httpClient.shutdown()
}
