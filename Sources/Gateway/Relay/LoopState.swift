// What one event loop of the gateway owns: its view of the configuration, its upstream connections, its spans.

import LLMTelemetry
import NIOCore
import NIOSSL

final class LoopState {
  let eventLoop: any EventLoop
  let pool: UpstreamPool
  private(set) var snapshot: GatewaySnapshot
  private var exchanges: [ObjectIdentifier: Exchange] = [:]
  private var drained: EventLoopPromise<Void>?

  private var spans: [LLMSpan] = []
  private var flushIsScheduled = false
  private let emit: @Sendable ([LLMSpan]) -> Void
  /// Spans leave in batches: one hand-off costs more than a span.
  private static let batchSize = 128
  private static let batchDelay = TimeAmount.milliseconds(20)

  init(eventLoop: any EventLoop, snapshot: GatewaySnapshot, tls: NIOSSLContext, emit: @escaping @Sendable ([LLMSpan]) -> Void) {
    self.eventLoop = eventLoop
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

  func began(_ exchange: Exchange) { exchanges[ObjectIdentifier(exchange)] = exchange }

  func ended(_ exchange: Exchange, span: LLMSpan) {
    exchanges[ObjectIdentifier(exchange)] = nil
    add(span)
    if exchanges.isEmpty {
      drained?.succeed()
      drained = nil
    }
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

  /// Completes when no exchange is running. Exchanges still running at the deadline are cut; each leaves its span.
  func drain(within patience: Duration) -> EventLoopFuture<Void> {
    guard !exchanges.isEmpty else {
      flush()
      return eventLoop.makeSucceededVoidFuture()
    }
    let promise = eventLoop.makePromise(of: Void.self)
    drained = promise
    eventLoop.assumeIsolated().scheduleTask(in: .nanoseconds(patience.wholeNanoseconds)) {
      for exchange in self.exchanges.values { exchange.cut() }
    }
    return promise.futureResult.assumeIsolated().map { self.flush() }.nonisolated()
  }

  private func flush() {
    guard !spans.isEmpty else { return }
    emit(spans)
    spans.removeAll(keepingCapacity: true)
  }
}
