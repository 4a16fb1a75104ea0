// `commander cost …`: what was spent, on what, and whether the vendor agrees. Reads the store directly; `serve` may run.

import ArgumentParser
import Foundation
import LLMTelemetry
import Pricing
import Storage

struct CostCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cost", abstract: "Report, recompute and reconcile what models cost.",
    subcommands: [CostShow.self, CostReprice.self, CostReconcile.self], defaultSubcommand: CostShow.self)
}

struct CostShow: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Total cost and tokens, grouped by any attribution.")

  @OptionGroup var store: CostStoreOption
  @OptionGroup var period: CostPeriodOption
  @Option(help: "What to group by; may be given several times.")
  var by: [CostDimension] = []

  func run() throws {
    let now = Timestamp.now()
    let report = try store.open().store.costs(by: by, in: period.range(now: now))
    if store.output == .json {
      return Say.data(
        try CostOutput.json(CostReportDocument(report, since: period.bounds(now: now).from, until: period.bounds(now: now).to)))
    }
    guard report.total.requests > 0 else { return Say.message("No exchange in this period.") }
    Say.data(TableOutput.render(report.table.header, report.table.rows))
    if report.total.unknownRequests > 0 {
      Say.message(
        "\(report.total.unknownRequests) of \(report.total.requests) exchanges have an unknown cost and are in no amount: add their "
          + "models to the price file and run `commander cost reprice`.")
    }
  }
}

/// `--config` and `--output` of the cost commands, and the store they read.
struct CostStoreOption: ParsableArguments {
  @OptionGroup var configuration: ConfigurationOption
  @Option(help: "table for people, json for programs.")
  var output = ConsoleOption.Output.table

  /// The configuration and its store. A report does not make an empty one.
  func open() throws -> (store: TelemetryStore, configuration: CommanderConfiguration) {
    let loaded = try configuration.load(secrets: .none)
    let path = loaded.store + "/telemetry.sqlite"
    guard FileManager.default.fileExists(atPath: path) else {
      Say.message("\(path): no telemetry yet; run `commander serve`, or name the configuration with --config")
      throw Exit.failed
    }
    return (try TelemetryStore(path: path), loaded)
  }
}

/// `--since` and `--until`.
struct CostPeriodOption: ParsableArguments {
  @Option(help: "First moment: RFC 3339, a date, or how long ago (24h, 7d).")
  var since: String?
  @Option(help: "First moment no longer in it, written the same way; now when left out.")
  var until: String?

  func validate() throws {
    let now = Timestamp.now()
    for (name, text) in [("--since", since), ("--until", until)] {
      if let text, ReportTime.parse(text, now: now) == nil {
        throw ValidationError("\(name) \(text) is no time; write 2026-11-24, 2026-11-24T12:00:00Z, or 24h for a day ago.")
      }
    }
    if let from = bounds(now: now).from, let to = bounds(now: now).to, to <= from {
      throw ValidationError("--until must be after --since.")
    }
  }

  /// What was given, read at one moment.
  func bounds(now: Timestamp) -> (from: Timestamp?, to: Timestamp?) {
    (since.flatMap { ReportTime.parse($0, now: now) }, until.flatMap { ReportTime.parse($0, now: now) })
  }

  func range(now: Timestamp) -> Range<Timestamp> {
    let (from, to) = bounds(now: now)
    let lower = from ?? Timestamp(unixNanoseconds: 0)
    return lower..<max(lower, to ?? now)
  }
}

enum CostOutput {
  static func json(_ document: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(document), as: UTF8.self)
  }
}

extension CostDimension: ExpressibleByArgument {}
