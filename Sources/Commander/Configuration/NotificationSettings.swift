// Who is told of incidents, as configured; the receivers themselves are made when a commander runs.

import LLMTelemetry
import Notifications

package struct NotificationSettings: Sendable {
  /// A receiver's configuration, by kind.
  package enum Target: Sendable {
    case webhook(WebAddress, WebhookSecret)
    case slackWebhook(WebAddress)
    case slackBot(origin: String, token: Credential, channel: String)
    case pagerDuty(origin: String, routingKey: Credential, changes: Bool)
    case email(SMTPServer, SMTPDialogue.Login?, from: EmailAddress, to: [EmailAddress])
    case datadogEvents(WebAddress, apiKey: Credential)
    case datadogIncidents(origin: String, apiKey: Credential, applicationKey: Credential)
  }

  package struct Receiver: Sendable {
    package var name: String
    package var target: Target
    package var policy: AddressPolicy
    package var trust: TLSTrust
    /// Of a receiver in Slack: what buttons are signed with, and who may approve.
    package var signingSecret: SlackSigningSecret?
    package var approvers: [String: String] = [:]
    /// Of a receiver at PagerDuty: what its webhook subscription signs with.
    package var webhookSecret: PagerDutySecret?

    package init(name: String, target: Target, policy: AddressPolicy = AddressPolicy(), trust: TLSTrust = TLSTrust()) {
      self.name = name
      self.target = target
      self.policy = policy
      self.trust = trust
    }
  }

  package var receivers: [Receiver] = []
  package var rules: [NotificationRule] = []
  /// Where people reach the console; `nil` for the listen address.
  package var consoleURL: String?

  package init() {}

  package var router: NotificationRouter { NotificationRouter(rules: rules) }
}

extension NotificationSettings {
  /// - Parameter consoleURL: of the listen address, for links where no other is configured.
  package func makeReceivers(service: String, env: String, consoleURL: String) -> [any Notifications.Receiver] {
    let console = self.consoleURL ?? consoleURL
    return receivers.map { receiver in
      let sender = HTTPSender(policy: receiver.policy, trust: receiver.trust)
      switch receiver.target {
      case .webhook(let address, let secret):
        return WebhookReceiver(name: receiver.name, address: address, secret: secret, consoleURL: console, sender: sender)
      case .slackWebhook(let address):
        return SlackReceiver(name: receiver.name, road: .webhook(address), blocks: receiver.blocks(console), sender: sender)
      case .slackBot(let origin, let token, let channel):
        return SlackReceiver(
          name: receiver.name, road: .bot(origin: origin, token: token, channel: channel), blocks: receiver.blocks(console),
          sender: sender)
      case .pagerDuty(let origin, let routingKey, let changes):
        return PagerDutyReceiver(
          name: receiver.name, origin: origin, routingKey: routingKey, changes: changes, source: service, consoleURL: console,
          sender: sender)
      case .email(let server, let login, let from, let to):
        return EmailReceiver(name: receiver.name, server: server, login: login, from: from, to: to, consoleURL: console)
      case .datadogEvents(let address, let apiKey):
        return DatadogEventReceiver(
          name: receiver.name, address: address, apiKey: apiKey, service: service, env: env, consoleURL: console, sender: sender)
      case .datadogIncidents(let origin, let apiKey, let applicationKey):
        return DatadogIncidentReceiver(
          name: receiver.name, origin: origin, apiKey: apiKey, applicationKey: applicationKey, consoleURL: console, sender: sender
        )
      }
    }
  }

  /// The webhook subscriptions of PagerDuty that are heard.
  package var pagerDutySubscriptions: [PagerDutySubscription] {
    receivers.compactMap { receiver in
      receiver.webhookSecret.map { PagerDutySubscription(receiver: receiver.name, secret: $0) }
    }
  }

  /// The apps of Slack whose buttons are heard; two receivers of one app are one.
  package var slackApps: [SlackApp] {
    receivers.compactMap { receiver in
      guard let secret = receiver.signingSecret else { return nil }
      var prefix = "https://hooks.slack.com/"
      if case .slackBot(let origin, _, _) = receiver.target, origin != "https://slack.com" { prefix = origin + "/" }
      return SlackApp(
        receiver: receiver.name, secret: secret, approvers: receiver.approvers, answerPrefix: prefix,
        sender: HTTPSender(policy: receiver.policy, trust: receiver.trust, timeout: .seconds(3)))
    }
  }
}

extension NotificationSettings.Receiver {
  fileprivate func blocks(_ consoleURL: String) -> SlackBlocks {
    SlackBlocks(
      consoleURL: consoleURL, canAcknowledge: signingSecret != nil, canApprove: signingSecret != nil && !approvers.isEmpty)
  }
}
