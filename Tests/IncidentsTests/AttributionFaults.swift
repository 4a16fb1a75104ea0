// The public faults (RS: stalls of a CDN, 1 to 3 literals, several causes) as cases: files of leaf counts and the causes people named.

import Foundation
import Incidents

struct AttributionFault {
  let name: String
  let at: String
  let causes: Set<[String: String]>
  let file: URL

  /// The development half lies beside the clone, not in it.
  static let all: [AttributionFault] = {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../shared/data/rca").standardized
    guard let text = try? String(contentsOf: folder.appending(path: "anomaly.yaml"), encoding: .utf8) else { return [] }
    var result: [AttributionFault] = []
    var causes: [[String: String]] = []
    var name = ""
    func unquoted(_ text: some StringProtocol) -> String { text.trimmingCharacters(in: CharacterSet(charactersIn: " '\"")) }
    for line in text.split(separator: "\n") {
      if line.hasPrefix("- cause:") {
        causes = []
      } else if line.hasPrefix("  data:") {
        name = unquoted(line.dropFirst(7))
      } else if line.hasPrefix("  timestamp:") {
        result.append(
          AttributionFault(
            name: name, at: unquoted(line.dropFirst(12)), causes: Set(causes), file: folder.appending(path: name + ".csv")))
      } else {
        if line.contains("- ") || causes.isEmpty { causes.append([:]) }
        let pair = line.replacing("- ", with: "").split(separator: ":", maxSplits: 1)
        if pair.count == 2 { causes[causes.count - 1][unquoted(pair[0])] = unquoted(pair[1]) }
      }
    }
    return result
  }()

  func leaves() throws -> LeafFile { try LeafFile(try Data(contentsOf: file), columns: LeafFileColumns(), at: at) }
}

/// Precision and recall over all returned causes, and whether a true cause is among the first ones.
struct AttributionScore {
  var hits = 0
  var wrong = 0
  var missed = 0
  var top1 = 0
  var top3 = 0
  var cases = 0

  mutating func add(_ fault: AttributionFault, _ report: LeafReport) {
    let answers = report.causes.map(\.dimensions)
    let found = Set(answers).intersection(fault.causes).count
    hits += found
    wrong += answers.count - found
    missed += fault.causes.count - found
    cases += 1
    // With the slices that were weighed and set aside, as the published tables rank their candidates.
    let ranked = answers + report.rejected.map(\.dimensions)
    if let first = ranked.first, fault.causes.contains(first) { top1 += 1 }
    if ranked.prefix(3).contains(where: fault.causes.contains) { top3 += 1 }
  }

  static func += (left: inout AttributionScore, right: AttributionScore) {
    left.hits += right.hits
    left.wrong += right.wrong
    left.missed += right.missed
    left.top1 += right.top1
    left.top3 += right.top3
    left.cases += right.cases
  }

  var precision: Double { Double(hits) / Double(max(1, hits + wrong)) }
  var recall: Double { Double(hits) / Double(max(1, hits + missed)) }
  var f1: Double { 2 * Double(hits) / Double(max(1, 2 * hits + wrong + missed)) }
}
