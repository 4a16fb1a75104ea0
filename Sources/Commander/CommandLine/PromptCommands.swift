// `commander prompt`: versions of the prompts the gateway holds, who gets which, and the way back.

import ArgumentParser
import Console
import Foundation
import LLMTelemetry

struct PromptCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prompt", abstract: "Prompts the gateway holds: labels, canaries, rollback.",
    subcommands: [PromptList.self, PromptPromote.self, PromptRollback.self, PromptCanary.self, PromptDiff.self])
}

struct PromptList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "List prompts, their versions and labels.")
  @OptionGroup var console: ConsoleOption

  func run() async throws {
    let body = try await console.client.get("/api/prompts.json")
    guard console.output == .table else { return Say.data(String(decoding: body, as: UTF8.self)) }
    let document = try JSONDecoder().decode(PromptsReply.self, from: body)
    guard !document.prompts.isEmpty else {
      return Say.message("No prompt is managed; add one to `prompts` in the configuration.")
    }
    Say.data(PromptOutput.table(document.prompts))
  }
}

struct PromptPromote: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "promote", abstract: "Give a version a label; without --label, requests that name no version get it.")
  @OptionGroup var console: ConsoleOption
  @Argument(help: "The prompt.") var prompt: String
  @Argument(help: "The version.") var version: String
  @Option(help: "The label to give.") var label = "production"
  @Option(help: "Promote although an error budget is spent; this reason goes to the ledger.") var overrideFreeze: String?
  @OptionGroup(title: "Replay") var gate: ReplayGateOption

  func run() async throws {
    var members = ["version": version, "label": label]
    members["overrideFreeze"] = overrideFreeze
    members["overrideReplay"] = gate.overrideReplay
    members["evidence"] = try await gate.evidence(prompt: prompt, version: version, console: console)
    try await console.change(prompt, "promote", members)
  }
}

struct PromptRollback: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rollback", abstract: "Give a label back to the version it had before, at once.")
  @OptionGroup var console: ConsoleOption
  @Argument(help: "The prompt.") var prompt: String
  @Option(help: "The label to move back.") var label = "production"

  func run() async throws { try await console.change(prompt, "rollback", ["label": label]) }
}

struct PromptCanary: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "canary", abstract: "Try a version on a share of the production requests, or stop trying.")
  @OptionGroup var console: ConsoleOption
  @Argument(help: "The prompt.") var prompt: String
  @Argument(help: "The version to try.") var version: String?
  @Option(help: "How many of the requests, for example 10% or 0.5%.") var share: String?
  @Flag(help: "Stop the canary; all requests get the production version again.") var stop = false
  @Option(help: "Try it although an error budget is spent; this reason goes to the ledger.") var overrideFreeze: String?
  @OptionGroup(title: "Replay") var gate: ReplayGateOption

  func validate() throws {
    guard stop ? (version == nil && share == nil) : (version != nil && share != nil) else {
      throw ValidationError("Name a VERSION and --share, or only --stop.")
    }
  }

  func run() async throws {
    if stop { return try await console.change(prompt, "stop-canary", [:]) }
    var members: [String: String] = [:]
    members["version"] = version
    members["share"] = share
    members["overrideFreeze"] = overrideFreeze
    members["overrideReplay"] = gate.overrideReplay
    if let version { members["evidence"] = try await gate.evidence(prompt: prompt, version: version, console: console) }
    try await console.change(prompt, "canary", members)
  }
}

struct PromptDiff: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "diff", abstract: "Show what one version changed against another.")
  @OptionGroup var console: ConsoleOption
  @Argument(help: "The prompt.") var prompt: String
  @Argument(help: "The version to compare with.") var from: String
  @Argument(help: "The version to look at.") var to: String

  func run() async throws {
    let body = try await console.client.get("/api/prompts/\(PromptOutput.escaped(prompt))/versions.json")
    let document = try JSONDecoder().decode(Document.self, from: body)
    func version(_ name: String) throws -> PromptVersionText {
      if let version = document.versions.first(where: { $0.version == name }) { return version }
      Say.message("Prompt \(prompt) has no version \(name); it has \(document.versions.map(\.version).joined(separator: ", ")).")
      throw Exit.failed
    }
    let old = try version(from)
    let new = try version(to)
    guard old.text != new.text else { return Say.message("Versions \(from) and \(to) of \(prompt) have the same text.") }
    Say.data(PromptOutput.difference(prompt: prompt, from: old, to: new))
  }

  private struct Document: Decodable {
    let versions: [PromptVersionText]
  }
}

private struct PromptsReply: Decodable {
  var changes: [ChangeEvent]?
  let prompts: [PromptSummary]
}

extension ConsoleOption {
  /// Carries out an action; says what it changed and how to undo that.
  fileprivate func change(_ prompt: String, _ action: String, _ members: [String: String]) async throws {
    let body = try await client.post("/api/prompts/\(PromptOutput.escaped(prompt))/\(action)", members)
    guard output == .table else { return Say.data(String(decoding: body, as: UTF8.self)) }
    for change in try JSONDecoder().decode(PromptsReply.self, from: body).changes ?? [] {
      Say.message(PromptOutput.sentence(change))
      if let undo = PromptOutput.undo(change) { Say.message("Undo: \(undo)") }
    }
  }
}
