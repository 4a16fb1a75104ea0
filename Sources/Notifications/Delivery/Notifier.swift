// Carries pending notifications to their receivers beside the cycle: offering never waits, and one slow receiver delays no other.

import LLMTelemetry
import Logging
import Remediation
import Synchronization

/// How one receiver is, for people.
package struct ReceiverHealth: Hashable, Sendable {
  package let name: String
  package let kind: String
  package internal(set) var delivered = 0
  package internal(set) var failed = 0
  package internal(set) var waiting = 0
  /// Why the last delivery failed; `nil` when it arrived.
  package internal(set) var problem: String?
}

package final class Notifier: Sendable {
  /// A limit on what waits per receiver; the rest stays pending in the ledger and is offered again.
  package static let queueLimit = 100

  private struct Lane: Sendable {
    let receiver: any Receiver
    let stream: AsyncStream<NotificationMessage>
    let continuation: AsyncStream<NotificationMessage>.Continuation
  }

  private struct Memory {
    /// Receiver and key of what is queued, under way, or delivered but not yet seen in an offered book.
    var claimed: Set<String> = []
    var references: [String: DeliveryReferences] = [:]
    /// By receiver, the number of deliveries in the book last offered.
    var deliveriesSeen: [String: Int] = [:]
    var health: [String: ReceiverHealth] = [:]
    /// Made, but not in the ledger yet.
    var unrecorded: [Delivery] = []
  }

  private let lanes: [Lane]
  private let router: NotificationRouter
  private let courier: Courier
  private let record: @Sendable ([Delivery]) async -> Bool
  private let logger: Logger
  private let memory: Mutex<Memory>

  /// `record` must put the deliveries into the ledger, all or none, before it returns true.
  package init(
    receivers: [any Receiver], router: NotificationRouter = NotificationRouter(), courier: Courier = Courier(), logger: Logger,
    record: @escaping @Sendable ([Delivery]) async -> Bool
  ) {
    lanes = receivers.map { receiver in
      let (stream, continuation) = AsyncStream.makeStream(
        of: NotificationMessage.self, bufferingPolicy: .bufferingOldest(Self.queueLimit))
      return Lane(receiver: receiver, stream: stream, continuation: continuation)
    }
    self.router = router
    self.courier = courier
    self.logger = logger
    self.record = record
    var memory = Memory()
    for receiver in receivers { memory.health[receiver.name] = ReceiverHealth(name: receiver.name, kind: receiver.kind) }
    self.memory = Mutex(memory)
  }

  package var health: [ReceiverHealth] {
    memory.withLock { memory in lanes.compactMap { memory.health[$0.receiver.name] } }
  }

  /// Queues what is pending in `book`; returns at once. Call it whenever the ledger grew, and as time goes on;
  /// never with a book that is behind the last one.
  package func offer(_ book: NotificationBook, now: Timestamp) {
    for lane in lanes {
      let name = lane.receiver.name
      let pending = router.pending(book, receiver: lane.receiver.profile, now: now)
      memory.withLock { memory in
        // A delivery is entered once and never changed, so their number says whether there are new ones.
        if memory.deliveriesSeen[name] != book.state.deliveries.count {
          memory.deliveriesSeen[name] = book.state.deliveries.count
          memory.claimed = memory.claimed.filter { book.state.deliveries[$0] == nil }
          for delivery in book.state.deliveries.values where delivery.receiver == name && delivery.detail != nil {
            memory.references[name, default: DeliveryReferences()].remember(delivery)
          }
        }
        for message in pending where message.keys.allSatisfy({ !memory.claimed.contains("\(name) \($0)") }) {
          guard case .enqueued = lane.continuation.yield(message) else { break }
          memory.health[name]?.waiting += 1
          for key in message.keys { memory.claimed.insert("\(name) \(key)") }
        }
      }
    }
  }

  /// Delivers until cancelled; deliveries that cancellation cuts stay pending and are made after the restart.
  package func run() async {
    await withDiscardingTaskGroup { group in
      for lane in lanes {
        group.addTask {
          for await message in lane.stream {
            let references = self.memory.withLock { $0.references[lane.receiver.name] ?? DeliveryReferences() }
            let deliveries = await self.courier.deliver(message, to: lane.receiver, references: references) {
              self.missed(lane.receiver.name, attempt: $0, detail: $1)
            }
            guard let deliveries else { continue }
            await self.settle(deliveries, of: lane.receiver.name)
          }
        }
      }
    }
  }

  /// People see it on the System page while it is tried again; the log has the first try only.
  private func missed(_ receiver: String, attempt: Int, detail: String) {
    memory.withLock { $0.health[receiver]?.problem = "tried again: \(detail)" }
    guard attempt == 1 else { return }
    logger.warning(
      "A notification was not delivered and is tried again.", metadata: ["receiver": "\(receiver)", "detail": "\(detail)"])
  }

  private func settle(_ deliveries: [Delivery], of receiver: String) async {
    let failure = deliveries.first { $0.outcome == .failed }
    memory.withLock { memory in
      memory.health[receiver]?.waiting -= 1
      memory.health[receiver]?.problem = failure?.detail
      if failure == nil { memory.health[receiver]?.delivered += 1 } else { memory.health[receiver]?.failed += 1 }
      for delivery in deliveries { memory.references[receiver, default: DeliveryReferences()].remember(delivery) }
    }
    if let failure {
      logger.error(
        "A notification was not delivered and is given up.",
        metadata: [
          "receiver": "\(receiver)", "notifications": "\(deliveries.map(\.key).joined(separator: " "))",
          "attempts": "\(failure.attempts)", "detail": "\(failure.detail ?? "")",
        ])
    }
    // What the ledger could not take stays claimed, so that it is not told again by this process, and is written with the next.
    let due = memory.withLock { memory in
      defer { memory.unrecorded = [] }
      return memory.unrecorded + deliveries
    }
    if await !record(due) { memory.withLock { $0.unrecorded = due + $0.unrecorded } }
  }
}
