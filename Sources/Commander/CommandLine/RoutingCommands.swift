// `commander remediate` and `override`: what steers traffic, from the command line.

import ArgumentParser
import Foundation
import LLMTelemetry

struct RemediateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remediate", abstract: "Approve the remediation proposed for an incident, or reject it.")
  @OptionGroup var console: ConsoleOption
  @Argument(help: "For example INC-1.") var incident: String
  @Flag(help: "Refuse it instead.") var reject = false
  @Option(help: "Which one, when there are several; for example REM-2.") var remediation: String?
  @Option(help: "Why it is refused.") var reason: String?

  func run() async throws {
    var members: [String: String] = [:]
    members["remediation"] = remediation
    members["reason"] = reason
    try await console.client.post("/api/incidents/\(incident)/\(reject ? "reject" : "approve")", members)
    Say.message(
      reject
        ? "The remediation of \(incident) is rejected."
        : "The remediation of \(incident) is approved and applied within seconds. Take it back with `commander override expire`.")
  }
}

struct OverrideCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "override", abstract: "Overrides in force at the gateway.",
    subcommands: [OverrideList.self, OverrideExpire.self])
}

struct OverrideList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List what deviates from the configured routing.")
  @OptionGroup var console: ConsoleOption

  func run() async throws {
    let body = try await console.client.get("/api/overrides.json")
    guard console.output == .table else { return Say.data(String(decoding: body, as: UTF8.self)) }
    let document = try JSONDecoder().decode(Document.self, from: body)
    guard !document.overrides.isEmpty else { return Say.message("No override is in force.") }
    Say.data(
      TableOutput.render(
        ["OVERRIDE", "INCIDENT", "APPLIED", "EXPIRES", "ACTION"],
        document.overrides.map { [$0.id, $0.incident, $0.appliedAt.rfc3339Seconds, $0.expiresAt.rfc3339Seconds, $0.action] }))
  }

  private struct Document: Decodable {
    let overrides: [Line]
    struct Line: Decodable {
      let id: String
      let action: String
      let incident: String
      let appliedAt: Timestamp
      let expiresAt: Timestamp
    }
  }
}

struct OverrideExpire: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "expire", abstract: "Take an override back now.")
  @OptionGroup var console: ConsoleOption
  @Argument(help: "For example OVR-1.") var override: String
  @Option(help: "Why.") var reason = ""

  func run() async throws {
    try await console.client.post("/api/overrides/\(override)/withdraw", ["reason": reason])
    Say.message("\(override) is withdrawn; the configured routing is in force again.")
  }
}
