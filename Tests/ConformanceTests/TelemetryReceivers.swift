// Whoever telemetry is sent to, as one listener that remembers everything: Agent, intakes, collector; and a socket for datagrams.

import Compression
import Foundation
import Hummingbird
import Logging
import NIOCore
import NIOPosix
import Synchronization

final class TelemetryReceivers: Sendable {
  /// How the listener answers.
  enum Behaviour: Sendable {
    case takesEverything
    case status(Int)
    /// It takes a request and never answers.
    case silent
    case garbage
  }

  private struct State {
    var requests: [(path: String, headers: [(name: String, value: String)], body: [UInt8])] = []
    var datagrams: [[UInt8]] = []
  }

  private let state = Mutex(State())
  private let behaviour: Behaviour

  init(_ behaviour: Behaviour = .takesEverything) { self.behaviour = behaviour }

  /// Paths, headers but for the key, and bodies without their compression, as text.
  var text: String {
    state.withLock { state in
      let requests = state.requests.map { request in
        let headers = request.headers.filter { $0.name.lowercased() != "dd-api-key" }.map { "\($0.name): \($0.value)" }
        let isCompressed = request.headers.contains { $0.name.lowercased() == "content-encoding" && $0.value == "gzip" }
        let body = isCompressed ? (try? CompressionFormat.gzip.decompress(request.body, limit: 64 << 20)) ?? [] : request.body
        return "\(request.path)\n\(headers.joined(separator: "\n"))\n\(String(decoding: body, as: UTF8.self))"
      }
      return (requests + state.datagrams.map { String(decoding: $0, as: UTF8.self) }).joined(separator: "\n")
    }
  }

  func count(of path: String) -> Int { state.withLock { $0.requests.count { $0.path.hasSuffix(path) } } }

  /// Everything that can be sent, sent there.
  static func everyRoad(_ address: String, _ statsAddress: String) -> String {
    """
    datadog:
      agent: \(address)
      endpoint: \(address)
      api_key: {environment: DD_API_KEY}
      dogstatsd: \(statsAddress)
      llm_observability: agent
      logs: agentless
      events: agentless
    opentelemetry:
      traces: \(address)/v1/traces
      prometheus: true

    """
  }

  /// - Parameter body: given the listener's URL and the address for datagrams.
  func run<Value: Sendable>(_ body: (_ address: String, _ statsAddress: String) async throws -> Value) async throws -> Value {
    let channel = try await DatagramBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      // A datagram to an Agent has up to 8 KiB; what is longer than the buffer would be cut.
      .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 16 << 10))
      .channelInitializer { channel in channel.pipeline.addHandler(DatagramHandler { self.take(datagram: $0) }) }
      .bind(host: "127.0.0.1", port: 0).get()
    defer { channel.close(promise: nil) }
    let (ports, listening) = AsyncStream.makeStream(of: Int.self)
    let router = Router()
    for method in [HTTPRequest.Method.get, .post, .put] {
      router.on("**", method: method) { request, _ in try await self.answer(request) }
    }
    let application = Application(
      router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
      onServerRunning: { listening.yield($0.localAddress?.port ?? 0) },
      logger: Logger(label: "receiver") { _ in SwiftLogNoOpLogHandler() })
    let running = Task { try await application.run() }
    defer { running.cancel() }
    var iterator = ports.makeAsyncIterator()
    guard let port = await iterator.next() else { throw CancellationError() }
    let value = try await body("http://127.0.0.1:\(port)", "127.0.0.1:\(channel.localAddress?.port ?? 0)")
    // What lies in the socket's buffer is read before it is closed: the reads of one turn of the loop are done in the next.
    for _ in 0..<100 { try await channel.eventLoop.submit {}.get() }
    return value
  }

  private func take(datagram: [UInt8]) { state.withLock { $0.datagrams.append(datagram) } }

  private func answer(_ request: Request) async throws -> Response {
    let path = request.uri.path
    let headers = request.headers.map { (name: $0.name.canonicalName, value: $0.value) }
    var request = request
    let body = Array((try await request.collectBody(upTo: 64 << 20)).readableBytesView)
    state.withLock { $0.requests.append((path, headers, body)) }
    switch behaviour {
    case .takesEverything:
      let text =
        path == "/info" ? #"{"version":"7.60.0","endpoints":["/v0.4/traces","/evp_proxy/v2/"]}"# : #"{"rate_by_service":{}}"#
      return Response(status: .ok, body: .init(byteBuffer: ByteBuffer(string: text)))
    case .status(let status): return Response(status: .init(code: status))
    case .silent:
      // Until the client has enough of it.
      try await Task.sleep(for: .seconds(3600))
      return Response(status: .ok)
    case .garbage: return Response(status: .ok, body: .init(byteBuffer: ByteBuffer(bytes: [0xff, 0x00, 0xc1, 0x80])))
    }
  }
}

private final class DatagramHandler: ChannelInboundHandler, Sendable {
  typealias InboundIn = AddressedEnvelope<ByteBuffer>
  private let take: @Sendable ([UInt8]) -> Void

  init(_ take: @escaping @Sendable ([UInt8]) -> Void) { self.take = take }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) { take(Array(unwrapInboundIn(data).data.readableBytesView)) }
}
