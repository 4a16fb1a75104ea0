// The section `notifications`: what is read, and that what cannot be right is refused with its place and its remedy.

import Commander
import LLMTelemetry
import Monitors
import Notifications
import StrictYAML
import Testing

@Suite struct NotificationConfigurationTests {
  static let environment = [
    "UPSTREAM": "x", "SECRET": "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz", "HOOK": "https://hooks.slack.com/services/T0/B0/x",
    "TOKEN": "xoxb-1-2", "SIGNING": "8f742231b10e8888abcd99yyyzzz85a5", "PAGER": "0123456789abcdef0123456789abcdef",
    "MAIL": "mail-password", "DD_API_KEY": "api", "DD_APP_KEY": "app", "SHORT": "short",
  ]

  /// Everything else that a configuration needs, and nothing more.
  static let base = """
    keys: []
    providers: []
    routes: []

    """

  static func read(_ text: String) throws(ConfigurationError) -> NotificationSettings {
    try CommanderConfiguration.parse(base + text, file: "commander.yaml", environment: environment).notifications
  }

  static func problems(_ text: String) -> [String] {
    do throws(ConfigurationError) {
      _ = try read(text)
      return []
    } catch {
      return error.problems.map { "\($0.line): \($0.message)" }
    }
  }

  static let complete = """
    datadog:
      api_key: {environment: DD_API_KEY}
    notifications:
      console_url: https://commander.example.com/
      webhooks:
        - {name: ops, url: "https://hooks.example.com/x", secret: {environment: SECRET}}
        - {name: inside, url: "http://10.0.0.7/x", secret: {environment: SECRET}, allow_private: true}
      slack:
        - {name: room, webhook_url: {environment: HOOK}}
        - name: bot
          token: {environment: TOKEN}
          channel: C024BE91L
          signing_secret: {environment: SIGNING}
          approvers: {U024BE7LH: dana}
      pagerduty:
        - {name: pager, routing_key: {environment: PAGER}, region: eu, changes: true}
      email:
        - name: mail
          host: smtp.example.com
          username: commander
          password: {environment: MAIL}
          from: incidents@example.com
          to: [on-call@example.com]
      datadog_events: {}
      datadog_incidents: {application_key: {environment: DD_APP_KEY}, unstable_api: true}
      rules:
        - {name: worst, receivers: [pager], severities: [SEV-1, SEV-2]}
        - name: nights
          receivers: [mail, room]
          hours: {from: "22:00", to: "07:00", zone: Europe/Berlin}
          severities: [SEV-3, SEV-4]
          then: hold
        - {name: office, tenants: [acme*], routes: [chat], events: [opened], outside_hours: {days: [sat, sun], from: "00:00", to: "24:00", zone: UTC}}

    """

  @Test func everyKindIsRead() throws {
    let settings = try Self.read(Self.complete)
    let receivers = settings.makeReceivers(service: "shop", env: "prod", consoleURL: "http://127.0.0.1:8090")
    #expect(
      receivers.map { "\($0.kind) \($0.name)" } == [
        "webhook ops", "webhook inside", "slack room", "slack bot", "pagerduty pager", "email mail",
        "datadog_events datadog_events",
        "datadog_incidents datadog_incidents",
      ])
    #expect(settings.consoleURL == "https://commander.example.com")
    #expect(settings.receivers.map(\.policy.allowsPrivate) == [false, true, false, false, false, false, false, false])
    #expect(settings.slackApps.map(\.receiver) == ["bot"])
    #expect(settings.slackApps.first?.approvers == ["U024BE7LH": "dana"])
    #expect(settings.rules.map(\.name) == ["worst", "nights", "office"])
    #expect(settings.rules[1].then == .hold && settings.rules[0].then == .tell)
    #expect(settings.rules[2].events == [.opened] && settings.rules[2].tenants == ["acme*"])
    guard case .pagerDuty(let origin, _, true) = settings.receivers[4].target, origin == "https://events.eu.pagerduty.com" else {
      Issue.record("PagerDuty's region is not read")
      return
    }
  }

  /// As it was before there were others.
  @Test func webhooksAreReadAsBefore() throws {
    let settings = try Self.read(
      "notifications:\n  webhooks:\n    - {name: ops, url: \"https://hooks.example.com/x\", secret: {environment: SECRET}}\n")
    #expect(settings.receivers.map(\.name) == ["ops"] && settings.rules.isEmpty && settings.slackApps.isEmpty)
  }

  static let wrong: [(text: String, problem: String)] = [
    (
      "webhooks: [{name: a, url: \"http://127.0.0.1/x\", secret: {environment: SECRET}}]",
      "5: `notifications.webhooks[0].url` leads to 127.0.0.1, which is loopback; say `allow_private: true` beside it if that is meant"
    ),
    (
      "webhooks: [{name: a, url: \"http://169.254.169.254/x\", secret: {environment: SECRET}, allow_private: true}]",
      "5: `notifications.webhooks[0].url` leads to 169.254.169.254, which is a metadata service; say `allow_private: true` beside it if that is meant"
    ),
    (
      "slack: [{name: a}]",
      "5: `notifications.slack[0]` needs exactly one of `webhook_url` (an incoming webhook) and `token` (an app's bot)"
    ),
    (
      "slack: [{name: a, webhook_url: \"https://hooks.slack.com/services/T0/B0/x\"}]",
      "5: `notifications.slack[0].webhook_url` must not be written here: use {environment: NAME} or {file: PATH}"
    ),
    (
      "slack: [{name: a, token: {environment: SHORT}, channel: C1}]",
      "5: `notifications.slack[0].token` must hold a bot token; those begin with xoxb-"
    ),
    (
      "slack: [{name: a, token: {environment: TOKEN}, channel: C1, approvers: [U024BE7LH]}]",
      "5: `notifications.slack[0].approvers` needs `signing_secret`: without it nobody's button can be believed"
    ),
    (
      "slack: [{name: a, token: {environment: TOKEN}, channel: C1, signing_secret: {environment: SIGNING}, approvers: [dana]}]",
      "5: \"dana\" is no Slack member id; it stands in the profile and looks like U024BE7LH"
    ),
    (
      "pagerduty: [{name: a, routing_key: {environment: SHORT}}]",
      "5: `notifications.pagerduty[0].routing_key` must hold an integration key of 32 characters, from Events API v2"
    ),
    (
      "pagerduty: [{name: a, routing_key: {environment: PAGER}, webhook_secret: {environment: SHORT}}]",
      "5: `notifications.pagerduty[0].webhook_secret` must hold the secret of the webhook subscription; PagerDuty shows it once, and it is longer"
    ),
    (
      "pagerduty: [{name: a, routing_key: {environment: PAGER}, webhook_secret: abc}]",
      "5: `notifications.pagerduty[0].webhook_secret` must not be written here: use {environment: NAME} or {file: PATH}"
    ),
    (
      "email: [{name: a, host: smtp.example.com, tls: \"off\", from: a@b.c, to: [d@e.f]}]",
      "5: `tls: off` sends in the clear, so it needs `allow_private: true` and a relay on this machine or network; use starttls"
    ),
    (
      "email: [{name: a, host: localhost, tls: \"off\", allow_private: true, username: u, password: {environment: MAIL}, from: a@b.c, to: [d@e.f]}]",
      "5: a password is sent over TLS only; set `tls` to starttls or implicit"
    ),
    (
      "email: [{name: a, host: smtp.example.com, from: a@b.c, to: []}]",
      "5: `notifications.email[0].to` must have 1 to 50 addresses; use a mailing list for more"
    ),
    (
      "email: [{name: a, host: smtp.example.com, from: \"a <a@b.c>\", to: [d@e.f]}]",
      "5: `notifications.email[0].from` must be a plain address such as on-call@example.com; write a domain of other letters as xn--…"
    ),
    ("datadog_events: {}", "5: `notifications.datadog_events` needs `datadog.api_key`: {environment: DD_API_KEY}"),
    (
      "datadog_incidents: {application_key: {environment: DD_APP_KEY}}",
      "5: Datadog keeps its incidents API in preview and may change it; say `unstable_api: true` under `notifications.datadog_incidents` to use it"
    ),
    ("rules: [{name: a, receivers: [nobody]}]", "5: there is no receiver \"nobody\" under `notifications`; known: "),
    (
      "rules: [{name: a, then: hold}]",
      "5: rule \"a\" holds but has no `hours`: say during which hours, at their end a digest is sent"
    ),
    (
      "rules: [{name: a, then: hold, hours: {from: \"00:00\", to: \"24:00\", zone: UTC}}]",
      "5: rule \"a\" holds all week and would never release; use `then: ignore`, or hours that end"
    ),
    (
      "rules: [{name: a, hours: {from: \"09:00\", to: \"17:00\", zone: Berlin}}]",
      "5: there is no time zone \"Berlin\"; use a name such as Europe/Berlin, America/New_York or UTC"
    ),
    (
      "rules: [{name: a, hours: {from: \"9:00\", to: \"17:00\", zone: UTC}}]",
      "5: `notifications.rules[0].hours.from` must be a time of day in quotes, such as \"09:00\"; the end of a day is \"24:00\""
    ),
    (
      "rules: [{name: a, events: []}]",
      "5: `notifications.rules[0].events` is empty and would match nothing; leave it out to match everything"
    ),
  ]

  @Test(arguments: wrong.indices)
  func whatCannotBeRightIsRefused(index: Int) {
    let (text, problem) = Self.wrong[index]
    #expect(Self.problems("notifications:\n  \(text)\n").contains(problem))
  }

  @Test func oneNameIsOneReceiver() {
    let problems = Self.problems(
      """
      notifications:
        webhooks:
          - {name: a, url: "https://hooks.example.com/x", secret: {environment: SECRET}}
        slack:
          - {name: a, webhook_url: {environment: HOOK}}

      """)
    #expect(problems == ["8: receiver \"a\" is defined twice; names are unique"])
  }

  @Test func incidentsDoNotGoToDatadogTwice() {
    let problems = Self.problems(
      "datadog: {api_key: {environment: DD_API_KEY}, events: agentless}\nnotifications:\n  datadog_events: {}\n")
    #expect(
      problems == ["6: incidents go to Datadog by `datadog.events` already and would come twice; set `datadog.events: off`"])
  }

  /// Whatever is wrong, nothing of a secret is in the message.
  @Test func aSecretIsNeverPartOfAnError() {
    for (text, _) in Self.wrong {
      for problem in Self.problems("notifications:\n  \(text)\n") {
        for secret in Self.environment.values where secret.count > 5 { #expect(!problem.contains(secret)) }
      }
    }
  }
}
