// A command asks for the secrets it needs, and for no others; what is written of the others is checked all the same.

import Commander
import StrictYAML
import Testing

@Suite struct SecretNeedTests {
  private static let yaml = """
    capture_secret: {environment: HASH}
    capture: hashed
    keys:
      - {name: app, sha256: 0000000000000000000000000000000000000000000000000000000000000000}
    providers:
      - {name: openai, protocol: openai, base_url: "http://127.0.0.1:1", credential: {environment: OPENAI}}
      - {name: vertex, protocol: vertex, base_url: "https://a.example", project: p, location: l, credential: {google: {file: /nowhere.json}}}
    routes:
      - {name: chat, models: ["gpt-*"], provider: openai}
      - {name: answers, models: ["gemini-*"], provider: vertex}
    datadog:
      site: datadoghq.com
      api_key: {environment: DD}
      app_key: {environment: DDAPP}
    opentelemetry:
      traces: http://127.0.0.1:4318
      headers: {authorization: {environment: OTLP}}
    notifications:
      webhooks: [{name: hook, url: "http://127.0.0.1:1", allow_private: true, secret: {environment: HOOK}}]
      slack:
        - {name: channel, webhook_url: {environment: SLACK}}
        - {name: bot, token: {environment: BOT}, channel: C024BE91L, signing_secret: {environment: SIGN}}
      pagerduty: [{name: pager, routing_key: {environment: PAGER}}]
      email: [{name: mail, host: 127.0.0.1, port: 25, tls: starttls, allow_private: true, from: a@b.example, to: [c@d.example], username: u, password: {environment: MAIL}}]
      datadog_events: {name: events}

    """

  private func load(_ secrets: SecretNeed, _ environment: [String: String] = [:], yaml: String = yaml) throws(ConfigurationError)
    -> CommanderConfiguration
  {
    try CommanderConfiguration.parse(yaml, file: "c.yaml", secrets: secrets, environment: environment)
  }

  @Test func withoutNeedNothingIsAskedFor() throws {
    let loaded = try load(.none)
    #expect(loaded.notifications.receivers.map(\.name) == ["hook", "channel", "bot", "pager", "mail", "events"])
    #expect(loaded.routes.map(\.name) == ["chat", "answers"])
    // As to serve, all of them are.
    let error = #expect(throws: ConfigurationError.self) { _ = try load(.all) }
    for name in ["HASH", "OPENAI", "DD", "DDAPP", "OTLP", "HOOK", "SLACK", "BOT", "SIGN", "PAGER", "MAIL", "/nowhere.json"] {
      #expect(error?.description.contains(name) == true, "\(name)")
    }
  }

  @Test(arguments: [
    ("hook", ["HOOK"]), ("channel", ["SLACK"]), ("bot", ["BOT", "SIGN"]), ("pager", ["PAGER"]), ("mail", ["MAIL"]),
    ("events", ["DD"]),
  ])
  func aReceiverNeedsItsOwn(name: String, secrets: [String]) throws {
    let error = #expect(throws: ConfigurationError.self) { _ = try load(.receiver(name)) }
    for secret in ["HASH", "OPENAI", "DD", "DDAPP", "OTLP", "HOOK", "SLACK", "BOT", "SIGN", "PAGER", "MAIL"] {
      let isAskedFor = error?.description.contains("environment variable \(secret) is not set")
      #expect(isAskedFor == secrets.contains(secret), "\(secret)")
    }
  }

  @Test func anAccountNeedsItsKeys() throws {
    let loaded = try load(.datadog, ["DD": "api-key", "DDAPP": "application-key"])
    #expect(loaded.datadog.apiKey == "api-key" && loaded.datadog.applicationKey == "application-key")
  }

  @Test func aSecretThatIsWrittenInTheFileIsRefusedAllTheSame() {
    let error = #expect(throws: ConfigurationError.self) {
      _ = try load(.none, yaml: Self.yaml.replacing("secret: {environment: HOOK}", with: "secret: whsec_written"))
    }
    #expect(error?.description.contains("must not be written here") == true)
    #expect(error?.description.contains("whsec_written") == false)
  }
}
