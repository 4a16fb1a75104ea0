// A request is admitted by every budget that counts it or by none, and a refusal says which, how much and until when.

@testable import Budgets
import LLMTelemetry
import Testing

@Suite struct BudgetBookTests {
  private func book(_ budgets: Budget..., subjectLimit: Int = 10_000) -> BudgetBook {
    BudgetBook(budgets, at: noon, subjectLimit: subjectLimit)
  }

  private static let dollars = Budget(
    name: "acme-daily", scope: .tenant("acme"), limit: .money(Nanodollars(10_000_000)), period: .day, assumedOutputTokens: 500)

  @Test func reservationIsReplacedByWhatWasSpent() throws {
    var book = book(Self.dollars)
    // 0.001 $ of input and 100 tokens at 0.00001 $.
    let reservation = try book.reserve(request(), at: noon).get()
    var status = try #require(book.status("acme-daily", "acme", at: noon))
    #expect(status.reserved == 2_000_000 && status.spent == 0 && status.inFlight == 1 && status.left == 8_000_000)
    book.settle(reservation, spent: BudgetSpending(tokens: 150, money: Nanodollars(1_234_567)), at: noon)
    status = try #require(book.status("acme-daily", "acme", at: noon))
    #expect(status.reserved == 0 && status.spent == 1_234_567 && status.inFlight == 0)
    #expect(status.resetsAt == at("2025-10-16T00:00:00Z"))
  }

  @Test func secondSettlementDoesNothing() throws {
    var book = book(Self.dollars)
    let first = try book.reserve(request(), at: noon).get()
    book.settle(first, spent: BudgetSpending(tokens: 1, money: Nanodollars(5)), at: noon)
    // The place of the first is taken by another reservation, which the late settlement must not touch.
    let second = try book.reserve(request(), at: noon).get()
    book.settle(first, spent: BudgetSpending(tokens: 1, money: Nanodollars(7)), at: noon)
    book.release(first, at: noon)
    let status = try #require(book.status("acme-daily", "acme", at: noon))
    #expect(status.spent == 5 && status.reserved == 2_000_000 && status.inFlight == 1)
    book.release(second, at: noon)
    #expect(book.status("acme-daily", "acme", at: noon)?.reserved == 0)
  }

  @Test func unknownCostSettlesTheWholeReservation() throws {
    var book = book(Self.dollars)
    let reservation = try book.reserve(request(), at: noon).get()
    book.settle(reservation, spent: BudgetSpending(usage: TokenUsage(), cost: .unknown, attempts: 1), at: noon)
    #expect(book.status("acme-daily", "acme", at: noon)?.spent == 2_000_000)
  }

  @Test func requestThatReachedNoProviderSpentNothing() throws {
    var book = book(
      Self.dollars, Budget(name: "calls", scope: .virtualKey("*"), limit: .requests(1), period: .hour))
    let reservation = try book.reserve(request(), at: noon).get()
    book.settle(reservation, spent: BudgetSpending(usage: TokenUsage(), cost: .unknown, attempts: 0), at: noon)
    #expect(book.status("acme-daily", "acme", at: noon)?.spent == 0)
    #expect(book.status("calls", "web", at: noon)?.spent == 0)
    #expect(book.reserve(request(), at: noon).isAdmitted)
  }

  @Test func usageWithOneSideUnknownIsUnknown() {
    #expect(BudgetSpending(usage: TokenUsage(input: 5), cost: .unknown, attempts: 1).tokens == nil)
    #expect(BudgetSpending(usage: TokenUsage(input: 5), cost: .unknown, attempts: 1, hasOutput: false).tokens == 5)
    #expect(BudgetSpending(usage: TokenUsage(input: 5, output: 6, reasoning: 7), cost: .unknown, attempts: 1).tokens == 18)
  }

  @Test func refusalNamesBudgetAmountsAndReset() throws {
    var book = book(Self.dollars)
    for _ in 0..<4 {
      let reservation = try book.reserve(request(), at: noon).get()
      book.settle(reservation, spent: BudgetSpending(tokens: 200, money: nil), at: noon)
    }
    _ = try book.reserve(request(output: 50), at: noon).get()
    let outcome = book.reserve(request(), at: noon)
    let refusal = try #require(outcome.refusal)
    #expect(refusal.reason == .overLimit && refusal.budget == "acme-daily" && refusal.subject == "acme")
    #expect(refusal.limit == 10_000_000 && refusal.spent == 8_000_000)
    #expect(refusal.reserved == 1_500_000 && refusal.needed == 2_000_000 && refusal.inFlight == 1)
    #expect(refusal.resetsAt == at("2025-10-16T00:00:00Z"))
    // Without what is only reserved it would fit, and that will settle soon.
    #expect(refusal.retryAfter == .seconds(1))
    #expect(
      refusal.message
        == "budget \"acme-daily\" of tenant acme is used up: $0.008 of $0.01 per day spent, $0.0015 reserved by 1 in flight, "
        + "and this request may need $0.002; it resets at 2025-10-16T00:00:00Z")
    let later = book.reserve(request(output: 200), at: noon + .seconds(3600))
    let larger = try #require(later.refusal)
    #expect(larger.retryAfter == .seconds(11 * 3600))
    #expect(book.reserve(request(), at: at("2025-10-16T00:00:00Z")).isAdmitted)
  }

  @Test func rollingBudgetResetsWhenEnoughHasAgedOut() throws {
    var book = book(Budget(name: "calls", scope: .virtualKey("web"), limit: .requests(3), period: .rolling(.seconds(3600))))
    for minute in [0, 10, 20] {
      let time = noon + .seconds(minute * 60)
      let reservation = try book.reserve(request(), at: time).get()
      book.settle(reservation, spent: BudgetSpending(tokens: 1, money: nil), at: time)
    }
    let now = noon + .seconds(30 * 60)
    let outcome = book.reserve(request(), at: now)
    let refusal = try #require(outcome.refusal)
    #expect(refusal.resetsAt == noon + .seconds(61 * 60))
    #expect(refusal.retryAfter == .seconds(31 * 60))
    #expect(!book.reserve(request(), at: refusal.resetsAt - .nanoseconds(1)).isAdmitted)
    #expect(book.reserve(request(), at: refusal.resetsAt).isAdmitted)
    #expect(!book.reserve(request(), at: refusal.resetsAt).isAdmitted)
  }

  @Test func oneBudgetThatRefusesKeepsTheOthersFree() throws {
    var book = book(
      Self.dollars, Budget(name: "calls", scope: .virtualKey("*"), limit: .requests(1), period: .hour),
      Budget(name: "search", scope: .feature("search"), limit: .tokens(1000), period: .month))
    _ = try book.reserve(request(), at: noon).get()
    #expect(book.reserve(request(), at: noon).refusal?.budget == "calls")
    #expect(book.status("search", "search", at: noon)?.reserved == 200)
    #expect(book.status("acme-daily", "acme", at: noon)?.reserved == 2_000_000)
    #expect(book.reserve(request(key: "other"), at: noon).isAdmitted)
    // Two refuse: the one that resets last is named.
    #expect(book.reserve(request(output: 700), at: noon).refusal?.budget == "search")
  }

  @Test func requestLargerThanTheLimitIsToldSo() throws {
    var book = book(Budget(name: "search", scope: .feature("search"), limit: .tokens(1000), period: .month))
    let outcome = book.reserve(request(output: 901), at: noon)
    let refusal = try #require(outcome.refusal)
    #expect(refusal.reason == .beyondLimit)
    #expect(refusal.message.contains("this request alone may need 1001 tokens"))
    #expect(book.reserve(request(input: .max, output: .max), at: noon).refusal?.reason == .beyondLimit)
    #expect(book.reserve(request(output: 900), at: noon).isAdmitted)
  }

  @Test func modelWithoutAPriceIsRefusedOrAdmittedAsConfigured() throws {
    var strict = book(Self.dollars)
    let outcome = strict.reserve(request(price: nil), at: noon)
    let refusal = try #require(outcome.refusal)
    #expect(refusal.reason == .unknownPrice && refusal.message.contains("has no known price"))
    var admitting = Self.dollars
    admitting.unknownPrice = .admit
    var book = book(admitting)
    let reservation = try book.reserve(request(price: nil), at: noon).get()
    book.settle(reservation, spent: BudgetSpending(tokens: 9, money: Nanodollars(77)), at: noon)
    let status = try #require(book.status("acme-daily", "acme", at: noon))
    #expect(status.spent == 77 && status.observed.ofOneExchange == 77)
  }

  @Test func streamMayBringWhatIsReserved() throws {
    func cutting(_ name: String, _ scope: Budget.Scope, _ limit: Budget.Limit, assumed: Int) -> Budget {
      Budget(name: name, scope: scope, limit: limit, period: .day, cutsStreams: true, assumedOutputTokens: assumed)
    }
    var book = book(
      cutting("a", .tenant("acme"), .money(Nanodollars(1 << 40)), assumed: 500),
      cutting("b", .feature("search"), .tokens(100_000), assumed: 300),
      cutting("c", .virtualKey("*"), .requests(100), assumed: 100))
    #expect(try book.reserve(request(output: nil), at: noon).get().outputTokenAllowance == 300)
    #expect(try book.reserve(request(output: nil, answers: 2), at: noon).get().outputTokenAllowance == 600)
    #expect(try book.reserve(request(feature: nil, output: nil), at: noon).get().outputTokenAllowance == 500)
    #expect(try book.reserve(request(output: 40), at: noon).get().outputTokenAllowance == 40)
    // A budget of requests is held without cutting anything.
    #expect(try book.reserve(request(tenant: nil, feature: nil, output: nil), at: noon).get().outputTokenAllowance == nil)
    #expect(book.status("b", "search", at: noon)?.reserved == 1240)
  }

  @Test func overshootIsObserved() throws {
    var book = book(Budget(name: "search", scope: .feature("search"), limit: .tokens(1000), period: .month))
    let first = try book.reserve(request(), at: noon).get()
    let second = try book.reserve(request(output: 700), at: noon).get()
    book.settle(first, spent: BudgetSpending(tokens: 250, money: nil), at: noon)
    #expect(book.status("search", "search", at: noon)?.observed == ObservedOvershoot(ofOneExchange: 50, beyondLimit: 0))
    book.settle(second, spent: BudgetSpending(tokens: 1250, money: nil), at: noon)
    let status = try #require(book.status("search", "search", at: noon))
    #expect(status.observed == ObservedOvershoot(ofOneExchange: 450, beyondLimit: 500))
    #expect(status.left == 0)
  }

  @Test func requestIsCountedInThePeriodItBeganIn() throws {
    var book = book(Budget(name: "calls", scope: .virtualKey("web"), limit: .requests(1), period: .hour))
    let first = try book.reserve(request(), at: noon + .seconds(3599)).get()
    let second = try book.reserve(request(), at: noon + .seconds(3600)).get()
    book.settle(first, spent: BudgetSpending(tokens: 1, money: nil), at: noon + .seconds(3700))
    #expect(book.status("calls", "web", at: noon + .seconds(3700))?.spent == 0)
    book.settle(second, spent: BudgetSpending(tokens: 1, money: nil), at: noon + .seconds(3700))
    #expect(book.status("calls", "web", at: noon + .seconds(3700))?.spent == 1)
    // A clock that steps back into the last hour does not open it again.
    #expect(!book.reserve(request(), at: noon).isAdmitted)
  }

  @Test func absurdAmountsNeverWrapAround() throws {
    var book = book(Budget(name: "search", scope: .feature("search"), limit: .tokens(.max), period: .month))
    for _ in 0..<40 {
      guard case .success(let reservation) = book.reserve(request(), at: noon) else { break }
      book.settle(reservation, spent: BudgetSpending(tokens: .max, money: nil), at: noon)
    }
    #expect(book.status("search", "search", at: noon)?.spent == 1 << 60)
    #expect(!book.reserve(request(), at: noon).isAdmitted)
    #expect(
      BudgetPrice(input: Nanodollars(.max), perMillionOutputTokens: .max).moneyCeiling(outputTokens: .max).count == 1 << 60)
    #expect(BudgetPrice(input: Nanodollars(1), perMillionOutputTokens: 1).moneyCeiling(outputTokens: 1).count == 2)
  }

  @Test func roundingOfAPriceIsUpwards() {
    let price = BudgetPrice(input: Nanodollars(10), perMillionOutputTokens: 37_500_000)
    #expect(price.moneyCeiling(outputTokens: 0).count == 10)
    #expect(price.moneyCeiling(outputTokens: 1).count == 48)
    #expect(price.moneyCeiling(outputTokens: 1_000_000).count == 37_500_010)
  }
}
