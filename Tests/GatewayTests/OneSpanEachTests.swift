// The promise of the data plane: every request that was accepted leaves one span, whatever goes wrong around it.

import Hummingbird
import LLMTelemetry
import Logging
import NIOPosix
import Simulation
import Testing

@testable import Gateway

@Suite(.timeLimit(.minutes(1))) struct OneSpanEachTests {
  /// SplitMix64: the same seed gives the same run.
  private struct Seeded: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state &+= 0x9e37_79b9_7f4a_7c15
      var mixed = state
      mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
      mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
      return mixed ^ (mixed >> 31)
    }
  }

  private static var faults: [FaultRule] {
    func rule(_ name: String, _ share: Double, _ change: (inout FaultRule.Effect) -> Void) -> FaultRule {
      var effect = FaultRule.Effect()
      change(&effect)
      return FaultRule(name: name, condition: .init(share: share), effect: effect)
    }
    return [
      rule("limited", 0.1) { $0.status = 429 }, rule("broken", 0.1) { $0.status = 500 },
      rule("cut", 0.15) { $0.cutAfterChunks = 1 },
      rule("invents", 0.1) { $0.hallucinates = true }, rule("untold", 0.1) { $0.omitsUsage = true },
      rule("mixed", 0.1) { $0.sendsUsageWithChoices = true }, rule("garbled", 0.1) { $0.isMalformed = true },
    ]
  }

  private enum Departure: CaseIterable { case atOnce, atFirstByte }

  @Test func hundredsOfRequestsThroughFaultsAndDeparturesLeaveOneSpanEach() async throws {
    let simulator = ProviderSimulator(faults: Self.faults)
    let (ports, listening) = AsyncStream<Int>.makeStream()
    var logger = Logger(label: "provider-simulator")
    logger.logLevel = .critical
    let application = simulator.application(logger: logger) { listening.yield($0) }
    let service = Task { try await application.runService(gracefulShutdownSignals: []) }
    let port = try #require(await ports.first { _ in true })
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
    let workers = 16
    let each = 20
    try await RunningGateway.run(providerPort: port, group: group) { gateway in
      try await withThrowingTaskGroup { tasks in
        for worker in 0..<workers {
          tasks.addTask {
            var random = Seeded(state: UInt64(worker))
            for _ in 0..<each { try await Self.call(gateway, &random) }
          }
        }
        try await tasks.waitForAll()
      }
      let spans = try await gateway.spans(workers * each)
      try await gateway.server.shutdown(patience: .seconds(10))
      #expect(gateway.spanCount == workers * each, "none twice")
      #expect(Set(spans.map(\.spanID)).count == workers * each)
      let classes = Set(spans.map(\.outcome.errorClass))
      #expect(classes.isSuperset(of: [nil, .rateLimited, .providerError, .network, .cancelled]), "the run met every kind of end")
    }
    service.cancel()
    _ = await service.result
    // Fails when a connection is left open that nobody closes.
    try await group.shutdownGracefully()
  }

  private static func call(_ gateway: RunningGateway, _ random: inout Seeded) async throws {
    let streams = Bool.random(using: &random)
    let text = "Number \(Int.random(in: 0..<1000, using: &random))"
    let sent =
      if Bool.random(using: &random) {
        request(
          #"{"model":"gpt-4o","stream":\#(streams),"messages":[{"role":"user","content":"\#(text)"}]}"#,
          headers: "Connection: close\r\n")
      } else {
        request(
          #"{"contents":[{"role":"user","parts":[{"text":"\#(text)"}]}]}"#,
          path: "/v1beta/models/gemini-2.5-flash:" + (streams ? "streamGenerateContent?alt=sse" : "generateContent"),
          headers: "Connection: close\r\n")
      }
    let client = try await gateway.client()
    try await client.send(sent)
    let departure = Int.random(in: 0..<8, using: &random) == 0 ? Departure.allCases.randomElement(using: &random) : nil
    if departure == .atFirstByte {
      try await eventually("a first byte") { client.receivedCount > 0 || client.isClosed ? () : nil }
    }
    if departure != nil { client.close() }
    try await client.receiveClose()
  }
}
