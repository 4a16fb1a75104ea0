// What changes without a restart: a limit takes force with what was spent kept, and a file with a mistake changes nothing.

import Foundation
import Gateway
import LLMTelemetry
import Logging
import ServiceLifecycle
import StrictYAML
import Synchronization
import Testing

@testable import Budgets
@testable import Commander
@testable import Storage

@Suite struct ConfigurationReloadTests {
  private static let key = VirtualKeyHash.sha256(of: "ck-first")

  /// The file that is read again, which a person edits.
  private final class File: Sendable {
    let text: Mutex<String>
    init(_ text: String) { self.text = Mutex(text) }

    @Sendable func read() throws(ConfigurationError) -> CommanderConfiguration {
      try CommanderConfiguration.parse(text.withLock { $0 }, file: "c.yaml", environment: ["SECRET": "s3cr3t-value"])
    }

    func replace(_ before: String, with after: String) {
      text.withLock { text in
        #expect(text.contains(before))
        text = text.replacing(before, with: after)
      }
    }
  }

  private func running(_ body: (CommanderServer, File) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "reload-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let file = File(
      """
      store: \(folder)
      retention: 14d
      gateway: {listen: "127.0.0.1:0"}
      console: {listen: "127.0.0.1:0"}
      keys:
        - {name: app, sha256: \(Self.key), tenant: acme}
      providers:
        - {name: openai, protocol: openai, base_url: "http://127.0.0.1:1", credential: {environment: SECRET}}
      routes:
        - {name: chat, models: ["gpt-*"], provider: openai}
      budgets:
        - {name: calls, scope: {tenant: acme}, limit: {requests: 2}, period: day}

      """)
    let server = try await CommanderServer.start(
      try file.read(), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, reread: file.read)
    let services = server.serviceGroup(signals: false)
    let task = Task { try await services.run() }
    let result: Result<Void, any Error>
    do { result = .success(try await body(server, file)) } catch { result = .failure(error) }
    await services.triggerGracefulShutdown()
    _ = try? await task.value
    try result.get()
  }

  private func request(tenant: String = "acme") -> BudgetRequest {
    BudgetRequest(
      virtualKey: "app", tenant: tenant, feature: nil, inputTokenCeiling: 1, statedOutputTokens: 1, price: nil)
  }

  private func spend(_ server: CommanderServer, at now: Timestamp) -> Bool {
    guard case .success(let reservation) = server.budgets.reserve(request(), at: now) else { return false }
    server.budgets.settle(reservation, spent: BudgetSpending(tokens: 1, money: Nanodollars(1)), at: now)
    return true
  }

  @Test(.timeLimit(.minutes(1))) func aChangedLimitTakesForceAndKeepsWhatWasSpent() async throws {
    try await running { server, file in
      let now = Timestamp.now()
      #expect(spend(server, at: now) && spend(server, at: now) && !spend(server, at: now))
      file.replace("requests: 2", with: "requests: 3")
      await server.reloadConfiguration(at: now)
      let status = try #require(server.budgets.snapshot(at: now).first)
      #expect(status.spent == 2 && status.left == 1 && status.refusals == 1)
      #expect(spend(server, at: now) && !spend(server, at: now))
      #expect(await server.center.state.changes.last?.subject == "budget calls")
      #expect(await server.center.state.changes.last?.to == "3 requests per day")
      // One that is removed ends.
      file.replace("  - {name: calls, scope: {tenant: acme}, limit: {requests: 3}, period: day}", with: "  []")
      await server.reloadConfiguration(at: now)
      #expect(server.budgets.snapshot(at: now).isEmpty)
      #expect(spend(server, at: now))
    }
  }

  @Test(.timeLimit(.minutes(1))) func aNewBudgetBeginsWithWhatTheStoredSpansSay() async throws {
    try await running { server, file in
      let now = Timestamp.now()
      var span = LLMSpan(
        traceID: .random(), spanID: .random(), kind: .llm, name: "chat", start: now, duration: .milliseconds(1))
      span.virtualKey = "app"
      span.attempts = 1
      try server.store.append(spans: [span, span, span])
      file.replace("budgets:\n", with: "budgets:\n  - {name: of-key, scope: {key: app}, limit: {requests: 5}, period: month}\n")
      await server.reloadConfiguration(at: now)
      let status = try #require(server.budgets.snapshot(at: now).first { $0.budget.name == "of-key" })
      #expect(status.spent == 3 && status.left == 2)
      // Read again without a change, nothing is counted twice.
      await server.reloadConfiguration(at: now)
      #expect(server.budgets.snapshot(at: now).first { $0.budget.name == "of-key" }?.spent == 3)
    }
  }

  @Test(.timeLimit(.minutes(1))) func aMistakeIsRefusedWithTheOldOneInForce() async throws {
    try await running { server, file in
      file.replace("requests: 2", with: "requests: two")
      await server.reloadConfiguration()
      #expect(server.budgets.snapshot(at: .now()).first?.limit == 2)
      #expect(server.inForce.health.refusedAt != nil)
      #expect(server.inForce.health.problems.first?.contains("c.yaml:12:") == true)
      #expect(server.inForce.health.problems.allSatisfy { !$0.contains("s3cr3t") })
      // A route cannot lead to a provider that the process does not have.
      file.replace("requests: two", with: "requests: 7")
      file.replace("provider: openai}\nbudgets", with: "provider: other}\nbudgets")
      file.replace("routes:", with: "  - {name: other, protocol: openai, base_url: \"http://127.0.0.1:1\"}\nroutes:")
      await server.reloadConfiguration()
      #expect(server.inForce.health.problems.first?.contains("leads to the provider \"other\", which is new") == true)
      #expect(server.budgets.snapshot(at: .now()).first?.limit == 2)
      file.replace("provider: other}\nbudgets", with: "provider: openai}\nbudgets")
      await server.reloadConfiguration()
      #expect(server.inForce.health.refusedAt == nil)
      #expect(server.inForce.health.needsRestart == ["providers"])
      #expect(server.budgets.snapshot(at: .now()).first?.limit == 7)
    }
  }

  @Test(.timeLimit(.minutes(1))) func aKeyComesAndGoes() async throws {
    try await running { server, file in
      let second = VirtualKeyHash.sha256(of: "ck-second")
      file.replace("  - {name: app, sha256: \(Self.key), tenant: acme}", with: "  - {name: web, sha256: \(second)}")
      file.replace("14d", with: "15d")
      await server.reloadConfiguration()
      #expect(server.inForce.key(Self.key) == nil)
      #expect(server.inForce.key(second)?.name == "web")
      #expect(server.inForce.health.needsRestart == ["retention"])
      #expect(await server.center.state.changes.last?.subject == "keys")
    }
  }
}
