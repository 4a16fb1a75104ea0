// Reads a monitor's query text; every error names the column and what would be right.

import LLMMetrics
import LLMTelemetry

/// What is wrong with a query, where (1-based column of its text), and what to write instead.
package struct QueryError: Error, Hashable, CustomStringConvertible {
  package let column: Int
  package let message: String

  package var description: String { "column \(column): \(message)" }
}

extension MonitorQuery {
  /// `term`, `term / term` or `term per minute`, where a term is `sum(metric)` or `p95(metric{route="chat"})`.
  package init(parsing text: String) throws(QueryError) {
    guard text.utf8.count <= 1_024 else { throw QueryError(column: 1, message: "a query has at most 1,024 bytes") }
    var parser = QueryParser(text)
    self.init(try parser.query())
  }
}

private struct QueryParser {
  private let characters: [Character]
  private var index = 0

  init(_ text: String) { characters = Array(text) }

  private func failure(_ message: String, at position: Int? = nil) -> QueryError {
    QueryError(column: (position ?? index) + 1, message: message)
  }

  mutating func query() throws(QueryError) -> MonitorQuery.Form {
    let first = try term()
    skipSpaces()
    guard index < characters.count else { return .value(first) }
    if take("/") {
      let second = try term()
      skipSpaces()
      guard index == characters.count else { throw failure("the query ends after its second term; remove the rest") }
      return .ratio(first, second)
    }
    let start = index
    guard word() == "per" else { throw failure("expected \"/\", \"per minute\" or the end of the query", at: start) }
    skipSpaces()
    let unit = index
    guard word() == "minute" else { throw failure("the only rate is \"per minute\"", at: unit) }
    guard first.aggregator == .sum else {
      throw failure("\"per minute\" needs sum(…), not \(first.aggregator.rawValue)(…)", at: start)
    }
    skipSpaces()
    guard index == characters.count else { throw failure("the query ends after \"per minute\"; remove the rest") }
    return .perMinute(first)
  }

  private mutating func term() throws(QueryError) -> MonitorQuery.Term {
    skipSpaces()
    let start = index
    let name = word()
    guard let aggregator = MonitorQuery.Aggregator(rawValue: name) else {
      let all = MonitorQuery.Aggregator.allCases.map(\.rawValue).joined(separator: ", ")
      throw failure(
        "\(name.isEmpty ? "an aggregator is missing" : "unknown aggregator \"\(name)\""); use one of \(all)", at: start)
    }
    skipSpaces()
    guard take("(") else { throw failure("expected \"(\" after \(name)") }
    skipSpaces()
    let metricStart = index
    let metricName = word()
    guard let metric = MetricCatalogue.byName[metricName] else {
      throw failure(
        metricName.isEmpty
          ? "a metric's name is missing" : "no metric \"\(metricName)\" in the catalogue\(Self.suggestion(for: metricName))",
        at: metricStart)
    }
    guard aggregator.fits(metric.type) else {
      let remedy =
        switch metric.type {
        case .count: "it is a count: use sum"
        case .distribution: "it is a distribution: use p50, p90, p95, p99, avg or max"
        case .gauge: "it is a state: use avg or max"
        }
      throw failure("\(name) does not fit \(metricName), \(remedy)", at: start)
    }
    skipSpaces()
    let filter = take("{") ? try self.filter(of: metric) : [:]
    skipSpaces()
    guard take(")") else { throw failure("expected \")\" after \(metricName)") }
    return MonitorQuery.Term(aggregator, metric, filter: filter)
  }

  private mutating func filter(of metric: MetricDefinition) throws(QueryError) -> [String: String] {
    var filter: [String: String] = [:]
    while true {
      skipSpaces()
      let start = index
      let tag = word()
      guard metric.hasTag(tag) else {
        let hint = NearestName.hint(for: tag, in: metric.tagNames)
        throw failure("\(metric.name) has no tag \"\(tag)\"\(hint); it has \(metric.tagNames.joined(separator: ", "))", at: start)
      }
      guard filter[tag] == nil else { throw failure("tag \"\(tag)\" is filtered twice", at: start) }
      skipSpaces()
      guard take("=") else { throw failure("expected \"=\" after \(tag)") }
      skipSpaces()
      guard take("\"") else { throw failure("a value stands in double quotes: \(tag)=\"…\"") }
      let valueStart = index
      while index < characters.count, characters[index] != "\"" { index += 1 }
      let value = String(characters[valueStart..<index])
      guard take("\"") else { throw failure("the value of \(tag) has no closing quote", at: valueStart - 1) }
      guard !value.isEmpty else { throw failure("the value of \(tag) is empty", at: valueStart - 1) }
      filter[tag] = value
      skipSpaces()
      if take("}") { return filter }
      guard take(",") else { throw failure("expected \",\" or \"}\" after the value of \(tag)") }
    }
  }

  private mutating func skipSpaces() {
    while index < characters.count, characters[index].isWhitespace { index += 1 }
  }

  private mutating func take(_ character: Character) -> Bool {
    guard index < characters.count, characters[index] == character else { return false }
    index += 1
    return true
  }

  private mutating func word() -> String {
    let start = index
    while index < characters.count, characters[index].isLetter || characters[index].isNumber || "._".contains(characters[index]) {
      index += 1
    }
    return String(characters[start..<index])
  }

  private static func suggestion(for name: String) -> String {
    NearestName.nearest(to: name, in: MetricCatalogue.all.map(\.name)).map { "; did you mean \($0)?" } ?? ""
  }
}

extension MetricDefinition {
  package var tagNames: [String] { (hasDimensions ? Dimension.allCases.map(\.rawValue) : []) + extraTags }
  package func hasTag(_ name: String) -> Bool { Dimension(rawValue: name) != nil || extraTags.contains(name) }
}
