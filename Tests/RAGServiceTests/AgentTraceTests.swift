// The trace of a question as Datadog's test agent receives it: one connected tree. Runs where `scripts/bootstrap test` has put the agent.
import AsyncHTTPClient
import Foundation
import Hummingbird
import HummingbirdTesting
import Simulation
import Testing

@testable import RAGService

@Suite(.enabled(if: TestAgent.isThere)) struct AgentTraceTests {
  @Test(.timeLimit(.minutes(2))) func aQuestionIsOneConnectedTree() async throws {
    let agent = try TestAgent()
    defer { agent.stop() }
    try await agent.becomesReachable()
    let simulator = ProviderSimulator()
    let httpClient = makeHTTPClient()
    do {
      try await simulator.application(logger: silent).test(.live) { upstream in
        var configuration = RAGConfiguration.test(upstream: "http://127.0.0.1:\(try #require(upstream.port))")
        configuration.telemetry.datadog = .init(road: .agent(url: agent.url), mlApp: "handbook")
        let application = try buildRAGApplication(configuration, httpClient: httpClient, logger: silent)
        try await application.test(.live) { client in
          let service = RunningService(client: client, simulator: simulator, spans: CollectedSpans())
          try await service.becomesReady()
          _ = try await service.answer("What do express deliveries cost together: 3 * 14.90 euros?")
        }
      }
    } catch {
      try await httpClient.shutdown()
      throw error
    }
    try await httpClient.shutdown()
    // The service has ended: whatever it had to say has been said.
    let traces = try await agent.traces()
    let trace = try #require(traces.first { $0.contains { $0.resource == "answer question" } })
    let known = Set(trace.map(\.span_id))
    let roots = trace.filter { ($0.parent_id ?? 0) == 0 }
    #expect(roots.map(\.resource) == ["answer question"])
    #expect(trace.allSatisfy { span in roots.contains { $0.span_id == span.span_id } || known.contains(span.parent_id ?? 0) })
    #expect(
      Set(trace.map(\.name)).isSuperset(of: [
        "llm.workflow", "llm.retrieval", "llm.embedding", "llm.agent", "llm.request", "llm.tool",
      ]))
    #expect(trace.allSatisfy { $0.service == "rag-service" })
    let indexing = try #require(traces.first { $0.contains { $0.resource == "index folder" } })
    #expect(indexing.filter { ($0.parent_id ?? 0) == 0 }.count == 1)
  }
}

/// Datadog's `ddapm-test-agent`, limited in memory and time.
final class TestAgent: Sendable {
  struct Span: Decodable, Sendable {
    var name: String
    var resource: String
    var service: String
    var span_id: UInt64
    var parent_id: UInt64?
  }

  private static let program = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../.build/venvs/test-agent/bin/ddapm-test-agent").standardizedFileURL.path
  static var isThere: Bool { FileManager.default.isExecutableFile(atPath: program) }

  private let process: Process
  let url: String

  init() throws {
    let port = try Self.freePort()
    url = "http://127.0.0.1:\(port)"
    process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", "ulimit -v 4000000; exec timeout -s KILL 100 \"$0\" --port \(port)", Self.program]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
  }

  func becomesReachable() async throws {
    let end = ContinuousClock.now + .seconds(60)
    while ContinuousClock.now < end {
      if let answer = try? await HTTPClient.shared.get(url: url + "/info").get(), answer.status == .ok { return }
      await Task.yield()
    }
    Issue.record("the test agent did not start")
  }

  func traces() async throws -> [[Span]] {
    let response = try await HTTPClient.shared.execute(HTTPClientRequest(url: url + "/test/traces"), timeout: .seconds(20))
    let body = try await response.body.collect(upTo: 64 << 20)
    return try JSONDecoder().decode([[Span]].self, from: Data(body.readableBytesView))
  }

  func stop() {
    guard process.isRunning else { return }
    if kill(-process.processIdentifier, SIGKILL) != 0 { kill(process.processIdentifier, SIGKILL) }
    process.waitUntilExit()
  }

  /// A port that was free a moment ago.
  private static func freePort() throws -> UInt16 {
    let handle = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(handle) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(handle, $0, length) == 0 && getsockname(handle, $0, &length) == 0
      }
    }
    return UInt16(bigEndian: try #require(bound ? address.sin_port : nil))
  }
}
