// Sums of cost and tokens by any attribution, computed in the database.

import Foundation
import GRDB
import LLMTelemetry
import Pricing

extension TelemetryStore {
  /// Sums over the exchanges of `range`, grouped. Every exchange counts once: spans another span accounts for are left out.
  package func costs(
    by dimensions: [CostDimension], in range: Range<Timestamp>? = nil, provider: String? = nil
  ) throws -> CostReport {
    let columns = dimensions.map(\.expression)
    var conditions = ["kind IN ('llm', 'embedding')", "accounts_for_exchange"]
    var arguments = StatementArguments()
    if let range {
      conditions.append("start >= ? AND start < ?")
      arguments += [range.lowerBound.unixNanoseconds, range.upperBound.unixNanoseconds]
    }
    if let provider {
      conditions.append("provider = ?")
      arguments += [provider]
    }
    func sum(_ exactness: String) -> String { "SUM(CASE cost_exactness WHEN '\(exactness)' THEN cost_nanodollars END)" }
    let sums = [
      "COUNT(*)", "SUM(cost_exactness = 'unknown')", "SUM(\(Self.tokens(Self.inputColumns)))",
      "SUM(\(Self.tokens(Self.outputColumns)))", sum("exact"), sum("partial"), sum("estimated"),
    ]
    let grouping = columns.isEmpty ? "" : " GROUP BY \(columns.indices.map { String($0 + 1) }.joined(separator: ", "))"
    func select(_ columns: [String], where more: String = "", grouping: String = "") -> String {
      "SELECT \(columns.joined(separator: ", ")) FROM spans WHERE \(conditions.joined(separator: " AND "))\(more)\(grouping)"
    }
    let (groups, judge) = try pool.read { db in
      let groups = try Row.fetchAll(db, sql: select(columns + sums, grouping: grouping), arguments: arguments).map { row in
        CostGroup(
          values: dimensions.indices.map { Self.text(row[$0] as DatabaseValue, dimensions[$0]) },
          totals: CostTotals(row, from: dimensions.count))
      }
      let judge = try Row.fetchOne(db, sql: select(sums, where: " AND of_judge"), arguments: arguments)
      return (groups, judge.map { CostTotals($0, from: 0) })
    }
    return CostReport(
      dimensions: dimensions, groups: groups.filter { $0.totals.requests > 0 },
      judge: judge.flatMap { $0.requests > 0 ? $0 : nil })
  }

  private static let inputColumns = [
    "input_tokens", "cache_read_tokens", "cache_write_tokens", "cache_write_hour_tokens", "input_audio_tokens",
    "input_image_tokens",
  ]
  private static let outputColumns = ["output_tokens", "reasoning_tokens", "output_audio_tokens", "output_image_tokens"]

  private static func tokens(_ columns: [String]) -> String {
    columns.map { "COALESCE(\($0), 0)" }.joined(separator: " + ")
  }

  private static func text(_ value: DatabaseValue, _ dimension: CostDimension) -> String? {
    guard dimension == .day else { return String.fromDatabaseValue(value) }
    return Int64.fromDatabaseValue(value).map { day in
      String(Timestamp(unixNanoseconds: day * 86_400_000_000_000).rfc3339.prefix(10))
    }
  }
}

extension CostDimension {
  /// The SQL of a dimension's value.
  fileprivate var expression: String {
    switch self {
    case .tenant, .feature, .route, .prompt, .promptVersion, .model, .virtualKey, .provider: rawValue
    case .billedModel: "COALESCE(response_model, model)"
    case .serviceTier: "COALESCE(service_tier, 'standard')"
    // No exchange of ours took place before 1970, where this division would round the other way.
    case .day: "start / 86400000000000"
    }
  }
}

extension CostTotals {
  /// The sums of one row, which begin at a column.
  init(_ row: Row, from column: Int) {
    self.init()
    requests = row[column]
    unknownRequests = row[column + 1] as Int? ?? 0
    inputTokens = row[column + 2] as Int? ?? 0
    outputTokens = row[column + 3] as Int? ?? 0
    exact = Nanodollars(row[column + 4] as Int64? ?? 0)
    partial = Nanodollars(row[column + 5] as Int64? ?? 0)
    estimated = Nanodollars(row[column + 6] as Int64? ?? 0)
  }
}
