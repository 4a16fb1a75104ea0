// Connections to providers, kept per event loop so that leasing one needs no lock and no hop.

import NIOCore
import NIOPosix
import NIOSSL

/// Where a connection goes; connections of one endpoint are interchangeable.
struct UpstreamEndpoint: Hashable {
  var host: String
  var port: Int
  var usesTLS: Bool

  init(_ provider: Provider) {
    host = provider.host
    port = provider.port
    usesTLS = provider.usesTLS
  }
}

final class UpstreamPool {
  private let eventLoop: any EventLoop
  private let tls: NIOSSLContext
  private var idle: [UpstreamEndpoint: [UpstreamConnection]] = [:]

  init(eventLoop: any EventLoop, tls: NIOSSLContext) {
    self.eventLoop = eventLoop
    self.tls = tls
  }

  /// The most recently used idle connection, which is the least likely to have been closed by the provider.
  func takeIdle(_ endpoint: UpstreamEndpoint) -> UpstreamConnection? {
    while let connection = idle[endpoint]?.popLast() {
      if connection.isActive { return connection }
    }
    return nil
  }

  /// Keeps a connection for reuse, or closes it when enough are kept.
  func put(_ connection: UpstreamConnection, limit: Int) {
    guard connection.isActive, idle[connection.endpoint]?.count ?? 0 < limit else { return connection.close() }
    connection.setReading(true)
    idle[connection.endpoint, default: []].append(connection)
  }

  /// A connection is gone.
  func forget(_ connection: UpstreamConnection) { idle[connection.endpoint]?.removeAll { $0 === connection } }

  /// Closes every idle connection.
  func closeIdle() {
    let connections = idle.values.joined()
    idle.removeAll()
    for connection in connections { connection.close() }
  }

  /// Opens a connection; `completion` runs on this loop.
  func connect(
    _ endpoint: UpstreamEndpoint, timeout: Duration, completion: @escaping (Result<UpstreamConnection, any Error>) -> Void
  ) {
    let tls = self.tls
    let pool = NIOLoopBound(self, eventLoop: eventLoop)
    ClientBootstrap(group: eventLoop)
      .connectTimeout(.nanoseconds(timeout.wholeNanoseconds))
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .channelOption(
        .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 1024, initial: 4096, maximum: GatewayServer.readBytes))
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
