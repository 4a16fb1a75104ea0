// `commander cost reprice`: history under the present price book.

import ArgumentParser
import LLMTelemetry
import Pricing
import Storage

struct CostReprice: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reprice", abstract: "Recompute stored costs from stored usage with the present prices.",
    discussion: "Charts are corrected by the difference. An interrupted run is finished by the next one.")

  @OptionGroup var store: CostStoreOption
  @OptionGroup var period: CostPeriodOption
  @Flag(help: "Only print what would change.")
  var dryRun = false
  @Flag(help: "Do not ask.")
  var yes = false

  func run() throws {
    let (telemetry, configuration) = try store.open()
    let book = configuration.prices
    let now = Timestamp.now()
    let asked = period.range(now: now)
    let settled = now - TelemetryStore.repriceMinimumAge
    let range = asked.lowerBound..<max(asked.lowerBound, min(asked.upperBound, settled))

    if !yes || dryRun {
      let preview = try telemetry.reprice(in: range, by: book, dryRun: true)
      if dryRun { return try print(preview, book: book) }
      guard preview.changed + preview.confirmed > 0 else {
        return Say.message("\(preview.examined) exchanges already have the cost of price book \(book.version).")
      }
      Say.message(TableOutput.render(preview.table.header, preview.table.rows))
      Say.message(
        "This writes a new cost to \(preview.changed) of \(preview.examined) exchanges, and price book \(book.version) to "
          + "\(preview.confirmed) whose cost stays. Go on? [y/N]")
      guard let answer = readLine(), ["y", "yes"].contains(answer.lowercased()) else {
        Say.message("Nothing was changed. `--yes` answers yes.")
        throw Exit.failed
      }
    }
    var next = 100_000
    let report = try telemetry.reprice(in: range, by: book) { progress in
      guard progress.examined >= next else { return }
      Say.message("\(progress.examined) exchanges, \(progress.changed) changed")
      next += 100_000
    }
    try print(report, book: book)
  }

  private func print(_ report: RepricingReport, book: PriceBook) throws {
    if store.output == .json {
      return Say.data(try CostOutput.json(RepricingDocument(report, priceVersion: book.version, isDryRun: dryRun)))
    }
    Say.data(TableOutput.render(report.table.header, report.table.rows))
    Say.message(
      "\(report.changed) of \(report.examined) exchanges \(dryRun ? "would change" : "changed"), \(report.confirmed) keep their cost "
        + "under price book \(book.version)."
        + (report.withoutPoint > 0 ? " \(report.withoutPoint) have no chart point any more." : ""))
  }
}
