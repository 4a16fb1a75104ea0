// Serves the bench upstream on one event loop, so that it takes as little as possible of the cores it shares with what is measured.

import NIOCore
import NIOPosix

enum UpstreamServer {
  static func run(_ arguments: CommandArguments) throws {
    try arguments.allow(["port", "host"])
    let port = try arguments.integer("port", in: 1...65_535)
    let host = arguments.text("host", default: "127.0.0.1")
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let channel = try bootstrap(group: group).bind(host: host, port: port).wait()
    Process.waitForEndOfInput()
    try channel.close().wait()
    try group.syncShutdownGracefully()
  }

  static func bootstrap(group: any EventLoopGroup) -> ServerBootstrap {
    ServerBootstrap(group: group)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .serverChannelOption(.backlog, value: 1_024)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      // epoll reports again what is left unread, so a second read that finds nothing is a system call saved.
      .childChannelOption(.maxMessagesPerRead, value: 1)
      .childChannelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 8_192))
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(UpstreamHandler()) }
      }
  }
}
