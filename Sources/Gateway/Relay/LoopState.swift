// What one event loop of the gateway owns: its view of the configuration, its connections, its exchanges, its spans.

import Budgets
import LLMTelemetry
import NIOCore
import NIOSSL
import Providers

/// A place in a list of the loop, so that leaving it costs no search and no hash.
protocol LoopMember: AnyObject {
  var loopIndex: Int { get set }
}

final class LoopState {
  let eventLoop: any EventLoop
  private(set) var pool: UpstreamPool
  let health: TargetHealth
  let cache: AnswerCache
  let budgets: BudgetGuard
  private(set) var snapshot: GatewaySnapshot
  /// Tells snapshots apart for whoever remembers something of one.
  private(set) var snapshotNumber = 0
  private var exchanges: [Exchange] = []
  private var clients: [ClientHandler] = []
  private let loopCount: Int
  /// Set when the gateway stops: connections then close after the request they serve.
  private var drained: EventLoopPromise<Void>?

  /// Keys seen by this loop, so that a key is hashed once and not at each request; forgotten with each new snapshot.
  private var seenKeys: [String: Shared<VirtualKey>] = [:]
  private var seenTargets: [String: Shared<RequestTarget>] = [:]
  private static let memoryLimit = 1024
  /// The latest names of spans, such as `chat gpt-5`: making one takes an allocation.
  private var spanNames: [(operation: String, model: String, name: String)] = []
  private static let spanNameLimit = 8
  var random: SplitMix64
  /// Where requests to providers are put together: its memory is used again, unless a socket still has to take the last one.
  var outgoing = ByteBuffer()

  private var spans: [LLMSpan] = []
  private var flushIsScheduled = false
  private var sweepIsScheduled = false
  private let emit: @Sendable ([LLMSpan]) -> Void
  /// Spans leave in batches: one hand-off costs more than a span.
  private static let batchSize = 128
  private static let batchDelay = TimeAmount.milliseconds(20)
  /// How late a deadline may be noticed.
  private static let sweepInterval = TimeAmount.milliseconds(25)

  init(
    eventLoop: any EventLoop, loopCount: Int, snapshot: GatewaySnapshot, tls: NIOSSLContext, health: TargetHealth,
    cache: AnswerCache, budgets: BudgetGuard, emit: @escaping @Sendable ([LLMSpan]) -> Void
  ) {
    self.eventLoop = eventLoop
    self.loopCount = loopCount
    self.snapshot = snapshot
    self.health = health
    self.cache = cache
    self.budgets = budgets
    self.emit = emit
    random = SplitMix64(state: UInt64.random(in: .min ... .max))
    spans.reserveCapacity(Self.batchSize)
    pool = UpstreamPool(eventLoop: eventLoop, tls: tls)
    cache.keep(to: snapshot)
  }

  /// Takes a newer view. A view whose overrides are older than the present ones is refused: a slow messenger must not
  /// bring back what has been withdrawn.
  func update(_ newer: GatewaySnapshot) -> Bool {
    guard newer.overrides.generation >= snapshot.overrides.generation else { return false }
    snapshot = newer
    snapshotNumber += 1
    health.keepThrottles(of: newer.overrides)
    cache.keep(to: newer)
    seenKeys.removeAll(keepingCapacity: true)
    return true
  }

  var isDraining: Bool { drained != nil }

  // MARK: What requests repeat

  /// The virtual key behind a presented secret. Only keys that are good are remembered.
  func key(_ presented: String) -> Shared<VirtualKey>? {
    if let seen = seenKeys[presented] { return seen }
    guard let key = snapshot.key(sha256: VirtualKeyHash.sha256(of: presented)).map(Shared.init) else { return nil }
    if seenKeys.count >= Self.memoryLimit { seenKeys.removeAll(keepingCapacity: true) }
    seenKeys[presented] = key
    return key
  }

  /// What a request line means. A target with a credential in its query is read anew each time.
  func target(_ uri: String) -> Shared<RequestTarget>? {
    if let seen = seenTargets[uri] { return seen }
    guard let target = RequestTarget(uri: uri).map(Shared.init) else { return nil }
    guard Self.mayBeRemembered(target, uri: uri) else { return target }
    if seenTargets.count >= Self.memoryLimit { seenTargets.removeAll(keepingCapacity: true) }
    seenTargets[uri] = target
    return target
  }

  /// Nobody has been asked for a key yet: strangers must not fill memory with long targets. One with a credential in its query is
  /// never kept.
  static func mayBeRemembered(_ target: Shared<RequestTarget>, uri: String) -> Bool {
    target.value.queryKey == nil && uri.utf8.count <= 256
  }

  func spanName(operation: String, model: String?) -> String {
    guard let model else { return operation }
    for known in spanNames where known.model == model && known.operation == operation { return known.name }
    let name = "\(operation) \(model)"
    if spanNames.count >= Self.spanNameLimit { spanNames.removeFirst() }
    spanNames.append((operation, model, name))
    return name
  }

  // MARK: Who is here

  /// Takes a new client connection, unless the gateway is stopping or this loop's share of connections is used up.
  func admit(_ client: ClientHandler) -> Bool {
    guard !isDraining, clients.count < max(1, snapshot.limits.clientConnections / loopCount) else { return false }
    client.loopIndex = clients.count
    clients.append(client)
    scheduleSweep()
    return true
  }

  func left(_ client: ClientHandler) {
    Self.remove(client, from: &clients)
    completeDrain()
  }

  func began(_ exchange: Exchange) {
    exchange.loopIndex = exchanges.count
    exchanges.append(exchange)
  }

  /// The span is completed where it waits to be handed over: to copy one costs as much as to price it.
  func ended(_ exchange: Exchange, span: consuming LLMSpan, complete: (inout LLMSpan) -> Void) {
    Self.remove(exchange, from: &exchanges)
    spans.append(span)
    complete(&spans[spans.count - 1])
    handOverWhenDue()
    if isDraining { completeDrain() }
  }

  private static func remove<Member: LoopMember>(_ member: Member, from list: inout [Member]) {
    let index = member.loopIndex
    guard list.indices.contains(index), list[index] === member else { return }
    let last = list.removeLast()
    if last !== member {
      list[index] = last
      last.loopIndex = index
    }
    member.loopIndex = -1
  }

  /// One timer for all deadlines of the loop: a timer of each request's own would cost more than relaying it.
  private func scheduleSweep() {
    guard !sweepIsScheduled else { return }
    sweepIsScheduled = true
    eventLoop.assumeIsolated().scheduleTask(in: Self.sweepInterval) {
      self.sweepIsScheduled = false
      let now = NIODeadline.now()
      // Copies, since who is out of time leaves the list.
      for exchange in self.exchanges where exchange.isDue(now) { exchange.deadlinePassed(now) }
      for client in self.clients where client.isDue(now) { client.abort() }
      if !self.clients.isEmpty || !self.exchanges.isEmpty { self.scheduleSweep() }
    }
  }

  // MARK: Spans

  /// The span of a request that never became an exchange with a provider.
  func refused(_ span: consuming LLMSpan) {
    spans.append(span)
    handOverWhenDue()
  }

  private func handOverWhenDue() {
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

  private func flush() {
    guard !spans.isEmpty else { return }
    emit(spans)
    spans = []
    spans.reserveCapacity(Self.batchSize)
  }

  // MARK: The end

  /// Completes when every client and every exchange is gone and the last spans are handed over. Idle clients are sent away at
  /// once, the others after the request they are in. At the deadline running exchanges are cut, each leaving its span.
  func drain(within patience: Duration) -> EventLoopFuture<Void> {
    let promise = eventLoop.makePromise(of: Void.self)
    drained = promise
    for client in clients where client.isIdle { client.abort() }
    completeDrain()
    let deadline = eventLoop.assumeIsolated().scheduleTask(in: .nanoseconds(patience.wholeNanoseconds)) {
      for exchange in self.exchanges { exchange.cut() }
      for client in self.clients { client.abort() }
    }
    return promise.futureResult.assumeIsolated().map {
      deadline.cancel()
      self.pool.closeIdle()
      self.flush()
    }.nonisolated()
  }

  private func completeDrain() {
    if clients.isEmpty, exchanges.isEmpty { drained?.succeed() }
  }
}

/// SplitMix64 (S. Vigna): ids of spans must not repeat, and need not be secret.
struct SplitMix64: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}
