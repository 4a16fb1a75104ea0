// Puts the service together: routes, the model client and the tracer, for the executable and the tests alike.
import AsyncHTTPClient
import Hummingbird
import LLMInstrumentation
import LLMTelemetry
import Logging

/// The service as an application. Port 0 binds a free port; `onListening` is told which.
package func buildRAGApplication(
  _ configuration: RAGConfiguration, httpClient: HTTPClient, logger: Logger,
  onListening: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
) -> some ApplicationProtocol {
  let exporter: (any SpanExporter)? = configuration.telemetry.map { telemetry in
    QueuedExporter.commander(
      intake: telemetry.spansURL, key: telemetry.bearerToken, logger: logger, send: HTTPDelivery.send(through: httpClient))
  }
  return buildRAGApplication(
    configuration, httpClient: httpClient, exporter: exporter ?? DiscardingExporter(), logger: logger, onListening: onListening)
}

/// The same with spans going to `exporter`.
package func buildRAGApplication(
  _ configuration: RAGConfiguration, httpClient: HTTPClient, exporter: any SpanExporter, logger: Logger,
  onListening: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
) -> some ApplicationProtocol {
  let tracer = LLMTracer(TracerSettings(service: "rag-service", env: configuration.env), exporter: exporter)
  let answerer = QuestionAnswerer(
    configuration: configuration, retriever: LexicalRetriever(passages: configuration.documents),
    vertex: VertexClient(configuration: configuration.vertex, httpClient: httpClient),
    tracer: tracer)
  let ask = AskRoute(answerer: answerer, logger: logger)
  let router = Router()
  router.post("ask") { request, _ in await ask.respond(to: request) }
  router.get("health") { _, _ in
    Response(
      status: .ok, headers: [.contentType: "application/json; charset=utf-8"],
      body: .init(byteBuffer: ByteBuffer(string: #"{"status":"ok","passages":\#(configuration.documents.count)}"#)))
  }
  return Application(
    router: router, configuration: .init(address: .hostname(configuration.host, port: configuration.port)),
    services: [tracer],
    onServerRunning: { channel in
      if let port = channel.localAddress?.port { await onListening(port) }
    }, logger: logger)
}

/// A client whose connections are not the bottleneck: its usual limit is 8 a host.
package func makeHTTPClient() -> HTTPClient {
  var configuration = HTTPClient.Configuration()
  configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 256
  configuration.timeout.connect = .seconds(5)
  return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
}

/// Serves until SIGTERM or SIGINT, then answers what is running and sends the last spans.
package func serveRAG(_ configuration: RAGConfiguration, logger: Logger) async throws {
  let httpClient = makeHTTPClient()
  let application = buildRAGApplication(configuration, httpClient: httpClient, logger: logger) { port in
    logger.info("listening", metadata: ["address": "\(configuration.host):\(port)"])
  }
  do {
    try await application.runService()
  } catch {
    try await httpClient.shutdown()
    throw error
  }
  try await httpClient.shutdown()
}
