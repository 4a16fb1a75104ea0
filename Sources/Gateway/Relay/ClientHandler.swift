// The application's side of the gateway: reads requests off one connection, has them decided, writes the answers.

import LLMTelemetry
import NIOCore
import Providers

/// One per client connection, on that connection's event loop. Requests are served one after the other; what a client sends
/// ahead waits in the buffer, and beyond a bound in the kernel.
final class ClientHandler: ChannelInboundHandler, LoopMember {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private enum Phase {
    case idle
    case collecting
    /// The request was refused before its end; the rest of it is thrown away.
    case discarding
    case relaying(Exchange)
    /// Nothing more is read: the bytes are no HTTP, or the connection closes after the answer.
    case closing
  }

  var loopIndex = -1
  private let loop: LoopState
  private var context: ChannelHandlerContext?
  private var socket: SocketWriter?
  private var phase = Phase.idle
  private var decoder = RequestDecoder()
  private var inbound = ByteBuffer()
  private var isReading = true
  private var isDeciding = false
  private var incoming: IncomingRequest?
  private var deadline: NIODeadline
  private var writer = ResponseWriter()
  private var memory = ConnectionMemory()

  /// Bytes a client may send ahead of the answer it waits for.
  private static let pipelineLimit = 256 << 10

  init(loop: LoopState) {
    self.loop = loop
    deadline = .now() + .nanoseconds(loop.snapshot.limits.clientIdleTimeout.wholeNanoseconds)
  }

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    socket = SocketWriter(context.channel, isPlain: true)
    guard loop.admit(self) else { return context.close(promise: nil) }
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    self.context = nil
    loop.left(self)
  }

  /// Between two requests.
  var isIdle: Bool { if case .idle = phase { true } else { false } }

  /// A connection without a complete request for too long is closed: slow senders must not hold it for ever.
  func isDue(_ now: NIODeadline) -> Bool {
    if case .relaying = phase { return false }
    return now >= deadline
  }

  private func armPatience(from now: NIODeadline = .now()) {
    deadline = now + .nanoseconds(loop.snapshot.limits.clientIdleTimeout.wholeNanoseconds)
  }

  // MARK: The request

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var bytes = unwrapInboundIn(data)
    if inbound.readableBytes == 0 { inbound = bytes } else { inbound.writeBuffer(&bytes) }
    if inbound.readerIndex > Self.pipelineLimit { inbound.discardReadBytes() }
    process()
  }

  /// Reads what is there until an exchange runs, or more bytes are needed.
  private func process() {
    // An exchange may end while it is begun, and asks for the next request then: the loop below is already there.
    guard !isDeciding else { return }
    isDeciding = true
    defer { isDeciding = false }
    while true {
      switch phase {
      case .relaying:
        if inbound.readableBytes > Self.pipelineLimit { setReading(false) }
        return
      case .closing:
        inbound = ByteBuffer()
        return
      case .idle where !isWritable:
        // Answers nobody reads: no further request until they are gone.
        setReading(false)
        return
      case .idle, .collecting, .discarding: break
      }
      do throws(HTTPProblem) {
        guard let part = try decoder.next(&inbound) else { break }
        take(part)
      } catch {
        return refuseProtocol(error)
      }
    }
    if inbound.readableBytes == 0 { inbound = ByteBuffer() }
  }

  private func take(_ part: RequestDecoder.Part) {
    switch part {
    case .head(let head):
      let started = NIODeadline.now()
      armPatience(from: started)
      writer.begin(request: head)
      let limit = loop.snapshot.limits.requestBodyBytes
      incoming = IncomingRequest(head: head, started: started, start: .now())
      phase = .collecting
      if case .length(let length) = head.framing, length > limit { return refuseTooLarge(limit) }
      if head.expectsContinue, head.isVersion11 { writeThrough("HTTP/1.1 100 Continue\r\n\r\n") }
    case .body(var part):
      guard case .collecting = phase, let size = incoming?.body.readableBytes else { return }
      let limit = loop.snapshot.limits.requestBodyBytes
      if size + part.readableBytes > limit { return refuseTooLarge(limit) }
      if size == 0 { incoming?.body = part } else { incoming?.body.writeBuffer(&part) }
    case .end:
      switch phase {
      case .collecting:
        guard let request = incoming else { return }
        incoming = nil
        phase = .idle
        handle(request)
      case .discarding:
        phase = .closing
        close()
      case .idle, .relaying, .closing: break
      }
    }
  }

  private func handle(_ request: IncomingRequest) {
    let head = request.head
    guard let target = memory.target(of: head, loop) else { return answerOther(head) }
    guard head.method == "POST" else {
      return respond(
        GatewayFailure(
          status: 405, errorClass: .invalidRequest, message: "\(head.method) is not how this call is made: use POST."),
        target.value.wireProtocol, spanID: nil, allows: "POST")
    }
    let identity = SpanIdentity(headers: head.headers, start: request.start, random: &loop.random)
    let snapshot = loop.snapshot
    let facts = Admission.factsBeforeBody(target: target, headers: head.headers, snapshot: snapshot)
    do throws(GatewayFailure) {
      let decision = RequestDecision(loop: loop, snapshot: snapshot, target: target, facts: facts, traceID: identity.traceID)
      let call = try decision.admit(request, memory: &memory)
      let reservation = try decision.reserve(call, request)
      let exchange = Exchange(
        loop: loop, client: self, call: consume call, facts: facts, snapshot: snapshot, reservation: reservation,
        identity: identity, head: head, body: request.body, started: request.started)
      phase = .relaying(exchange)
      exchange.start()
    } catch {
      refuse(error, facts, identity, started: request.started)
    }
  }

  private func refuseTooLarge(_ limit: Int) {
    guard let request = incoming else { return }
    incoming = nil
    phase = .discarding
    writer.keepsAlive = false
    var failure = GatewayFailure(
      status: 413, errorClass: .invalidRequest,
      message: "The request body is larger than \(limit) bytes (`limits.request_body_bytes`).")
    guard let target = loop.target(request.head.uri) else { return respond(failure, .openAI, spanID: nil) }
    let headers = request.head.headers
    let facts = Admission.factsBeforeBody(target: target, headers: headers, snapshot: loop.snapshot)
    do throws(GatewayFailure) {
      // As for every other refusal the key comes first: a stranger learns nothing of limits, and the span says whose request it was.
      let key = try Admission.key(queryKey: target.value.queryKey, headers: headers) { loop.key($0) }
      Admission.name(key: key, headers: headers, labels: [:], facts)
    } catch {
      failure = error
    }
    refuse(
      failure, facts, SpanIdentity(headers: request.head.headers, start: request.start, random: &loop.random),
      started: request.started)
  }

  /// Answers a request that goes no further, and leaves its span.
  private func refuse(_ failure: GatewayFailure, _ facts: AdmittedFacts, _ identity: SpanIdentity, started: NIODeadline) {
    var span = identity.span(
      name: loop.spanName(operation: facts.bodyFormat.operation, model: facts.dimensions.model), facts: facts,
      duration: .nanoseconds((NIODeadline.now() - started).nanoseconds),
      outcome: .failed(failure.errorClass, message: failure.message))
    identity.complete(&span, facts: facts)
    span.httpStatus = failure.status
    span.attempts = 0
    loop.refused(span)
    respond(failure, facts.wireProtocol, spanID: identity.spanID)
  }

  /// The bytes are no HTTP/1: where the next request begins is unknown, so this connection ends.
  private func refuseProtocol(_ problem: HTTPProblem) {
    // The refusal of a body that is too large has been written: one answer is enough.
    if case .discarding = phase {
      phase = .closing
      return close()
    }
    incoming = nil
    writer.keepsAlive = false
    let failure = GatewayFailure(status: problem.status, errorClass: .invalidRequest, message: problem.message)
    respond(failure, .openAI, spanID: nil)
    phase = .closing
  }

  private func answerOther(_ head: RequestHead) {
    switch OtherPath.answer(head, snapshot: loop.snapshot, lookUp: { loop.key($0) }) {
    case .document(let contentType, let body): respond(status: 200, contentType: contentType, body: body)
    case .refused(let failure, let wireProtocol): respond(failure, wireProtocol, spanID: nil)
    }
  }

  // MARK: The answer

  /// Begins to relay a provider's answer.
  ///
  /// - Parameters:
  ///   - changesBody: the length the provider told does not hold.
  ///   - contentType: in place of the provider's.
  ///   - fields: writes the gateway's own fields.
  func beginResponse(_ head: ResponseHead, changesBody: Bool, contentType: String?, _ fields: (inout ByteBuffer) -> Void) {
    if loop.isDraining { writer.keepsAlive = false }
    writer.writeHead(head, changesBody: changesBody, contentType: contentType, fields)
  }

  func writeBody(_ bytes: ByteBuffer) {
    if let large = writer.writeBody(bytes), let context {
      // Together with what precedes and follows it, when they are flushed.
      drainWriter()
      socket?.enqueue(large, context)
      writer.endLargePiece()
    }
  }

  func flush() {
    guard let context else { return }
    guard writer.hasBytes else { return context.flush() }
    socket?.send(writer.bytes, context)
    writer.clear()
  }

  private func drainWriter() {
    guard let context, writer.hasBytes else { return }
    socket?.enqueue(writer.bytes, context)
    writer.clear()
  }

  private func writeThrough(_ text: StaticString) {
    guard let context else { return }
    socket?.send(ByteBuffer(staticString: text), context)
  }

  /// As the channel last said: asking it each time costs more than remembering.
  private(set) var isWritable = true

  func finishResponse(at now: NIODeadline = .now()) {
    sendResponse(at: now)
    nextRequest()
  }

  /// Sends the end of an answer with what was gathered of it; then its exchange ends, and `nextRequest` goes on.
  func sendResponse(at now: NIODeadline) {
    guard let context else { return }
    writer.writeEnd()
    if case .discarding = phase {
      // Closing with unread bytes in the socket resets the connection, and the client would lose the answer. So the rest
      // of its request is read and thrown away, for as long as any request may take.
      flush()
    } else if writer.keepsAlive, !loop.isDraining {
      armPatience(from: now)
      flush()
    } else {
      armPatience(from: now)
      phase = .closing
      let bytes = writer.bytes
      writer.clear()
      socket?.connectionEnds()
      let promise = context.eventLoop.makePromise(of: Void.self)
      promise.futureResult.assumeIsolated().whenComplete { _ in context.close(promise: nil) }
      context.writeAndFlush(wrapOutboundOut(bytes), promise: promise)
    }
  }

  /// Ends an answer that had begun with an error the SDK can read, where its form has room for one; cuts it otherwise.
  func finishResponse(withError failure: GatewayFailure, wireProtocol: WireProtocol, inEvents: Bool) {
    guard inEvents, !writer.endsByLength else {
      flush()
      return abort()
    }
    let name = wireProtocol == .anthropic ? "event: error\n" : ""
    writeBody(ByteBuffer(string: "\(name)data: \(failure.body(for: wireProtocol))\n\n"))
    finishResponse()
  }

  /// A provider's error: as it came where client and provider speak alike, else in the client's form.
  func relayError(_ held: HeldError, call: PreparedCall, spanID: SpanID) {
    let translated: ByteBuffer? =
      !call.translates
      ? nil
      : held.body.withUnsafeReadableBytes { bytes in
        ByteBuffer(
          bytes: AnswerTranslator.error(status: held.head.status, body: bytes, from: call.provider.value.wireProtocol))
      }
    beginResponse(held.head, changesBody: true, contentType: translated.map { _ in "application/json" }) { out in
      out.writeField("x-commander-span-id", spanID.description)
    }
    writeBody(translated ?? held.body)
    finishResponse()
  }

  /// Cuts the connection: the only honest end of an answer that began and cannot be completed.
  func abort() {
    phase = .closing
    close()
  }

  private func close() {
    socket?.connectionEnds()
    context?.close(promise: nil)
  }

  func respond(_ failure: GatewayFailure, _ wireProtocol: WireProtocol, spanID: SpanID?, allows: String? = nil) {
    respond(
      status: failure.status, contentType: "application/json; charset=utf-8", body: failure.body(for: wireProtocol),
      spanID: spanID, retryAfter: failure.retryAfter, allows: allows)
  }

  private func respond(
    status: Int, contentType: StaticString, body: String, spanID: SpanID? = nil, retryAfter: Duration? = nil,
    allows: String? = nil
  ) {
    if loop.isDraining { writer.keepsAlive = false }
    writer.writeWhole(status: status, contentType: contentType, body: body) { out in
      if let allows { out.writeField("allow", allows) }
      if let retryAfter {
        out.writeField("retry-after", String(max(1, (retryAfter.wholeNanoseconds + 999_999_999) / 1_000_000_000)))
      }
      if let spanID { out.writeField("x-commander-span-id", spanID.description) }
    }
    finishResponse()
  }

  func exchangeEnded() {
    if case .relaying = phase { phase = .idle }
  }

  /// Reads what the client sends next, when nothing is being answered.
  func nextRequest() {
    guard case .idle = phase else { return }
    setReading(true)
    if inbound.readableBytes > 0 { process() }
  }

  private func setReading(_ shouldRead: Bool) {
    guard shouldRead != isReading, let channel = context?.channel, channel.isActive else { return }
    isReading = shouldRead
    _ = try? channel.syncOptions?.setOption(.autoRead, value: shouldRead)
  }

  // MARK: The connection

  // Nobody is behind this handler in the pipeline: there is nobody to pass it on to.
  func channelReadComplete(context: ChannelHandlerContext) {}

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    isWritable = context.channel.isWritable
    if case .relaying(let exchange) = phase {
      exchange.clientWritabilityChanged(isWritable: isWritable)
    } else if isWritable {
      nextRequest()
    }
    context.fireChannelWritabilityChanged()
  }

  func channelInactive(context: ChannelHandlerContext) {
    socket?.connectionEnds()
    let last = phase
    phase = .closing
    if case .relaying(let exchange) = last { exchange.clientClosed() }
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { close() }
}
