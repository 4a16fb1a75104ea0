// Where OTLP/HTTP comes in, and where Prometheus asks: listeners of others' protocols in front of our pipeline.

import Gateway
import HTTPTypes
import Hummingbird
import Ingest
import LLMTelemetry
import Logging
import OpenTelemetry
import StrictYAML

enum TelemetryReceiver {
  /// A listener for `POST /v1/traces` and `POST /intake/spans`. Spans go the way of all others: scored, priced, rid of what must not
  /// travel. Not on the gateway's port, whose event loops have other things to do than to read megabytes of spans.
  static func application(
    listen: ListenAddress, gateway: ListenAddress, inForce: ConfigurationInForce, pipeline: IngestPipeline,
    intake: SpanIntake, logger: Logger
  ) -> some ApplicationProtocol {
    let configuration = inForce.started
    var settings = OTLPTraceReceiver.Settings()
    // Calls of traced applications that go through our own gateway are recorded there.
    settings.gateways = gateways(
      listen: gateway, configured: configuration.openTelemetry.gateways, own: gateway.isWildcard ? MachineAddresses.all() : [])
    let receiver = OTLPTraceReceiver(settings: settings)
    let bodyBytes = settings.bodyBytes
    let router = Router()
    intake.add(to: router)
    router.post("**") { request, _ in
      let key = request.headers[.authorization].flatMap { header in
        header.lowercased().hasPrefix("bearer ") ? inForce.key(VirtualKeyHash.sha256(of: String(header.dropFirst(7)))) : nil
      }
      // What comes from this machine is believed; from elsewhere a virtual key vouches for it.
      guard key != nil || listen.isLoopback else {
        return Response(
          status: .unauthorized, headers: [.contentType: "text/plain; charset=utf-8"],
          body: .init(
            byteBuffer: ByteBuffer(
              string: "send a virtual key: OTEL_EXPORTER_OTLP_HEADERS=\"authorization=Bearer ck-…\"\n")))
      }
      let headers = request.headers.map { (name: $0.name.canonicalName, value: $0.value) }
      var request = request
      // One byte more than is taken is enough to be told so.
      let body = try? await request.collectBody(upTo: bodyBytes + 1)
      var received = receiver.handle(
        method: "POST", path: request.uri.path, headers: headers,
        body: body.map { Array($0.readableBytesView) } ?? [UInt8](repeating: 0, count: bodyBytes + 1))
      let taken = pipeline.offer(received.spans.map { configuration.completed($0, tenant: key?.tenant) })
      received.leaveOut(received.spans.count - taken)
      return response(received)
    }
    router.get("**") { request, _ in
      response(receiver.handle(method: "GET", path: request.uri.path, headers: [], body: []))
    }
    return Application(
      router: router, configuration: .init(address: .hostname(listen.host, port: listen.port), serverName: "commander"),
      logger: logger)
  }

  /// The addresses at which applications meet the gateway: as it listens, as it is configured, and, where it listens at every address of
  /// the machine, as the machine is called.
  static func gateways(listen: ListenAddress, configured: [String], own: [String]) -> Set<String> {
    let local = listen.isWildcard || listen.isLoopback ? ["localhost", "127.0.0.1", "::1"] : []
    let found = ([listen.host] + local + own).map { "\($0):\(listen.port)" }
    return Set(found + configured)
  }

  private static func response(_ received: OTLPReceived) -> Response {
    var headers = HTTPFields()
    for (name, value) in received.headers {
      if let name = HTTPField.Name(name) { headers[name] = value }
    }
    return Response(
      status: .init(code: received.status), headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: received.body)))
  }
}

extension CommanderConfiguration {
  /// Gives a span of an application that does not say where it runs what this commander knows; the tenant of a key is not its to say.
  func completed(_ span: LLMSpan, tenant: String?) -> LLMSpan {
    var span = span
    if let tenant { span.dimensions.tenant = tenant }
    span.dimensions.env = span.dimensions.env ?? env
    return span
  }
}

/// `GET /metrics` beside the console's pages.
struct PrometheusRoute: Sendable {
  let registry: PrometheusRegistry

  func add<Context: RequestContext>(to router: Router<Context>) {
    router.get("metrics") { [registry] request, _ in
      let exposition = registry.exposition(accept: request.headers[.accept], now: .now())
      return Response(
        status: .ok, headers: [.contentType: exposition.contentType],
        body: .init(byteBuffer: ByteBuffer(bytes: exposition.body)))
    }
  }
}
