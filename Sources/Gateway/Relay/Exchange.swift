// One exchange: relays a request and its answer between two connections and leaves exactly one span, however it ends.

import LLMTelemetry
import NIOCore
import NIOHTTP1
import Providers

/// Everything here runs on one event loop. `end(_:)` is the only way out, and works once.
final class Exchange {
  private enum Phase {
    case connecting, waitingForHead, relaying, ended
  }

  private let loop: LoopState
  private let plan: RelayPlan
  private let identity: SpanIdentity
  private let requestHead: HTTPRequestHead
  private let requestBody: ByteBuffer
  private let limits: GatewayLimits
  private let started: NIODeadline
  private weak var client: ClientHandler?

  private var phase = Phase.connecting
  private var upstream: UpstreamConnection?
  private var meter: ResponseMeter
  private var status: Int?
  private var attempts = 0
  private var lastActivity: NIODeadline
  private var timer: Scheduled<Void>?
  private var needsFlush = false

  init(
    loop: LoopState, client: ClientHandler, plan: RelayPlan, identity: SpanIdentity, head: HTTPRequestHead, body: ByteBuffer,
    started: NIODeadline
  ) {
    self.loop = loop
    self.client = client
    self.plan = plan
    self.identity = identity
    self.started = started
    limits = loop.snapshot.limits
    lastActivity = .now()
    requestHead = HTTPRequestHead(
      version: .http1_1, method: .POST, uri: plan.uri,
      headers: ForwardedHeaders.request(head.headers, provider: plan.provider, bodyLength: body.readableBytes))
    requestBody = body
    meter = ResponseMeter(wireProtocol: plan.facts.wireProtocol, framing: plan.framing, captureLimit: limits.scoringBytes)
  }

  func start() {
    loop.began(self)
    armTimer()
    connect(reusingIdle: true)
  }

  private func connect(reusingIdle: Bool) {
    phase = .connecting
    let endpoint = UpstreamEndpoint(plan.provider)
    if reusingIdle, let connection = loop.pool.takeIdle(endpoint) { return send(on: connection) }
    loop.pool.connect(endpoint, timeout: limits.connectTimeout) { result in
      guard case .connecting = self.phase else {
        if case .success(let connection) = result { connection.close() }
        return
      }
      switch result {
      case .success(let connection): self.send(on: connection)
      case .failure(let error):
        let isTimeout = if case ChannelError.connectTimeout = error { true } else { false }
        self.fail(
          GatewayFailure(
            status: isTimeout ? 504 : 502, errorClass: isTimeout ? .timeout : .network,
            message:
              "Provider \"\(self.plan.provider.name)\" cannot be reached at \(endpoint.host):\(endpoint.port). Check `base_url` and that it is up."
          ))
      }
    }
  }

  private func send(on connection: UpstreamConnection) {
    attempts += 1
    phase = .waitingForHead
    upstream = connection
    connection.exchange = self
    connection.send(head: requestHead, body: requestBody)
  }

  // MARK: From the provider

  func upstreamHead(_ head: HTTPResponseHead) {
    guard case .waitingForHead = phase else { return }
    phase = .relaying
    lastActivity = .now()
    // From here on a shorter patience holds.
    timer?.cancel()
    armTimer()
    status = Int(head.status.code)
    if head.status.code >= 300 {
      // An error is one JSON document, whatever framing a success would have had.
      meter = ResponseMeter(wireProtocol: plan.facts.wireProtocol, framing: .document, captureLimit: 0)
    }
    var headers = ForwardedHeaders.response(head.headers, dropsLength: plan.stripsUsage && head.status.code < 300)
    headers.add(name: "x-commander-span-id", value: identity.spanID.description)
    if let version = plan.facts.resolvedPromptVersion { headers.add(name: "x-commander-prompt-version", value: version) }
    if plan.facts.fallbackFrom != nil, let model = plan.facts.dimensions.model {
      headers.add(name: "x-commander-model", value: model)
    }
    client?.write(head: HTTPResponseHead(version: .http1_1, status: head.status, headers: headers))
    needsFlush = true
  }

  func upstreamBody(_ bytes: ByteBuffer) {
    guard case .relaying = phase else { return }
    lastActivity = .now()
    let strips = stripsUsage
    let arrival = identity.start + .nanoseconds((lastActivity - started).nanoseconds)
    bytes.withUnsafeReadableBytes { raw in
      meter.consume(raw, at: arrival, stripsUsage: strips) { relayed in
        // Without stripping, the one call is the whole chunk: pass the buffer on instead of copying it.
        client?.write(body: strips ? ByteBuffer(bytes: relayed) : bytes)
      }
    }
    needsFlush = true
    if client?.isWritable == false { upstream?.setReading(false) }
  }

  func upstreamReadComplete() {
    guard needsFlush else { return }
    needsFlush = false
    client?.flush()
  }

  func upstreamEnd(reusable: Bool) {
    guard case .relaying = phase else { return fail(brokenAnswer("ended its answer before it began")) }
    if let connection = upstream {
      upstream = nil
      if reusable {
        loop.pool.put(connection, UpstreamEndpoint(plan.provider), limit: limits.idleUpstreamConnectionsPerLoop)
      } else {
        connection.close()
      }
    }
    let client = self.client
    if let unfinished = meter.finish(at: now, stripsUsage: stripsUsage) { client?.write(body: ByteBuffer(bytes: unfinished)) }
    end(finalOutcome())
    client?.finishResponse()
  }

  func upstreamClosed(error: (any Error)?) {
    let wasReused = (upstream?.answers ?? 0) > 0
    upstream = nil
    switch phase {
    case .waitingForHead where wasReused:
      // A provider may close an idle connection just as we use it. Nothing of an answer came, so one new connection is tried.
      connect(reusingIdle: false)
    case .connecting, .waitingForHead: fail(brokenAnswer("closed the connection without an answer"))
    case .relaying: fail(brokenAnswer("closed the connection in the middle of its answer"))
    case .ended: break
    }
  }

  // MARK: From the client

  func clientClosed() {
    end(.failed(.cancelled, message: "the client closed the connection"))
  }

  func clientWritabilityChanged(isWritable: Bool) {
    // The pause was the client's; the provider's begins now.
    if isWritable { lastActivity = .now() }
    upstream?.setReading(isWritable)
  }

  // MARK: Ends

  /// The gateway stops and has no more patience.
  func cut() {
    fail(GatewayFailure(status: 503, errorClass: .network, message: "The gateway is shutting down; retry."))
  }

  private func fail(_ failure: GatewayFailure) {
    let client = self.client
    let hasBegun = if case .relaying = phase { true } else { false }
    if !hasBegun { status = failure.status }
    guard end(.failed(failure.errorClass, message: failure.message)) else { return }
    if hasBegun { client?.abort() } else { client?.respond(failure, plan.facts.wireProtocol, spanID: identity.spanID) }
  }

  private func brokenAnswer(_ what: String) -> GatewayFailure {
    GatewayFailure(status: 502, errorClass: .network, message: "Provider \"\(plan.provider.name)\" \(what).")
  }

  @discardableResult
  private func end(_ outcome: Outcome) -> Bool {
    if case .ended = phase { return false }
    phase = .ended
    timer?.cancel()
    if let connection = upstream {
      connection.exchange = nil
      connection.close()
      upstream = nil
    }
    client?.exchangeEnded()
    loop.ended(self, span: span(outcome))
    return true
  }

  private func finalOutcome() -> Outcome {
    if let status, let errorClass = ErrorClassification.errorClass(status: status, failure: meter.error) {
      return .failed(errorClass, message: meter.error?.message ?? "the provider answered \(status)")
    }
    if let reason = meter.blockReason { return .failed(.blocked, message: "the prompt was blocked: \(reason)") }
    if let defect = meter.defect { return .failed(.providerError, message: defect) }
    if meter.finishReason == .contentFilter { return .failed(.blocked, message: "the answer was blocked by a safety filter") }
    return .ok
  }

  private func span(_ outcome: Outcome) -> LLMSpan {
    var span = identity.span(
      facts: plan.facts, duration: .nanoseconds((NIODeadline.now() - started).nanoseconds), outcome: outcome)
    span.timeToFirstToken = meter.firstTokenAt.map { $0 - identity.start }
    span.longestGap = meter.longestGap
    span.responseModel = meter.responseModel
    span.finishReason = meter.finishReason
    span.httpStatus = status
    span.attempts = attempts
    span.usage = UsageEstimate.complete(
      meter.usage, answered: (200..<300).contains(status ?? 0), isWhole: meter.sawEnd, requestBytes: requestBody.readableBytes,
      answerBytes: meter.textByteCount)
    if limits.scoringBytes > 0, !meter.text.isEmpty {
      span.content = SpanContent(
        requestBody: Array(requestBody.readableBytesView.prefix(limits.scoringBytes)), responseText: meter.text)
    }
    return span
  }

  private var stripsUsage: Bool { plan.stripsUsage && (status ?? 0) < 300 }
  private var now: Timestamp { identity.start + .nanoseconds((NIODeadline.now() - started).nanoseconds) }

  // MARK: Deadlines

  /// One timer per exchange looks at all three deadlines when it fires, instead of one timer per chunk.
  private func armTimer() {
    let next = min(totalDeadline, quietDeadline)
    timer = loop.eventLoop.assumeIsolated().scheduleTask(deadline: next) { self.timerFired() }
  }

  private func timerFired() {
    if case .ended = phase { return }
    let now = NIODeadline.now()
    if now >= totalDeadline {
      fail(timedOut("did not finish its answer within \(limits.totalTimeout)"))
    } else if now < quietDeadline {
      armTimer()
    } else if case .relaying = phase, let client, !client.isWritable {
      // We stopped reading from the provider because the client does not read from us.
      end(.failed(.cancelled, message: "the client took nothing of its answer for \(quietLimit)"))
      client.abort()
    } else {
      fail(timedOut("sent nothing for \(quietLimit)"))
    }
  }

  private var totalDeadline: NIODeadline { started + .nanoseconds(limits.totalTimeout.wholeNanoseconds) }
  private var quietDeadline: NIODeadline { lastActivity + .nanoseconds(quietLimit.wholeNanoseconds) }
  private var quietLimit: Duration { if case .relaying = phase { limits.idleTimeout } else { limits.firstByteTimeout } }

  private func timedOut(_ what: String) -> GatewayFailure {
    GatewayFailure(status: 504, errorClass: .timeout, message: "Provider \"\(plan.provider.name)\" \(what).")
  }
}
