// What one event loop of the gateway owns: its view of the configuration, its upstream connections, its spans.

import LLMTelemetry
import NIOCore
import NIOSSL

final class LoopState {
  let eventLoop: any EventLoop
  let pool: UpstreamPool
  private(set) var snapshot: GatewaySnapshot
  private var exchanges: [ObjectIdentifier: Exchange] = [:]
  private var clients: [ObjectIdentifier: ClientHandler] = [:]
  private let loopCount: Int
  /// Set when the gateway stops: connections then close after the request they serve.
  private var drained: EventLoopPromise<Void>?

  private var spans: [LLMSpan] = []
  private var flushIsScheduled = false
  private let emit: @Sendable ([LLMSpan]) -> Void
  /// Spans leave in batches: one hand-off costs more than a span.
  private static let batchSize = 128
  private static let batchDelay = TimeAmount.milliseconds(20)

  init(
    eventLoop: any EventLoop, loopCount: Int, snapshot: GatewaySnapshot, tls: NIOSSLContext,
    emit: @escaping @Sendable ([LLMSpan]) -> Void
  ) {
    self.eventLoop = eventLoop
    self.loopCount = loopCount
    self.snapshot = snapshot
    self.emit = emit
    pool = UpstreamPool(eventLoop: eventLoop, tls: tls)
  }

  /// Takes a newer view. A view whose overrides are older than the present ones is refused: a slow messenger must not
  /// bring back what has been withdrawn.
  func update(_ newer: GatewaySnapshot) -> Bool {
    guard newer.overrides.generation >= snapshot.overrides.generation else { return false }
    snapshot = newer
    return true
  }

  var isDraining: Bool { drained != nil }

  /// Takes a new client connection, unless the gateway is stopping or this loop's share of connections is used up.
  func admit(_ client: ClientHandler) -> Bool {
    guard !isDraining, clients.count < max(1, snapshot.limits.clientConnections / loopCount) else { return false }
    clients[ObjectIdentifier(client)] = client
    return true
  }

  func left(_ client: ClientHandler) {
    clients[ObjectIdentifier(client)] = nil
    if clients.isEmpty { drained?.succeed() }
  }

  func began(_ exchange: Exchange) { exchanges[ObjectIdentifier(exchange)] = exchange }

  func ended(_ exchange: Exchange, span: LLMSpan) {
    exchanges[ObjectIdentifier(exchange)] = nil
    add(span)
  }

  /// The span of a request that never became an exchange with a provider.
  func refused(_ span: LLMSpan) { add(span) }

  private func add(_ span: LLMSpan) {
    spans.append(span)
    if spans.count >= Self.batchSize {
      flush()
    } else if !flushIsScheduled {
      flushIsScheduled = true
      eventLoop.assumeIsolated().scheduleTask(in: Self.batchDelay) {
        self.flushIsScheduled = false
        self.flush()
      }
    }
  }

  /// Completes when every client is gone and the last spans are handed over. Idle clients are sent away at once, the others
  /// after the request they are in. At the deadline running exchanges are cut, each leaving its span.
  func drain(within patience: Duration) -> EventLoopFuture<Void> {
    let promise = eventLoop.makePromise(of: Void.self)
    drained = promise
    for client in clients.values where client.isIdle { client.abort() }
    if clients.isEmpty { promise.succeed() }
    let deadline = eventLoop.assumeIsolated().scheduleTask(in: .nanoseconds(patience.wholeNanoseconds)) {
      for exchange in self.exchanges.values { exchange.cut() }
      for client in self.clients.values { client.abort() }
    }
    return promise.futureResult.assumeIsolated().map {
      deadline.cancel()
      self.pool.closeIdle()
      self.flush()
    }.nonisolated()
  }

  private func flush() {
    guard !spans.isEmpty else { return }
    emit(spans)
    spans.removeAll(keepingCapacity: true)
  }
}
