// Writes to a connection's socket at once, past the channel's queue, as long as nothing waits in that queue.

import NIOCore
import NIOPosix

#if canImport(Glibc)
  import Glibc
#endif

/// The channel's way to the socket costs several times what our own work on an answer's bytes does: each write is wrapped, handed
/// through the pipeline, queued and taken out again. Nearly always the socket takes all at once, and needs none of it. What it does
/// not take goes the channel's way, which waits until there is room, tells of it, and meets the errors; so does everything of TLS.
///
/// Of one connection, on its event loop.
final class SocketWriter {
  /// `nil` where bytes must not be written as they are, and when the connection is closed: another one may have the number then.
  private var socket: NIOBSDSocket.Handle?
  /// Writes in the channel's queue. Nothing may overtake them.
  private var waiting = 0

  /// - Parameter isPlain: nothing in the pipeline changes the bytes.
  init(_ channel: any Channel, isPlain: Bool) {
    #if os(Linux)
      guard isPlain else { return }
      socket =
        (try? channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(
          of: NIOBSDSocket.Handle.self
        ) { $0 }) ?? nil
    #endif
  }

  /// From now on everything goes the channel's way. To be called before the connection is closed from here, and when it is gone.
  func connectionEnds() { socket = nil }

  /// Sends `bytes` behind everything that was written before.
  func send(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
    let sent = waiting == 0 ? sendNow(bytes, context) : 0
    if sent == bytes.readableBytes { return }
    var rest = bytes
    rest.moveReaderIndex(forwardBy: sent)
    enqueue(rest, context)
    context.flush()
  }

  /// Puts `bytes` in the channel's queue, to be sent together with others by its flush.
  func enqueue(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
    guard socket != nil else { return context.write(NIOAny(bytes), promise: nil) }
    waiting += 1
    let promise = context.eventLoop.makePromise(of: Void.self)
    promise.futureResult.assumeIsolated().whenComplete { _ in self.waiting -= 1 }
    context.write(NIOAny(bytes), promise: promise)
  }

  /// How many bytes the socket took; none where it has no room, and where there is an error, which the channel will meet too.
  private func sendNow(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) -> Int {
    #if os(Linux)
      // The channel may have been closed by itself a moment ago.
      guard let socket, context.channel.isActive else { return 0 }
      return bytes.withUnsafeReadableBytes { raw in
        max(0, Glibc.send(socket, raw.baseAddress, raw.count, Int32(MSG_NOSIGNAL)))
      }
    #else
      return 0
    #endif
  }
}
