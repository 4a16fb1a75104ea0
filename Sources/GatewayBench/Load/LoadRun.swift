// One run of the load generator on its event loop: keeps the connections open, decides when each sends, and when the run is over.

import NIOCore
import NIOPosix

final class LoadRun {
  let plan: LoadPlan
  let request: ByteBuffer
  let stallNanoseconds: UInt64
  var result = LoadResult()

  private let loop: any EventLoop
  private let finished: EventLoopPromise<LoadResult>
  private var idleConnections: [LoadConnection] = []
  private var open = 0
  private var inFlight = 0
  private var start: UInt64?
  private var deadline: UInt64 = .max
  private var isOver = false
  private var refusedInARow = 0

  // At a fixed rate: the number of requests that were due, and the due times of those that found no free connection.
  private var due = 0
  private var waiting = FixedRateQueue()

  /// How long answers may take after the last request was sent.
  private static let grace = TimeAmount.seconds(15)
  private static let mostRefusals = 50

  init(plan: LoadPlan, loop: any EventLoop) {
    self.plan = plan
    self.loop = loop
    request = plan.request
    stallNanoseconds = UInt64(plan.stallThreshold.nanoseconds)
    finished = loop.makePromise()
  }

  /// Connects, and starts when all connections are open.
  func begin() -> EventLoopFuture<LoadResult> {
    for _ in 0..<plan.connections { connect() }
    return finished.futureResult
  }

  private func connect() {
    let run = NIOLoopBound(self, eventLoop: loop)
    ClientBootstrap(group: loop)
      .connectTimeout(.seconds(5))
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .channelOption(.maxMessagesPerRead, value: 1)
      .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 8_192))
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(LoadConnection(run: run.value))
        }
      }
      .connect(host: plan.host, port: plan.port)
      .whenFailure { _ in run.value.refused() }
  }

  private func refused() {
    result.fail("connect")
    refusedInARow += 1
    if refusedInARow >= Self.mostRefusals || start == nil { finish() } else if !isOver { connect() }
  }

  func ready(_ connection: LoadConnection) {
    refusedInARow = 0
    if isOver { return connection.close() }
    open += 1
    if start == nil {
      idleConnections.append(connection)
      if open == plan.connections { startClock() }
    } else {
      idle(connection, now: NIODeadline.now().uptimeNanoseconds)
    }
  }

  func closed(_ connection: LoadConnection) {
    open -= 1
    idleConnections.removeAll { $0 === connection }
    if isOver { return }
    result.reconnects += 1
    connect()
  }

  private func startClock() {
    let now = NIODeadline.now()
    start = now.uptimeNanoseconds
    deadline = (now + plan.duration).uptimeNanoseconds
    let run = NIOLoopBound(self, eventLoop: loop)
    loop.scheduleTask(deadline: now + plan.duration) { run.value.stopSending(at: NIODeadline.now().uptimeNanoseconds) }
    loop.scheduleTask(deadline: now + plan.duration + Self.grace) { run.value.finish() }
    if plan.rate != nil {
      tick()
    } else {
      let connections = idleConnections
      idleConnections = []
      for connection in connections { idle(connection, now: NIODeadline.now().uptimeNanoseconds) }
    }
  }

  /// Sends what is due at the fixed rate and comes back when the next is.
  private func tick() {
    guard let start, let rate = plan.rate, !isOver else { return }
    let now = NIODeadline.now().uptimeNanoseconds
    while true {
      let next = start + UInt64(Double(due) * 1e9 / rate)
      if next >= deadline { return }
      if next > now {
        let run = NIOLoopBound(self, eventLoop: loop)
        loop.scheduleTask(deadline: .uptimeNanoseconds(next)) { run.value.tick() }
        return
      }
      due += 1
      if let connection = idleConnections.popLast() {
        result.lateness.record(now - next)
        send(connection, intendedAt: next)
      } else if !waiting.append(next) {
        result.fail("unsent")
      }
    }
  }

  private func send(_ connection: LoadConnection, intendedAt time: UInt64) {
    guard result.started < plan.largestNumberOfRequests else { return stopSending(at: NIODeadline.now().uptimeNanoseconds) }
    result.started += 1
    inFlight += 1
    connection.send(intendedAt: time)
  }

  /// A connection has nothing to do: it gets the request that waits longest or, in a closed loop, a new one.
  func idle(_ connection: LoadConnection, now: UInt64) {
    if now < deadline {
      if plan.rate == nil { return send(connection, intendedAt: now) }
      if let time = waiting.popFirst() {
        result.lateness.record(now - time)
        return send(connection, intendedAt: time)
      }
    }
    idleConnections.append(connection)
    finishIfDrained(now)
  }

  func completed(now: UInt64, start: UInt64) {
    inFlight -= 1
    result.completed += 1
    if now <= deadline { result.completedInTime += 1 }
    result.latency.record(now > start ? now - start : 0)
  }

  func failed(_ reason: String) {
    inFlight -= 1
    result.fail(reason)
  }

  private func stopSending(at now: UInt64) {
    deadline = min(deadline, now)
    finishIfDrained(now)
  }

  private func finishIfDrained(_ now: UInt64) {
    if now >= deadline, inFlight == 0 { finish() }
  }

  private func finish() {
    if isOver { return }
    isOver = true
    let now = NIODeadline.now().uptimeNanoseconds
    if let start {
      result.nanosecondsPlanned = min(deadline, now) - start
      result.nanosecondsTotal = now - start
    }
    if inFlight > 0 { result.errors["unfinished", default: 0] += inFlight }
    if !waiting.isEmpty { result.errors["unsent", default: 0] += waiting.count }
    finished.succeed(result)
  }
}

/// Due times of requests that wait for a connection, oldest first, and not more than a bounded number of them.
struct FixedRateQueue {
  private var times: [UInt64] = []
  private var head = 0
  private static let limit = 100_000

  var count: Int { times.count - head }
  var isEmpty: Bool { count == 0 }

  mutating func append(_ time: UInt64) -> Bool {
    guard count < Self.limit else { return false }
    times.append(time)
    return true
  }

  mutating func popFirst() -> UInt64? {
    guard head < times.count else { return nil }
    defer {
      head += 1
      if head > 4_096, head * 2 > times.count {
        times.removeFirst(head)
        head = 0
      }
    }
    return times[head]
  }
}
