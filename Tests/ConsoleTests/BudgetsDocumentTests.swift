// Budgets as programs read them: amounts as text in the budget's unit, what is unbounded absent.

import Budgets
@testable import Console
import Foundation
import LLMTelemetry
import Testing

@Suite struct BudgetsDocumentTests {
  @Test func amountsAreTextInTheUnitOfTheBudget() throws {
    let now = Timestamp(unixSeconds: 1_760_529_600)
    var book = BudgetBook(
      [
        Budget(name: "money", scope: .tenant("acme"), limit: .money(Nanodollars(2_500_000_000)), period: .day),
        Budget(name: "calls", scope: .virtualKey("*"), limit: .requests(5), period: .rolling(.seconds(3600))),
      ], at: now)
    let request = BudgetRequest(
      virtualKey: "web", tenant: "acme", feature: nil, inputTokenCeiling: 1, statedOutputTokens: 1,
      price: BudgetPrice(input: Nanodollars(1_500), perMillionOutputTokens: 0))
    _ = try book.reserve(request, at: now).get()
    let encoder = JSONEncoder()
    let document = try JSONSerialization.jsonObject(with: encoder.encode(BudgetsDocument(book.snapshot(at: now), at: now)))
    let lines = try #require((document as? [String: Any])?["budgets"] as? [[String: Any]])
    let texts = lines.map { line in line.compactMapValues { $0 as? String } }
    #expect(texts.map { $0["name"] } == ["money", "calls"])
    #expect(texts.map { $0["subject"] } == ["acme", "web"])
    #expect(texts.map { $0["unit"] } == ["usd", "requests"])
    #expect(texts.map { $0["limit"] } == ["2.5", "5"])
    #expect(texts.map { $0["reserved"] } == ["0.0000015", "1"])
    #expect(texts.map { $0["left"] } == ["2.4999985", "4"])
    #expect(texts.map { $0["worstOvershoot"] } == [nil, "0"])
    #expect(texts.map { $0["resetsAt"] } == ["2025-10-16T00:00:00Z", "2025-10-15T13:01:00Z"])
    #expect(lines.map { $0["inFlight"] as? Int } == [1, 1])
  }
}
