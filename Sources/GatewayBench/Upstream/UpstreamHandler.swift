// One connection of the bench upstream: reads chat requests and answers each whole or as a paced stream.

import NIOCore

final class UpstreamHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private static let answers = ChatAnswers()

  private var reader = MessageReader(readsResponses: false)
  private var unread: ByteBuffer?
  /// The body of a request that did not come in one piece.
  private var body: [UInt8] = []
  private var instructions: ChatInstructions?
  private var hasBody = false
  private var stream: Scheduled<Void>?

  /// A chat request of the bench has under 1 KB; a gateway may add to it, not multiply it.
  private static let largestBody = 1 << 20

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var input = unwrapInboundIn(data)
    if var earlier = unread {
      earlier.writeBuffer(&input)
      input = earlier
      unread = nil
    }
    var offset = 0
    let isValid = input.withUnsafeReadableBytes { read($0, &offset, context) }
    guard isValid else {
      context.close(promise: nil)
      return
    }
    input.moveReaderIndex(forwardBy: offset)
    if input.readableBytes > 0 { unread = input }
  }

  func channelInactive(context: ChannelHandlerContext) {
    stream?.cancel()
    stream = nil
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }

  private func read(_ bytes: UnsafeRawBufferPointer, _ offset: inout Int, _ context: ChannelHandlerContext) -> Bool {
    while true {
      switch reader.next(bytes, &offset) {
      case .head: hasBody = false
      case .body(let range):
        hasBody = true
        let piece = UnsafeRawBufferPointer(rebasing: bytes[range])
        // Usually the whole body is here; only then may it be read where it lies.
        if body.isEmpty, reader.isLastPiece {
          instructions = ChatInstructions(reading: piece)
        } else {
          guard body.count + piece.count <= Self.largestBody else { return false }
          body.append(contentsOf: piece)
        }
      case .end:
        answer(context)
      case .needMore: return true
      case .invalid: return false
      }
    }
  }

  private func answer(_ context: ChannelHandlerContext) {
    if !body.isEmpty {
      instructions = body.withUnsafeBytes { ChatInstructions(reading: $0) }
      body.removeAll(keepingCapacity: true)
    }
    guard hasBody, let instructions else {
      context.writeAndFlush(wrapOutboundOut(Self.answers.ready), promise: nil)
      return
    }
    self.instructions = nil
    guard instructions.streams else {
      context.writeAndFlush(wrapOutboundOut(Self.answers.complete), promise: nil)
      return
    }
    context.write(wrapOutboundOut(Self.answers.streamHead), promise: nil)
    sendChunk(context, instructions, remaining: instructions.chunks)
  }

  /// Each chunk has a flush of its own: a model makes one token at a time, and so does what stands in for it.
  private func sendChunk(_ context: ChannelHandlerContext, _ instructions: ChatInstructions, remaining: Int) {
    var remaining = remaining
    while remaining > 0 {
      let chunk = Self.answers.chunk(sentAt: NIODeadline.now().uptimeNanoseconds, allocator: context.channel.allocator)
      context.writeAndFlush(wrapOutboundOut(chunk), promise: nil)
      remaining -= 1
      if instructions.paceMicroseconds > 0 {
        wait(context, instructions, remaining: remaining)
        return
      }
    }
    finish(context, instructions)
  }

  private func wait(_ context: ChannelHandlerContext, _ instructions: ChatInstructions, remaining: Int) {
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    // From now and not from a fixed start: after a pause of the machine chunks must not come in a bunch.
    stream = context.eventLoop.scheduleTask(in: .microseconds(Int64(instructions.paceMicroseconds))) {
      let (handler, context) = bound.value
      handler.stream = nil
      if remaining > 0 {
        handler.sendChunk(context, instructions, remaining: remaining)
      } else {
        handler.finish(context, instructions)
      }
    }
  }

  private func finish(_ context: ChannelHandlerContext, _ instructions: ChatInstructions) {
    if instructions.includesUsage { context.write(wrapOutboundOut(Self.answers.usage), promise: nil) }
    context.writeAndFlush(wrapOutboundOut(Self.answers.end), promise: nil)
  }
}
