// Which parent a span is shown under, so that the spans of a trace are a tree whose every branch can be seen.
//
// A parent that Datadog never hears of hides everything below it. Whether it will is not known when a child ends: a step of an
// application ends after the calls it made, and the parent of a call may as well be an ordinary request of an application that
// sends no LLM spans at all. So a child waits for its parent, for a while, and then stands at the top.

import LLMTelemetry

/// Pure: time is an argument. `Held` is whatever waits with a span.
struct SpanTree<Held: Sendable>: Sendable {
  struct Place {
    var held: Held
    /// `nil` is the top.
    var parent: SpanID?
  }

  private struct Memory: Sendable {
    var traceHigh: UInt64
    var traceLow: UInt64
    var parent: UInt64
  }

  private struct Child: Sendable {
    var held: Held
    var trace: TraceID
    var size: Int
  }

  /// Those that wait for one parent. They are told apart from those that waited for it before by their turn, and go together.
  private struct Siblings: Sendable {
    var turn: Int
    var children: [Child] = []
  }

  private struct Turn: Sendable {
    var turn: Int
    var parent: UInt64
    var deadline: Timestamp
  }

  /// Spans seen lately, in two generations: when the younger one is full it becomes the elder, and the elder is forgotten.
  private var young: [UInt64: Memory] = [:]
  private var elder: [UInt64: Memory] = [:]
  private let generationLimit: Int

  private var waiting: [UInt64: Siblings] = [:]
  /// In the order of their deadlines; those that were placed already are found missing in `waiting`.
  private var order: [Turn] = []
  /// Those before it are done.
  private var firstTurn = 0
  private var nextTurn = 0
  private(set) var count = 0
  private(set) var size = 0
  /// How much is kept beside those that wait.
  var bookkeeping: Int { young.count + elder.count + order.count - firstTurn }
  private let countLimit: Int
  private let sizeLimit: Int

  init(remembers: Int = 65_536, countLimit: Int = 20_000, sizeLimit: Int = 16 << 20) {
    generationLimit = max(1, remembers / 2)
    self.countLimit = countLimit
    self.sizeLimit = sizeLimit
  }

  /// To be called for every span, and for all of a batch before the first of them is placed: returns those that waited for it.
  mutating func remember(_ trace: TraceID, _ span: SpanID, parent: SpanID?) -> [Place] {
    if young.count >= generationLimit {
      elder = young
      young = [:]
      young.reserveCapacity(generationLimit)
    }
    young[span.bits] = Memory(traceHigh: trace.high, traceLow: trace.low, parent: parent?.bits ?? 0)
    guard count > 0, var siblings = waiting.removeValue(forKey: span.bits) else { return [] }
    let ours = siblings.children.filter { $0.trace == trace }
    if ours.count < siblings.children.count {
      siblings.children.removeAll { $0.trace == trace }
      waiting[span.bits] = siblings
    }
    forget(ours)
    // Not looked at for a circle: of those that are in one, the last to come sees the whole of it.
    return ours.map { Place(held: $0.held, parent: span) }
  }

  enum Verdict { case top, under(SpanID), wait(SpanID) }

  /// What is to be done with a span that was remembered.
  func verdict(_ trace: TraceID, _ span: SpanID, parent: SpanID?) -> Verdict {
    guard let parent, parent != span else { return .top }
    guard memory(parent.bits, in: trace) != nil else { return .wait(parent) }
    return isAbove(span, from: parent, in: trace) ? .top : .under(parent)
  }

  /// Returns those that had to make room.
  mutating func hold(
    _ held: Held, _ trace: TraceID, parent: SpanID, size bytes: Int, until deadline: Timestamp
  ) -> [Place] {
    if waiting[parent.bits] == nil {
      if order.count - firstTurn > 2 * countLimit { forgetDoneTurns() }
      order.append(Turn(turn: nextTurn, parent: parent.bits, deadline: deadline))
      waiting[parent.bits] = Siblings(turn: nextTurn)
      nextTurn += 1
    }
    waiting[parent.bits]?.children.append(Child(held: held, trace: trace, size: bytes))
    count += 1
    size += bytes
    var places: [Place] = []
    while count > countLimit || size > sizeLimit, firstTurn < order.count { places += takeTurn() }
    return places
  }

  /// Those whose parent did not come in time.
  mutating func release(at time: Timestamp) -> [Place] {
    var places: [Place] = []
    while firstTurn < order.count, order[firstTurn].deadline <= time { places += takeTurn() }
    return places
  }

  mutating func releaseAll() -> [Place] {
    var places: [Place] = []
    while firstTurn < order.count { places += takeTurn() }
    return places
  }

  /// Nothing when those whose turn it is found their parent meanwhile.
  private mutating func takeTurn() -> [Place] {
    let turn = order[firstTurn]
    firstTurn += 1
    if firstTurn >= 4096, firstTurn * 2 > order.count {
      order.removeFirst(firstTurn)
      firstTurn = 0
    }
    guard waiting[turn.parent]?.turn == turn.turn, let siblings = waiting.removeValue(forKey: turn.parent) else { return [] }
    forget(siblings.children)
    return siblings.children.map { Place(held: $0.held, parent: nil) }
  }

  private mutating func forget(_ children: [Child]) {
    count -= children.count
    size -= children.reduce(0) { $0 + $1.size }
  }

  /// Keeps `order` in proportion to those that wait, however many came and went.
  private mutating func forgetDoneTurns() {
    order = order[firstTurn...].filter { waiting[$0.parent]?.turn == $0.turn }
    firstTurn = 0
  }

  private func memory(_ span: UInt64, in trace: TraceID) -> Memory? {
    guard let found = young[span] ?? elder[span], found.traceLow == trace.low, found.traceHigh == trace.high else { return nil }
    return found
  }

  /// Whether `span` is among the ancestors of `descendant`: ids come from outside, and a circle has no top.
  private func isAbove(_ span: SpanID, from descendant: SpanID, in trace: TraceID) -> Bool {
    var current = descendant.bits
    for _ in 0..<256 {
      if current == span.bits { return true }
      guard let parent = memory(current, in: trace)?.parent, parent != 0 else { return false }
      current = parent
    }
    // Deeper than anything an application does, or a circle further up.
    return true
  }
}
