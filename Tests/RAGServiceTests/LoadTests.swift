// The load generator: its plan is bounded and repeatable, its requests are what their script says, and a run reports what came.
import Foundation
import HummingbirdTesting
import Simulation
import Testing

@testable import RAGService

@Suite struct LoadTests {
  @Test(arguments: LoadProfile.allCases) func aPlanLastsAsLongAsItIsToldTo(profile: LoadProfile) {
    let phases = LoadPlan.phases(profile, duration: .seconds(600), rate: 2, seed: 9)
    let total = phases.reduce(Duration.zero) { $0 + $1.duration }
    #expect(abs((total - .seconds(600)).components.seconds) <= 1)
    #expect(phases.allSatisfy { $0.rate > 0 && $0.rate <= 20 && $0.duration > .zero })
    #expect(phases == LoadPlan.phases(profile, duration: .seconds(600), rate: 2, seed: 9))
  }

  @Test func aSoakHasALittleOfEverythingHoweverShortItIs() {
    for seconds in [60, 300, 3600] {
      let phases = LoadPlan.phases(.soak, duration: .seconds(seconds), rate: 2, seed: 1)
      #expect(Set(phases.map(\.script)) == [.normal, .invalid, .hallucination, .burst])
    }
  }

  @Test func theDemoHasEveryScriptAndChaosDependsOnItsSeed() {
    let demo = Set(LoadPlan.phases(.demo, duration: .seconds(180), rate: 2, seed: 1).map(\.script))
    #expect(demo == Set(LoadScript.allCases))
    #expect(
      LoadPlan.phases(.chaos, duration: .seconds(600), rate: 2, seed: 1)
        != LoadPlan.phases(.chaos, duration: .seconds(600), rate: 2, seed: 2))
  }

  @Test func faultsAreOnesTheSimulatorKnows() throws {
    for script in LoadScript.allCases {
      guard let fault = LoadPlan.fault(script) else { continue }
      #expect(try FaultRule.list(parsing: "[\(fault)]".utf8).count == 1)
    }
  }

  @Test func invalidRequestsGetTheRefusalsTheyDeserve() async throws {
    try await RunningService.with { service in
      var random = LoadRandom(seed: 1)
      for number in 0..<11 {
        let request = LoadRequests.request(.invalid, number: number, questions: [], random: &random)
        let response = try await service.ask(request.body, headers: [.contentType: request.contentType])
        #expect(request.expected.contains(Int(response.status.code)), "\(request.body.prefix(60)): \(response.status.code)")
      }
    }
  }

  @Test func aRunReportsWhatCameAndLeavesNoFault() async throws {
    try await RunningService.with(configure: { $0.limits.concurrency = 24 }) { service in
      let base = "http://127.0.0.1:\(try #require(service.client.port))"
      let httpClient = makeHTTPClient()
      let questions = try await LoadQuestions.ofDocuments(service: base, httpClient: httpClient)
      #expect(questions.count >= 8)
      let phases = [LoadScript.normal, .hallucination, .invalid, .burst].map {
        LoadPhase(script: $0, duration: .milliseconds(400), rate: $0 == .burst ? 200 : 25)
      }
      let run = LoadRun(
        service: base, simulator: nil, phases: phases, open: 50, seed: 3, questions: questions, httpClient: httpClient)
      let report = try await run.run()
      try await httpClient.shutdown()
      #expect(report.lines.keys.count == 4)
      #expect(report.isAllAsExpected, "\(report.table)")
      #expect(report.lines[.normal]?.sent == 10)
      #expect(report.lines[.normal]?.quantile(0.5) ?? 0 > 0)
      #expect(report.lines[.invalid]?.statuses[400] ?? 0 > 0)
      #expect(report.table.contains("normal") && report.table.contains("200×"))
    }
  }

  @Test func faultsAreSetForTheirPhaseAlone() async throws {
    let simulator = ProviderSimulator()
    try await simulator.application(logger: silent).test(.live) { upstream in
      let base = "http://127.0.0.1:\(try #require(upstream.port))"
      let httpClient = makeHTTPClient()
      // The simulator is no RAG service: every question is answered 404, and told as no answer that was expected.
      let run = LoadRun(
        service: base, simulator: base, phases: [LoadPhase(script: .hallucination, duration: .milliseconds(100), rate: 20)],
        open: 4,
        seed: 1, questions: ["q"], httpClient: httpClient)
      let report = try await run.run { _, _ in #expect(simulator.faultRules.isEmpty) }
      try await httpClient.shutdown()
      #expect(report.lines[.hallucination]?.statuses == [404: 2])
      #expect(!report.isAllAsExpected)
      #expect(simulator.faultRules.isEmpty)
    }
  }

  @Test(arguments: [
    ("http://127.0.0.1:8070", true), ("http://localhost", true), ("http://[::1]:1", true), ("https://rag.example.com", false),
    ("http://127.0.0.1.example.com", false), ("http://10.0.0.1", false), ("nonsense", false),
  ])
  func loadStaysOnThisMachine(url: String, isLoopback: Bool) {
    #expect(LoadRun.isLoopback(url) == isLoopback)
  }
}
