// One connection to a provider: hands the answer's parts to the exchange that leased it.

import NIOCore
import NIOSSL

/// Lives on one event loop, serves one exchange at a time, and returns to its pool when an answer ended cleanly.
final class UpstreamConnection: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  let endpoint: UpstreamEndpoint
  /// The exchange whose answer this connection carries; `nil` while idle.
  var exchange: Exchange?
  private(set) var answers = 0
  private unowned let pool: UpstreamPool
  private var decoder = ResponseDecoder()
  private var inbound = ByteBuffer()
  private var keepsAlive = true
  private var isReading = true
  private var context: ChannelHandlerContext?
  private var socket: SocketWriter?

  init(endpoint: UpstreamEndpoint, pool: UpstreamPool) {
    self.endpoint = endpoint
    self.pool = pool
  }

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    socket = SocketWriter(context.channel, isPlain: !endpoint.usesTLS)
  }

  func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

  /// False once the connection is gone; asking the channel costs more than remembering.
  private(set) var isActive = true

  /// Writes a whole request; a large body goes out beside the head instead of being copied behind it.
  func send(head: ByteBuffer, body: ByteBuffer) {
    guard let context, let socket else { return }
    guard body.readableBytes > 0 else { return socket.send(head, context) }
    socket.enqueue(head, context)
    socket.enqueue(body, context)
    context.flush()
  }

  /// Stops or resumes reading, when the client cannot keep up.
  func setReading(_ shouldRead: Bool) {
    guard shouldRead != isReading, let channel = context?.channel, channel.isActive else { return }
    isReading = shouldRead
    // The option is set on the channel's own loop, so it takes effect at once; it cannot fail there.
    _ = try? channel.syncOptions?.setOption(.autoRead, value: shouldRead)
  }

  func close() {
    isActive = false
    socket?.connectionEnds()
    context?.close(promise: nil)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    // Bytes that no request asked for: whatever comes next on this connection cannot be trusted.
    guard exchange != nil else { return close() }
    var bytes = unwrapInboundIn(data)
    // One look at the clock for all that one read brought.
    let now = NIODeadline.now()
    if inbound.readableBytes == 0 { inbound = bytes } else { inbound.writeBuffer(&bytes) }
    do throws(HTTPProblem) {
      while inbound.readableBytes > 0 || !decoder.isIdle, let part = try decoder.next(&inbound) {
        switch part {
        case .head(let head):
          keepsAlive = head.keepsAlive
          exchange?.upstreamHead(head, at: now)
        case .body(let bytes): exchange?.upstreamBody(bytes, at: now)
        case .end: answerEnded(at: now)
        }
      }
      if exchange == nil, inbound.readableBytes > 0 { close() }
      if inbound.readableBytes == 0 {
        inbound = ByteBuffer()
      } else if inbound.readerIndex > 64 << 10 {
        inbound.discardReadBytes()
      }
    } catch {
      interrupt(reason: error.message)
      close()
    }
  }

  private func answerEnded(at now: NIODeadline) {
    answers += 1
    let finished = exchange
    exchange = nil
    finished?.upstreamEnd(reusable: keepsAlive && inbound.readableBytes == 0, at: now)
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    exchange?.upstreamReadComplete()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    let isHandshake: Bool
    switch error {
    case NIOSSLError.handshakeFailed: isHandshake = true
    case let error as NIOSSLExtraError: isHandshake = error == .failedToValidateHostname
    default: isHandshake = false
    }
    interrupt(
      reason: isHandshake
        ? "failed the TLS handshake (its certificate is not trusted, or for another name; see `certificate_authority`)" : nil)
    close()
  }

  func channelInactive(context: ChannelHandlerContext) {
    isActive = false
    socket?.connectionEnds()
    if decoder.endsWithConnection {
      keepsAlive = false
      answerEnded(at: .now())
    } else {
      interrupt(reason: nil)
    }
    pool.forget(self)
    context.fireChannelInactive()
  }

  private func interrupt(reason: String?) {
    let interrupted = exchange
    exchange = nil
    interrupted?.upstreamClosed(reason: reason)
  }
}
