// Carries pending notifications to their receivers beside the cycle: offering never waits, and one slow receiver delays no other.

import LLMTelemetry
import Logging
import Remediation
import Synchronization

package final class Notifier: Sendable {
  /// A limit on what waits per receiver; the rest stays pending in the ledger and is offered again.
  package static let queueLimit = 100

  private struct Lane: Sendable {
    let receiver: WebhookReceiver
    let stream: AsyncStream<Notification>
    let continuation: AsyncStream<Notification>.Continuation
  }

  private let lanes: [Lane]
  private let record: @Sendable (Delivery) async -> Void
  private let logger: Logger
  /// Receiver and key of what is queued, under way, or delivered but not yet seen in an offered state.
  private let claimed = Mutex<Set<String>>([])

  /// `record` must put the delivery into the ledger before it returns.
  package init(receivers: [WebhookReceiver], logger: Logger, record: @escaping @Sendable (Delivery) async -> Void) {
    lanes = receivers.map { receiver in
      let (stream, continuation) = AsyncStream.makeStream(of: Notification.self, bufferingPolicy: .bufferingOldest(Self.queueLimit))
      return Lane(receiver: receiver, stream: stream, continuation: continuation)
    }
    self.logger = logger
    self.record = record
  }

  /// Queues what is pending in `state`; returns at once. Call it after every turn.
  package func offer(_ state: CommandState, now: Timestamp) {
    for lane in lanes {
      let name = lane.receiver.name
      claimed.withLock { claimed in
        claimed = claimed.filter { state.deliveries[$0] == nil }
        for notification in Notification.pending(state, receiver: name, now: now) where !claimed.contains("\(name) \(notification.key)") {
          guard case .enqueued = lane.continuation.yield(notification) else { break }
          claimed.insert("\(name) \(notification.key)")
        }
      }
    }
  }

  /// Delivers until cancelled; deliveries that cancellation cuts stay pending and are made after the restart.
  package func run() async {
    await withDiscardingTaskGroup { group in
      for lane in lanes {
        group.addTask {
          for await notification in lane.stream {
            guard let delivery = await lane.receiver.deliver(notification) else { continue }
            if delivery.outcome == .failed {
              self.logger.warning(
                "A notification was not delivered.",
                metadata: [
                  "receiver": "\(delivery.receiver)", "notification": "\(delivery.key)", "attempts": "\(delivery.attempts)",
                  "detail": "\(delivery.detail ?? "")",
                ])
            }
            await self.record(delivery)
          }
        }
      }
    }
  }
}
