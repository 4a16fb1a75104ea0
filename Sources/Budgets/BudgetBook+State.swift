// The accounts as rows to save, and the accounts made again from rows after a crash.

import LLMTelemetry

extension BudgetBook {
  /// The slots that changed since they were last taken, of at most `limit` accounts; empty when nothing changed.
  package mutating func takeChanges(accountLimit limit: Int = 500) -> [BudgetStateRow] {
    var rows: [BudgetStateRow] = []
    for index in changed.suffix(limit) {
      accounts[index].isListedAsChanged = false
      accounts[index].window.advance(to: latest)
      let budget = entries[accounts[index].entry].budget
      let account = accounts[index]
      account.window.forEachSlot { start, slot in
        guard account.window.slots[slot].isChanged else { return }
        accounts[index].window.markSaved(slot)
        rows.append(
          BudgetStateRow(
            budget: budget.name, scope: budget.scope.kind, unit: budget.unit, period: budget.period.description,
            subject: account.subject, slotStart: start,
            expires: budget.period.expiry(ofSlotAt: start), settled: account.window.slots[slot].settled,
            reserved: account.window.slots[slot].reserved, overshoot: account.overshoot))
      }
    }
    changed.removeLast(min(limit, changed.count))
    return rows
  }

  /// Takes up what an earlier process had saved, before the first request. What was reserved then counts as spent, since
  /// nobody knows what became of it; where the stored spans of the period say that more was spent, they are right.
  package mutating func restore(_ rows: [BudgetStateRow], spending: [BudgetScopeSpending], at now: Timestamp) {
    if now > latest { latest = now }
    let byName = Dictionary(entries.indices.map { (entries[$0].budget.name, $0) }) { first, _ in first }
    // A change of the period writes every account again under the new one; older rows would be counted twice.
    let current = Set(
      rows.compactMap { row in byName[row.budget].flatMap { entries[$0].budget.period.description == row.period ? $0 : nil } })
    for row in rows {
      // A row from the future is of a clock that was wrong.
      guard let entry = byName[row.budget], entries[entry].budget.scope.kind == row.scope, entries[entry].unit == row.unit,
        !current.contains(entry) || entries[entry].budget.period.description == row.period,
        row.slotStart <= latest, entries[entry].budget.period.expiry(ofSlotAt: row.slotStart) > latest
      else { continue }
      let account = account(entry, row.subject)
      accounts[account].window.advance(to: latest)
      accounts[account].window.add(max(0, row.settled) + max(0, row.reserved), at: row.slotStart)
      accounts[account].overshoot.merge(row.overshoot)
      noteChange(account)
    }
    for found in spending {
      guard let entry = byName[found.budget] else { continue }
      let scope = entries[entry].budget.scope
      // Subjects that share an account are compared with it together.
      var byAccount: [Int: Int64] = [:]
      for (subject, amount) in found.bySubject where scope.isEach || scope.value == subject {
        byAccount[account(entry, subject), default: 0] += min(max(0, amount), Self.ceiling / 1024)
      }
      for (account, amount) in byAccount {
        accounts[account].window.advance(to: latest)
        let missing = amount - accounts[account].window.settled
        guard missing > 0 else { continue }
        accounts[account].window.add(missing, at: latest)
        noteChange(account)
      }
    }
  }

  /// What each budget's stored spans must be summed over to `restore` it.
  package func countedRange(of budget: Budget, at now: Timestamp) -> Range<Timestamp> {
    let counted = budget.period.counted(at: max(now, latest))
    return counted.lowerBound..<counted.upperBound
  }
}
