// What came of a load run, by script.
import Foundation
import LLMTelemetry

package struct LoadOutcome: Sendable {
  package var script: LoadScript
  /// `nil` when no answer came.
  package var status: Int?
  package var isAsExpected: Bool
  package var seconds: Double
  package var dollars: Double?
  package var verdict: String?
  package var isDeclined = false
}

package struct LoadReport: Sendable {
  package struct Line: Sendable {
    package var sent = 0
    package var asExpected = 0
    package var statuses: [Int: Int] = [:]
    package var withoutAnswer = 0
    package var declined = 0
    package var unsupported = 0
    package var dollars = 0.0
    fileprivate var seconds: [Double] = []

    /// `nil` without an answer.
    package func quantile(_ share: Double) -> Double? {
      guard !seconds.isEmpty else { return nil }
      let sorted = seconds.sorted()
      let rank = Int((Double(sorted.count) * share).rounded(.up))
      return sorted[min(max(rank, 1), sorted.count) - 1]
    }
  }

  package private(set) var lines: [LoadScript: Line] = [:]
  /// Requests that could not be sent in time because as many as allowed were still open.
  package var skipped = 0
  /// Latencies kept of one script; a soak runs for hours.
  private static let latencyLimit = 200_000

  package init() {}

  package mutating func add(_ outcome: LoadOutcome) {
    var line = lines[outcome.script] ?? Line()
    line.sent += 1
    if outcome.isAsExpected { line.asExpected += 1 }
    if let status = outcome.status { line.statuses[status, default: 0] += 1 } else { line.withoutAnswer += 1 }
    if outcome.isDeclined { line.declined += 1 }
    if outcome.verdict == "unsupported" { line.unsupported += 1 }
    line.dollars += outcome.dollars ?? 0
    if outcome.status != nil, line.seconds.count < Self.latencyLimit { line.seconds.append(outcome.seconds) }
    lines[outcome.script] = line
  }

  package var isAllAsExpected: Bool { lines.values.allSatisfy { $0.sent == $0.asExpected } }

  package var table: String {
    func cell(_ text: String, _ width: Int) -> String { String(repeating: " ", count: max(0, width - text.count)) + text }
    var rows = ["script           sent  as expected      p50      p95      p99  declined  ungrounded      cost  statuses"]
    for script in LoadScript.allCases {
      guard let line = lines[script] else { continue }
      func time(_ share: Double) -> String { line.quantile(share).map { String(format: "%.0f ms", $0 * 1000) } ?? "-" }
      let statuses = line.statuses.sorted { $0.key < $1.key }.map { "\($0.key)×\($0.value)" }
      rows.append(
        script.rawValue.padding(toLength: 14, withPad: " ", startingAt: 0) + cell("\(line.sent)", 7)
          + cell("\(line.asExpected)", 13)
          + cell(time(0.5), 9) + cell(time(0.95), 9) + cell(time(0.99), 9) + cell("\(line.declined)", 10)
          + cell("\(line.unsupported)", 12) + cell(String(format: "$%.4f", line.dollars), 10) + "  "
          + (statuses + (line.withoutAnswer > 0 ? ["none×\(line.withoutAnswer)"] : [])).joined(separator: " "))
    }
    if skipped > 0 { rows.append("\(skipped) requests were not sent: as many as allowed were still open") }
    return rows.joined(separator: "\n")
  }
}
