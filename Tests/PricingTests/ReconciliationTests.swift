// Invoiced against recorded: by day and model, with a tolerance nothing can hide behind.

import LLMTelemetry
@testable import Pricing
import Testing

@Suite struct ReconciliationTests {
  private let book = PriceBook.builtIn

  private func totals(exact: Int64 = 0, partial: Int64 = 0, estimated: Int64 = 0, unknown: Int = 0) -> CostTotals {
    var totals = CostTotals()
    totals.requests = 1
    totals.unknownRequests = unknown
    totals.exact = Nanodollars(exact)
    totals.partial = Nanodollars(partial)
    totals.estimated = Nanodollars(estimated)
    return totals
  }

  private func reconcile(_ invoiced: [(String, String, Int64)], _ recorded: [(String?, String?, CostTotals)]) -> Reconciliation {
    Reconciliation(
      invoice: Invoice(
        lines: invoiced.map { InvoiceLine(day: $0.0, model: $0.1, amount: Nanodollars($0.2), tokens: nil) }, skipped: 0),
      recorded: CostReport(
        dimensions: [.day, .billedModel], groups: recorded.map { CostGroup(values: [$0.0, $0.1], totals: $0.2) }), book: book)
  }

  @Test func differenceIsPerDayAndModel() throws {
    let result = reconcile(
      [("2026-11-01", "gpt-4o", 100), ("2026-11-01", "gpt-4o", 20), ("2026-11-02", "gpt-4o", 50), ("2026-11-02", "theirs", 7)],
      [
        ("2026-11-01", "gpt-4o-2024-11-20", totals(exact: 90)), ("2026-11-01", "gpt-4o-2024-08-06", totals(partial: 10)),
        ("2026-11-02", "gpt-4o", totals(exact: 60, estimated: 5, unknown: 1)), ("2026-11-02", "ours", totals(exact: 3)),
      ])
    #expect(result.days.map(\.model) == ["gpt-4o", "gpt-4o", "ours", "theirs"])
    #expect(result.days.map(\.line.difference.count) == [20, -15, -3, 7])
    #expect(result.days[0].line.share == 20.0 / 120)
    #expect(result.models.map(\.line.difference.count) == [5, -3, 7])
    #expect(result.total.difference == Nanodollars(9))
    #expect(result.unexplained == Nanodollars(15))
    #expect(result.onlyInvoiced == ["theirs"])
    #expect(result.onlyRecorded == ["ours"])
    #expect(result.table.rows.count == 4 + 3 + 1)
    #expect(result.table.rows.allSatisfy { $0.count == result.table.header.count })
  }

  @Test func toleranceIsExactAndModelsDoNotCancel() throws {
    let one = try #require(Tolerance("1"))
    let within = reconcile([("d", "a", 10_000)], [("d", "a", totals(exact: 9900))])
    #expect(!within.exceeds(one))
    #expect(reconcile([("d", "a", 10_000)], [("d", "a", totals(exact: 9899))]).exceeds(one))
    #expect(within.exceeds(try #require(Tolerance("0.999999%"))))
    // One model is billed too much and another too little by as much.
    let crossed = reconcile(
      [("d", "a", 10_000), ("d", "b", 10_000)], [("d", "a", totals(exact: 9000)), ("d", "b", totals(exact: 11_000))])
    #expect(crossed.total.difference == Nanodollars(0))
    #expect(crossed.exceeds(one))
    // Another cut of the days is no difference.
    #expect(
      !reconcile([("1", "a", 100), ("2", "a", 100)], [("1", "a", totals(exact: 120)), ("2", "a", totals(exact: 80))]).exceeds(one)
    )
    #expect(reconcile([("d", "a", 0)], [("d", "a", totals(exact: 1))]).exceeds(one))
    #expect(!reconcile([("d", "a", 0)], [("d", "a", totals())]).exceeds(one))
    for text in ["-1", "101", "x", "", "1e1"] { #expect(Tolerance(text) == nil, "\(text)") }
  }
}
