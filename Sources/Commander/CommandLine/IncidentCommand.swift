// `commander incident …`: the incidents of a running commander from the command line.

import ArgumentParser
import Foundation
import LLMTelemetry

struct IncidentCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "incident", abstract: "List, show and move incidents.",
    subcommands: [
      IncidentList.self, IncidentShow.self, IncidentDeclare.self, IncidentAcknowledge.self, IncidentNote.self,
      IncidentAssign.self, IncidentSeverity.self, IncidentTaskCommand.self, IncidentLink.self, IncidentMerge.self,
      IncidentSplit.self, IncidentResolve.self, IncidentReopen.self, IncidentDryRun.self, IncidentFreeze.self,
      IncidentPostmortem.self,
    ])
}

struct IncidentList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "List incidents, newest first.")
  @OptionGroup var console: ConsoleOption

  func run() async throws {
    let body = try await console.client.get("/incidents.json")
    guard console.output == .table else { return Say.data(String(decoding: body, as: UTF8.self)) }
    let document = try JSONDecoder().decode(Document.self, from: body)
    guard !document.incidents.isEmpty else { return Say.message("No incident yet. `commander demo` shows one.") }
    Say.data(
      TableOutput.render(
        ["INCIDENT", "SEVERITY", "STATE", "OPENED", "AFFECTED", "CAUSE", "TITLE"],
        document.incidents.map {
          [
            $0.id, $0.severity, $0.state, $0.openedAt.rfc3339Seconds, String($0.affectedRequests), $0.cause ?? "unknown",
            $0.title,
          ]
        }))
  }

  private struct Document: Decodable {
    let incidents: [Line]
    struct Line: Decodable {
      let id: String
      let severity: String
      let state: String
      let openedAt: Timestamp
      let affectedRequests: Int
      let cause: String?
      let title: String
    }
  }
}

struct IncidentShow: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show one incident: summary, state, cause, remediations, timeline.")
  @OptionGroup var console: ConsoleOption
  @Argument(help: "For example INC-1.") var incident: String

  func run() async throws {
    let body = try await console.client.get("/incidents/\(incident).json")
    guard console.output == .table else { return Say.data(String(decoding: body, as: UTF8.self)) }
    let document = try JSONDecoder().decode(Document.self, from: body)
    var lines = [
      "\(document.id)  \(document.incident.severity)  \(document.incident.state)  \(document.incident.title)", "",
      document.summary, "",
    ]
    for remediation in document.remediations {
      lines.append("\(remediation.plan.playbook): \(remediation.state), \(remediation.reason)")
    }
    if document.incident.state == "mitigated" || document.incident.state == "resolved" {
      lines += document.followUps.map { "\($0.isDone ? "done" : "to do"): \($0.text)" }
    }
    lines += document.precedents.flatMap(\.lines)
    lines += document.incident.timeline.map { "\($0.at.rfc3339Seconds)  \($0.text)  (\($0.actor))" }
    Say.data(lines.joined(separator: "\n"))
  }

  private struct Document: Decodable {
    let id: String
    let summary: String
    let incident: Incident
    let remediations: [Remediation]
    let followUps: [FollowUp]
    let precedents: [Precedent]
    struct FollowUp: Decodable {
      let text: String
      let isDone: Bool
    }
    struct Incident: Decodable {
      let severity: String
      let state: String
      let title: String
      let timeline: [Entry]
    }
    struct Entry: Decodable {
      let at: Timestamp
      let text: String
      let actor: String
    }
    struct Remediation: Decodable {
      let state: String
      let reason: String
      let plan: Plan
    }
    struct Plan: Decodable { let playbook: String }
    struct Precedent: Decodable {
      let incident: String
      let title: String
      let score: Double
      let reasons: [String]
      let attempts: [Attempt]

      struct Attempt: Decodable {
        let remediation: String
        let action: String
        let helped: Bool
      }

      /// `similar: INC-3 Errors on gpt-4 (80 %: same monitor: errors)`, and what was tried below it.
      var lines: [String] {
        ["similar: \(incident) \(title) (\(Int((score * 100).rounded())) %: \(reasons.joined(separator: "; ")))"]
          + attempts.map { "  \($0.helped ? "helped" : "did not help"): \($0.action) (\($0.remediation))" }
      }
    }
  }
}

struct IncidentAcknowledge: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "ack", abstract: "Say that you are on it.")
  @OptionGroup var console: ConsoleOption
  @Argument(help: "For example INC-1.") var incident: String

  func run() async throws {
    try await console.client.post("/api/incidents/\(incident)/acknowledge", [:])
    Say.message("\(incident) is acknowledged.")
  }
}

struct IncidentNote: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "note", abstract: "Add a note to the timeline.")
  @OptionGroup var console: ConsoleOption
  @Argument(help: "For example INC-1.") var incident: String
  @Argument(help: "The text.") var text: String

  func run() async throws {
    try await console.client.post("/api/incidents/\(incident)/note", ["text": text])
    Say.message("The note is on the timeline of \(incident).")
  }
}

struct IncidentResolve: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "resolve", abstract: "Close an incident by hand.")
  @OptionGroup var console: ConsoleOption
  @Argument(help: "For example INC-1.") var incident: String
  @Option(help: "Why it is over.") var reason = ""

  func run() async throws {
    try await console.client.post("/api/incidents/\(incident)/resolve", ["reason": reason])
    Say.message("\(incident) is resolved. Overrides it left in force: `commander override list`.")
  }
}
