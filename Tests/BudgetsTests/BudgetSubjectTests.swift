// Each subject has an account of its own, their number is bounded, and a change of configuration forgets nothing it need not.

@testable import Budgets
import LLMTelemetry
import Testing

@Suite struct BudgetSubjectTests {
  private let each = Budget(name: "each", scope: .feature("*"), limit: .requests(1), period: .hour)

  private func spend(_ book: inout BudgetBook, _ request: BudgetRequest, at now: Timestamp) -> Bool {
    guard case .success(let reservation) = book.reserve(request, at: now) else { return false }
    book.settle(reservation, spent: BudgetSpending(tokens: 10, money: Nanodollars(10)), at: now)
    return true
  }

  @Test func requestsWithoutAValueShareOneAccount() {
    var book = BudgetBook([each], at: noon)
    #expect(book.snapshot(at: noon).map(\.subject) == ["*"])
    #expect(spend(&book, request(feature: "a"), at: noon))
    #expect(spend(&book, request(feature: nil), at: noon))
    #expect(!spend(&book, request(feature: nil), at: noon))
    #expect(Set(book.snapshot(at: noon).map(\.subject)) == ["a", "(none)"])
  }

  @Test func budgetOfOneSubjectCountsNoOther() {
    var book = BudgetBook([Budget(name: "one", scope: .tenant("acme"), limit: .requests(1), period: .hour)], at: noon)
    #expect(book.snapshot(at: noon).map(\.subject) == ["acme"])
    #expect(spend(&book, request(), at: noon))
    #expect(!spend(&book, request(), at: noon))
    for _ in 0..<3 {
      #expect(spend(&book, request(tenant: "globex"), at: noon))
      #expect(spend(&book, request(tenant: nil), at: noon))
    }
  }

  @Test func subjectsBeyondTheLimitShareAnAccount() {
    var book = BudgetBook([each], at: noon, subjectLimit: 3)
    for name in ["a", "b", "c", "d"] { #expect(spend(&book, request(feature: name), at: noon)) }
    #expect(!spend(&book, request(feature: "e"), at: noon))
    #expect(book.status("each", "(other)", at: noon)?.spent == 1)
    // Once they are idle and saved, their places are free.
    _ = book.allChanges()
    let later = noon + .seconds(3600)
    _ = book.snapshot(at: later)
    for name in ["f", "e"] { #expect(spend(&book, request(feature: name), at: later)) }
    #expect(book.status("each", "e", at: later)?.spent == 1)
    #expect(book.status("each", "a", at: later) == nil)
  }

  @Test func anyNumberOfSubjectsStaysInBounds() {
    var book = BudgetBook([each], at: noon)
    for index in 0..<25_000 { _ = book.reserve(request(feature: "f\(index)"), at: noon) }
    #expect(book.accounts.count == 10_001)
    #expect(book.matches.count <= 10_000)
  }

  @Test func changedBudgetKeepsWhatItCounted() throws {
    let tokens = Budget(name: "t", scope: .tenant("acme"), limit: .tokens(1000), period: .day)
    var book = BudgetBook([tokens, each], at: noon)
    let held = try book.reserve(request(), at: noon).get()
    #expect(spend(&book, request(feature: "other"), at: noon))
    var larger = tokens
    larger.scope = .tenant("*")
    larger.limit = .tokens(5000)
    larger.period = .rolling(.seconds(7 * 86_400))
    book.replace([larger], at: noon)
    var status = try #require(book.status("t", "acme", at: noon))
    #expect(status.spent == 10 && status.reserved == 200 && status.inFlight == 1 && status.limit == 5000)
    book.settle(held, spent: BudgetSpending(tokens: 120, money: nil), at: noon)
    status = try #require(book.status("t", "acme", at: noon))
    #expect(status.spent == 130 && status.reserved == 0 && status.inFlight == 0)
  }

  @Test func anotherUnitBeginsAnew() throws {
    let tokens = Budget(name: "t", scope: .tenant("acme"), limit: .tokens(1000), period: .day)
    var book = BudgetBook([tokens], at: noon)
    let held = try book.reserve(request(), at: noon).get()
    var requests = tokens
    requests.limit = .requests(5)
    book.replace([requests], at: noon)
    book.settle(held, spent: BudgetSpending(tokens: 120, money: nil), at: noon)
    let status = try #require(book.status("t", "acme", at: noon))
    #expect(status.spent == 0 && status.reserved == 0)
  }

  @Test func boundSaysWhatCanHappen() throws {
    let cutting = Budget(
      name: "cut", scope: .tenant("acme"), limit: .tokens(100_000), period: .day, cutsStreams: true, assumedOutputTokens: 1000)
    var open = cutting
    open.name = "open"
    open.cutsStreams = false
    var admitting = Budget(name: "admit", scope: .tenant("acme"), limit: .money(Nanodollars(5)), period: .day)
    admitting.unknownPrice = .admit
    let book = BudgetBook([each, cutting, open, admitting], at: noon, readBytes: 4000)
    #expect(book.overshootBound(of: "each")?.amount == 0)
    #expect(book.overshootBound(of: "cut")?.amount == 100_000)
    #expect(book.overshootBound(of: "cut")?.sentence.contains("1000 tokens (one read) for each in flight") == true)
    #expect(book.overshootBound(of: "open")?.amount == .some(nil))
    #expect(book.overshootBound(of: "open")?.sentence.contains("which we do not bound") == true)
    #expect(book.overshootBound(of: "admit")?.amount == .some(nil))
    #expect(book.overshootBound(of: "missing") == nil)
  }
}
