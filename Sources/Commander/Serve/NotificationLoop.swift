// Offers the state to the notifier as it changes; what was delivered goes into the ledger, so that nobody is told twice.

import AsyncHTTPClient
import LLMTelemetry
import Logging
import NIOCore
import Notifications
import ServiceLifecycle

/// A webhook as configured; the receiver itself needs a client, which only a running commander has.
package struct WebhookSettings: Sendable {
  package var name: String
  package var url: String
  package var secret: WebhookSecret

  package init(name: String, url: String, secret: WebhookSecret) {
    self.name = name
    self.url = url
    self.secret = secret
  }
}

struct NotificationLoop: Service {
  let center: CommandCenter
  let webhooks: [WebhookSettings]
  let consoleURL: String
  let logger: Logger

  func run() async throws {
    var settings = HTTPClient.Configuration()
    // A redirect is a failure: the body must not go where it was not sent.
    settings.redirectConfiguration = .disallow
    let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: settings)
    let receivers = webhooks.map {
      WebhookReceiver(name: $0.name, url: $0.url, secret: $0.secret, consoleURL: consoleURL, client: client)
    }
    let notifier = Notifier(receivers: receivers, logger: logger) { [center, logger] delivery in
      do {
        try await center.record([.delivery(delivery)])
      } catch {
        logger.error("a delivery could not be written to the ledger; it may be sent again", metadata: ["error": "\(error)"])
      }
    }
    await cancelWhenGracefulShutdown {
      await withTaskGroup(of: Void.self) { group in
        group.addTask { await notifier.run() }
        group.addTask {
          while (try? await Task.sleep(for: .seconds(1))) != nil { notifier.offer(await center.state, now: .now()) }
        }
      }
    }
    try await client.shutdown()
  }
}
