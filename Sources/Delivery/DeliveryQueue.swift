// What waits to be sent: bounded in number and in bytes, and what does not fit is counted by reason.

import Synchronization

/// One piece of telemetry, encoded already; a request is put together from several.
package struct DeliveryItem: Sendable {
  package var bytes: [UInt8]
  /// Spans, lines or points in it: the unit drops are counted in.
  package var count: Int
  /// Items of different kinds never share a request: where a header says something of all of them.
  package var kind: UInt8

  package init(_ bytes: [UInt8], count: Int = 1, kind: UInt8 = 0) {
    self.bytes = bytes
    self.count = count
    self.kind = kind
  }
}

/// Why telemetry was not delivered: the raw value is the last word of a `reason` tag.
package enum DeliveryDrop: String, CaseIterable, Sendable {
  /// The receiver does not keep up.
  case queueFull = "queue_full"
  /// One item alone is more than the receiver takes.
  case tooLarge = "too_large"
  /// The receiver will never take it.
  case refused
  /// It was tried until its attempts were used up.
  case unreachable
  /// The program ended first.
  case shutDown = "shut_down"
}

/// What a page and the metrics say about one road out of the program.
package struct DeliveryStatus: Sendable {
  /// Items' counts, since the start.
  package var delivered = 0
  package var dropped: [DeliveryDrop: Int] = [:]
  package var waiting = 0
  /// In words, without addresses and credentials; `nil` when the last request was taken.
  package var lastProblem: String?
  package init() {}
}

/// The state of one lane, behind a lock that is never held while anything waits.
final class DeliveryQueue: Sendable {
  private struct State {
    var items: [DeliveryItem] = []
    /// Those before it are taken.
    var first = 0
    var bytes = 0
    var isShutDown = false
    var status = DeliveryStatus()
    var unreported: [DeliveryDrop: Int] = [:]

    mutating func drop(_ count: Int, _ reason: DeliveryDrop) {
      guard count > 0 else { return }
      status.dropped[reason, default: 0] += count
      unreported[reason, default: 0] += count
    }
  }

  private let itemCapacity: Int
  private let byteCapacity: Int
  private let state = Mutex(State())

  init(itemCapacity: Int, byteCapacity: Int) {
    self.itemCapacity = itemCapacity
    self.byteCapacity = byteCapacity
  }

  /// Never waits: what does not fit is the newest, and is dropped.
  func offer(_ items: [DeliveryItem]) {
    state.withLock { state in
      for item in items {
        if state.isShutDown {
          state.drop(item.count, .shutDown)
        } else if state.items.count - state.first >= itemCapacity || state.bytes + item.bytes.count > byteCapacity {
          state.drop(item.count, .queueFull)
        } else {
          state.items.append(item)
          state.bytes += item.bytes.count
          state.status.waiting += item.count
        }
      }
    }
  }

  /// The oldest items of one kind that together stay within both limits; at least one when there is any.
  func take(items limit: Int, bytes byteLimit: Int) -> [DeliveryItem] {
    state.withLock { state in
      var end = state.first
      var bytes = 0
      while end < state.items.count, end - state.first < limit {
        if state.items[end].kind != state.items[state.first].kind { break }
        let size = state.items[end].bytes.count
        if end > state.first, bytes + size > byteLimit { break }
        bytes += size
        end += 1
      }
      let taken = Array(state.items[state.first..<end])
      // What is taken is not kept: a queue that never empties would hold thousands of sent items.
      for index in state.first..<end { state.items[index].bytes = [] }
      state.first = end
      state.bytes -= bytes
      state.status.waiting -= taken.reduce(0) { $0 + $1.count }
      if state.first == state.items.count {
        state.items.removeAll(keepingCapacity: true)
        state.first = 0
      } else if state.first >= 4096 {
        state.items.removeFirst(state.first)
        state.first = 0
      }
      return taken
    }
  }

  /// Puts what was taken before everything else that waits; not subject to the limits, which it has passed once.
  func putBack(_ items: [DeliveryItem]) {
    state.withLock { state in
      state.items.replaceSubrange(..<state.first, with: items)
      state.first = 0
      for item in items {
        state.bytes += item.bytes.count
        state.status.waiting += item.count
      }
    }
  }

  var waitingItems: Int { state.withLock { $0.items.count - $0.first } }
  var isShutDown: Bool { state.withLock { $0.isShutDown } }
  var status: DeliveryStatus { state.withLock { $0.status } }

  func drop(_ items: [DeliveryItem], _ reason: DeliveryDrop, problem: String? = nil) {
    state.withLock { state in
      state.drop(items.reduce(0) { $0 + $1.count }, reason)
      if let problem { state.status.lastProblem = problem }
    }
  }

  func note(problem: String) { state.withLock { $0.status.lastProblem = problem } }

  func delivered(_ items: [DeliveryItem]) {
    state.withLock { state in
      state.status.delivered += items.reduce(0) { $0 + $1.count }
      state.status.lastProblem = nil
    }
  }

  func takeDrops() -> [DeliveryDrop: Int] {
    state.withLock { state in
      defer { state.unreported = [:] }
      return state.unreported
    }
  }

  func shutDown() { state.withLock { $0.isShutDown = true } }
}
