// `commander explain --leaves`: which slices explain a failure in anybody's leaf counts, without a commander and without network.

import ArgumentParser
import Foundation
import Incidents

struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain", abstract: "Name the slices that explain a failure in a CSV of leaf counts, or say why none does.",
    discussion: """
      One row a leaf and interval: a column of time, one of events (stalls, errors, dollars), one of exposures (sessions, requests), every \
      other column is a dimension. Rows from --at to --until are the failure, rows before are what is usual, later rows are ignored.
      Exit code 2 when no cause is named.
      """)

  @Option(name: .customLong("leaves"), help: "The file.", completion: .file())
  var leaves: String
  @Option(help: "The first interval of the failure, as it stands in the file: a number, or a time as text that sorts.")
  var at: String
  @Option(help: "The last interval of the failure; --at by default.")
  var until: String?
  @Option(name: .customLong("time"), help: "The column of time.")
  var time = LeafFileColumns().time
  @Option(name: .customLong("observed"), help: "The column of events.")
  var observed = LeafFileColumns().observed
  @Option(name: .customLong("exposure"), help: "The column of exposures; `none` compares events with their own past.")
  var exposure = "cnt"
  @Flag(name: .customLong("falling"), help: "The failure is that events became fewer.")
  var isFalling = false
  @Option(help: "table or json.")
  var output = ConsoleOption.Output.table

  func run() throws {
    guard let data = FileManager.default.contents(atPath: leaves) else {
      Say.message("\(leaves): no such file, or not readable")
      throw Exit.failed
    }
    var columns = LeafFileColumns()
    columns.time = time
    columns.observed = observed
    columns.exposure = exposure == "none" ? nil : exposure
    let report: LeafReport
    do {
      report = LeafReport(try LeafFile(data, columns: columns, at: at, until: until), direction: isFalling ? .fall : .rise)
    } catch let problem as LeafFileProblem {
      Say.message("\(leaves): \(problem)")
      throw Exit.failed
    }
    switch output {
    case .json:
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      Say.data(String(decoding: try encoder.encode(report), as: UTF8.self))
    case .table:
      Say.data(TableOutput.render(report.rows.first ?? [], Array(report.rows.dropFirst())))
      if let abstention = report.abstention { Say.message("No cause: \(abstention).") }
    }
    if report.causes.isEmpty { throw Exit.outsideTolerance }
  }
}
