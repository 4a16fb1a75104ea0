// Follows the ledger and tells receivers what is new in it; what was delivered goes into the ledger, so that nobody is told twice.

import Console
import Hummingbird
import LLMTelemetry
import Logging
import Notifications
import Remediation
import ServiceLifecycle
import Storage

/// The notifications of one commander: made before the console, which shows how the receivers are and hears Slack's buttons and PagerDuty's events.
struct NotificationService: Sendable {
  let notifier: Notifier
  let interactions: SlackInteractions
  let pagerDuty: PagerDutyEvents

  init(configuration: CommanderConfiguration, center: CommandCenter, logger: Logger) {
    let settings = configuration.notifications
    notifier = Notifier(
      receivers: settings.makeReceivers(
        service: configuration.service, env: configuration.env, consoleURL: "http://\(configuration.consoleListen)"),
      router: settings.router, logger: logger
    ) { deliveries in
      do {
        try await center.record(deliveries.map(LedgerEntry.delivery))
        return true
      } catch {
        logger.error(
          "deliveries could not be written to the ledger; written with the next, or sent again after a restart",
          metadata: ["error": "\(error)"])
        return false
      }
    }
    interactions = SlackInteractions(apps: settings.slackApps, logger: logger) { command, actor in
      try await center.submit(command, actor: actor, now: .now())
    }
    pagerDuty = PagerDutyEvents(
      subscriptions: settings.pagerDutySubscriptions, logger: logger, state: { await center.state }
    ) { event, command, actor in try await center.hear(event, command, actor: actor) }
  }
}

extension NotificationService {
  /// Only where a receiver has a secret: an address that nobody can call rightly need not be there.
  func addRoutes(to router: Router<Console.Context>) {
    if !interactions.isEmpty {
      let interactions = interactions
      SignedRoute.slack(bodyLimit: SlackInteractions.bodyLimit) { timestamp, signature, body in
        let answer = await interactions.handle(timestamp: timestamp, signature: signature, body: body)
        return (answer.status, answer.text)
      }.add(to: router)
    }
    guard !pagerDuty.isEmpty else { return }
    let pagerDuty = pagerDuty
    SignedRoute.pagerDuty(bodyLimit: PagerDutyEvents.bodyLimit) { await pagerDuty.handle(signature: $0, body: $1) }.add(
      to: router)
  }

  /// For the System page.
  var roads: [RoadHealth] {
    notifier.health.map { receiver in
      RoadHealth(
        name: "Notifications to \(receiver.name) (\(receiver.kind))", unit: "messages", delivered: receiver.delivered,
        waiting: receiver.waiting, dropped: receiver.failed > 0 ? ["given_up": receiver.failed] : [:], problem: receiver.problem)
    }
  }
}

/// The ledger itself is followed, not the state that follows from it: a fact that came and went between two looks is told too, and
/// after a restart the same facts have the same keys.
struct NotificationLoop: Service {
  let notifications: NotificationService
  let ledger: Ledger
  let logger: Logger

  /// Rows of one reading: a ledger of years is not read into memory at once.
  private static let page = 10_000

  func run() async throws {
    await cancelWhenGracefulShutdown {
      await withTaskGroup(of: Void.self) { group in
        group.addTask { await notifications.notifier.run() }
        group.addTask {
          var book = NotificationBook()
          var sequence: Int64 = 0
          repeat {
            do {
              try follow(&book, from: &sequence)
              notifications.notifier.offer(book, now: .now())
            } catch {
              logger.error(
                "the ledger could not be read for notifications; tried again in a second", metadata: ["error": "\(error)"])
            }
          } while (try? await Task.sleep(for: .seconds(1))) != nil
        }
      }
    }
  }

  private func follow(_ book: inout NotificationBook, from sequence: inout Int64) throws {
    while true {
      let rows = try ledger.rows(after: sequence, limit: Self.page)
      for row in rows { book.apply(row.entry) }
      guard let last = rows.last else { return }
      sequence = last.sequence
    }
  }
}
