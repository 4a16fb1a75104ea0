// Reports for people: sorted, summed, and money that never looks like none when it is some.

import LLMTelemetry
@testable import Pricing
import Testing

@Suite struct ReportTests {
  @Test func repricingKeepsWhatItCannotImprove() {
    let prices = book(["m": ModelPrice(TokenRates(input: 1000, output: 1000))])
    let usage = TokenUsage(input: 2, output: 3)
    var stored = span("m", usage)
    #expect(Repricing.cost(of: stored, by: prices) == .exact(Nanodollars(5), priceVersion: "t"))
    stored.cost = .estimated(Nanodollars(1), priceVersion: "old")
    #expect(Repricing.cost(of: stored, by: prices) == .estimated(Nanodollars(5), priceVersion: "t"))
    stored.cost = .exact(Nanodollars(1), priceVersion: "recorded")
    #expect(Repricing.cost(of: stored, by: prices) == stored.cost)
    var retired = span("retired", usage)
    retired.cost = .partial(Nanodollars(1), priceVersion: "old")
    #expect(Repricing.cost(of: retired, by: prices) == retired.cost)
  }

  @Test(
    arguments: [
      (0, "$0"), (1, "$0.000000001"), (9_999_999, "$0.009999999"), (10_000_000, "$0.01"), (12_345_000_000, "$12.35"),
      (-12_344_999_999, "-$12.34"), (999_996_000_000, "$1000.00"), (-5, "-$0.000000005"), (1_005_000_000, "$1.01"),
    ] as [(Int64, String)])
  func dollarsForPeople(_ nanodollars: Int64, _ text: String) { #expect(MoneyText.dollars(Nanodollars(nanodollars)) == text) }

  @Test func percentForPeople() {
    #expect(
      [0, 0.1234, -0.05, 0.0001, -0.0001, 1].map(MoneyText.percent) == ["0.0%", "12.3%", "-5.0%", "<0.1%", ">-0.1%", "100.0%"])
    #expect(MoneyText.percent(.infinity) == "-")
  }

  @Test func timesOfAReport() {
    #expect(ReportTime.parse("24h", now: noon) == noon + .seconds(-86_400))
    #expect(ReportTime.parse("2d", now: noon) == noon + .seconds(-172_800))
    #expect(ReportTime.parse("2026-11-01", now: noon) == Timestamp(rfc3339: "2026-11-01T00:00:00Z"))
    #expect(ReportTime.parse("2026-11-01T10:00:00Z", now: noon) == Timestamp(rfc3339: "2026-11-01T10:00:00Z"))
    for text in ["", "h", "24", "1w", "-1h", "yesterday", "999999999h"] {
      #expect(ReportTime.parse(text, now: noon) == nil, "\(text)")
    }
  }

  @Test func reportIsSortedAndSummed() {
    func totals(_ exact: Int64) -> CostTotals {
      var totals = CostTotals()
      totals.requests = 1
      totals.exact = Nanodollars(exact)
      return totals
    }
    let report = CostReport(
      dimensions: [.tenant], groups: [("a", 1), ("b", 3), (nil, 2)].map { CostGroup(values: [$0.0], totals: totals($0.1)) })
    #expect(report.groups.map(\.values) == [["b"], [nil], ["a"]])
    #expect(report.total.exact == Nanodollars(6))
    #expect(report.table.rows.last?.first == "total")
    #expect(report.table.rows.allSatisfy { $0.count == report.table.header.count })
    let days = CostReport(
      dimensions: [.day], groups: [("2", 9), ("1", 1)].map { CostGroup(values: [$0.0], totals: totals($0.1)) })
    #expect(days.groups.map(\.values) == [["1"], ["2"]])
  }
}
