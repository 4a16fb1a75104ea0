// Many threads at once get exactly as many requests as a budget allows.

import Budgets
import Foundation
import LLMTelemetry
import Synchronization
import Testing

@Suite struct BudgetGuardTests {
  private final class Counter: Sendable {
    let count = Atomic<Int>(0)
  }

  private func hammer(_ work: @escaping @Sendable () -> Void) {
    let group = DispatchGroup()
    for _ in 0..<8 { DispatchQueue.global().async(group: group, execute: DispatchWorkItem(block: work)) }
    group.wait()
  }

  @Test func threadsNeverExceedABudgetOfRequests() {
    let budgets = BudgetGuard(
      BudgetBook([Budget(name: "calls", scope: .virtualKey("*"), limit: .requests(33_333), period: .day)], at: noon))
    let admitted = Counter()
    hammer {
      for _ in 0..<10_000 {
        guard case .success(let reservation) = budgets.reserve(request(), at: noon) else { continue }
        admitted.count.wrappingAdd(1, ordering: .relaxed)
        budgets.settle(reservation, spent: BudgetSpending(tokens: 1, money: nil), at: noon)
      }
    }
    #expect(admitted.count.load(ordering: .relaxed) == 33_333)
    #expect(budgets.snapshot(at: noon).first?.spent == 33_333)
    #expect(budgets.takeChanges().first?.settled == 33_333)
  }

  @Test func releasedReservationsAreFreeAgain() {
    let budgets = BudgetGuard(
      BudgetBook([Budget(name: "calls", scope: .virtualKey("*"), limit: .requests(8), period: .day)], at: noon))
    let refused = Counter()
    hammer {
      for _ in 0..<10_000 {
        guard case .success(let reservation) = budgets.reserve(request(), at: noon) else {
          refused.count.wrappingAdd(1, ordering: .relaxed)
          continue
        }
        budgets.release(reservation, at: noon)
      }
    }
    // Eight threads hold at most eight at once.
    #expect(refused.count.load(ordering: .relaxed) == 0)
    #expect(budgets.snapshot(at: noon).first.map { $0.spent + $0.reserved } == 0)
  }
}
