// Receives DogStatsD datagrams, so that sending them costs the gateway what it costs in production, and counts what arrived.

import NIOCore
import NIOPosix

enum DatagramSink {
  static func run(_ arguments: CommandArguments) throws {
    try arguments.allow(["port", "socket", "metric"])
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let loop = group.next()
    let counter = NIOLoopBoundBox.makeBoxSendingValue(DatagramCounter(metric: arguments.text("metric")), eventLoop: loop)
    let bootstrap = DatagramBootstrap(group: loop)
      .channelOption(.socketOption(.so_rcvbuf), value: 4 << 20)
      .channelOption(.maxMessagesPerRead, value: 64)
      .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 65_536))
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(DatagramSinkHandler(counter: counter))
        }
      }
    let channel: any Channel
    if let path = arguments.text("socket") {
      channel = try bootstrap.bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true).wait()
    } else {
      channel = try bootstrap.bind(host: "127.0.0.1", port: arguments.integer("port", in: 1...65_535)).wait()
    }
    Process.waitForEndOfInput()
    let total = try loop.submit { counter.value }.wait()
    try channel.close().wait()
    try group.syncShutdownGracefully()
    print(#"{"datagrams":\#(total.datagrams),"lines":\#(total.lines),"bytes":\#(total.bytes),"metric_sum":\#(total.sum)}"#)
  }
}

final class DatagramSinkHandler: ChannelInboundHandler {
  typealias InboundIn = AddressedEnvelope<ByteBuffer>

  private let counter: NIOLoopBoundBox<DatagramCounter>

  init(counter: NIOLoopBoundBox<DatagramCounter>) { self.counter = counter }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    unwrapInboundIn(data).data.withUnsafeReadableBytes { counter.value.read($0) }
  }
}

/// What arrived: datagrams, their lines, and the sum of one counter over all its tags.
struct DatagramCounter {
  private(set) var datagrams = 0
  private(set) var lines = 0
  private(set) var bytes = 0
  private(set) var sum = 0
  private let prefix: [UInt8]

  init(metric: String?) { prefix = Array("\(metric ?? ""):".utf8) }

  mutating func read(_ datagram: UnsafeRawBufferPointer) {
    datagrams += 1
    bytes += datagram.count
    var start = 0
    while start < datagram.count {
      var end = start
      while end < datagram.count, datagram[end] != UInt8.lineFeed { end += 1 }
      if end > start {
        lines += 1
        if prefix.count > 1 { sum += value(UnsafeRawBufferPointer(rebasing: datagram[start..<end])) }
      }
      start = end + 1
    }
  }

  /// `name:1|c|#tags`, or with several values in one line `name:1:2|c`.
  private func value(_ line: UnsafeRawBufferPointer) -> Int {
    guard line.count > prefix.count, prefix.indices.allSatisfy({ line[$0] == prefix[$0] }) else { return 0 }
    var total = 0
    var value = 0
    for byte in line[prefix.count...] {
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value * 10 + Int(byte - UInt8(ascii: "0"))
      case UInt8(ascii: ":"):
        total += value
        value = 0
      default: return total + value
      }
    }
    return total + value
  }
}
