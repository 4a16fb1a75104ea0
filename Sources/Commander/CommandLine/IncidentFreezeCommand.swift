// `commander incident freeze`: the requests that showed an incident, out of the store and into a file that outlives it.

import ArgumentParser
import Foundation
import Incidents
import LLMTelemetry
import Remediation
import Storage

struct IncidentFreeze: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "freeze", abstract: "Freeze an incident's requests, as captured and redacted, into a regression set.",
    discussion: """
      Reads the store itself, not the console, which never shows texts; a commander may serve from it meanwhile. Only requests whose text \
      `capture` kept as redacted or full can be frozen, and only until `capture_retention` takes it. `commander replay` asks them again.
      """)

  @OptionGroup var configuration: ConfigurationOption
  @Argument(help: "For example INC-1.") var incident: String
  @Option(help: "The file to write; INC-1.jsonl without it, - for standard output.", completion: .file(extensions: ["jsonl"]))
  var to: String?
  @Option(help: "The most requests to freeze, worst first.") var limit = 100
  @Flag(help: "Write over a file that is there.") var force = false

  /// Spans of the scope that are looked at, newest first.
  private static let candidates = 5_000

  func validate() throws {
    guard (1...Self.candidates).contains(limit) else { throw ValidationError("--limit is 1 to \(Self.candidates).") }
  }

  func run() async throws {
    let folder = try configuration.load(secrets: .none).store
    let path = to ?? "\(incident).jsonl"
    guard path == "-" || force || !FileManager.default.fileExists(atPath: path) else {
      throw refusal("\(path) is there already; name another with --to, or write over it with --force.")
    }
    guard FileManager.default.fileExists(atPath: folder + "/telemetry.sqlite") else {
      throw refusal("\(folder) holds no telemetry.sqlite; run this where the commander's store is, with its --config.")
    }
    let now = Timestamp.now()
    let set: RegressionSet
    do {
      let state = CommandState(folding: try Ledger(path: folder + "/ledger.sqlite").entries())
      guard let found = state.incidents[incident] else {
        throw refusal("There is no incident \(incident); list them with `commander incident list`.")
      }
      set = try Self.set(found, store: try TelemetryStore(path: folder + "/telemetry.sqlite"), limit: limit, now: now)
    } catch let error as StorageError {
      throw refusal("\(folder): \(error)")
    }
    let left = set.origin?.leftOut ?? .init()
    guard !set.requests.isEmpty else { throw refusal(Self.emptiness(incident, left)) }
    let text = try set.text()
    if path == "-" {
      FileHandle.standardOutput.write(Data(text.utf8))
    } else {
      // What people wrote stands in it, redacted or not: nobody else on the machine needs to read it.
      guard
        FileManager.default.createFile(
          atPath: path, contents: Data(text.utf8), attributes: [.posixPermissions: NSNumber(value: 0o600)])
      else { throw refusal("\(path) cannot be written; name another with --to.") }
    }
    Say.message(
      "\(set.requests.count) requests of \(incident) are frozen\(path == "-" ? "" : " in \(path)"). Left out: \(left.withoutText) without "
        + "captured text, \(left.hashed) hashed, \(left.unaffected) unaffected, \(left.repeated) repeated, \(left.beyondLimit) beyond the limit."
    )
    if path != "-" { Say.message("Ask them again: commander replay \(path) --prompt-version V, or --model M") }
  }

  static func set(_ incident: Incident, store: TelemetryStore, limit: Int, now: Timestamp) throws -> RegressionSet {
    var filter = SpanFilter()
    for (name, value) in incident.scope {
      if let dimension = Dimension(rawValue: name) { filter.dimensions[dimension] = value }
    }
    filter.range = incident.sufferedRange(now: now)
    filter.kinds = [.llm]
    filter.onlyTraffic = true
    let spans = try store.spans(filter, limit: candidates).spans
    let selection = RegressionSelection(spans, exemplars: incident.exemplars, limit: limit)
    return RegressionSet(
      origin: .init(
        incident: incident, range: incident.sufferedRange(now: now), frozenAt: now, requests: selection.requests.count,
        leftOut: selection.leftOut), requests: selection.requests)
  }

  /// Says which of the reasons it is, and what to do so that the next incident can be frozen.
  static func emptiness(_ incident: String, _ left: RegressionSelection.LeftOut) -> String {
    if left.hashed > 0 {
      return "Nothing of \(incident) can be frozen: of \(left.hashed) requests only hashes were captured. "
        + "Set `capture: redacted` for their route before the next one."
    }
    if left.withoutText > 0 {
      return
        "Nothing of \(incident) can be frozen: of its \(left.withoutText) requests no text is stored. Either `capture` is off for their "
        + "route, or `capture_retention` has passed. Set `capture: redacted`, and freeze within the retention."
    }
    return "Nothing of \(incident) can be frozen: no request of its scope and time is stored any more."
  }

  private func refusal(_ message: String) -> ExitCode {
    Say.message(message)
    return Exit.failed
  }
}
