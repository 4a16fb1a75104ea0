// Two ends of a wire under a test's control: a provider that does exactly what it is told, and a client of bytes.

import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// One TCP connection, read and written as bytes by a test.
final class RawConnection: Sendable {
  private let channel: any Channel
  private let state: Mutex<State>

  private struct State {
    var received: [UInt8] = []
    var taken = 0
    var isClosed = false
  }

  private final class Collector: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let take: @Sendable (ByteBuffer?) -> Void
    init(take: @escaping @Sendable (ByteBuffer?) -> Void) { self.take = take }
    func channelRead(context: ChannelHandlerContext, data: NIOAny) { take(unwrapInboundIn(data)) }
    func channelInactive(context: ChannelHandlerContext) { take(nil) }
    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
  }

  /// Adopts a channel that is being set up, on its event loop.
  init(_ channel: any Channel) throws {
    self.channel = channel
    state = Mutex(State())
    try channel.pipeline.syncOperations.addHandler(
      Collector { [weak self] bytes in
        self?.state.withLock {
          if let bytes { $0.received.append(contentsOf: bytes.readableBytesView) } else { $0.isClosed = true }
        }
      })
  }

  static func connect(port: Int, group: any EventLoopGroup) async throws -> RawConnection {
    let promise = Mutex<RawConnection?>(nil)
    _ = try await ClientBootstrap(group: group).channelInitializer { channel in
      channel.eventLoop.makeCompletedFuture {
        let connection = try RawConnection(channel)
        promise.withLock { $0 = connection }
      }
    }.connect(host: "127.0.0.1", port: port).get()
    return try promise.withLock { try $0 ?? { throw Impatience(what: "the connection was not set up") }() }
  }

  func send(_ text: String) async throws { try await channel.writeAndFlush(ByteBuffer(string: text)).get() }
  func send(_ bytes: ByteBuffer) async throws { try await channel.writeAndFlush(bytes).get() }
  func close() { channel.close(promise: nil) }
  func setReading(_ isReading: Bool) async throws { try await channel.setOption(.autoRead, value: isReading).get() }

  var isClosed: Bool { state.withLock { $0.isClosed } }
  var receivedCount: Int { state.withLock { $0.received.count } }
  func endsWith(_ text: String) -> Bool { state.withLock { $0.received.suffix(text.utf8.count).elementsEqual(text.utf8) } }
  var text: String { String(decoding: state.withLock { $0.received }, as: UTF8.self) }

  /// Waits until `text` has come after what was waited for before, and returns all up to its end.
  @discardableResult
  func receive(until text: String) async throws -> String {
    try await eventually("\"\(text)\" in \"\(self.text.suffix(300))\"") {
      self.state.withLock { state in
        let unseen = String(decoding: state.received[state.taken...], as: UTF8.self)
        guard let range = unseen.firstRange(of: text) else { return nil }
        let found = String(unseen[..<range.upperBound])
        state.taken += found.utf8.count
        return found
      }
    }
  }

  func receiveClose() async throws { try await eventually("the connection's end") { self.isClosed ? () : nil } }
}

/// A provider without manners of its own: the test takes its connections and says what they send.
final class ScriptedProvider: Sendable {
  private let channel: any Channel
  private let accepted: Accepted

  private final class Accepted: Sendable {
    let connections = Mutex<[RawConnection]>([])
  }

  /// - Parameter tls: it speaks TLS with this certificate.
  static func start(group: any EventLoopGroup, tls: NIOSSLContext? = nil) async throws -> ScriptedProvider {
    let accepted = Accepted()
    let channel = try await ServerBootstrap(group: group)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          if let tls { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls)) }
          let connection = try RawConnection(channel)
          accepted.connections.withLock { $0.append(connection) }
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    return ScriptedProvider(channel: channel, accepted: accepted)
  }

  private init(channel: any Channel, accepted: Accepted) {
    self.channel = channel
    self.accepted = accepted
  }

  var port: Int { channel.localAddress?.port ?? 0 }
  var connectionCount: Int { accepted.connections.withLock { $0.count } }

  /// The connection with this number, from 0, once it is there.
  func connection(_ number: Int = 0) async throws -> RawConnection {
    try await eventually("connection \(number) at the provider") {
      self.accepted.connections.withLock { $0.indices.contains(number) ? $0[number] : nil }
    }
  }

  func close() async throws { try await channel.close() }
}

/// What a test waited for did not happen.
struct Impatience: Error, CustomStringConvertible {
  var what: String
  var description: String { "did not happen within 10 s: \(what)" }
}

/// Waits until `condition` gives a value.
@discardableResult
func eventually<Value>(_ what: @autoclosure () -> String, _ condition: () throws -> Value?) async throws -> Value {
  let deadline = ContinuousClock.now + .seconds(10)
  while ContinuousClock.now < deadline {
    if let value = try condition() { return value }
    try await Task.sleep(for: .milliseconds(1))
  }
  throw Impatience(what: what())
}
