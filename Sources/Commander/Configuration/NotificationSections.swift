// The section `notifications`: receivers of every kind, refused when something about one of them cannot be right.

import Datadog
import Foundation
import LLMTelemetry
import NIOCore
import NIOSSL
import Notifications
import StrictYAML

extension ConfigurationReader {
  func readNotifications(_ value: YAMLValue?, datadog: DatadogSettings) -> NotificationSettings {
    var settings = NotificationSettings()
    guard
      let section = value?.mapping([
        "webhooks", "slack", "pagerduty", "email", "datadog_events", "datadog_incidents", "rules", "console_url",
      ])
    else { return settings }
    if let url = section["console_url"] { settings.consoleURL = readAddress(url, AddressPolicy(allowsPrivate: true))?.text }
    var names: [(String, YAMLValue)] = []
    func add(_ receiver: NotificationSettings.Receiver?, _ item: YAMLValue) {
      guard let receiver else { return }
      names.append((receiver.name, item))
      settings.receivers.append(receiver)
    }
    for item in section["webhooks"]?.list() ?? [] { add(readWebhook(item), item) }
    for item in section["slack"]?.list() ?? [] { add(readSlack(item), item) }
    for item in section["pagerduty"]?.list() ?? [] { add(readPagerDuty(item), item) }
    for item in section["email"]?.list() ?? [] { add(readEmail(item), item) }
    if let item = section["datadog_events"] {
      if datadog.events != .off {
        item.problem("incidents go to Datadog by `datadog.events` already and would come twice; set `datadog.events: off`")
      }
      add(readDatadogEvents(item, datadog), item)
    }
    if let item = section["datadog_incidents"] { add(readDatadogIncidents(item, datadog), item) }
    checkUnique(names, "receiver")
    let declared = ["webhooks", "slack", "pagerduty", "email"].flatMap { section[$0]?.declared("name") ?? [] }
    let single = ["datadog_events", "datadog_incidents"].compactMap { name in
      section[name].map { $0.memberText("name") ?? name }
    }
    settings.rules = readNotificationRules(section["rules"], receivers: Set(declared + single))
    return settings
  }

  private func readWebhook(_ item: YAMLValue) -> NotificationSettings.Receiver? {
    guard let mapping = item.mapping(["name", "url", "secret", "allow_private", "certificate_authority"]) else { return nil }
    let (policy, trust) = readConnection(mapping)
    let name = mapping.required("name", "a word that the delivery log shows")?.string()
    let url = mapping.required("url", "an http:// or https:// address").flatMap { readAddress($0, policy) }
    let secret = mapping.required("secret", "{environment: NAME} with the whsec_… signing secret")
    guard let text = self.secret(secret, unread: "whsec_dW5yZWFkLXVucmVhZC11bnJlYWQtdW5y"), let name else { return nil }
    do throws(WebhookSecret.Malformed) {
      let secret = try WebhookSecret(text)
      guard let url else { return nil }
      return .init(name: name, target: .webhook(url.address, secret), policy: policy, trust: trust)
    } catch {
      secret?.problem("webhook \"\(name)\": \(error)")
      return nil
    }
  }

  private func readSlack(_ item: YAMLValue) -> NotificationSettings.Receiver? {
    let known = [
      "name", "webhook_url", "token", "channel", "signing_secret", "approvers", "endpoint", "allow_private",
      "certificate_authority",
    ]
    guard let mapping = item.mapping(known) else { return nil }
    let (policy, trust) = readConnection(mapping)
    let name = mapping.required("name", "a word that the delivery log shows")?.string()
    var target: NotificationSettings.Target?
    switch (mapping["webhook_url"], mapping["token"]) {
    case (let url?, nil):
      for key in ["channel", "endpoint"] {
        mapping[key]?.problem("an incoming webhook has its channel already; `\(key)` goes with `token`")
      }
      if let text = secret(url, unread: "https://hooks.slack.com/services/unread") {
        // The address lets anybody post, so a message about it must not quote it.
        if let address = WebAddress(text), address.usesTLS || policy.allowsPrivate {
          target = .slackWebhook(address)
        } else {
          url.problem("`\(url.path)` must hold an https:// address such as https://hooks.slack.com/services/T…/B…/…")
        }
      }
    case (nil, let token?):
      let channel = mapping.required("channel", "the id of the channel, such as C024BE91L, or its name with #")?.string()
      let origin = mapping["endpoint"].map { readAddress($0, policy)?.text } ?? "https://slack.com"
      if let text = secret(token, unread: "xoxb-unread") {
        if !text.hasPrefix("xoxb-") { token.problem("`\(token.path)` must hold a bot token; those begin with xoxb-") }
        if let channel, let origin { target = .slackBot(origin: origin, token: Credential(text), channel: channel) }
      }
    default:
      item.problem("`\(item.path)` needs exactly one of `webhook_url` (an incoming webhook) and `token` (an app's bot)")
    }
    let signingSecret = secret(mapping["signing_secret"])
    let approvers = readApprovers(mapping["approvers"])
    if let value = mapping["approvers"], mapping["signing_secret"] == nil {
      value.problem("`\(value.path)` needs `signing_secret`: without it nobody's button can be believed")
    }
    guard let name, let target else { return nil }
    var receiver = NotificationSettings.Receiver(name: name, target: target, policy: policy, trust: trust)
    receiver.signingSecret = signingSecret.map(SlackSigningSecret.init)
    receiver.approvers = approvers
    return receiver
  }

  /// A list of ids, or a mapping of ids to the names that playbooks and the ledger know these people by.
  private func readApprovers(_ value: YAMLValue?) -> [String: String] {
    guard let value else { return [:] }
    let people =
      value.isMapping
      ? (value.namedMembers() ?? []).compactMap { id, name in name.string().map { (id, $0) } }
      : (value.strings() ?? []).map { ($0, "") }
    for (id, _) in people where id.wholeMatch(of: /[UW][A-Z0-9]{2,30}/) == nil {
      value.problem("\"\(id)\" is no Slack member id; it stands in the profile and looks like U024BE7LH")
    }
    return Dictionary(people) { first, _ in first }
  }

  private func readPagerDuty(_ item: YAMLValue) -> NotificationSettings.Receiver? {
    let known = [
      "name", "routing_key", "region", "endpoint", "changes", "webhook_secret", "allow_private", "certificate_authority",
    ]
    guard let mapping = item.mapping(known) else { return nil }
    let (policy, trust) = readConnection(mapping)
    let name = mapping.required("name", "a word that the delivery log shows")?.string()
    let region = mapping["region"]?.choice(PagerDutyRegion.self) ?? .us
    let origin = mapping["endpoint"].map { readAddress($0, policy)?.text } ?? region.origin
    let changes = mapping["changes"]?.boolean() ?? false
    let key = mapping.required("routing_key", "{environment: NAME} with the integration key of an Events API v2 integration")
    guard let text = secret(key, unread: String(repeating: "0", count: 32)) else { return nil }
    if text.utf8.count != 32 || !text.utf8.allSatisfy({ $0 < 127 && $0 > 32 }) {
      key?.problem("`\(item.path).routing_key` must hold an integration key of 32 characters, from Events API v2")
    }
    let secret = mapping["webhook_secret"]?.secret(environment: environment)?.value
    if let secret, secret.utf8.count < 16 {
      mapping["webhook_secret"]?.problem(
        "`\(item.path).webhook_secret` must hold the secret of the webhook subscription; PagerDuty shows it once, and it is longer"
      )
    }
    guard let name, let origin else { return nil }
    var receiver = NotificationSettings.Receiver(
      name: name, target: .pagerDuty(origin: origin, routingKey: Credential(text), changes: changes), policy: policy, trust: trust
    )
    receiver.webhookSecret = secret.map(PagerDutySecret.init)
    return receiver
  }

  private enum PagerDutyRegion: String, CaseIterable {
    case us, eu
    var origin: String { self == .us ? "https://events.pagerduty.com" : "https://events.eu.pagerduty.com" }
  }

  private func readDatadogEvents(_ item: YAMLValue, _ datadog: DatadogSettings) -> NotificationSettings.Receiver? {
    guard let mapping = item.mapping(["name", "allow_private", "certificate_authority"]) else { return nil }
    let (policy, trust) = readConnection(mapping)
    let name = mapping["name"].map { $0.string() } ?? "datadog_events"
    guard let key = datadog.apiKey else {
      item.problem("`\(item.path)` needs `datadog.api_key`: {environment: DD_API_KEY}")
      return nil
    }
    let origin = datadog.endpoint ?? "https://event-management-intake.\(datadog.site)"
    guard let name, let address = WebAddress(origin + "/api/v2/events") else { return nil }
    return .init(name: name, target: .datadogEvents(address, apiKey: Credential(key)), policy: policy, trust: trust)
  }

  private func readDatadogIncidents(_ item: YAMLValue, _ datadog: DatadogSettings) -> NotificationSettings.Receiver? {
    let known = ["name", "application_key", "unstable_api", "allow_private", "certificate_authority"]
    guard let mapping = item.mapping(known) else { return nil }
    let (policy, trust) = readConnection(mapping)
    let name = mapping["name"].map { $0.string() } ?? "datadog_incidents"
    if mapping["unstable_api"]?.boolean() != true {
      item.problem(
        "Datadog keeps its incidents API in preview and may change it; say `unstable_api: true` under `\(item.path)` to use it")
    }
    let application = secret(
      mapping.required("application_key", "{environment: DD_APP_KEY}, with the scope incident_write"))
    guard let key = datadog.apiKey else {
      item.problem("`\(item.path)` needs `datadog.api_key`: {environment: DD_API_KEY}")
      return nil
    }
    guard let name, let application else { return nil }
    return .init(
      name: name,
      target: .datadogIncidents(
        origin: datadog.endpoint ?? "https://api.\(datadog.site)", apiKey: Credential(key),
        applicationKey: Credential(application)),
      policy: policy, trust: trust)
  }

  func readConnection(_ mapping: YAMLMapping) -> (AddressPolicy, TLSTrust) {
    let policy = AddressPolicy(allowsPrivate: mapping["allow_private"]?.boolean() ?? false)
    return (policy, TLSTrust(authorityFile: mapping["certificate_authority"].flatMap { readAuthority($0) }))
  }

  /// The name of a file of PEM certificates.
  func readAuthority(_ value: YAMLValue) -> String? {
    guard let file = value.string() else { return nil }
    if ((try? NIOSSLCertificate.fromPEMFile(file)) ?? []).isEmpty {
      value.problem("no certificate can be read from \(file); name a file of PEM certificates")
    }
    return file
  }

  /// An address, without a slash at its end; a literal one that is not allowed is refused here and not only when it is used.
  func readAddress(_ value: YAMLValue, _ policy: AddressPolicy) -> (address: WebAddress, text: String)? {
    guard var text = value.string() else { return nil }
    guard let address = WebAddress(text) else {
      value.problem("`\(value.path)` must be http:// or https://, a host, and optionally a port and a path")
      return nil
    }
    checkHost(address.host, policy, value)
    while text.hasSuffix("/") { text.removeLast() }
    return (address, text)
  }

  func checkHost(_ host: String, _ policy: AddressPolicy, _ value: YAMLValue) {
    let literal = host == "localhost" ? "127.0.0.1" : host
    guard let address = try? SocketAddress(ipAddress: literal, port: 0), let refusal = policy.refusal(of: address) else { return }
    value.problem(
      "`\(value.path)` leads to \(host), which is \(refusal); say `allow_private: true` beside it if that is meant")
  }
}
