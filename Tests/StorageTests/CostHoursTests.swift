// Sums of cost by hour: they say what the spans say, whatever is stored, repriced or folded, and outlive them.

import Foundation
import GRDB
import LLMTelemetry
import Pricing
import Testing

@testable import Storage

@Suite struct CostHoursTests {
  private let folder = FileManager.default.temporaryDirectory.appending(path: "cost-hours-\(UUID().uuidString)")
  private let start = Timestamp(unixSeconds: 1_764_000_000)
  private var path: String { folder.appending(path: "telemetry.sqlite").path }
  private var everything: Range<Timestamp> { start - .seconds(86_400)..<start + .seconds(86_400) }

  private func withStore(subjects: Int = 5_000, _ body: (TelemetryStore) throws -> Void) throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(try TelemetryStore(path: path, costSubjectLimit: subjects))
  }

  private func span(_ second: Int64, tenant: String?, model: String = "a", cost: Cost) -> LLMSpan {
    var span = LLMSpan(
      traceID: .random(), spanID: .random(), kind: .llm, name: "chat", start: start + .seconds(second), duration: .seconds(1))
    span.dimensions.tenant = tenant
    span.dimensions.model = model
    span.usage = TokenUsage(input: 100, output: 10)
    span.cost = cost
    return span
  }

  private func money(_ amount: Int64) -> Nanodollars { Nanodollars(amount) }

  /// One of each exactness, of two tenants in two hours, and spans that count nothing.
  private var mixed: [LLMSpan] {
    var part = span(0, tenant: "x", cost: .exact(money(7), priceVersion: "1"))
    part.accountsForExchange = false
    var tool = span(0, tenant: "x", cost: .exact(money(7), priceVersion: "1"))
    tool.kind = .tool
    return [
      span(0, tenant: "x", cost: .exact(money(100), priceVersion: "1")),
      span(1, tenant: "x", model: "b", cost: .partial(money(20), priceVersion: "1")),
      span(2, tenant: "y", cost: .estimated(money(3), priceVersion: "1")), span(3, tenant: nil, cost: .unknown),
      span(7_200, tenant: "x", cost: .exact(money(1_000), priceVersion: "1")), part, tool,
    ]
  }

  @Test func theySayWhatTheSpansSay() throws {
    try withStore { store in
      try store.append(spans: Array(mixed.prefix(3)))
      try store.append(spans: Array(mixed.dropFirst(3)))
      let course = try store.costCourse(in: everything)
      for dimensions: [CostDimension] in [[], [.tenant], [.model], [.tenant, .model]] {
        #expect(course.report(by: dimensions) == (try store.costs(by: dimensions, in: everything)))
      }
      #expect(course.hours.map(\.totals.known) == [money(123), money(1_000)])
      #expect(course.hours.map(\.totals.unknownRequests) == [1, 0])
      let ofX = try store.costCourse(in: everything, where: [.tenant: "x", .model: "a"])
      #expect(ofX.report(by: []).total.known == money(1_100))
      #expect(ofX.hours.map(\.totals.known) == [money(100), money(1_000)])
      let without = try store.costCourse(in: everything, where: [.tenant: ""])
      #expect(without.report(by: [.tenant]).groups.map(\.values) == [[nil]])
      #expect(without.report(by: []).total.unknownRequests == 1)
      #expect(try store.costCourse(in: start + .seconds(3_600)..<start + .seconds(86_400)).report(by: []).total.requests == 1)
    }
  }

  /// A file of an earlier version has spans and no sums.
  @Test func aFileFromBeforeIsSummedUpOnceWhenItIsOpened() throws {
    try withStore { store in
      try store.append(spans: mixed)
      let summed = try store.costCourse(in: everything)
      try store.pool.writeWithoutTransaction { db in
        try db.execute(
          sql: "DROP TABLE cost_hours; DROP TABLE cost_subjects; DELETE FROM grdb_migrations WHERE identifier = 'cost hours'")
      }
      let opened = try TelemetryStore(path: path).costCourse(in: everything)
      #expect(opened.report(by: CostCourse.dimensions) == summed.report(by: CostCourse.dimensions))
      #expect(opened.hours.map(\.start) == summed.hours.map(\.start))
      #expect(opened.hours.map(\.totals) == summed.hours.map(\.totals))
    }
  }

  @Test func repricingMovesThemWithTheSpans() throws {
    try withStore { store in
      try store.append(spans: mixed)
      let book = PriceBook(
        version: "2", source: "t", entries: [PriceEntry("a", ModelPrice(TokenRates(input: 5_000_000, output: 7_000_000)))])
      _ = try store.reprice(in: everything, by: book)
      let course = try store.costCourse(in: everything)
      #expect(course.report(by: [.tenant, .model]) == (try store.costs(by: [.tenant, .model], in: everything)))
      #expect(course.report(by: []).total.unknownRequests == 0)
    }
  }

  @Test func furtherSubjectsShareOneAndTheTotalStaysRight() throws {
    try withStore(subjects: 3) { store in
      try store.append(spans: (0..<10).map { span($0, tenant: "t\($0)", cost: .exact(money(1), priceVersion: "1")) })
      let report = try store.costCourse(in: everything).report(by: [.tenant])
      #expect(report.total.known == money(10))
      #expect(report.groups.count == 3)
      #expect(report.groups.first?.values == ["other"])
      #expect(report.groups.first?.totals.requests == 8)
    }
  }

  @Test func theyOutliveTheSpansAndAreForgottenWithTheirSubjects() throws {
    try withStore { store in
      try store.append(spans: mixed)
      let later = start + .seconds(20 * 86_400)
      _ = try store.deleteOlder(than: later)
      #expect(try store.deleteCostHours(olderThan: later, now: later) == 0)
      #expect(try store.costCourse(in: everything).report(by: []).total.requests == 5)
      let end = start + .seconds(66 * 86_400)
      #expect(try store.deleteCostHours(olderThan: end, now: end) > 0)
      #expect(try store.costCourse(in: everything).report(by: []).total.requests == 0)
      #expect(try store.pool.read { try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM cost_subjects") } == 1)
      try store.append(spans: mixed)
      #expect(try store.costCourse(in: everything).report(by: []).total.requests == 5)
    }
  }

  /// The page reads sums: with fifty times the spans it reads no more rows.
  @Test func manySpansAreFewRows() throws {
    try withStore { store in
      for batch in 0..<20 {
        try store.append(
          spans: (0..<500).map { span(Int64(batch), tenant: "t\($0 % 5)", cost: .exact(money(1), priceVersion: "1")) })
      }
      #expect(try store.pool.read { try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM cost_hours") } == 5)
      #expect(try store.costCourse(in: everything).report(by: []).total.requests == 10_000)
    }
  }
}
