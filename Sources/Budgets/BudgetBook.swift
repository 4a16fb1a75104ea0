// Admits requests against budgets: reserves what a request may need, settles what it spent. Pure; time is an argument.

import LLMTelemetry

package struct BudgetBook: Sendable {
  /// No amount is larger: 2^60, more than a billion dollars. Three of them can be added.
  static let ceiling: Int64 = 1 << 60
  /// The subject of requests that have no value where a budget is for each value; leaving a header out escapes nothing.
  package static let noSubject = "(none)"
  /// The account that further subjects share when a budget already has as many as it may have.
  package static let otherSubjects = "(other)"

  /// One of the budgets in force.
  struct Entry: Sendable {
    let budget: Budget
    let unit: Budget.Unit
    let limit: Int64
    /// Where each subject's account is.
    var accounts: [String: Int] = [:]
    /// Of accounts that were dropped since.
    var overshoot = ObservedOvershoot()
    /// Requests refused because of it, since the start.
    var refusals = 0
    /// Accounts are looked through for idle ones at most once a second.
    var nextSweep = Timestamp(unixNanoseconds: .min)

    init(_ budget: Budget) {
      self.budget = budget
      unit = budget.unit
      limit = min(max(0, budget.limitAmount), BudgetBook.ceiling)
    }
  }

  struct Account: Sendable {
    let entry: Int
    let subject: String
    var window: BudgetWindow
    var inFlight = 0
    var overshoot = ObservedOvershoot()
    var isListedAsChanged = false
    /// Dropped accounts wait for a new subject.
    var isInUse = true
  }

  struct Hold: Sendable {
    var account: Int
    var amount: Int64
  }

  /// What one reservation holds; kept with its capacity for the next one.
  struct Outstanding: Sendable {
    var generation: UInt32 = 0
    var isHeld = false
    var at = Timestamp(unixNanoseconds: 0)
    var holds: [Hold] = []
  }

  struct Match: Hashable, Sendable {
    let virtualKey: String
    let tenant: String?
    let feature: String?
  }

  let subjectLimit: Int
  let matchLimit: Int
  /// Bytes that one read of a stream may bring at once.
  let readBytes: Int
  var entries: [Entry]
  var accounts: [Account] = []
  var freeAccounts: [Int] = []
  var outstanding: [Outstanding] = []
  var freeOutstanding: [Int32] = []
  /// Accounts of each combination seen; a cache that is emptied when it is full or an account is dropped.
  var matches: [Match: [Int]] = [:]
  var changed: [Int] = []
  /// The latest time seen. A clock that steps back does not reopen what has closed.
  var latest: Timestamp

  /// - Parameters:
  ///   - subjectLimit: accounts of one budget that is for each value.
  ///   - readBytes: the most bytes that arrive in one read of a stream, before it can be cut.
  package init(_ budgets: [Budget], at now: Timestamp, subjectLimit: Int = 10_000, readBytes: Int = 65_536) {
    self.subjectLimit = subjectLimit
    matchLimit = 10_000
    self.readBytes = readBytes
    entries = budgets.map(Entry.init)
    latest = now
    openNamedAccounts()
  }

  package var budgets: [Budget] { entries.map(\.budget) }
  /// Whether a request's price matters to any of them.
  package var countsMoney: Bool { entries.contains { $0.budget.unit == .money } }

  /// Reserves in every budget that counts the request, or in none.
  package mutating func reserve(_ request: BudgetRequest, at now: Timestamp) -> Result<BudgetReservation, BudgetRefusal> {
    if now > latest { latest = now }
    guard !entries.isEmpty else { return .success(.none) }
    let match = Match(virtualKey: request.virtualKey, tenant: request.tenant, feature: request.feature)
    let matching = matches[match] ?? accounts(for: match)
    guard !matching.isEmpty else { return .success(.none) }
    let index = takeOutstanding()
    var allowance: Int?
    for account in matching {
      let entry = accounts[account].entry
      guard let needed = needed(request, entries[entry]) else { return refuse(request, matching, giveBack: index) }
      accounts[account].window.advance(to: latest)
      let window = accounts[account].window
      if window.settled + window.reserved + needed > entries[entry].limit { return refuse(request, matching, giveBack: index) }
      outstanding[Int(index)].holds.append(Hold(account: account, amount: needed))
      if entries[entry].budget.cutsStreams, entries[entry].unit != .requests {
        allowance = min(allowance ?? .max, request.outputTokens(assuming: entries[entry].budget.assumedOutputTokens))
      }
    }
    for position in outstanding[Int(index)].holds.indices {
      let hold = outstanding[Int(index)].holds[position]
      accounts[hold.account].window.reserve(hold.amount)
      accounts[hold.account].inFlight += 1
      noteChange(hold.account)
    }
    outstanding[Int(index)].at = latest
    return .success(
      BudgetReservation(index: index, generation: outstanding[Int(index)].generation, outputTokenAllowance: allowance))
  }

  /// Counts what was spent in place of what was reserved, at the time of the reservation. Only the first settlement of a
  /// reservation counts.
  package mutating func settle(_ reservation: BudgetReservation, spent: BudgetSpending, at now: Timestamp) {
    if now > latest { latest = now }
    let index = Int(reservation.index)
    guard outstanding.indices.contains(index), outstanding[index].isHeld,
      outstanding[index].generation == reservation.generation
    else { return }
    for position in outstanding[index].holds.indices {
      let hold = outstanding[index].holds[position]
      let entry = accounts[hold.account].entry
      let amount = min(max(0, spent.amount(entries[entry].unit) ?? hold.amount), Self.ceiling)
      accounts[hold.account].window.advance(to: latest)
      accounts[hold.account].window.settle(amount, reserved: hold.amount, at: outstanding[index].at)
      accounts[hold.account].inFlight -= 1
      if amount > hold.amount { noteOvershoot(hold.account, amount - hold.amount) }
      noteChange(hold.account)
    }
    giveBackOutstanding(reservation.index)
  }

  /// Gives back the whole reservation of a request that reached no provider.
  package mutating func release(_ reservation: BudgetReservation, at now: Timestamp) {
    settle(reservation, spent: .nothing, at: now)
  }

  /// What a request may need of a budget; `nil` when it cannot be reckoned and the budget says to refuse then.
  @inline(__always)
  private func needed(_ request: BudgetRequest, _ entry: Entry) -> Int64? {
    switch entry.unit {
    case .requests: return 1
    case .tokens:
      let output = request.outputTokens(assuming: entry.budget.assumedOutputTokens)
      let (sum, overflows) = Int64(max(0, request.inputTokenCeiling)).addingReportingOverflow(Int64(output))
      return overflows ? Self.ceiling : min(sum, Self.ceiling)
    case .money:
      guard let price = request.price else { return entry.budget.unknownPrice == .admit ? 0 : nil }
      let output = request.outputTokens(assuming: entry.budget.assumedOutputTokens)
      return max(0, price.moneyCeiling(outputTokens: output).count)
    }
  }

  @inline(never)
  private mutating func refuse(
    _ request: BudgetRequest, _ matching: [Int], giveBack index: Int32
  ) -> Result<BudgetReservation, BudgetRefusal> {
    giveBackOutstanding(index)
    // The one that stands in the way longest: a client that waits for it need not wait for another one after that.
    var worst: BudgetRefusal?
    var refusing: Int?
    for account in matching {
      accounts[account].window.advance(to: latest)
      let entry = entries[accounts[account].entry]
      guard let refusal = refusal(account, needed: needed(request, entry)) else { continue }
      if worst.map({ $0.reason == .overLimit && (refusal.reason != .overLimit || refusal.resetsAt > $0.resetsAt) }) ?? true {
        worst = refusal
        refusing = accounts[account].entry
      }
    }
    if let refusing { entries[refusing].refusals += 1 }
    return worst.map { .failure($0) } ?? .success(.none)
  }

  private func refusal(_ account: Int, needed: Int64?) -> BudgetRefusal? {
    let entry = entries[accounts[account].entry]
    let window = accounts[account].window
    if let needed, window.settled + window.reserved + needed <= entry.limit { return nil }
    let reason: BudgetRefusal.Reason = needed.map { $0 > entry.limit ? .beyondLimit : .overLimit } ?? .unknownPrice
    let resetsAt = window.time(untilAtMost: entry.limit - (needed ?? 0))
    let isOnlyHeld = window.settled + (needed ?? 0) <= entry.limit && entry.unit != .requests
    return BudgetRefusal(
      reason: reason, budget: entry.budget.name, scope: entry.budget.scope.kind, subject: accounts[account].subject,
      unit: entry.unit, period: entry.budget.period, limit: entry.limit, spent: window.settled, reserved: window.reserved,
      needed: needed ?? 0, inFlight: accounts[account].inFlight, resetsAt: resetsAt,
      retryAfter: isOnlyHeld ? .seconds(1) : resetsAt - latest)
  }

  private mutating func takeOutstanding() -> Int32 {
    if let index = freeOutstanding.popLast() {
      outstanding[Int(index)].isHeld = true
      return index
    }
    outstanding.append(Outstanding(isHeld: true))
    return Int32(outstanding.count - 1)
  }

  private mutating func giveBackOutstanding(_ index: Int32) {
    outstanding[Int(index)].generation &+= 1
    outstanding[Int(index)].isHeld = false
    outstanding[Int(index)].holds.removeAll(keepingCapacity: true)
    freeOutstanding.append(index)
  }

  private mutating func noteOvershoot(_ account: Int, _ amount: Int64) {
    let limit = entries[accounts[account].entry].limit
    accounts[account].overshoot.merge(
      ObservedOvershoot(ofOneExchange: amount, beyondLimit: accounts[account].window.settled - limit))
  }

  @inline(__always)
  mutating func noteChange(_ account: Int) {
    guard !accounts[account].isListedAsChanged else { return }
    accounts[account].isListedAsChanged = true
    changed.append(account)
  }
}
