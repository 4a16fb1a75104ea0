// One connection to a provider: hands the answer's parts to the exchange that leased it.

import NIOCore
import NIOHTTP1

/// Lives on one event loop, serves one exchange at a time, and returns to its pool when an answer ended cleanly.
final class UpstreamConnection: ChannelInboundHandler {
  typealias InboundIn = HTTPClientResponsePart
  typealias OutboundOut = HTTPClientRequestPart

  /// The exchange whose answer this connection carries; `nil` while idle.
  var exchange: Exchange?
  /// Called when the connection is gone, so that the pool forgets it.
  var onClose: (() -> Void)?
  private(set) var answers = 0
  private var keepsAlive = true
  private var context: ChannelHandlerContext?

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }
  func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

  var isActive: Bool { context?.channel.isActive ?? false }

  func send(head: HTTPRequestHead, body: ByteBuffer) {
    guard let context else { return }
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
  }

  /// Stops or resumes reading, when the client cannot keep up.
  func setReading(_ isReading: Bool) {
    guard let channel = context?.channel, channel.isActive else { return }
    // The option is set on the channel's own loop, so it takes effect at once; it cannot fail there.
    _ = try? channel.syncOptions?.setOption(.autoRead, value: isReading)
  }

  func close() { context?.close(promise: nil) }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      keepsAlive = head.isKeepAlive
      exchange?.upstreamHead(head)
    case .body(let bytes): exchange?.upstreamBody(bytes)
    case .end:
      answers += 1
      let finished = exchange
      exchange = nil
      finished?.upstreamEnd(reusable: keepsAlive)
    }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    exchange?.upstreamReadComplete()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    let interrupted = exchange
    exchange = nil
    interrupted?.upstreamClosed(error: error)
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    let interrupted = exchange
    exchange = nil
    interrupted?.upstreamClosed(error: nil)
    onClose?()
    onClose = nil
    context.fireChannelInactive()
  }
}
