// What budgets counted is in the store when the service has stopped, and in force again after the next start.

import Budgets
@testable import Commander
import Foundation
import LLMTelemetry
import Logging
import ServiceLifecycle
import Storage
import Testing

@Suite struct BudgetServiceTests {
  private let budgets = [
    Budget(name: "each", scope: .tenant("*"), limit: .requests(2), period: .month),
    Budget(name: "all", scope: .virtualKey("web"), limit: .tokens(1 << 40), period: .rolling(.seconds(86_400))),
  ]

  private func request(_ tenant: String) -> BudgetRequest {
    BudgetRequest(
      virtualKey: "web", tenant: tenant, feature: nil, inputTokenCeiling: 5, statedOutputTokens: 5, price: nil)
  }

  private func withFolder(_ body: (String) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "budgets-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try await body(folder)
  }

  /// Says when the group runs: before that, a shutdown would be asked of nobody.
  private struct Starter: Service {
    let started: AsyncStream<Void>.Continuation

    func run() async throws {
      started.finish()
      try await gracefulShutdown()
    }
  }

  @Test func nothingIsForgottenOverAGracefulStop() async throws {
    try await withFolder { folder in
      let now = Timestamp.now()
      let ledger = try Ledger(path: folder + "/ledger.sqlite")
      let telemetry = try TelemetryStore(path: folder + "/telemetry.sqlite")
      let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
      let counting = try BudgetService.restore(budgets, ledger: ledger, telemetry: telemetry, at: now)
      let service = BudgetService(budgets: counting, store: BudgetStore(ledger), logger: logger)
      let (started, continuation) = AsyncStream.makeStream(of: Void.self)
      let group = ServiceGroup(services: [service, Starter(started: continuation)], logger: logger)
      async let running: Void = group.run()
      for await _ in started {}
      // More accounts than one piece of changes has.
      for index in 0..<1200 {
        guard case .success(let reservation) = counting.reserve(request("t\(index)"), at: now) else { continue }
        counting.settle(reservation, spent: BudgetSpending(tokens: 7, money: nil), at: now)
      }
      await group.triggerGracefulShutdown()
      try await running

      let again = try BudgetService.restore(budgets, ledger: ledger, telemetry: telemetry, at: now)
      #expect(again.snapshot(at: now).first { $0.budget.name == "all" }?.spent == 8400)
      for tenant in ["t0", "t1199"] {
        guard case .success = again.reserve(request(tenant), at: now) else {
          Issue.record("\(tenant) has one request left")
          continue
        }
        guard case .failure(let refusal) = again.reserve(request(tenant), at: now) else {
          Issue.record("\(tenant) has used its two requests")
          continue
        }
        #expect(refusal.budget == "each" && refusal.spent == 1 && refusal.reserved == 1)
      }
    }
  }

  @Test(.timeLimit(.minutes(1))) func aSaveUnderTrafficComesToAnEnd() async throws {
    try await withFolder { folder in
      let now = Timestamp.now()
      let ledger = try Ledger(path: folder + "/ledger.sqlite")
      let counting = BudgetGuard(BudgetBook(budgets, at: now))
      let saver = BudgetSaver(
        budgets: counting, store: BudgetStore(ledger), logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
      let first = try counting.reserve(request("t"), at: now).get()
      counting.release(first, at: now)
      // Something has always changed when it looks again.
      let traffic = Task.detached { [request = request("t")] in
        while !Task.isCancelled {
          guard case .success(let reservation) = counting.reserve(request, at: now) else { continue }
          counting.release(reservation, at: now)
          await Task.yield()
        }
      }
      for _ in 0..<20 { await saver.save(at: now) }
      traffic.cancel()
      await traffic.value
      while await saver.save(at: now) {}
      #expect(try !BudgetStore(ledger).load().isEmpty && counting.takeChanges().isEmpty)
    }
  }

  @Test func tableShowsWhatIsLeftAndHowFarItCouldGo() throws {
    let line = BudgetList.Line(
      name: "acme-daily", scope: "tenant", subject: "acme", unit: "usd", period: "day", limit: "25", spent: "24.91",
      reserved: "0.05", left: "0.04", resetsAt: Timestamp(rfc3339: "2026-11-25T00:00:00Z"), inFlight: 3, worstOvershoot: nil,
      worstOvershootSentence: "", observedOvershootOfLimit: "0")
    #expect(
      BudgetList.table([line]) == """
        BUDGET      SUBJECT      PERIOD  LIMIT  SPENT   RESERVED  LEFT   IN FLIGHT  WORST OVERSHOOT  OBSERVED  RESETS
        acme-daily  tenant acme  day     $25    $24.91  $0.05     $0.04  3          not bounded      $0        2026-11-25T00:00:00Z
        """)
  }
}
