// Whose account a request is charged to, and how many accounts there may be.

import LLMTelemetry

extension BudgetBook {
  /// The accounts a combination is charged to, made when they are new; remembered for the next request of the kind.
  @inline(never)
  mutating func accounts(for match: Match) -> [Int] {
    let found = entries.indices.compactMap { entry -> Int? in
      guard let subject = Self.subject(entries[entry].budget.scope, match) else { return nil }
      return account(entry, subject)
    }
    if matches.count >= matchLimit { matches.removeAll(keepingCapacity: true) }
    matches[match] = found
    return found
  }

  /// `nil` when the budget does not count such a request.
  private static func subject(_ scope: Budget.Scope, _ match: Match) -> String? {
    let value =
      switch scope {
      case .virtualKey: match.virtualKey
      case .tenant: match.tenant ?? noSubject
      case .feature: match.feature ?? noSubject
      }
    return scope.isEach || scope.value == value ? value : nil
  }

  /// The account of a subject; the shared one when the budget has no room for another.
  mutating func account(_ entry: Int, _ subject: String) -> Int {
    if let account = entries[entry].accounts[subject] { return account }
    if entries[entry].accounts.count >= subjectLimit {
      sweep(entry)
      if entries[entry].accounts.count >= subjectLimit, subject != Self.otherSubjects {
        return account(entry, Self.otherSubjects)
      }
    }
    let made = Account(entry: entry, subject: subject, window: BudgetWindow(entries[entry].budget.period, at: latest))
    let index: Int
    if let free = freeAccounts.popLast() {
      accounts[free] = made
      index = free
    } else {
      index = accounts.count
      accounts.append(made)
    }
    entries[entry].accounts[subject] = index
    return index
  }

  /// Drops the accounts of a budget in which nothing counts any more and nothing is in flight.
  private mutating func sweep(_ entry: Int) {
    guard latest >= entries[entry].nextSweep else { return }
    entries[entry].nextSweep = latest + .seconds(1)
    var dropsAny = false
    for (subject, account) in entries[entry].accounts {
      accounts[account].window.advance(to: latest)
      guard accounts[account].inFlight == 0, !accounts[account].isListedAsChanged, accounts[account].window.isEmpty else {
        continue
      }
      entries[entry].accounts[subject] = nil
      entries[entry].overshoot.merge(accounts[account].overshoot)
      accounts[account].isInUse = false
      freeAccounts.append(account)
      dropsAny = true
    }
    if dropsAny { matches.removeAll(keepingCapacity: true) }
  }

  /// A budget for one named subject is shown before its first request.
  mutating func openNamedAccounts() {
    for entry in entries.indices where !entries[entry].budget.scope.isEach {
      _ = account(entry, entries[entry].budget.scope.value)
    }
  }

  /// Puts other budgets in force. What a budget has counted stays with its name where scope and unit are the same; a
  /// changed period keeps what falls in it. Requests in flight settle where their budget still is.
  package mutating func replace(_ budgets: [Budget], at now: Timestamp) {
    var next = BudgetBook(budgets, at: max(now, latest), subjectLimit: subjectLimit, readBytes: readBytes)
    var moved: [Int: Int] = [:]
    for (index, entry) in next.entries.enumerated() {
      let old = entries.first { $0.budget.name == entry.budget.name }
      guard let old, old.budget.scope.kind == entry.budget.scope.kind, old.unit == entry.unit else { continue }
      next.entries[index].overshoot = old.overshoot
      next.entries[index].refusals = old.refusals
      for (subject, account) in old.accounts {
        let target = next.account(index, subject)
        moved[account] = target
        next.accounts[target].overshoot.merge(accounts[account].overshoot)
        accounts[account].window.advance(to: next.latest)
        let window = accounts[account].window
        window.forEachSlot { start, slot in next.accounts[target].window.add(window.slots[slot].settled, at: start) }
        next.noteChange(target)
      }
    }
    next.outstanding = outstanding
    next.freeOutstanding = freeOutstanding
    for index in next.outstanding.indices where next.outstanding[index].isHeld {
      let at = next.outstanding[index].at
      next.outstanding[index].holds = next.outstanding[index].holds.compactMap { hold in
        guard let target = moved[hold.account] else { return nil }
        next.accounts[target].window.hold(hold.amount, at: at)
        next.accounts[target].inFlight += 1
        return Hold(account: target, amount: hold.amount)
      }
    }
    self = next
  }
}
