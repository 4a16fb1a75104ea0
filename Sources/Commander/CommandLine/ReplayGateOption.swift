// A version that users did not have, held to a replay of past requests: asked for by whoever promotes, or by the configuration.

import ArgumentParser
import Foundation
import Remediation

/// The body of `POST /api/prompts/NAME/versions/VERSION/replays`.
private struct ReplayRecord: Encodable {
  let actor: String
  let result: ReplayResult
}

struct ReplayGateOption: ParsableArguments {
  @Option(
    help: "Go on only if this regression set, replayed with the version, comes out better, or without a bad answer.",
    completion: .file(extensions: ["jsonl"]))
  var requireReplay: String?
  @Option(help: "Go on without the replay that the configuration asks for; this reason goes to the ledger.")
  var overrideReplay: String?
  @OptionGroup var replay: ReplayOption

  /// What came out, in words; `nil` where nothing was asked for. What came out is told the commander either way.
  func evidence(prompt: String, version: String, console: ConsoleOption) async throws -> String? {
    guard let requireReplay else { return nil }
    let report = try await replay.run(file: requireReplay, change: ReplayChange(prompt: prompt, version: version))
    Say.message(report.table)
    let path = "/api/prompts/\(PromptOutput.escaped(prompt))/versions/\(PromptOutput.escaped(version))/replays"
    try await console.client.post(
      path, document: ReplayRecord(actor: ConsoleClient.actor, result: try replay.result(report, file: requireReplay)))
    guard report.passesGate else {
      Say.message("\(report.sentence) \(prompt) \(version) was not promoted.")
      throw Exit.gateFailed
    }
    return report.sentence
  }
}
