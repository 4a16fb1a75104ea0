// The simulated provider is one to the vendors' own SDKs; what a gateway test shows rests on it.
import Hummingbird
import Logging
import Simulation
import Testing

@Suite struct SimulatorConformanceTests {
  private static let faults: [FaultRule] = {
    var cut = FaultRule.Effect()
    cut.cutAfterChunks = 3
    return [FaultRule(name: "cut", condition: .init(model: "cut"), effect: cut)]
      + [429, 500, 529].map { status in
        var effect = FaultRule.Effect()
        effect.status = status
        return FaultRule(name: "status \(status)", condition: .init(model: "status-\(status)"), effect: effect)
      }
  }()

  @Test(arguments: SDKClient.all)
  func vendorSDKIsServed(client: SDKClient) async throws {
    let simulator = ProviderSimulator(faults: Self.faults, pace: .visible)
    let scenarios = client.answered + client.broken + client.refused.filter { $0 == .unknownModel }
    let reports = try await Self.running(simulator) { baseURL in
      try await client.sdk.run(
        scenarios, in: client.environment, baseURL: baseURL, key: "k",
        models: [
          .upstream429: "status-429", .upstream500: "status-500", .upstream529: "status-529", .cut: "cut",
          .unknownModel: "no-such-model",
        ])
    }
    let answers = Dictionary(zip(scenarios, reports)) { first, _ in first }
    // The counts are those the SDK parsed: a simulator whose usage the SDK cannot read would leave them out.
    let asked = try #require(answers[.complete].flatMap { ReportedTokens($0.usage) })
    #expect(asked.totalInput > 0 && asked.output > 0)
    #expect(answers[.streamUsage].flatMap { ReportedTokens($0.usage) } == asked)
    #expect(answers[.stream]?.text == answers[.complete]?.text && answers[.streamUsage]?.text == answers[.complete]?.text)
    #expect((answers[.streamUsage]?.chunks ?? 0) > 2)
    // One call is one exchange: no SDK tried again behind the test's back.
    #expect(simulator.requestLog.requests.count == scenarios.count)
  }

  /// One line of `adc_client.py`.
  private struct IssuedToken: Decodable {
    var way: String
    var token: String
    var account: String
    var seconds: Int
  }

  @Test func googlesOwnLibraryGetsTokensFromIt() async throws {
    let simulator = ProviderSimulator()
    let tokens = try await Self.running(simulator) { baseURL in
      try await PythonVerifier(environment: .sdkCurrent)
        .run("adc_client.py", ["--base-url", baseURL], decoding: IssuedToken.self)
    }
    #expect(tokens.map(\.way) == ["file", "federation", "metadata"])
    #expect(tokens.map(\.token) == ["ya29.sim-1", "ya29.sim-3", "ya29.sim-4"])
    #expect(tokens.allSatisfy { (3500...3600).contains($0.seconds) && !$0.account.isEmpty })
  }

  private static func running<Value: Sendable>(
    _ simulator: ProviderSimulator, _ body: (_ baseURL: String) async throws -> Value
  ) async throws -> Value {
    // Cancelling it is how the test ends; the server's complaints about that would only hide a real one.
    let silent = Logger(label: "provider-simulator") { _ in SwiftLogNoOpLogHandler() }
    let (ports, listening) = AsyncStream.makeStream(of: Int.self)
    let application = simulator.application(logger: silent) { listening.yield($0) }
    let simulating = Task { try await application.run() }
    defer { simulating.cancel() }
    var portIterator = ports.makeAsyncIterator()
    guard let port = await portIterator.next() else { throw CancellationError() }
    return try await body("http://127.0.0.1:\(port)")
  }
}
