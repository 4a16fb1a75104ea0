// Hundreds of requests at once, faults and crashes in any order: no budget is ever spent beyond its stated bound.

@testable import Budgets
import LLMTelemetry
import TestSeries
import Testing

@Suite struct BudgetPropertyTests {
  private static let readBytes = 400
  private static let budgets = [
    Budget(
      name: "money", scope: .tenant("*"), limit: .money(Nanodollars(150_000_000)), period: .hour, cutsStreams: true,
      assumedOutputTokens: 400),
    Budget(
      name: "tokens", scope: .feature("search"), limit: .tokens(60_000), period: .rolling(.seconds(600)), cutsStreams: true,
      assumedOutputTokens: 300),
    Budget(name: "requests", scope: .virtualKey("*"), limit: .requests(90), period: .rolling(.seconds(60))),
  ]

  /// One exchange as it really was, whatever the book believes.
  private struct Exchange {
    let start: Timestamp
    let request: BudgetRequest
    let reservation: BudgetReservation
    /// The number of the save that first could have known of it.
    let save: Int
    var spent = BudgetSpending.nothing
    var isLost = false
  }

  private struct World {
    var generator: SplitMix
    /// Half an hour before an hour ends, of which the run lasts a good part.
    var now = noon + .seconds(1800)
    var book = BudgetBook(budgets, at: noon, readBytes: readBytes)
    var inFlight: [Exchange] = []
    var ended: [Exchange] = []
    /// The table, by budget, subject and slot.
    var table: [[String]: BudgetStateRow] = [:]
    var save = 0
    var mostInFlight = 0
    var refusals = 0
    var crashes = 0

    mutating func begin() {
      let isStated = Bool.random(using: &generator)
      let request = request(
        key: "key\(Int.random(in: 0..<3, using: &generator))",
        tenant: ["acme", "globex", nil].randomElement(using: &generator) ?? nil,
        feature: ["search", "chat"].randomElement(using: &generator), input: Int.random(in: 1...40, using: &generator),
        output: isStated ? Int.random(in: 0...300, using: &generator) : nil,
        price: BudgetPrice(input: Nanodollars(2000), perMillionOutputTokens: 2_000_000_000))
      switch book.reserve(request, at: now) {
      case .success(let reservation):
        inFlight.append(Exchange(start: now, request: request, reservation: reservation, save: save + 1))
        mostInFlight = max(mostInFlight, inFlight.count)
      case .failure: refusals += 1
      }
    }

    /// Lets an exchange run as far as it may: to its maximum, or one read past where it is cut.
    mutating func finish(_ exchange: inout Exchange) {
      let most =
        exchange.request.statedOutputTokens
        ?? (exchange.reservation.outputTokenAllowance ?? 1000) + BudgetPropertyTests.readBytes / OvershootBound.bytesPerToken
      let output = Bool.random(using: &generator) ? most : Int.random(in: 0...most, using: &generator)
      let money = exchange.request.price?.moneyCeiling(outputTokens: output)
      exchange.spent = BudgetSpending(tokens: Int64(exchange.request.inputTokenCeiling + output), money: money)
    }

    mutating func end() {
      guard let index = inFlight.indices.randomElement(using: &generator) else { return }
      var exchange = inFlight.remove(at: index)
      switch Int.random(in: 0..<10, using: &generator) {
      case 0: book.release(exchange.reservation, at: now)
      case 1:
        // The provider spent something, and nobody could tell how much.
        if exchange.request.statedOutputTokens != nil { finish(&exchange) } else { exchange.spent.requests = 1 }
        book.settle(exchange.reservation, spent: BudgetSpending(tokens: nil, money: nil), at: now)
      default:
        finish(&exchange)
        book.settle(exchange.reservation, spent: exchange.spent, at: now)
        if Bool.random(using: &generator) { book.settle(exchange.reservation, spent: exchange.spent, at: now) }
      }
      ended.append(exchange)
    }

    mutating func checkpoint() {
      for row in book.allChanges() { table[[row.budget, row.subject, row.slotStart.rfc3339]] = row }
      save += 1
    }

    /// The process dies; what was in flight has been spent all the same.
    mutating func crash() {
      crashes += 1
      for var exchange in inFlight {
        finish(&exchange)
        ended.append(exchange)
      }
      inFlight = []
      // Known neither to the table nor to it in full: a crash may lose what began since the last save, and no more.
      for index in ended.indices where ended[index].save > save { ended[index].isLost = true }
      book = BudgetBook(BudgetPropertyTests.budgets, at: now, readBytes: BudgetPropertyTests.readBytes)
      book.restore(Array(table.values), spending: [], at: now)
      checkpoint()
    }
  }

  @Test(arguments: 1...12) func noBudgetIsSpentBeyondItsBound(seed: Int) throws {
    var world = World(generator: SplitMix(state: UInt64(seed)))
    for _ in 0..<6000 {
      switch Int.random(in: 0..<1000, using: &world.generator) {
      case 0..<520: world.begin()
      case 520..<860: world.end()
      case 860..<900: world.checkpoint()
      case 900..<901: world.crash()
      default: world.now = world.now + .milliseconds(Int.random(in: 0...8000, using: &world.generator))
      }
    }
    while !world.inFlight.isEmpty { world.end() }
    #expect(world.refusals > 0 && world.crashes > 0 && world.mostInFlight > 100)
    for budget in Self.budgets {
      let bound = try #require(world.book.overshootBound(of: budget.name)?.amount)
      var bySubject: [String: [(start: Timestamp, amount: Int64, isLost: Bool)]] = [:]
      for exchange in world.ended {
        guard let subject = subject(of: exchange.request, budget.scope) else { continue }
        bySubject[subject, default: []].append((exchange.start, exchange.spent.amount(budget.unit) ?? 0, exchange.isLost))
      }
      for (subject, spending) in bySubject {
        for edge in Set(spending.map(\.start)) {
          let range: Range<Timestamp>
          if case .rolling(let length) = budget.period {
            range = (edge - length)..<(edge + .nanoseconds(1))
          } else {
            range = budget.period.slot(at: edge)
          }
          let counted = spending.filter { range.contains($0.start) && !$0.isLost }.reduce(0) { $0 + $1.amount }
          #expect(counted <= budget.limitAmount + bound, "\(budget.name) of \(subject), seed \(seed)")
        }
      }
      // All has ended: nothing may stay reserved.
      for status in world.book.snapshot(at: world.now) { #expect(status.reserved == 0 && status.inFlight == 0) }
    }
  }

  private func subject(of request: BudgetRequest, _ scope: Budget.Scope) -> String? {
    let value =
      switch scope {
      case .virtualKey: request.virtualKey
      case .tenant: request.tenant ?? BudgetBook.noSubject
      case .feature: request.feature ?? BudgetBook.noSubject
      }
    return scope.isEach || scope.value == value ? value : nil
  }
}
