// The simulated provider is one to the vendors' own SDKs; what a gateway test shows rests on it.
import Hummingbird
import Logging
import Simulation
import Testing

@Suite struct SimulatorConformanceTests {
  private static let faults = [429, 500].map { status in
    var effect = FaultRule.Effect()
    effect.status = status
    return FaultRule(name: "status \(status)", condition: .init(model: "status-\(status)"), effect: effect)
  }

  @Test(arguments: VendorSDK.allCases, [PythonVerifier.Environment.sdkCurrent, .sdkPrevious])
  func vendorSDKIsServed(sdk: VendorSDK, environment: PythonVerifier.Environment) async throws {
    let simulator = ProviderSimulator(faults: Self.faults, pace: .visible)
    let (ports, listening) = AsyncStream.makeStream(of: Int.self)
    let reports = try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        // Cancelling it is how the test ends; the server's complaints about that would only hide a real one.
        let silent = Logger(label: "provider-simulator") { _ in SwiftLogNoOpLogHandler() }
        try await simulator.application(logger: silent) { listening.yield($0) }.run()
      }
      var portIterator = ports.makeAsyncIterator()
      let port = try #require(await portIterator.next())
      let reports = try await sdk.run(
        [.complete, .stream, .streamUsage, .disconnect, .upstream429, .upstream500], in: environment,
        baseURL: "http://127.0.0.1:\(port)", key: "k", models: [.upstream429: "status-429", .upstream500: "status-500"])
      group.cancelAll()
      return reports
    }
    // The counts are those the SDK parsed: a simulator whose usage the SDK cannot read would leave them out.
    let prompt = sdk == .openAI ? "prompt_tokens" : "prompt_token_count"
    let answer = sdk == .openAI ? "completion_tokens" : "candidates_token_count"
    #expect(reports.count == 6)
    #expect(reports[0].usage[prompt, default: 0] > 0 && reports[0].usage[answer, default: 0] > 0)
    #expect(reports[2].usage == reports[0].usage)
    #expect(reports[1].text == reports[0].text && reports[2].text == reports[0].text)
    #expect(reports[2].chunks > 2)
  }
}
