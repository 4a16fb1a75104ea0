// `kill -9` with budgets: what was spent before is spent after, and a promotion or rollback is in force when it is answered.

import AsyncHTTPClient
import Foundation
import Hummingbird
import Logging
import NIOCore
import Simulation
import Testing

@Suite struct BudgetCrashTests {
  private static let sections = """
    budgets:
      - {name: few, scope: {feature: few}, limit: {requests: 5}, period: month}
      - {name: dear, scope: {tenant: "*"}, limit: {usd: 10}, period: month, unknown_price: admit}
    prompts:
      - name: greeting
        production: "1"
        versions: {"1": "Be brief.", "2": "Be grand."}

    """

  @Test(.timeLimit(.minutes(2)))
  func aKilledCommanderRemembersWhatWasSpent() async throws {
    try await Self.withCommander { configuration, commander in
      var commander = try await commander()
      defer { commander.kill() }
      for _ in 1...3 { #expect(try await Self.chat(commander.gateway).status == .ok) }
      let before = try await commander.wait("three requests settled") { () -> [String: Any]? in
        let line = try await Self.budget("few", commander)
        return line["spent"] as? String == "3" && line["inFlight"] as? Int == 0 ? line : nil
      }
      #expect(before["left"] as? String == "2" && before["worstOvershoot"] as? String == "0")
      let spent = try #require(try await Self.budget("dear", commander)["spent"] as? String)
      #expect((Double(spent) ?? 0) > 0)
      // A checkpoint follows within a tenth of a second; a span reaches the store as soon. Either is enough.
      _ = try await commander.wait("a stored span") { () -> Bool? in
        let spans = try await commander.json("/api/spans.json")["spans"] as? [Any]
        return (spans?.count ?? 0) >= 3 ? true : nil
      }
      commander.kill()
      commander = try await ServeProcess.start(configuration: configuration)
      #expect(try await Self.budget("few", commander)["spent"] as? String == "3")
      #expect(try await Self.budget("dear", commander)["spent"] as? String == spent)
      for _ in 1...2 { #expect(try await Self.chat(commander.gateway).status == .ok) }
      let refused = try await Self.chat(commander.gateway)
      let words = String(buffer: try await refused.body.collect(upTo: 1 << 16))
      #expect(
        refused.status == .tooManyRequests && words.contains(#"budget \"few\""#)
          && words.contains("5 requests of 5 requests per month spent"))
    }
  }

  @Test(.timeLimit(.minutes(2)))
  func aRollbackIsInForceWhenItIsAnswered() async throws {
    try await Self.withCommander { _, commander in
      let commander = try await commander()
      defer { commander.kill() }
      func version() async throws -> String? {
        try await Self.chat(commander.gateway, feature: "many", prompt: "greeting").headers.first(
          name: "x-commander-prompt-version")
      }
      #expect(try await version() == "1")
      try await commander.post("/api/prompts/greeting/promote", #"{"version":"2","actor":"dana"}"#)
      #expect(try await version() == "2")
      try await commander.post("/api/prompts/greeting/rollback", #"{"actor":"dana"}"#)
      #expect(try await version() == "1")
    }
  }

  private static func withCommander(
    _ body: (_ configuration: URL, _ start: () async throws -> ServeProcess) async throws -> Void
  ) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "commander-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let simulator = ProviderSimulator()
    let (ports, listening) = AsyncStream.makeStream(of: Int.self)
    let application = simulator.application(logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }) {
      listening.yield($0)
    }
    let simulating = Task { try await application.run() }
    defer { simulating.cancel() }
    var iterator = ports.makeAsyncIterator()
    let port = try #require(await iterator.next())
    let configuration = folder.appending(path: "commander.yaml")
    try (Deployment.yaml(provider: "http://127.0.0.1:\(port)", store: folder.appending(path: "store").path) + sections)
      .write(to: configuration, atomically: true, encoding: .utf8)
    try await body(configuration) { try await ServeProcess.start(configuration: configuration) }
  }

  private static func budget(_ name: String, _ commander: ServeProcess) async throws -> [String: Any] {
    let lines = try await commander.json("/api/budgets.json")["budgets"] as? [[String: Any]]
    return try #require(lines?.first { $0["name"] as? String == name })
  }

  private static func chat(_ gateway: String, feature: String = "few", prompt: String? = nil) async throws -> HTTPClientResponse {
    var request = HTTPClientRequest(url: gateway + "/v1/chat/completions")
    request.method = .POST
    request.headers = [
      "authorization": "Bearer \(Deployment.key)", "content-type": "application/json", "x-commander-feature": feature,
    ]
    if let prompt { request.headers.add(name: "x-commander-prompt", value: prompt) }
    request.body = .bytes(
      ByteBuffer(string: #"{"model":"gpt-4o","max_tokens":100,"messages":[{"role":"user","content":"hello"}]}"#))
    return try await HTTPClient.shared.execute(request, timeout: .seconds(5))
  }
}
