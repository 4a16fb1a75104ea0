// Sums of cost by hour and by whom it was for: the Cost page adds up some thousand of them, where there may be millions of spans.

import GRDB
import LLMMetrics
import LLMTelemetry
import Pricing

/// What a sum is attributed to; empty text where the exchanges have none. Members and no array: one is made for every span.
struct CostSubject: Hashable {
  private let tenant, feature, route, prompt, promptVersion, model: String

  init(_ dimensions: borrowing Dimensions) {
    tenant = dimensions.tenant ?? ""
    feature = dimensions.feature ?? ""
    route = dimensions.route ?? ""
    prompt = dimensions.prompt ?? ""
    promptVersion = dimensions.promptVersion ?? ""
    model = dimensions.model ?? ""
  }

  /// In the order of `CostHours.dimensions`.
  var values: [String] { [tenant, feature, route, prompt, promptVersion, model] }
}

/// Changes of sums, gathered from spans and written in the transaction of the spans: sums and spans never disagree.
struct CostHours {
  static let width = Duration.seconds(3_600)
  /// Longer than spans are kept as a rule: 30 days, and the 30 days before that to compare with.
  static let minimumRetention = Duration.seconds(65 * 86_400)
  static let dimensions: [CostDimension] = [.tenant, .feature, .route, .prompt, .promptVersion, .model]
  /// The subject that further ones share when there are as many as there may be; all its values are `other`.
  static let otherSubject: Int64 = 0

  private struct Cell: Hashable {
    let start: Int64
    let subject: CostSubject
  }

  private let subjectLimit: Int
  private var cells: [Cell: CostTotals] = [:]

  init(subjectLimit: Int) { self.subjectLimit = subjectLimit }

  /// Counts an exchange; a span that another one accounts for, and one that is none, count nothing.
  mutating func add(_ span: borrowing LLMSpan) {
    guard Self.counts(span) else { return }
    cells[Self.cell(of: span), default: CostTotals()].add(span.cost, usage: span.usage)
  }

  /// Puts another cost in the place of the one an exchange had.
  mutating func move(_ span: LLMSpan, to cost: Cost) {
    guard Self.counts(span) else { return }
    var before = CostTotals()
    before.add(span.cost, usage: span.usage)
    var after = CostTotals()
    after.add(cost, usage: span.usage)
    let cell = Self.cell(of: span)
    cells[cell] = cells[cell, default: CostTotals()] + after - before
  }

  private static func counts(_ span: borrowing LLMSpan) -> Bool {
    span.accountsForExchange && (span.kind == .llm || span.kind == .embedding)
  }

  private static func cell(of span: borrowing LLMSpan) -> Cell {
    Cell(start: span.start.floored(to: width).unixNanoseconds, subject: CostSubject(span.dimensions))
  }

  func write(to db: Database) throws {
    guard !cells.isEmpty else { return }
    var found: [CostSubject: Int64] = [:]
    let upsert = try db.cachedStatement(
      sql: """
        INSERT INTO cost_hours (start, subject, requests, unknown_requests, input_tokens, output_tokens, exact, partial, estimated)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (start, subject) DO UPDATE SET
          requests = requests + excluded.requests, unknown_requests = unknown_requests + excluded.unknown_requests,
          input_tokens = input_tokens + excluded.input_tokens, output_tokens = output_tokens + excluded.output_tokens,
          exact = exact + excluded.exact, partial = partial + excluded.partial, estimated = estimated + excluded.estimated
        """)
    for (cell, sum) in cells {
      let subject = try found[cell.subject] ?? subject(cell.subject, in: db)
      found[cell.subject] = subject
      try upsert.execute(arguments: [
        cell.start, subject, sum.requests, sum.unknownRequests, sum.inputTokens, sum.outputTokens, sum.exact.count,
        sum.partial.count, sum.estimated.count,
      ])
    }
  }

  private func subject(_ subject: CostSubject, in db: Database) throws -> Int64 {
    let arguments = StatementArguments(subject.values)
    let select = try db.cachedStatement(
      sql: """
        SELECT id FROM cost_subjects
        WHERE tenant = ? AND feature = ? AND route = ? AND prompt = ? AND prompt_version = ? AND model = ?
        """)
    if let id = try Int64.fetchOne(select, arguments: arguments) { return id }
    let count = try Int.fetchOne(try db.cachedStatement(sql: "SELECT COUNT(*) FROM cost_subjects")) ?? 0
    guard count < subjectLimit else { return Self.otherSubject }
    try db.cachedStatement(
      sql: "INSERT INTO cost_subjects (tenant, feature, route, prompt, prompt_version, model) VALUES (?, ?, ?, ?, ?, ?)"
    ).execute(arguments: arguments)
    return db.lastInsertedRowID
  }
}

/// What was spent in a time: by subject, and hour by hour.
package struct CostCourse: Sendable {
  /// One group for each combination of `CostHours.dimensions` with exchanges.
  let subjects: [CostGroup]
  /// Ordered by start; an hour without exchanges is absent.
  package let hours: [(start: Timestamp, totals: CostTotals)]

  package static var dimensions: [CostDimension] { CostHours.dimensions }

  /// The sums grouped by some of `dimensions`.
  package func report(by dimensions: [CostDimension]) -> CostReport {
    let columns = dimensions.compactMap { CostHours.dimensions.firstIndex(of: $0) }
    var groups: [[String?]: CostTotals] = [:]
    for subject in subjects {
      let values = columns.map { subject.values[$0] }
      groups[values] = groups[values, default: CostTotals()] + subject.totals
    }
    return CostReport(dimensions: dimensions, groups: groups.map { CostGroup(values: $0.key, totals: $0.value) })
  }

  package init(subjects: [CostGroup], hours: [(start: Timestamp, totals: CostTotals)]) {
    self.subjects = subjects
    self.hours = hours
  }
}

extension TelemetryStore {
  /// Sums of the hours that start in `range`, of exchanges that have all of `filter`'s values: empty text for none.
  package func costCourse(in range: Range<Timestamp>, where filter: [CostDimension: String] = [:]) throws -> CostCourse {
    let sums = ["requests", "unknown_requests", "input_tokens", "output_tokens", "exact", "partial", "estimated"]
    let columns = CostHours.dimensions.map(\.rawValue)
    let chosen = filter.filter { CostHours.dimensions.contains($0.key) }.sorted { $0.key.rawValue < $1.key.rawValue }
    let bounds: StatementArguments = [range.lowerBound.unixNanoseconds, range.upperBound.unixNanoseconds]
    let values = StatementArguments(chosen.map(\.value))
    let ofSubject = chosen.isEmpty ? "" : " WHERE " + chosen.map { "\($0.key.rawValue) = ?" }.joined(separator: " AND ")
    let added = sums.map { "SUM(\($0)) AS \($0)" }.joined(separator: ", ")
    let inRange = "FROM cost_hours WHERE start >= ? AND start < ?"
    let bySubject = """
      SELECT \(columns.joined(separator: ", ")), \(sums.joined(separator: ", "))
      FROM (SELECT subject, \(added) \(inRange) GROUP BY subject) JOIN cost_subjects ON id = subject\(ofSubject)
      """
    let byHour = """
      SELECT start, \(added) \(inRange)\(chosen.isEmpty ? "" : " AND subject IN (SELECT id FROM cost_subjects\(ofSubject))")
      GROUP BY start ORDER BY start
      """
    return try pool.read { db in
      let subjects = try Row.fetchAll(db, sql: bySubject, arguments: bounds + values).map { row in
        CostGroup(
          values: columns.indices.map { column in (row[column] as String).isEmpty ? nil : row[column] },
          totals: CostTotals(row, from: columns.count))
      }
      let hours = try Row.fetchAll(db, sql: byHour, arguments: bounds + values).map { row in
        (start: Timestamp(unixNanoseconds: row[0]), totals: CostTotals(row, from: 1))
      }
      return CostCourse(
        subjects: subjects.filter { $0.totals != CostTotals() }, hours: hours.filter { $0.totals != CostTotals() })
    }
  }

  /// Forgets sums of hours before `edge`, but never those that the Cost page compares with.
  package func deleteCostHours(olderThan edge: Timestamp, now: Timestamp) throws -> Int {
    let edge = min(edge, now - CostHours.minimumRetention)
    return try pool.write { db in
      try db.execute(sql: "DELETE FROM cost_hours WHERE start < ?", arguments: [edge.unixNanoseconds])
      let count = db.changesCount
      if count > 0 {
        try db.execute(
          sql: "DELETE FROM cost_subjects WHERE id <> ? AND id NOT IN (SELECT subject FROM cost_hours)",
          arguments: [CostHours.otherSubject])
      }
      return count
    }
  }
}
