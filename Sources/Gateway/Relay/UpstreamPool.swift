// Connections to providers, kept per event loop so that leasing one needs no lock and no hop.

import NIOCore
import NIOPosix
import NIOSSL

/// Where a connection goes; connections of one endpoint are interchangeable.
struct UpstreamEndpoint: Hashable {
  var host: String
  var port: Int
  var usesTLS: Bool
  /// See `Provider.certificateAuthority`.
  var certificateAuthority: String?

  init(_ provider: Provider) {
    host = provider.host
    port = provider.port
    usesTLS = provider.usesTLS
    certificateAuthority = provider.certificateAuthority
  }
}

final class UpstreamPool {
  private let eventLoop: any EventLoop
  /// For providers that the system's authorities vouch for.
  private let tls: NIOSSLContext
  /// For the others, by the file of their authority: made when first needed, since most have none.
  private var privateTLS: [String: NIOSSLContext] = [:]
  /// By endpoint; few providers are configured, so looking through them is quicker than hashing a name.
  private var idle: [(endpoint: UpstreamEndpoint, connections: [UpstreamConnection])] = []

  init(eventLoop: any EventLoop, tls: NIOSSLContext) {
    self.eventLoop = eventLoop
    self.tls = tls
  }

  /// The most recently used idle connection, which is the least likely to have been closed by the provider.
  func takeIdle(_ endpoint: UpstreamEndpoint) -> UpstreamConnection? {
    guard let place = place(of: endpoint) else { return nil }
    while let connection = idle[place].connections.popLast() {
      if connection.isActive { return connection }
    }
    return nil
  }

  /// Keeps a connection for reuse, or closes it when enough are kept.
  func put(_ connection: UpstreamConnection, limit: Int) {
    guard connection.isActive else { return connection.close() }
    let place = place(of: connection.endpoint) ?? idle.count
    if place == idle.count { idle.append((connection.endpoint, [])) }
    guard idle[place].connections.count < limit else { return connection.close() }
    connection.setReading(true)
    idle[place].connections.append(connection)
  }

  /// A connection is gone.
  func forget(_ connection: UpstreamConnection) {
    if let place = place(of: connection.endpoint) { idle[place].connections.removeAll { $0 === connection } }
  }

  private func place(of endpoint: UpstreamEndpoint) -> Int? { idle.firstIndex { $0.endpoint == endpoint } }

  /// Closes every idle connection.
  func closeIdle() {
    let connections = idle.flatMap(\.connections)
    idle.removeAll()
    for connection in connections { connection.close() }
  }

  private func context(for authority: String?) throws -> NIOSSLContext {
    guard let authority else { return tls }
    if let made = privateTLS[authority] { return made }
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.trustRoots = .file(authority)
    let made = try NIOSSLContext(configuration: configuration)
    privateTLS[authority] = made
    return made
  }

  /// Opens a connection; `completion` runs on this loop.
  func connect(
    _ endpoint: UpstreamEndpoint, timeout: Duration, completion: @escaping (Result<UpstreamConnection, any Error>) -> Void
  ) {
    let tls: NIOSSLContext
    do { tls = try context(for: endpoint.certificateAuthority) } catch { return completion(.failure(error)) }
    let pool = NIOLoopBound(self, eventLoop: eventLoop)
    ClientBootstrap(group: eventLoop)
      .connectTimeout(.nanoseconds(timeout.wholeNanoseconds))
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .channelOption(
        .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 1024, initial: 4096, maximum: GatewayServer.readBytes)
      )
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let pipeline = channel.pipeline.syncOperations
          if endpoint.usesTLS {
            // An IP address is not a valid SNI name (RFC 6066 section 3).
            let isAddress = (try? SocketAddress(ipAddress: endpoint.host, port: endpoint.port)) != nil
            try pipeline.addHandler(NIOSSLClientHandler(context: tls, serverHostname: isAddress ? nil : endpoint.host))
          }
          try pipeline.addHandler(UpstreamConnection(endpoint: endpoint, pool: pool.value))
        }
      }
      .connect(host: endpoint.host, port: endpoint.port)
      .assumeIsolated()
      .whenComplete { result in
        completion(
          result.flatMap { channel in Result { try channel.pipeline.syncOperations.handler(type: UpstreamConnection.self) } })
      }
  }
}
