// Everything the Cost page says, read once: sums of the chosen time, those of the time before, budgets, and open incidents.

import Budgets
import Incidents
import LLMTelemetry
import Pricing
import Storage

struct CostFigures {
  /// What the page's tables are grouped by; a version is one of its prompt.
  static let groupings: [(title: String, dimensions: [CostDimension])] = [
    ("Tenants", [.tenant]), ("Features", [.feature]), ("Routes", [.route]), ("Prompt versions", [.prompt, .promptVersion]),
    ("Models", [.model]),
  ]

  let now: Timestamp
  let range: CostRange
  /// Empty text for exchanges without a value.
  let filter: [CostDimension: String]
  let course: CostCourse
  let total, before: CostTotals
  /// Those that refuse first, then the fullest.
  let budgets: [BudgetStatus]
  /// Worst first.
  let openIncidents: [Incident]

  init(_ range: CostRange, where filter: [CostDimension: String], from source: ConsoleSource) async throws {
    now = source.now()
    self.range = range
    self.filter = filter
    course = try await source.costs(range.range(at: now), filter)
    total = course.report(by: []).total
    before = try await source.costs(range.before(at: now), filter).report(by: []).total
    budgets = try await source.budgets().sorted { ($0.refuses ? 1 : 0, $0.usedShare) > ($1.refuses ? 1 : 0, $1.usedShare) }
    openIncidents = try await source.state().incidents.open.bySeverity
  }

  var refusing: [BudgetStatus] { budgets.filter(\.refuses) }

  /// Of the open incidents whose extra cost is known; `nil` when there is none.
  var extraCost: Nanodollars? {
    let known = openIncidents.compactMap(\.impact.extraCost)
    return known.isEmpty ? nil : known.reduce(Nanodollars(0), +)
  }

  var chart: Chart {
    var columns: [Timestamp: CostTotals] = [:]
    for hour in course.hours {
      columns[hour.start.floored(to: range.step), default: CostTotals()] =
        columns[hour.start.floored(to: range.step), default: CostTotals()] + hour.totals
    }
    // Where every cost is unknown there is no sum, and no column.
    let points = columns.filter { $0.value.hasAmount }.map { Chart.Point(at: $0.key, value: $0.value.known.dollars) }
    return Chart(
      title: "Cost \(range.stepWords)", unit: .query(.dollars), range: range.range(at: now), step: range.step,
      lines: [Chart.Line(name: "cost", stroke: .solid, points: points.sorted { $0.at < $1.at })], drawsColumns: true)
  }

  /// The address of the page with one thing changed.
  func address(range: CostRange? = nil, filter: [CostDimension: String]? = nil, page: String = "/cost") -> String {
    let values = (filter ?? self.filter).sorted { $0.key.rawValue < $1.key.rawValue }.map { CostAddress.member($0.key, $0.value) }
    return "\(page)?" + (["range=\((range ?? self.range).rawValue)"] + values).joined(separator: "&")
  }
}

/// Addresses of the Cost page for those who link to it.
enum CostAddress {
  /// Dimensions the page can be narrowed to; others are left out.
  static func path(_ dimensions: [String: String], range: CostRange = .today) -> String {
    let members = dimensions.sorted { $0.key < $1.key }.compactMap { name, value in
      CostDimension(rawValue: name).flatMap { CostCourse.dimensions.contains($0) ? member($0, value) : nil }
    }
    return "/cost?" + (["range=\(range.rawValue)"] + members).joined(separator: "&")
  }

  static func member(_ dimension: CostDimension, _ value: String) -> String {
    let allowed = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~".utf8)
    let digits = Array("0123456789ABCDEF")
    let escaped = value.utf8.map { byte in
      allowed.contains(byte) ? String(UnicodeScalar(byte)) : "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
    }
    return "\(dimension.rawValue)=\(escaped.joined())"
  }
}

extension CostTotals {
  /// False when there is nothing to add up, or nothing whose cost is known: that is no zero.
  var hasAmount: Bool { requests > unknownRequests }

  /// `$12.30`, `at least $12.30` where parts are missing, `unknown`, `nothing`.
  var words: String {
    guard requests > 0 else { return "nothing" }
    guard hasAmount else { return "unknown" }
    return (partial.count > 0 || unknownRequests > 0 ? "at least " : "") + Words.dollars(known)
  }

  /// `exact`; `$12.00 exact, $0.30 partial, 4 requests unknown` where it is mixed.
  var exactnessWords: String {
    let amounts = [(exact, "exact"), (partial, "partial"), (estimated, "estimated")].filter { $0.0.count != 0 }
    if unknownRequests == 0, amounts.count <= 1 { return amounts.first?.1 ?? (requests > 0 ? "exact" : "no exchange") }
    let unknown = unknownRequests > 0 ? ["\(Words.count(unknownRequests, "request")) unknown"] : []
    return (amounts.map { "\(Words.dollars($0.0)) \($0.1)" } + unknown).joined(separator: ", ")
  }
}

extension BudgetStatus {
  /// Spent and reserved over the limit.
  var usedShare: Double { limit > 0 ? Double(spent + reserved) / Double(limit) : 1 }
}
