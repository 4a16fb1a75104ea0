// The listener for applications: one event loop per core, each with its own connections, snapshot and spans.

import Budgets
import LLMTelemetry
import NIOCore
import NIOPosix
import NIOSSL

/// A running gateway. Start it, update it, shut it down; it does not know who reads its spans.
package final class GatewayServer: Sendable {
  private let channel: any Channel
  private let loops: [NIOLoopBound<LoopState>]
  private let health: TargetHealth
  private let cache: AnswerCache

  /// The most that is read from a provider at once: what a stream can bring beyond its reservation before it is cut.
  package static let readBytes = 16 << 10

  /// Where it listens; the port is the real one when 0 was asked for.
  package var address: SocketAddress? { channel.localAddress }

  /// Binds and begins to serve.
  ///
  /// - Parameter emit: receives batches of spans on an event loop; it must return at once.
  /// - Throws: the bind error, for example when the port is taken.
  package static func start(
    host: String, port: Int, group: MultiThreadedEventLoopGroup, snapshot: GatewaySnapshot,
    budgets: BudgetGuard = BudgetGuard(BudgetBook([], at: .now())),
    emit: @escaping @Sendable ([LLMSpan]) -> Void
  ) async throws -> GatewayServer {
    let tls = try NIOSSLContext(configuration: .makeClientConfiguration())
    var loops: [NIOLoopBound<LoopState>] = []
    let eventLoops = Array(group.makeIterator())
    let health = TargetHealth()
    let cache = AnswerCache()
    for eventLoop in eventLoops {
      loops.append(
        try await eventLoop.submit {
          NIOLoopBound(
            LoopState(
              eventLoop: eventLoop, loopCount: eventLoops.count, snapshot: snapshot, tls: tls, health: health,
              cache: cache, budgets: budgets, emit: emit),
            eventLoop: eventLoop)
        }.get())
    }
    let states = Dictionary(uniqueKeysWithValues: loops.map { (ObjectIdentifier($0.eventLoop), $0) })
    let channel = try await ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: 1024)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          guard let state = states[ObjectIdentifier(channel.eventLoop)] else { throw ChannelError.inappropriateOperationForState }
          try channel.pipeline.syncOperations.addHandler(ClientHandler(loop: state.value))
        }
      }
      .bind(host: host, port: port).get()
    return GatewayServer(channel: channel, loops: loops, health: health, cache: cache)
  }

  private init(channel: any Channel, loops: [NIOLoopBound<LoopState>], health: TargetHealth, cache: AnswerCache) {
    self.channel = channel
    self.loops = loops
    self.health = health
    self.cache = cache
  }

  /// What the cache of answers did since the last time it was asked.
  package func takeCacheCounts() -> AnswerCache.Counts { cache.takeCounts() }

  /// One target's circuit, as far as the target failed of late.
  package struct CircuitState: Hashable, Sendable {
    package var provider: String
    package var model: String
    package var isOpen: Bool
  }

  /// By provider and model. A target that is not in it is closed.
  package var circuits: [CircuitState] {
    health.circuits.map { CircuitState(provider: $0.target.provider, model: $0.target.model, isOpen: !$0.isClosed) }
      .sorted { ($0.provider, $0.model) < ($1.provider, $1.model) }
  }

  /// Puts a new snapshot in force on every loop; in-flight exchanges keep the one they began with.
  ///
  /// - Returns: false when a loop refused it, because its overrides are of an older generation.
  package func update(_ snapshot: GatewaySnapshot) async throws -> Bool {
    var accepted = true
    for loop in loops {
      let took = try await loop.eventLoop.submit { loop.value.update(snapshot) }.get()
      accepted = accepted && took
    }
    return accepted
  }

  /// Stops accepting, lets running exchanges finish for `patience`, cuts the rest, and hands over the last spans.
  package func shutdown(patience: Duration) async throws {
    try await channel.close()
    let drained = loops.map { loop in loop.eventLoop.flatSubmit { loop.value.drain(within: patience) } }
    for loop in drained { try await loop.get() }
  }
}
