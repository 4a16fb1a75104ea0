// Says when TLS is there, or why it is not: without it the first write meets a closed channel, and the certificate is never blamed.

import NIOCore
import NIOSSL
import NIOTLS

final class TLSHandshake: ChannelInboundHandler {
  typealias InboundIn = NIOAny

  private let promise: EventLoopPromise<Void>
  private var isOver = false

  private init(_ promise: EventLoopPromise<Void>) { self.promise = promise }

  /// Puts TLS at the beginning of the pipeline. Call it on the channel's event loop.
  static func begin(on channel: any Channel, host: String, trust: TLSTrust) throws -> EventLoopFuture<Void> {
    let tls = try GuardedConnection.tlsHandler(host: host, trust: trust)
    let promise = channel.eventLoop.makePromise(of: Void.self)
    do {
      try channel.pipeline.syncOperations.addHandlers([tls, TLSHandshake(promise)], position: .first)
    } catch {
      promise.fail(error)
      throw error
    }
    return promise.futureResult
  }

  /// Waits for `handshake`; a cancelled task closes the channel, which ends the handshake.
  static func wait(_ handshake: EventLoopFuture<Void>, on channel: any Channel) async throws {
    try await withTaskCancellationHandler {
      try await handshake.get()
    } onCancel: {
      channel.close(promise: nil)
    }
  }

  private func end(_ result: Result<Void, any Error>) {
    guard !isOver else { return }
    isOver = true
    promise.completeWith(result)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .handshakeCompleted = event as? TLSUserEvent { end(.success(())) }
    context.fireUserInboundEventTriggered(event)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    end(.failure(error))
    context.fireErrorCaught(error)
  }

  func channelInactive(context: ChannelHandlerContext) {
    end(.failure(ConnectionFailure.unreachable))
    context.fireChannelInactive()
  }

  /// The pipeline is taken down with its channel.
  func handlerRemoved(context: ChannelHandlerContext) { end(.failure(ConnectionFailure.unreachable)) }
}
