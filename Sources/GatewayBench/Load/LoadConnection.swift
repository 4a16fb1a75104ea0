// One client connection of the load generator: sends the request, reads its answer, times it.

import NIOCore

final class LoadConnection: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let run: LoadRun
  private var context: ChannelHandlerContext?
  private var reader = MessageReader(readsResponses: true)
  private var events = EventReader()
  private var unread: ByteBuffer?
  private var exchange: Exchange?

  private struct Exchange {
    /// When it was sent or, at a fixed rate, should have been.
    let start: UInt64
    var status = 0
    var lastEvent: UInt64?
    var isDone = false
  }

  init(run: LoadRun) { self.run = run }

  func send(intendedAt start: UInt64) {
    guard let context else { return }
    exchange = Exchange(start: start)
    events.reset()
    context.writeAndFlush(wrapOutboundOut(run.request), promise: nil)
  }

  func close() { context?.close(promise: nil) }

  func channelActive(context: ChannelHandlerContext) {
    self.context = context
    run.ready(self)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var input = unwrapInboundIn(data)
    run.result.bytesRead += input.readableBytes
    if var earlier = unread {
      earlier.writeBuffer(&input)
      input = earlier
      unread = nil
    }
    var offset = 0
    let now = NIODeadline.now().uptimeNanoseconds
    let isValid = input.withUnsafeReadableBytes { read($0, &offset, now) }
    guard isValid else {
      fail("malformed")
      context.close(promise: nil)
      return
    }
    input.moveReaderIndex(forwardBy: offset)
    if input.readableBytes > 0 { unread = input }
  }

  func channelInactive(context: ChannelHandlerContext) {
    if exchange != nil {
      if reader.endsWithConnection { complete(now: NIODeadline.now().uptimeNanoseconds) } else { fail("closed") }
    }
    self.context = nil
    run.closed(self)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }

  private func fail(_ reason: String) {
    exchange = nil
    run.failed(reason)
  }

  private func read(_ bytes: UnsafeRawBufferPointer, _ offset: inout Int, _ now: UInt64) -> Bool {
    var newestSent: UInt64?
    while true {
      switch reader.next(bytes, &offset) {
      case .head(let status):
        guard exchange != nil else { return false }
        exchange?.status = status
      case .body(let range):
        if run.plan.instructions.streams {
          events.read(UnsafeRawBufferPointer(rebasing: bytes[range])) { count($0, now, &newestSent) }
        }
      case .end:
        complete(now: now)
        if reader.closesAfter { context?.close(promise: nil) }
      case .needMore: return true
      case .invalid: return false
      }
    }
  }

  private func count(_ event: EventReader.Event, _ now: UInt64, _ newestSent: inout UInt64?) {
    guard let exchange else { return }
    run.result.events += 1
    if event.isDone { self.exchange?.isDone = true }
    guard let sent = event.sent else { return }
    run.result.chunks += 1
    run.result.delay.record(now > sent ? now - sent : 0)
    if let lastEvent = exchange.lastEvent {
      let gap = now - lastEvent
      run.result.gap.record(gap)
      if run.plan.pace > 0, gap > run.plan.pace + run.stallNanoseconds { run.result.stalls += 1 }
    } else {
      run.result.firstEvent.record(now - exchange.start)
    }
    self.exchange?.lastEvent = now
    if run.plan.pace > 0, let newestSent, sent > newestSent + run.plan.pace / 2 { run.result.bufferedEvents += 1 }
    newestSent = sent
  }

  private func complete(now: UInt64) {
    guard let exchange else { return }
    self.exchange = nil
    if exchange.status != 200 {
      run.failed("status_\(exchange.status)")
    } else if run.plan.instructions.streams, !exchange.isDone {
      run.failed("incomplete")
    } else {
      run.completed(now: now, start: exchange.start)
    }
    // A connection that is about to close takes no further request; its successor does.
    if !reader.closesAfter { run.idle(self, now: now) }
  }
}
