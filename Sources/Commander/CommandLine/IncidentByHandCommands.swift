// `commander incident …` for what people do seldom: declare, assign, grade, link, merge, split, reopen, and try a plan dry.

import ArgumentParser
import Foundation
import LLMTelemetry
import Remediation

struct IncidentDeclare: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "declare", abstract: "Open an incident that no monitor saw; it closes by hand too.")
  @OptionGroup var console: ConsoleOption
  @Argument(help: "What users suffer.") var title: String
  @Option(help: "SEV-1 (worst) to SEV-4.") var severity = "SEV-3"

  func run() async throws {
    let body = try await console.client.post("/api/incidents", ["title": title, "severity": severity])
    Say.message("\(try JSONDecoder().decode(Document.self, from: body).id) is open.")
  }

  private struct Document: Decodable { let id: String }
}

struct IncidentAssign: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "assign", abstract: "Say who answers for what; nobody without a name.")
  @OptionGroup var console: ConsoleOption
  @Argument(help: "For example INC-1.") var incident: String
  @Argument(help: "A person.") var person: String?
  @Option(help: "commander (who is the owner), communications, operations or scribe.") var role = "commander"

  func run() async throws {
    try await console.client.post("/api/incidents/\(incident)/assign", ["role": role, "person": person ?? ""])
    Say.message("The \(role) of \(incident) is \(person ?? "nobody").")
  }
}

struct IncidentSeverity: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "severity", abstract: "Grade an incident; it rises by itself as its impact grows.")
  @OptionGroup var console: ConsoleOption
  @Argument(help: "For example INC-1.") var incident: String
  @Argument(help: "SEV-1 (worst) to SEV-4.") var severity: String
  @Option(help: "Why.") var reason = ""

  func run() async throws {
    try await console.client.post("/api/incidents/\(incident)/severity", ["severity": severity, "reason": reason])
    Say.message("\(incident) is \(severity).")
  }
}

struct IncidentTaskCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "task", abstract: "Add something that is to be done, or mark it as done.")
  @OptionGroup var console: ConsoleOption
  @Argument(help: "For example INC-1.") var incident: String
  @Argument(help: "What is to be done; with --done, the id of a task, such as T-1.") var text: String
  @Flag(help: "It is done.") var done = false

  func run() async throws {
    try await console.client.post("/api/incidents/\(incident)/\(done ? "done" : "task")", [done ? "task" : "text": text])
    Say.message(done ? "\(text) of \(incident) is done." : "The task is on \(incident).")
  }
}

struct IncidentLink: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "link", abstract: "Say that an incident is what an earlier one was.")
  @OptionGroup var console: ConsoleOption
  @Argument(help: "For example INC-7.") var incident: String
  @Argument(help: "The earlier one, for example INC-1.") var earlier: String
  @Option(help: "Why.") var reason = ""

  func run() async throws {
    try await console.client.post("/api/incidents/\(incident)/link", ["other": earlier, "reason": reason])
    Say.message("\(incident) is the same as \(earlier).")
  }
}

struct IncidentMerge: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "merge", abstract: "Give an incident's alerts to another one, and close it.")
  @OptionGroup var console: ConsoleOption
  @Argument(help: "The one that ends, for example INC-7.") var incident: String
  @Argument(help: "The one that goes on, for example INC-6.") var into: String
  @Option(help: "Why.") var reason = ""

  func run() async throws {
    try await console.client.post("/api/incidents/\(incident)/merge", ["other": into, "reason": reason])
    Say.message("\(incident) is merged into \(into).")
  }
}

struct IncidentSplit: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "split", abstract: "Make some alerts of an incident one of their own.")
  @OptionGroup var console: ConsoleOption
  @Argument(help: "For example INC-1.") var incident: String
  @Argument(help: "The name of a monitor, or an alert's whole name.") var alerts: String
  @Option(help: "Why.") var reason = ""

  func run() async throws {
    try await console.client.post("/api/incidents/\(incident)/split", ["alerts": alerts, "reason": reason])
    Say.message("\(alerts) is an incident of its own; see `commander incident list`.")
  }
}

struct IncidentReopen: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "reopen", abstract: "Take up a resolved incident again.")
  @OptionGroup var console: ConsoleOption
  @Argument(help: "For example INC-1.") var incident: String
  @Option(help: "What came back.") var reason = ""

  func run() async throws {
    try await console.client.post("/api/incidents/\(incident)/reopen", ["reason": reason])
    Say.message("\(incident) is open again.")
  }
}

struct IncidentDryRun: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dry-run",
    abstract: "Replay the recorded minutes of an incident through a plan: an estimate, nothing is changed.")
  @OptionGroup var console: ConsoleOption
  @Argument(help: "For example INC-1.") var incident: String
  @Option(help: "For example REM-1; the newest that changes something without it.") var remediation: String?

  func run() async throws {
    let query = remediation.map { "?remediation=\($0)" } ?? ""
    let body = try await console.client.get("/api/incidents/\(incident)/dry-run.json\(query)")
    guard console.output == .table else { return Say.data(String(decoding: body, as: UTF8.self)) }
    let report = try JSONDecoder().decode(DryRunReport.self, from: body)
    let unknown = "not known"
    var lines = [
      "\(report.remediation)  \(report.action)",
      "Estimate over \(report.from.rfc3339Seconds) to \(report.to.rfc3339Seconds): nobody was asked again", "",
      "requests read     \(report.requests)\(report.isTruncated ? ", the newest of more" : "")",
      "in its scope      \(report.inScope)",
      "changed           \(report.changed)\(report.refused > 0 ? ", all of them refused" : "")",
      "errors            \(report.errorsRecorded) recorded, \(report.errorsExpected.map(String.init) ?? unknown) expected",
      "cost              $\(report.costRecordedDollars) recorded, \(report.costExpectedDollars.map { "$\($0)" } ?? unknown) expected",
      "",
    ]
    lines += report.assumptions.map { "- \($0)" }
    Say.data(lines.joined(separator: "\n"))
  }
}
