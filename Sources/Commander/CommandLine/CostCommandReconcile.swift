// `commander cost reconcile INVOICE.csv`: what the vendor billed against what is recorded.

import ArgumentParser
import Foundation
import LLMTelemetry
import Pricing
import Storage

struct CostReconcile: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reconcile", abstract: "Compare a vendor's invoice or cost export with the recorded costs.",
    discussion: """
      Reads CSV with a date, a model and an amount in US dollars; Google's, OpenAI's and Anthropic's exports are understood.
      Exit code 2 when the unexplained difference is above the tolerance.
      """)

  @OptionGroup var store: CostStoreOption
  @Argument(help: "The CSV file.", completion: .file(extensions: ["csv"]))
  var invoice: String
  @Option(help: "Only compare exchanges with this provider, for example openai, anthropic, gcp.gemini or gcp.vertex_ai.")
  var provider: String?
  @Option(help: "Percent of the invoiced sum that may stay unexplained.")
  var tolerance = Tolerance.onePercent

  func run() throws {
    let (telemetry, configuration) = try store.open()
    let book = configuration.prices
    guard let data = FileManager.default.contents(atPath: invoice) else {
      Say.message("\(invoice): no such file, or not readable; name the exported CSV")
      throw Exit.failed
    }
    let billed = try Invoice.parse(String(decoding: data, as: UTF8.self), file: invoice, book: book)
    let recorded = try telemetry.costs(by: [.day, .billedModel], in: billed.period, provider: provider)
    let result = Reconciliation(invoice: billed, recorded: recorded, book: book)
    if billed.skipped > 0 { Say.message("\(billed.skipped) lines without date and model were left out.") }
    if store.output == .json {
      Say.data(try CostOutput.json(ReconciliationDocument(result, tolerance: tolerance)))
    } else {
      Say.data(TableOutput.render(result.table.header, result.table.rows))
      if !result.onlyInvoiced.isEmpty { Say.message("Only invoiced: \(result.onlyInvoiced.joined(separator: ", "))") }
      if !result.onlyRecorded.isEmpty { Say.message("Only recorded: \(result.onlyRecorded.joined(separator: ", "))") }
      Say.message("Unexplained: \(MoneyText.dollars(result.unexplained)), summed over models.")
    }
    if result.exceeds(tolerance) { throw Exit.outsideTolerance }
  }
}

extension Exit {
  static let outsideTolerance = ExitCode(2)
}

extension Tolerance: ExpressibleByArgument {
  package init?(argument: String) { self.init(argument) }
  package var defaultValueDescription: String { description }
}
