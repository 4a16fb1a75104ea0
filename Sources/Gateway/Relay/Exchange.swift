// One exchange: has a request served by the first target that can, relays the answer, and leaves exactly one span.

import Budgets
import LLMTelemetry
import NIOCore
import Providers

/// Everything here runs on one event loop. `end(_:)` is the only way out, and works once.
final class Exchange: LoopMember {
  private enum Phase {
    case connecting
    case waitingForHead
    /// An error whose fate is open: it is told to the client only when nothing else is left to try.
    case readingError
    case relaying
    /// Between two attempts.
    case pausing
    case ended
  }

  var loopIndex = -1
  private let loop: LoopState
  private let call: AdmittedCall
  private let snapshot: GatewaySnapshot
  private let identity: SpanIdentity
  private let requestHead: RequestHead
  private let requestBody: ByteBuffer
  private let limits: EffectiveLimits
  private let started: NIODeadline
  private let reservation: BudgetReservation
  private var client: ClientHandler?

  private var phase = Phase.connecting
  private let facts: AdmittedFacts
  private var schedule: AttemptSchedule
  /// `nil` but on routes with a cache, and under an override that turns one on.
  private let caching: ExchangeCaching?
  private var prepared: PreparedCall?
  private var upstream: UpstreamConnection?
  private var answer: AnswerRelay?
  private var held: HeldError?
  private var lastFailure: GatewayFailure?
  private var status: Int?
  private var attempts = 0
  /// The provider answered with an error status: nothing was generated.
  private var wasRefused = false
  private var lastActivity: NIODeadline
  private var needsFlush = false
  /// The last byte of the provider's answer is here.
  private var answerHasArrived = false

  init(
    loop: LoopState, client: ClientHandler, call: consuming AdmittedCall, facts: AdmittedFacts, snapshot: GatewaySnapshot,
    reservation: BudgetReservation, identity: SpanIdentity, head: RequestHead, body: ByteBuffer, started: NIODeadline
  ) {
    self.loop = loop
    self.client = client
    self.snapshot = snapshot
    self.reservation = reservation
    self.identity = identity
    self.started = started
    self.facts = facts
    requestHead = head
    requestBody = body
    let route = call.route
    let candidateCount = call.candidates.count
    let retry = call.retry
    caching = call.caching.map { ExchangeCaching(cache: loop.cache, decision: $0) }
    self.call = call
    let timeouts = route.value.timeouts
    limits = timeouts == Route.Timeouts() ? snapshot.ownLimits : EffectiveLimits(snapshot.limits, timeouts)
    schedule = AttemptSchedule(targetCount: candidateCount, policy: retry)
    lastActivity = started
  }

  func start() {
    loop.began(self)
    loop.health.requestCame(route: call.route.value.name, policy: call.retry)
    prepareTarget()
  }

  // MARK: Attempts

  private var candidate: Candidate { call.candidates[schedule.target] }

  /// Turns to the scheduled target; one that cannot take this request at all is passed over.
  private func prepareTarget() {
    while true {
      do throws(GatewayFailure) {
        let call = try CallPreparation.prepare(self.call, candidate: candidate, body: requestBody, snapshot: snapshot)
        prepared = call
        facts.dimensions.provider = call.provider.value.wireProtocol.providerName
        facts.dimensions.model = candidate.model
        facts.dimensions.region =
          call.provider.value.wireProtocol == .vertex ? call.provider.value.location ?? self.call.target.value.location : nil
        facts.fallbackFrom = candidate.isFallback ? self.call.asked : nil
        if let caching,
          let known = caching.answer(to: call, facts: facts, head: requestHead, isFirst: attempts == 0, at: now)
        {
          return replay(known.head, known.body)
        }
        return connect(call, reusingIdle: true)
      } catch {
        // The first reason is the one to tell: it is about the target the client asked for.
        if lastFailure == nil { lastFailure = error }
        guard case .fallBack = schedule.skip() else { return fail(lastFailure ?? error) }
      }
    }
  }

  /// Gives an earlier answer as if the provider had just sent it: metered, translated and captured like any other.
  private func replay(_ head: ResponseHead, _ body: ByteBuffer) {
    let instant = NIODeadline.now()
    phase = .waitingForHead
    upstreamHead(head, at: instant)
    upstreamBody(body, at: instant)
    upstreamEnd(reusable: false, at: instant)
  }

  private func connect(_ call: PreparedCall, reusingIdle: Bool) {
    phase = .connecting
    if reusingIdle, let connection = loop.pool.takeIdle(call.provider.endpoint) { return send(call, on: connection) }
    let endpoint = call.provider.endpoint
    loop.pool.connect(endpoint, timeout: limits.connect) { result in
      guard case .connecting = self.phase else {
        if case .success(let connection) = result { connection.close() }
        return
      }
      switch result {
      case .success(let connection): self.send(call, on: connection)
      case .failure(let error):
        let isTimeout = if case ChannelError.connectTimeout = error { true } else { false }
        self.attemptFailed(
          GatewayFailure(
            status: isTimeout ? 504 : 502, errorClass: isTimeout ? .timeout : .network,
            message:
              "Provider \"\(call.provider.value.name)\" cannot be reached at \(endpoint.host):\(endpoint.port). Check `base_url` and that it is up."
          ))
      }
    }
  }

  private func send(_ call: PreparedCall, on connection: UpstreamConnection) {
    attempts += 1
    // Nothing of an earlier attempt belongs to this one.
    status = nil
    answer = nil
    held = nil
    wasRefused = false
    caching?.restart()
    phase = .waitingForHead
    lastActivity = .now()
    upstream = connection
    connection.exchange = self
    let copiesBody = call.body.readableBytes <= 16 << 10
    loop.outgoing.clear(minimumCapacity: 1024 + (copiesBody ? call.body.readableBytes : 0))
    ForwardedHeaders.writeRequest(requestHead, call: call, identity: identity, into: &loop.outgoing)
    if copiesBody { loop.outgoing.writeImmutableBuffer(call.body) }
    connection.send(head: loop.outgoing, body: copiesBody ? ByteBuffer() : call.body)
  }

  /// Nothing of an answer has gone to the client yet: decides what follows.
  private func attemptFailed(_ failure: GatewayFailure, held: HeldError? = nil) {
    dropUpstream()
    if AttemptSchedule.isTargetsFault(failure.errorClass) {
      loop.health.failed(candidate.health, at: now, policy: call.route.value.circuit)
    } else {
      // It answered, and what it disliked was the request.
      loop.health.succeeded(candidate.health)
    }
    lastFailure = failure
    let next =
      client == nil
      ? .giveUp
      : schedule.afterFailure(
        failure.errorClass, retryAfter: failure.retryAfter, timeLeft: .nanoseconds((totalDeadline - .now()).nanoseconds),
        unit: Int.random(in: 0..<1000, using: &loop.random)
      ) { loop.health.takeRetry(route: call.route.value.name) }
    switch next {
    case .retry(let pause):
      phase = .pausing
      loop.eventLoop.assumeIsolated().scheduleTask(in: .nanoseconds(pause.wholeNanoseconds)) {
        if case .pausing = self.phase, let call = self.prepared { self.connect(call, reusingIdle: true) }
      }
    case .fallBack: prepareTarget()
    case .giveUp:
      guard let held else { return fail(failure) }
      tell(held)
    }
  }

  // MARK: From the provider

  func upstreamHead(_ head: ResponseHead, at instant: NIODeadline) {
    guard case .waitingForHead = phase, let call = prepared else { return }
    lastActivity = instant
    status = head.status
    if (300..<400).contains(head.status) {
      // A client that followed it would go past the gateway.
      return attemptFailed(
        GatewayFailure(
          status: 502, errorClass: .providerError,
          message: "Provider \"\(call.provider.value.name)\" answered with a redirect (\(head.status)). Check `base_url`."))
    }
    guard (200..<300).contains(head.status) else {
      // An error is one JSON document, whatever framing a success would have had.
      phase = .readingError
      held = HeldError(head: head)
      return
    }
    phase = .relaying
    let relay = AnswerRelay(
      call: call, head: head, captureLimit: contentLimit,
      isHeld: schedule.hasAlternative,
      translatedModel: self.call.asked, includesUsage: self.call.request.includesUsage, identity: identity)
    if !relay.isHeld, let client { relay.writeHead(to: client, facts: facts, asked: self.call.asked, spanID: identity.spanID) }
    answer = relay
    needsFlush = true
  }

  func upstreamBody(_ bytes: ByteBuffer, at instant: NIODeadline) {
    lastActivity = instant
    switch phase {
    case .readingError: held?.append(bytes)
    case .relaying:
      guard let answer else { return }
      let client = self.client
      caching?.record(bytes)
      if !answer.hasBytes, !isFromCache { loop.health.succeeded(candidate.health) }
      if answer.isHeld, !answer.waitsForEnd, let client {
        answer.writeHead(to: client, facts: facts, asked: call.asked, spanID: identity.spanID)
      }
      answer.relay(bytes, at: timestamp(lastActivity), to: client)
      needsFlush = true
      if let allowance = reservation.outputTokenAllowance, !isFromCache, answer.outputTokensSoFar > allowance {
        return cutByBudget(allowance)
      }
      if let client, !client.isWritable { upstream?.setReading(false) }
    case .connecting, .waitingForHead, .pausing, .ended: break
    }
  }

  func upstreamReadComplete() {
    guard needsFlush else { return }
    needsFlush = false
    client?.flush()
  }

  func upstreamEnd(reusable: Bool, at instant: NIODeadline) {
    if let connection = upstream {
      upstream = nil
      if reusable {
        loop.pool.put(connection, limit: snapshot.limits.idleUpstreamConnectionsPerLoop)
      } else {
        connection.close()
      }
    }
    switch phase {
    case .readingError:
      guard let held else { return }
      self.held = nil
      wasRefused = true
      attemptFailed(held.meaning(wireProtocol: prepared?.provider.value.wireProtocol ?? facts.wireProtocol), held: held)
    case .relaying:
      guard let answer else { return }
      if answer.waitsForEnd { return translatedDocumentEnded() }
      let client = self.client
      if answer.isHeld, let client {
        answer.writeHead(to: client, facts: facts, asked: call.asked, spanID: identity.spanID)
      }
      answerHasArrived = true
      // What passes as it came leaves before it is read and accounted for: who waits for it does not wait for that.
      if answer.passesUnchanged { client?.sendResponse(at: instant) }
      let isWhole = answer.finish(at: timestamp(lastActivity), to: client)
      let outcome = answer.outcome
      if let caching { keep(answer, outcome, caching) }
      end(outcome, at: instant)
      // A translated stream that the provider broke off must not look whole.
      if isWhole {
        if !answer.passesUnchanged { client?.sendResponse(at: instant) }
        client?.nextRequest()
      } else {
        client?.flush()
        client?.abort()
      }
    case .connecting, .waitingForHead, .pausing: attemptFailed(brokenAnswer("ended its answer before it began"))
    case .ended: break
    }
  }

  private func translatedDocumentEnded() {
    guard let document = answer?.finishDocument(at: now) else {
      var errorClass = ErrorClass.providerError
      if case .failed(let found, _) = answer?.outcome ?? .ok { errorClass = found }
      return attemptFailed(
        GatewayFailure(
          status: 502, errorClass: errorClass,
          message: "Provider \"\(candidate.provider)\" answered with what cannot be translated."))
    }
    if let answer, let caching { keep(answer, answer.outcome, caching) }
    let client = self.client
    if let client {
      answer?.writeHead(to: client, facts: facts, asked: call.asked, spanID: identity.spanID)
      client.writeBody(document)
    }
    end(answer?.outcome ?? .ok)
    client?.finishResponse()
  }

  private func keep(_ answer: AnswerRelay, _ outcome: Outcome, _ caching: ExchangeCaching) {
    guard outcome == .ok, answer.mayBeRepeated(facts.bodyFormat.spanKind) else { return }
    caching.keep(answer.head, at: now)
  }

  /// The answer is an earlier one: no provider was asked, and none bills for it.
  private var isFromCache: Bool { caching?.isHit == true }

  /// - Parameter reason: what was wrong with its bytes; `nil` when it just went away.
  func upstreamClosed(reason: String?) {
    let wasReused = (upstream?.answers ?? 0) > 0
    upstream = nil
    let words = reason ?? "closed the connection"
    switch phase {
    case .waitingForHead where wasReused && reason == nil && NIODeadline.now() - lastActivity < .seconds(1):
      // A provider may close an idle connection just as we use it. Nothing of an answer came, so one new connection is tried.
      // One that closes later may have been at work, and is not asked twice.
      if let call = prepared { connect(call, reusingIdle: false) }
    case .connecting, .waitingForHead, .readingError: attemptFailed(brokenAnswer("\(words) without an answer"))
    case .relaying where answer?.isHeld == true: attemptFailed(brokenAnswer("\(words) before the first byte of its answer"))
    case .relaying: fail(brokenAnswer("\(words) in the middle of its answer"))
    case .pausing, .ended: break
    }
  }

  // MARK: From the client

  func clientClosed() {
    client = nil
    // It left while the last of the answer was written to it: the answer is whole, and its end follows.
    if answerHasArrived { return }
    // SDKs close as soon as they have read the last event: what follows is the end of the connection, or the usage.
    let hasWhole = if case .relaying = phase { answer?.isWhole == true } else { false }
    if hasWhole || call.route.value.onClientDisconnect == .complete {
      switch phase {
      case .waitingForHead, .relaying:
        // Nobody reads any more, so nobody can be too slow.
        upstream?.setReading(true)
        return
      case .connecting, .readingError, .pausing, .ended: break
      }
    }
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

  private func cutByBudget(_ allowance: Int) {
    let failure = GatewayFailure(
      status: 429, errorClass: .quotaExhausted,
      message:
        "A budget cut this answer after the \(allowance) output tokens that were reserved for it; state a higher maximum, or raise the budget."
    )
    let client = self.client
    guard end(.failed(failure.errorClass, message: failure.message)) else { return }
    client?.finishResponse(withError: failure, wireProtocol: facts.wireProtocol, inEvents: answer?.isEventStream ?? false)
  }

  private func fail(_ failure: GatewayFailure) {
    let client = self.client
    let hasBegun = if case .relaying = phase { answer?.isHeld == false } else { false }
    if !hasBegun { status = failure.status }
    guard end(.failed(failure.errorClass, message: failure.message)) else { return }
    if hasBegun {
      client?.abort()
    } else {
      client?.respond(failure, facts.wireProtocol, spanID: identity.spanID)
    }
  }

  /// The provider's own error, as it came or in the form the client speaks.
  private func tell(_ held: HeldError) {
    status = held.head.status
    let client = self.client
    let call = prepared
    let meaning = held.meaning(wireProtocol: call?.provider.value.wireProtocol ?? facts.wireProtocol)
    guard end(.failed(meaning.errorClass, message: meaning.message)), let client, let call else { return }
    client.relayError(held, call: call, spanID: identity.spanID)
  }

  private func brokenAnswer(_ what: String) -> GatewayFailure {
    GatewayFailure(
      status: 502, errorClass: .network, message: "Provider \"\(prepared?.provider.value.name ?? candidate.provider)\" \(what).")
  }

  private func dropUpstream() {
    guard let connection = upstream else { return }
    connection.exchange = nil
    connection.close()
    upstream = nil
  }

  @discardableResult
  private func end(_ outcome: Outcome, at instant: NIODeadline = .now()) -> Bool {
    if case .ended = phase { return false }
    phase = .ended
    dropUpstream()
    client?.exchangeEnded()
    client = nil
    let span = identity.span(
      name: loop.spanName(operation: facts.bodyFormat.operation, model: facts.dimensions.model), facts: facts,
      duration: .nanoseconds((instant - started).nanoseconds), outcome: outcome)
    loop.ended(self, span: span) { span in
      complete(&span)
      let spent =
        wasRefused || isFromCache
        ? BudgetSpending(tokens: 0, money: Nanodollars(0))
        : BudgetSpending(
          usage: span.usage, cost: span.cost, attempts: attempts, hasOutput: facts.bodyFormat.spanKind == .llm)
      loop.budgets.settle(reservation, spent: spent, at: span.end)
    }
    return true
  }

  private func complete(_ span: inout LLMSpan) {
    identity.complete(&span, facts: facts)
    span.httpStatus = status
    span.attempts = attempts
    answer?.describe(&span, requestBytes: requestBody.readableBytes, answered: (200..<300).contains(status ?? 0))
    if isFromCache { span.usage = TokenUsage(input: 0, output: span.kind == .llm ? 0 : nil) }
    span.content = content
    span.cost = snapshot.prices.cost(of: span)
  }

  /// Bytes are kept only where something is done with them: there must be an answer to score, or a route that captures.
  private var content: SpanContent? {
    let limit = contentLimit
    guard limit > 0 else { return nil }
    let text = answer?.text ?? ""
    guard !text.isEmpty || call.route.value.capturesContent else { return nil }
    return SpanContent(
      requestBody: Array(requestBody.readableBytesView.prefix(limit)), responseText: CutText.whole(text, limit: limit))
  }

  private var contentLimit: Int { snapshot.limits.contentBytes(capturing: call.route.value.capturesContent) }

  private var now: Timestamp { timestamp(.now()) }

  private func timestamp(_ instant: NIODeadline) -> Timestamp {
    Timestamp(unixNanoseconds: identity.start.unixNanoseconds + (instant - started).nanoseconds)
  }

  // MARK: Deadlines

  func isDue(_ now: NIODeadline) -> Bool { now >= totalDeadline || now >= quietDeadline }

  func deadlinePassed(_ now: NIODeadline) {
    if case .ended = phase { return }
    if now >= totalDeadline {
      fail(timedOut("did not finish its answer within \(limits.total)"))
    } else if case .relaying = phase, let client, !client.isWritable {
      // We stopped reading from the provider because the client does not read from us.
      self.client = nil
      client.exchangeEnded()
      end(.failed(.cancelled, message: "the client took nothing of its answer for \(quietLimit)"))
      client.abort()
    } else if case .relaying = phase, answer?.isHeld == false {
      fail(timedOut("sent nothing for \(quietLimit)"))
    } else {
      attemptFailed(timedOut("sent nothing for \(quietLimit)"))
    }
  }

  private var totalDeadline: NIODeadline { started + limits.totalAmount }

  private var quietDeadline: NIODeadline {
    switch phase {
    case .connecting, .pausing, .ended: .distantFuture
    case .waitingForHead, .readingError: lastActivity + limits.firstTokenAmount
    case .relaying: lastActivity + (answer?.hasBytes == true ? limits.idleAmount : limits.firstTokenAmount)
    }
  }

  private var quietLimit: Duration {
    if case .relaying = phase, answer?.hasBytes == true { limits.idle } else { limits.firstToken }
  }

  private func timedOut(_ what: String) -> GatewayFailure {
    GatewayFailure(
      status: 504, errorClass: .timeout, message: "Provider \"\(prepared?.provider.value.name ?? candidate.provider)\" \(what).")
  }
}
