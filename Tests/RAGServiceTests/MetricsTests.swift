// The service's own metrics at an Agent: volume, errors, latency, tokens, cost and risk, without a commander.
import DatadogInstrumentation
import Foundation
import Hummingbird
import HummingbirdTesting
import LLMInstrumentation
import LLMTelemetry
import Simulation
import Testing

@testable import RAGService

@Suite struct MetricsTests {
  /// What an Agent at `dogStatsD` was sent by a service of which `questions` were asked and that has ended.
  private func asked(
    _ questions: [String], dogStatsD: String, faults: String = "[]", _ receiver: DatagramReceiver? = nil
  ) async throws -> (statuses: [Int], lines: [String]) {
    var settings = RAGConfiguration.Telemetry()
    settings.datadog = .init(
      road: .agent(url: "http://127.0.0.1:9"), mlApp: nil, sendsObservability: false, dogStatsD: .address(dogStatsD))
    let telemetry = settings
    let simulator = ProviderSimulator(faults: try FaultRule.list(parsing: faults.utf8))
    let httpClient = makeHTTPClient()
    let statuses = ResultBox()
    do {
      try await simulator.application(logger: silent).test(.live) { upstream in
        let configuration = RAGConfiguration.test(upstream: "http://127.0.0.1:\(try #require(upstream.port))")
        let exporter = TelemetryRoads.exporter(telemetry, httpClient: httpClient, logger: silent, environment: [:])
        let application = try buildRAGApplication(configuration, httpClient: httpClient, exporter: exporter, logger: silent)
        try await application.test(.live) { client in
          let service = RunningService(client: client, simulator: simulator, spans: CollectedSpans())
          try await service.becomesReady()
          for question in questions {
            let body = JSON.object(["question": .string(question), "tenant": "acme"]).text
            await statuses.append(Int(try await service.ask(body).status.code))
          }
        }
      }
    } catch {
      try await httpClient.shutdown()
      throw error
    }
    try await httpClient.shutdown()
    return (await statuses.values, receiver?.lines() ?? [])
  }

  private actor ResultBox {
    var values: [Int] = []
    func append(_ value: Int) { values.append(value) }
  }

  /// The sum of a metric over the lines whose tags hold `tag`.
  private func sum(_ lines: [String], _ metric: String, tag: String = "") -> Double {
    lines.filter { $0.hasPrefix(metric + ":") && (tag.isEmpty || $0.contains(tag)) }.reduce(0) { sum, line in
      sum + (line.dropFirst(metric.count + 1).prefix { $0 != "|" }.split(separator: ":").compactMap { Double($0) }.reduce(0, +))
    }
  }

  @Test(arguments: [false, true]) func aCallStraightToTheProviderIsCountedWholly(overUnixSocket: Bool) async throws {
    let receiver = try DatagramReceiver(overUnixSocket: overUnixSocket)
    let (statuses, lines) = try await asked(
      ["How many days do I have to return an unused product?"], dogStatsD: receiver.address, receiver)
    #expect(statuses == [200])
    #expect(sum(lines, "llm.requests", tag: "tenant:acme") == 1, "\(lines)")
    #expect(sum(lines, "llm.requests", tag: "model:gemini-2.5-flash") == 1)
    #expect(sum(lines, "llm.errors") == 0)
    #expect(sum(lines, "llm.tokens", tag: "token_type:output") > 0)
    #expect(sum(lines, "llm.cost") > 0)
    #expect(lines.contains { $0.hasPrefix("llm.request.duration:") && $0.contains("|d|") })
    #expect(lines.contains { $0.hasPrefix("llm.request.time_to_first_token:") })
    #expect(sum(lines, "llm.retrievals", tag: "tenant:acme") == 1)
    #expect(sum(lines, "llm.answers.scored") == 1 && sum(lines, "llm.answers.ungrounded") == 0)
    #expect(lines.contains { $0.hasPrefix("llm.semantic_risk.indirect_injection:") })
    #expect(lines.allSatisfy { !$0.hasPrefix("llm.") || $0.contains("service:rag-service") })
    #expect(sum(lines, "llm.embeddings") == 0, "the built-in embedder calls nobody")
  }

  @Test func failuresAreCounted() async throws {
    let receiver = try DatagramReceiver(overUnixSocket: false)
    let (statuses, lines) = try await asked(
      ["How long is the warranty?"], dogStatsD: receiver.address, faults: #"[{"name":"f","effect":{"status":500}}]"#, receiver)
    #expect(statuses == [502])
    #expect(sum(lines, "llm.requests", tag: "error_class:provider_error") == 1, "\(lines)")
    #expect(sum(lines, "llm.errors") == 1 && sum(lines, "llm.cost.unknown") == 0)
  }

  @Test func aCallThatAGatewayKeepsIsNotCountedTwice() async throws {
    let receiver = try DatagramReceiver(overUnixSocket: true)
    let exporter = ExporterChoice.dogStatsD(address: receiver.address).make([:]).exporter
    var span = LLMSpan(
      traceID: .random(at: .now()), spanID: .random(), kind: .llm, name: "chat", start: .now(), duration: .seconds(1))
    for accounts in [true, false] {
      span.accountsForExchange = accounts
      exporter.export([span])
    }
    await exporter.shutdown()
    #expect(sum(receiver.lines(), "llm.requests") == 1)
  }

  @Test(arguments: ["127.0.0.1:9", "no-such-host.invalid:8125", "/nowhere/dsd.socket"])
  func anAgentThatIsNotThereDisturbsNoAnswer(address: String) async throws {
    #expect(try await asked(["How long is the warranty?"], dogStatsD: address).statuses == [200])
  }
}
