// The application's side of the gateway: collects a request, has it decided, writes the answer.

import LLMTelemetry
import NIOCore
import NIOHTTP1
import Providers

/// One per client connection, on that connection's event loop. Pipelined requests are held back by NIO's pipeline handler.
final class ClientHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private enum Phase {
    case idle
    case collecting(HTTPRequestHead, ByteBuffer, started: NIODeadline, start: Timestamp)
    /// The request was refused before its end; the rest of it is thrown away.
    case discarding
    case relaying(Exchange)
  }

  private let loop: LoopState
  private var phase = Phase.idle
  private var keepsAlive = true
  private var version = HTTPVersion.http1_1
  /// The answer to HEAD has no body; one would be read as the next answer.
  private var isHead = false
  private var context: ChannelHandlerContext?
  private var patience: Scheduled<Void>?

  init(loop: LoopState) { self.loop = loop }

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    guard loop.admit(self) else { return context.close(promise: nil) }
    armPatience()
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    patience?.cancel()
    self.context = nil
    loop.left(self)
  }

  /// Between two requests.
  var isIdle: Bool { if case .idle = phase { true } else { false } }

  // MARK: The request

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      armPatience()
      // HTTP/1.0 knows no chunks: the end of such an answer is the end of the connection.
      keepsAlive = head.isKeepAlive && head.version == .http1_1
      version = head.version
      isHead = head.method == .HEAD
      let limit = loop.snapshot.limits.requestBodyBytes
      if let length = head.headers.first(name: "content-length").flatMap(Int.init), length > limit {
        return refuseTooLarge(head, limit, started: .now(), start: .now())
      }
      if head.headers.first(name: "expect")?.lowercased() == "100-continue" {
        context.writeAndFlush(wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: .continue))), promise: nil)
      }
      phase = .collecting(head, ByteBuffer(), started: .now(), start: .now())
    case .body(var part):
      guard case .collecting(let head, var body, let started, let start) = phase else { return }
      let limit = loop.snapshot.limits.requestBodyBytes
      if body.readableBytes + part.readableBytes > limit { return refuseTooLarge(head, limit, started: started, start: start) }
      // Let go of the phase's reference first: the buffer is then ours alone and grows in place.
      phase = .idle
      if body.readableBytes == 0 { body = part } else { body.writeBuffer(&part) }
      phase = .collecting(head, body, started: started, start: start)
    case .end:
      switch phase {
      case .collecting(let head, let body, let started, let start):
        phase = .idle
        patience?.cancel()
        handle(head, body, started: started, start: start)
      case .discarding: context.close(promise: nil)
      case .idle, .relaying: break
      }
    }
  }

  private func handle(_ head: HTTPRequestHead, _ body: ByteBuffer, started: NIODeadline, start: Timestamp) {
    guard let target = RequestTarget(uri: head.uri) else { return answerOther(head) }
    guard head.method == .POST else {
      return respond(
        GatewayFailure(
          status: 405, errorClass: .invalidRequest, message: "\(head.method) is not how this call is made: use POST."),
        target.wireProtocol, spanID: nil)
    }
    let identity = SpanIdentity(headers: head.headers, start: start)
    do throws(Refusal) {
      let snapshot = loop.snapshot
      let plan = try decide(target, head, body, snapshot)
      let sent =
        plan.edits.isEmpty ? body : ByteBuffer(bytes: body.withUnsafeReadableBytes { RequestRewriting.apply(plan.edits, to: $0) })
      let exchange = Exchange(loop: loop, client: self, plan: plan, identity: identity, head: head, body: sent, started: started)
      phase = .relaying(exchange)
      exchange.start()
    } catch {
      refuse(error, identity, target.wireProtocol, started: started)
    }
  }

  private func decide(
    _ target: RequestTarget, _ head: HTTPRequestHead, _ body: ByteBuffer, _ snapshot: GatewaySnapshot
  ) throws(Refusal) -> RelayPlan {
    // withUnsafeReadableBytes does not carry typed errors, so the decision travels as a Result.
    let decision: Result<RelayPlan, Refusal> = body.withUnsafeReadableBytes { bytes in
      do throws(Refusal) {
        return .success(try Admission.plan(target: target, headers: head.headers, body: bytes, snapshot: snapshot))
      } catch {
        return .failure(error)
      }
    }
    return try decision.get()
  }

  private func refuseTooLarge(_ head: HTTPRequestHead, _ limit: Int, started: NIODeadline, start: Timestamp) {
    phase = .discarding
    keepsAlive = false
    let failure = GatewayFailure(
      status: 413, errorClass: .invalidRequest,
      message: "The request body is larger than \(limit) bytes (`limits.request_body_bytes`).")
    guard let target = RequestTarget(uri: head.uri) else { return respond(failure, .openAI, spanID: nil) }
    let facts = Admission.factsBeforeBody(target: target, headers: head.headers, snapshot: loop.snapshot)
    refuse(
      Refusal(failure: failure, facts: facts), SpanIdentity(headers: head.headers, start: start), target.wireProtocol,
      started: started)
  }

  /// Answers a request that goes no further, and leaves its span.
  private func refuse(_ refusal: Refusal, _ identity: SpanIdentity, _ wireProtocol: WireProtocol, started: NIODeadline) {
    var span = identity.span(
      facts: refusal.facts, duration: .nanoseconds((NIODeadline.now() - started).nanoseconds),
      outcome: .failed(refusal.failure.errorClass, message: refusal.failure.message))
    span.httpStatus = refusal.failure.status
    span.attempts = 0
    loop.refused(span)
    respond(refusal.failure, wireProtocol, spanID: identity.spanID)
  }

  /// Health, and everything that is no model call.
  private func answerOther(_ head: HTTPRequestHead) {
    if head.uri == "/health", head.method == .GET || head.method == .HEAD {
      return respond(status: .ok, contentType: "text/plain; charset=utf-8", body: "ok\n", spanID: nil)
    }
    let message =
      "The gateway does not serve \(head.method) \(head.uri.prefix(200)). It serves POST /v1/chat/completions, "
      + "/{v1,v1beta}/models/MODEL:generateContent and the Vertex AI form of the same; check the base URL of your SDK."
    respond(
      GatewayFailure(status: 404, errorClass: .invalidRequest, message: message),
      head.uri.contains("/v1beta") ? .gemini : .openAI, spanID: nil)
  }

  // MARK: The answer

  func write(head: HTTPResponseHead) {
    var head = head
    head.version = version
    if loop.isDraining { keepsAlive = false }
    if !keepsAlive { head.headers.replaceOrAdd(name: "connection", value: "close") }
    context?.write(wrapOutboundOut(.head(head)), promise: nil)
  }

  func write(body: ByteBuffer) {
    if !isHead { context?.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil) }
  }

  func flush() { context?.flush() }

  var isWritable: Bool { context?.channel.isWritable ?? false }

  func finishResponse() {
    guard let context else { return }
    if case .discarding = phase {
      // Closing with unread bytes in the socket resets the connection, and the client would lose the answer. So the rest
      // of its request is read and thrown away, for as long as any request may take.
      context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    } else if keepsAlive, !loop.isDraining {
      armPatience()
      context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    } else {
      let promise = context.eventLoop.makePromise(of: Void.self)
      promise.futureResult.assumeIsolated().whenComplete { _ in context.close(promise: nil) }
      context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: promise)
    }
  }

  /// Cuts the connection: the only honest end of an answer that began and cannot be completed.
  func abort() { context?.close(promise: nil) }

  func respond(_ failure: GatewayFailure, _ wireProtocol: WireProtocol, spanID: SpanID?) {
    respond(
      status: HTTPResponseStatus(statusCode: failure.status), contentType: "application/json; charset=utf-8",
      body: failure.body(for: wireProtocol), spanID: spanID)
  }

  private func respond(status: HTTPResponseStatus, contentType: String, body: String, spanID: SpanID?) {
    var headers: HTTPHeaders = ["content-type": contentType, "content-length": String(body.utf8.count)]
    if let spanID { headers.add(name: "x-commander-span-id", value: spanID.description) }
    write(head: HTTPResponseHead(version: .http1_1, status: status, headers: headers))
    write(body: ByteBuffer(string: body))
    finishResponse()
  }

  func exchangeEnded() {
    if case .relaying = phase { phase = .idle }
  }

  // MARK: The connection

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if case .relaying(let exchange) = phase { exchange.clientWritabilityChanged(isWritable: context.channel.isWritable) }
    context.fireChannelWritabilityChanged()
  }

  func channelInactive(context: ChannelHandlerContext) {
    if case .relaying(let exchange) = phase { exchange.clientClosed() }
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }

  /// A connection without a complete request for too long is closed: slow senders must not hold it for ever.
  private func armPatience() {
    guard let context else { return }
    patience?.cancel()
    patience = context.eventLoop.assumeIsolated().scheduleTask(
      in: .nanoseconds(loop.snapshot.limits.clientIdleTimeout.wholeNanoseconds)
    ) {
      if case .relaying = self.phase { return }
      self.context?.close(promise: nil)
    }
  }
}
