// What `commander backtest` prints: one JSON document, or tables and sentences.

import Detection
import Foundation

struct BacktestReport: Encodable {
  var document: BacktestDocument
  var comparison: BacktestComparison?
  /// How right the other one was.
  var comparisonLabels: BacktestScore?
  var advice: [ThresholdAdvice]?

  private enum CodingKeys: String, CodingKey {
    case incidents, monitors, labels, comparison
    case comparisonLabels = "comparison_labels"
    case advice = "suggested_thresholds"
  }

  init(document: BacktestDocument) { self.document = document }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(document.incidents, forKey: .incidents)
    try container.encode(document.monitors, forKey: .monitors)
    try container.encodeIfPresent(document.labels, forKey: .labels)
    try container.encodeIfPresent(comparison, forKey: .comparison)
    try container.encodeIfPresent(comparisonLabels, forKey: .comparisonLabels)
    try container.encodeIfPresent(advice, forKey: .advice)
  }

  func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }

  func print() {
    let table = document.table
    if !document.incidents.isEmpty { Say.data(TableOutput.render(table.header, table.rows)) }
    let spoke = document.monitors.filter { $0.alarms > 0 }
    if !spoke.isEmpty {
      let rows = spoke.map { monitor in
        [monitor.name, "\(monitor.alarms)", monitor.minutes.map { "\($0)" } ?? "-", "\(monitor.incidents)"]
      }
      Say.data(TableOutput.render(["MONITOR", "ALERTS", "MINUTES", "INCIDENTS"], rows))
    }
    if document.incidents.isEmpty {
      Say.message("No incident: \(document.monitors.count) monitors looked at this traffic and none found one.")
    }
    if let sentence = document.sentence { Say.message(sentence) }
    if let comparison {
      Say.data(TableOutput.render(comparison.table.header, comparison.table.rows))
      Say.message(
        "\(comparison.both.count) incidents are found by both, \(comparison.onlyFirst.count) only by the first, \(comparison.onlySecond.count) only by the other."
      )
      if let comparisonLabels { Say.message("The other: \(comparisonLabels.sentence)") }
    }
    if let advice { printAdvice(advice) }
  }

  private func printAdvice(_ advice: [ThresholdAdvice]) {
    func figure(_ value: Double?) -> String { value.map { "\(($0 * 1_000).rounded() / 1_000)" } ?? "-" }
    let rows = advice.map { one in
      [
        one.monitor, figure(one.present), figure(one.presentPagesPerWeek),
        one.threshold.map { figure($0) } ?? "none pages so rarely",
        figure(one.pagesPerWeek),
      ]
    }
    Say.data(TableOutput.render(["MONITOR", "THRESHOLD", "PAGES A WEEK", "SUGGESTED", "PAGES A WEEK THEN"], rows))
  }
}
