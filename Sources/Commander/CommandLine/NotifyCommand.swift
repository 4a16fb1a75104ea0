// `commander notify`: who is told, and whether a message arrives; works without a running commander.

import ArgumentParser
import Foundation
import Incidents
import LLMTelemetry
import Monitors
import Notifications
import Remediation

struct NotifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "notify", abstract: "Receivers of notifications.", subcommands: [NotifyList.self, NotifyTest.self])
}

struct NotifyList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the receivers and what each is told without rules.")

  @OptionGroup var configuration: ConfigurationOption
  @Option(help: "table for people, json for programs.")
  var output = ConsoleOption.Output.table

  private struct Row: Encodable {
    let name: String
    let kind: String
    let events: [String]
    let rules: [String]
  }

  func run() throws {
    let loaded = try configuration.load(secrets: .none)
    let rows = loaded.receivers.map { receiver in
      Row(
        name: receiver.name, kind: receiver.kind,
        events: NotificationEvent.allCases.filter(receiver.profile.usual.contains).map(\.rawValue),
        rules: loaded.notifications.rules.filter { $0.concerns(receiver.name) }.map(\.name))
    }
    switch output {
    case .table:
      Say.data(
        TableOutput.render(
          ["RECEIVER", "KIND", "RULES", "EVENTS"],
          rows.map {
            [$0.name, $0.kind, $0.rules.isEmpty ? "-" : $0.rules.joined(separator: " "), $0.events.joined(separator: " ")]
          }))
    case .json:
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
      Say.data(String(decoding: try encoder.encode(rows), as: UTF8.self))
    }
  }
}

struct NotifyTest: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "test", abstract: "Send a test message to one receiver, now, whatever the rules say.",
    discussion: """
      The message is marked as a test. At PagerDuty and at Datadog the test is closed again at once. Nothing is written to the ledger.
      Exit codes: 0 it was taken, 1 it was not, 64 there is no such receiver, 78 bad configuration.
      """)

  @Argument(help: "The name of the receiver, as in the configuration.")
  var receiver: String
  @OptionGroup var configuration: ConfigurationOption

  func run() async throws {
    let loaded = try configuration.load(secrets: .receiver(receiver))
    let receivers = loaded.receivers
    guard let chosen = receivers.first(where: { $0.name == receiver }) else {
      let names = receivers.map(\.name).joined(separator: ", ")
      throw ValidationError(
        "there is no receiver \"\(receiver)\" in \(configuration.path); "
          + (names.isEmpty ? "none is configured under `notifications`" : "known: \(names)"))
    }
    let now = Timestamp.now()
    // A person waits for the answer: three tries, some seconds.
    let courier = Courier(policy: RetryPolicy(attempts: 3, longestRetryAfter: .seconds(30)))
    let delivery = await courier.deliver(.test(at: now), to: chosen, references: DeliveryReferences())?.first
    guard let delivery, delivery.outcome == .delivered else {
      Say.message("\(receiver) (\(chosen.kind)) did not take the test message: \(delivery?.detail ?? "interrupted")")
      throw Exit.failed
    }
    Say.data("\(receiver) (\(chosen.kind)) took the test message" + (delivery.detail.map { ": \($0)" } ?? ""))
  }
}

extension CommanderConfiguration {
  var receivers: [any Receiver] {
    notifications.makeReceivers(service: service, env: env, consoleURL: "http://\(consoleListen)")
  }
}
